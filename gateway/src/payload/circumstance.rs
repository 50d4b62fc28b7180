//! How a message came: forwarded, from an advertisement, about a product, as an answer, with errors.
//!
//! Promises: what cannot be read is left out; it is still in `raw`.

use balcao_core::model::{ChannelFault, Circumstance, Forwarded, ProductRef, Referral};
use serde_json::Value;

use super::{WAMID_BYTES, loose};

/// More errors than this about one item are not Meta's.
const MAX_FAULTS: usize = 8;

/// Reads what stands beside the words of a message.
pub(super) fn of(message: &Value) -> Circumstance {
    let context = message.get("context").unwrap_or(&Value::Null);
    let forwarded = if loose::is_set(context, "frequently_forwarded") {
        Some(Forwarded::Often)
    } else if loose::is_set(context, "forwarded") {
        Some(Forwarded::Once)
    } else {
        None
    };
    let quotes = loose::first(context, &["id", "message_id"]);
    Circumstance {
        forwarded,
        referral: message.get("referral").and_then(referral).map(Box::new),
        product: context.get("referred_product").and_then(product),
        quotes: quotes.filter(|id| WAMID_BYTES.contains(&id.len())),
        faults: faults(message),
    }
}

/// What Meta says is wrong with an item.
pub(super) fn faults(item: &Value) -> Vec<ChannelFault> {
    loose::list(item, "errors")
        .iter()
        .filter_map(fault)
        .take(MAX_FAULTS)
        .collect()
}

/// One of Meta's errors.
pub(super) fn fault(error: &Value) -> Option<ChannelFault> {
    let details = error.get("error_data").unwrap_or(&Value::Null);
    Some(ChannelFault {
        code: i32::try_from(loose::integer(error, "code")?).ok()?,
        title: loose::first(error, &["title", "message"]),
        details: loose::owned(details, "details"),
    })
}

/// A product of a catalogue.
pub(super) fn product(product: &Value) -> Option<ProductRef> {
    Some(ProductRef {
        catalog_id: loose::owned(product, "catalog_id")?,
        product_id: loose::first(product, &["product_retailer_id", "id"])?,
    })
}

fn referral(referral: &Value) -> Option<Referral> {
    let greeting = referral.get("welcome_message").unwrap_or(&Value::Null);
    let words = |key: &str| loose::owned(referral, key);
    let found = Referral {
        source_type: words("source_type"),
        source_id: words("source_id"),
        source_url: words("source_url"),
        headline: words("headline"),
        body: words("body"),
        media_type: words("media_type"),
        picture_url: loose::first(referral, &["image_url", "thumbnail_url", "video_url"]),
        click_id: words("ctwa_clid"),
        parameter: words("ref"),
        greeting: loose::owned(greeting, "text"),
    };
    (found != Referral::default()).then_some(found)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_quote_a_forward_and_a_product_are_told_apart() {
        let quote = of(&json!({"context": {"id": "wamid.q", "from": "5511"}}));
        assert_eq!(quote.quotes.as_deref(), Some("wamid.q"));
        let once = of(&json!({"context": {"forwarded": true}}));
        assert!(once.forwarded == Some(Forwarded::Once) && once.quotes.is_none());
        let often = of(&json!({"context": {"forwarded": true, "frequently_forwarded": "true"}}));
        assert!(often.forwarded == Some(Forwarded::Often));
        let about = of(
            &json!({"context": {"referred_product": {"catalog_id": 7, "product_retailer_id": "p"}}}),
        );
        let product = about.product.unwrap();
        assert_eq!(
            (product.catalog_id.as_str(), product.product_id.as_str()),
            ("7", "p")
        );
        assert!(of(&json!({"context": null})).is_plain());
        assert!(of(&json!({"context": {"id": "x".repeat(600)}})).is_plain());
    }

    #[test]
    fn an_advertisement_is_kept_with_what_it_says() {
        let message = json!({"referral": {
            "source_url": "https://example.com/a", "source_id": 12, "source_type": "ad", "headline": "h", "body": "b",
            "media_type": "video", "thumbnail_url": "https://example.com/t", "ctwa_clid": "c", "ref": "r",
            "welcome_message": {"text": "olá"},
        }});
        let referral = of(&message).referral.unwrap();
        assert_eq!(referral.source_id.as_deref(), Some("12"));
        assert_eq!(
            referral.picture_url.as_deref(),
            Some("https://example.com/t")
        );
        assert_eq!(referral.greeting.as_deref(), Some("olá"));
        assert!(of(&json!({"referral": {}})).referral.is_none());
    }

    #[test]
    fn errors_keep_their_code_and_words() {
        let error =
            json!({"code": "131051", "title": "t", "message": "m", "error_data": {"details": "d"}});
        let faults = faults(&json!({"errors": [error, {"title": "no code"}]}));
        let [fault] = faults.as_slice() else {
            panic!("not one")
        };
        assert_eq!((fault.code, fault.details.as_deref()), (131_051, Some("d")));
    }
}
