//! What a frame of an agent's socket says, as far as a load test looks. Pure.

use serde::Deserialize;
use serde_json::value::RawValue;

/// A frame from the server.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Frame<'a> {
    #[serde(rename = "type")]
    pub(crate) kind: &'a str,
    #[serde(borrow, default)]
    pub(crate) conversation_id: Option<&'a str>,
    #[serde(borrow, default)]
    pub(crate) client_ref: Option<&'a str>,
    #[serde(borrow, default)]
    pub(crate) items: Vec<Item<'a>>,
    #[serde(borrow, default)]
    pub(crate) problem: Option<&'a RawValue>,
    #[serde(default)]
    pub(crate) after_ms: Option<u64>,
}

/// An item of a conversation.
#[derive(Debug, Deserialize)]
pub(crate) struct Item<'a> {
    direction: &'a str,
    #[serde(borrow)]
    content: Option<&'a RawValue>,
}

impl Frame<'_> {
    /// The numbers of this run's customer messages in the frame.
    pub(crate) fn received<'m>(&'m self, mark: &'m str) -> impl Iterator<Item = u64> + 'm {
        self.items
            .iter()
            .filter(|item| item.direction == "in")
            .filter_map(move |item| number(item.content?.get(), mark))
    }
}

/// The number after a run's mark.
pub(crate) fn number(text: &str, mark: &str) -> Option<u64> {
    let rest = &text[text.find(mark)? + mark.len()..];
    rest[..rest.find(']')?].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONVERSATION: &str = r#"{"v":1,"type":"conversation","conversation_id":"c","rev_from":1,"rev_to":3,
        "conversation":{"preview":"oi [0000002a.9]"},"items":[
        {"seq":1,"direction":"in","content":{"kind":"text","text":"n\u00e3o [0000002a.8]"},"reactions":[]},
        {"seq":2,"direction":"in","content":{"kind":"text","text":"oi [0000002a.9]"}},
        {"seq":3,"direction":"out","content":{"kind":"text","text":"quoted [0000002a.9]"}},
        {"seq":4,"direction":"in","content":{"kind":"text","text":"of another run [0000002b.1]"}},
        {"seq":5,"direction":"in","content":null}]}"#;

    #[test]
    fn items_from_customers_count_once_and_previews_not_at_all() {
        let frame: Frame<'_> = serde_json::from_str(CONVERSATION).unwrap();
        assert_eq!(
            (frame.kind, frame.conversation_id),
            ("conversation", Some("c"))
        );
        let mark = crate::webhook::mark(42);
        assert_eq!(frame.received(&mark).collect::<Vec<_>>(), [8, 9]);
    }

    #[test]
    fn other_frames_have_no_items() {
        let frame: Frame<'_> = serde_json::from_str(
            r#"{"v":1,"type":"accepted","client_ref":"r","conversation_id":"c","seq":4}"#,
        )
        .unwrap();
        assert_eq!((frame.kind, frame.client_ref), ("accepted", Some("r")));
        assert_eq!(frame.received("[").count(), 0);
    }
}
