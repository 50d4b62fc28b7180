//! The limits at their edges, in characters: the last that passes, the first that does not, and the field that is named.

mod questions;
mod templates;

use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::model::content::{
    Button, Card, CardAction, Heading, ListRow, ListSection, MediaKind, MediaRef, SystemLine,
};

/// Characters of two bytes, so that counting bytes is noticed.
fn long(chars: usize) -> String {
    "á".repeat(chars)
}

fn passes(content: &Content) {
    assert_eq!(content.check_outbound(), Ok(()));
}

fn fails(content: &Content, field: &str) {
    let fault = content.check_outbound().expect_err(field);
    assert_eq!(fault.field, field);
    assert!(fault.problem.ends_with('.'), "{fault}");
}

fn text(text: impl Into<String>) -> Content {
    Content::Text { text: text.into() }
}

fn ours(kind: MediaKind) -> MediaRef {
    MediaRef {
        file: Some(Uuid::nil()),
        ..MediaRef::of(kind)
    }
}

fn button(id: &str, title: &str) -> Button {
    Button {
        id: id.into(),
        title: title.into(),
    }
}

fn rows(count: usize) -> Vec<ListRow> {
    (0..count)
        .map(|n| ListRow {
            id: Uuid::from_u128(n as u128).to_string(),
            title: "Linha".into(),
            description: None,
        })
        .collect()
}

fn list(sections: Vec<ListSection>) -> Content {
    Content::list("?", "Ver", sections)
}

fn section(title: &str, rows: Vec<ListRow>) -> ListSection {
    ListSection {
        title: title.into(),
        rows,
    }
}

fn json_of(content: &Content) -> Value {
    serde_json::to_value(content).unwrap()
}

/// The content with one place of its JSON changed.
fn with(content: &Content, pointer: &str, value: Value) -> Content {
    let mut json = json_of(content);
    let (outer, key) = pointer.rsplit_once('/').unwrap();
    match json.pointer_mut(outer).unwrap() {
        Value::Array(all) => all[key.parse::<usize>().unwrap()] = value,
        object => object[key] = value,
    }
    serde_json::from_value(json).unwrap()
}

/// `pointer` may hold `max` characters and not one more; the fault names `field`.
fn at_most(content: &Content, pointer: &str, max: usize, field: &str) {
    passes(&with(content, pointer, json!(long(max))));
    fails(&with(content, pointer, json!(long(max + 1))), field);
}

fn link() -> Content {
    Content::Link {
        text: "Veja".into(),
        label: "Abrir".into(),
        url: "https://example.com/x".into(),
        heading: Some(Heading::Text {
            text: "Aviso".into(),
        }),
        footer: Some("Balcão".into()),
    }
}

fn form() -> Content {
    Content::FormRequest {
        text: "Preencha".into(),
        label: "Abrir".into(),
        form_id: "123".into(),
        token: "t".into(),
        screen: Some("START".into()),
        data: Some(json!({"plan": "fibra"})),
    }
}

fn carousel(cards: usize) -> Content {
    let card = Card {
        media: ours(MediaKind::Image),
        text: Some("Plano".into()),
        action: CardAction::Link {
            label: "Ver".into(),
            url: "https://example.com".into(),
        },
    };
    Content::Carousel {
        text: "Planos".into(),
        cards: vec![card; cards],
    }
}

fn template(components: Option<Value>) -> Content {
    Content::Template {
        name: "aviso_1".into(),
        language: "pt_BR".into(),
        preview: String::new(),
        parameters: vec!["Ana".into()],
        components,
    }
}

fn commerce(interactive: Value) -> Content {
    Content::Commerce {
        text: "Catálogo".into(),
        interactive,
    }
}

#[test]
fn a_text_has_1_to_4096_characters() {
    passes(&text("a"));
    at_most(&text("a"), "/text", 4_096, "text");
    for blank in ["", " \n\t"] {
        fails(&text(blank), "text");
    }
    fails(&text("a\0b"), "text");
}

#[test]
fn a_fault_repeats_nothing_of_what_was_written() {
    let fault = text("segredo ".repeat(1_000)).check_outbound().unwrap_err();
    assert!(!fault.to_string().contains("segredo"));
    assert_eq!(
        fault.to_string(),
        "text: at most 4096 characters, it has 8000; shorten it."
    );
}

#[test]
fn a_file_comes_from_one_place() {
    let media = |media: MediaRef| Content::Media { media };
    let linked = MediaRef {
        url: Some("https://example.com/a.jpg".into()),
        ..MediaRef::of(MediaKind::Image)
    };
    passes(&media(ours(MediaKind::Image)));
    passes(&media(linked.clone()));
    fails(&media(MediaRef::of(MediaKind::Image)), "media.file");
    let both = MediaRef {
        file: Some(Uuid::nil()),
        ..linked.clone()
    };
    fails(&media(both), "media.url");
    for bad in [
        "ftp://example.com/a",
        "https://",
        "https:///x",
        "https://a b",
        "x",
    ] {
        let bad = MediaRef {
            url: Some(bad.into()),
            ..linked.clone()
        };
        fails(&media(bad), "media.url");
    }
    let foreign = MediaRef {
        id: Some("1".into()),
        ..ours(MediaKind::Image)
    };
    fails(&media(foreign), "media.id");
}

#[test]
fn captions_names_and_voices_stand_only_where_phones_show_them() {
    for kind in [MediaKind::Image, MediaKind::Video, MediaKind::Document] {
        let content = Content::Media {
            media: MediaRef {
                caption: Some("a".into()),
                ..ours(kind)
            },
        };
        at_most(&content, "/media/caption", 1_024, "media.caption");
    }
    for kind in [MediaKind::Audio, MediaKind::Sticker] {
        let content = Content::Media {
            media: MediaRef {
                caption: Some("a".into()),
                ..ours(kind)
            },
        };
        fails(&content, "media.caption");
    }
    let named = Content::Media {
        media: ours(MediaKind::Document),
    };
    at_most(&named, "/media/file_name", 240, "media.file_name");
    for (kind, may) in [(MediaKind::Audio, true), (MediaKind::Video, false)] {
        let content = Content::Media {
            media: MediaRef {
                voice: true,
                ..ours(kind)
            },
        };
        if may {
            passes(&content);
        } else {
            fails(&content, "media.voice");
        }
    }
}

#[test]
fn a_file_type_that_phones_do_not_show_is_refused_with_the_code_of_uploads() {
    for (kind, mime_type, may) in [
        (MediaKind::Image, "image/jpeg", true),
        (MediaKind::Image, "IMAGE/PNG; x=y", true),
        (MediaKind::Image, "image/gif", false),
        (MediaKind::Audio, "audio/ogg; codecs=opus", true),
        (MediaKind::Audio, "audio/wav", false),
        (MediaKind::Video, "video/3gpp", true),
        (MediaKind::Video, "video/webm", false),
        (MediaKind::Sticker, "image/webp", true),
        (MediaKind::Sticker, "image/png", false),
        (MediaKind::Document, "application/x-anything", true),
    ] {
        let content = Content::Media {
            media: MediaRef {
                mime_type: Some(mime_type.into()),
                ..ours(kind)
            },
        };
        let code = content.check_outbound().err().map(|fault| fault.code);
        assert_eq!(code, (!may).then_some(BAD_FILE), "{mime_type}");
    }
}

#[test]
fn a_file_has_a_size_that_its_kind_may_have() {
    const MIB: i64 = 1_024 * 1_024;
    for (kind, max_bytes) in [
        (MediaKind::Image, 5 * MIB),
        (MediaKind::Video, 16 * MIB),
        (MediaKind::Audio, 16 * MIB),
        (MediaKind::Document, 100 * MIB),
        (MediaKind::Sticker, 500 * 1_024),
    ] {
        let media = MediaRef::of(kind);
        assert_eq!(check_size(&media, max_bytes), Ok(()));
        let fault = check_size(&media, max_bytes + 1).unwrap_err();
        assert_eq!((fault.field.as_str(), fault.code), ("file", BAD_FILE));
    }
}

#[test]
fn a_place_is_on_earth() {
    let place = |latitude: f64, longitude: f64| Content::Location {
        latitude,
        longitude,
        name: Some("Loja".into()),
        address: None,
    };
    passes(&place(90.0, -180.0));
    fails(&place(90.1, 0.0), "latitude");
    fails(&place(f64::NAN, 0.0), "latitude");
    fails(&place(0.0, -180.1), "longitude");
    at_most(&place(0.0, 0.0), "/name", 1_000, "name");
    at_most(&place(0.0, 0.0), "/address", 1_000, "address");
}

#[test]
fn a_contact_card_has_a_whole_name_and_a_part_of_it() {
    let card = |name: Value| Content::Contacts {
        cards: vec![json!({ "name": name })],
    };
    passes(&card(json!({"formatted_name": "Ana", "first_name": "Ana"})));
    passes(&card(json!({"formatted_name": "Ana", "suffix": "Jr"})));
    fails(
        &card(json!({"formatted_name": "Ana"})),
        "cards[0].name.first_name",
    );
    fails(
        &card(json!({"formatted_name": "Ana", "first_name": " "})),
        "cards[0].name.first_name",
    );
    fails(
        &card(json!({"first_name": "Ana"})),
        "cards[0].name.formatted_name",
    );
    fails(&Content::Contacts { cards: vec![] }, "cards");
}

#[test]
fn what_customers_and_staff_write_is_never_sent() {
    for content in [
        Content::Note { text: "x".into() },
        Content::Choice {
            id: "x".into(),
            title: "x".into(),
        },
        Content::System {
            line: SystemLine::Reopened,
        },
        Content::Order { order: json!({}) },
    ] {
        let fault = content.check_outbound().unwrap_err();
        assert_eq!((fault.field.as_str(), fault.code), ("kind", UNSUPPORTED));
    }
}

#[test]
fn a_reaction_is_one_emoji() {
    for good in ["👍", "❤️", "👨‍👩‍👧‍👦", "🇧🇷", "1️⃣", "#️⃣", "🅰️", "ℹ️", "Ⓜ️", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"]
    {
        assert_eq!(check_emoji(good), Ok(()), "{good}");
    }
    for bad in [
        "",
        " ",
        "ok",
        "sim 👍",
        "é",
        "👍".repeat(17).as_str(),
        "<b>",
    ] {
        assert!(check_emoji(bad).is_err(), "{bad}");
    }
}
