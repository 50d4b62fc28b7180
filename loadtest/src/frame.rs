//! What a frame of an agent's socket says, as far as a load test looks. Pure.

use crate::mark::Mark;
use serde::Deserialize;
use serde_json::value::RawValue;

/// A frame from the server.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Frame<'a> {
    #[serde(rename = "type")]
    pub(crate) kind: &'a str,
    #[serde(borrow, default)]
    pub(crate) items: Vec<Item<'a>>,
    #[serde(borrow, default)]
    pub(crate) problem: Option<&'a RawValue>,
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
    pub(crate) fn received<'m>(&'m self, mark: &'m Mark) -> impl Iterator<Item = u64> + 'm {
        self.items
            .iter()
            .filter(|item| item.direction == "in")
            .filter_map(move |item| mark.read(item.content?.get()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn conversation(run: &Mark, other: &Mark) -> String {
        let item = |seq: u64, direction: &str, text: String| json!({"seq": seq, "direction": direction, "content": {"kind": "text", "text": text}, "reactions": []});
        let frame = json!({
            "v": 1, "type": "conversation", "conversation_id": "c", "rev_from": 1, "rev_to": 3,
            "conversation": {"preview": run.stamp(9)},
            "items": [
                item(1, "in", format!("n\u{e3}o {}", run.stamp(8))),
                item(2, "in", format!("oi {}", run.stamp(9))),
                item(3, "out", format!("quoted {}", run.stamp(9))),
                item(4, "in", other.stamp(1)),
                {"seq": 5, "direction": "in", "content": null},
            ],
        });
        frame.to_string()
    }

    #[test]
    fn items_from_customers_count_once_and_previews_not_at_all() {
        let mark = Mark::new(42);
        let text = conversation(&mark, &Mark::new(43));
        let frame: Frame<'_> = serde_json::from_str(&text).unwrap();
        assert_eq!(frame.kind, "conversation");
        assert_eq!(frame.received(&mark).collect::<Vec<_>>(), [8, 9]);
    }

    #[test]
    fn other_frames_have_no_items() {
        let frame: Frame<'_> = serde_json::from_str(
            r#"{"v":1,"type":"accepted","client_ref":"r","conversation_id":"c","seq":4}"#,
        )
        .unwrap();
        assert_eq!(frame.kind, "accepted");
        assert_eq!(frame.received(&Mark::new(1)).count(), 0);
    }
}
