//! The bell's publication: one line of text, readable with `redis-cli subscribe balcao:bell`.
//!
//! `{"v":1,"node":"<uuid>","wakes":[["<uuid>",12],..],"hints":[{"hint":"floor"},..]}`. Ids and revs only. What another
//! version of the product sends and we cannot read counts as "something was missed", never as an error.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Hint, Wake};
use crate::model::ConversationId;

/// The one Redis channel.
pub(super) const CHANNEL: &str = "balcao:bell";
const VERSION: u8 = 1;

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Publication {
    v: u8,
    node: Uuid,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    wakes: Vec<(ConversationId, i64)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    hints: Vec<Hint>,
}

impl Publication {
    pub(super) fn new(node: Uuid, wakes: &[Wake], hints: &[Hint]) -> Self {
        let wakes = wakes
            .iter()
            .map(|wake| (wake.conversation_id, wake.rev))
            .collect();
        Self {
            v: VERSION,
            node,
            wakes,
            hints: hints.to_vec(),
        }
    }

    pub(super) fn to_line(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Who sent it and what, or `None` if it is not of our version.
    pub(super) fn parse(line: &[u8]) -> Option<(Uuid, Vec<Wake>, Vec<Hint>)> {
        let publication: Self = serde_json::from_slice(line).ok()?;
        if publication.v != VERSION {
            return None;
        }
        let wakes = publication
            .wakes
            .into_iter()
            .map(|(conversation_id, rev)| Wake {
                conversation_id,
                rev,
            });
        Some((publication.node, wakes.collect(), publication.hints))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ChannelId;

    #[test]
    fn a_publication_reads_back_as_written() {
        let node = Uuid::from_u128(7);
        let wakes = [Wake {
            conversation_id: ConversationId(Uuid::from_u128(1)),
            rev: 12,
        }];
        let hints = [
            Hint::Floor,
            Hint::Outbox {
                channel_id: ChannelId(Uuid::from_u128(2)),
            },
        ];
        let line = Publication::new(node, &wakes, &hints).to_line();
        assert_eq!(
            line,
            concat!(
                r#"{"v":1,"node":"00000000-0000-0000-0000-000000000007","#,
                r#""wakes":[["00000000-0000-0000-0000-000000000001",12]],"#,
                r#""hints":[{"hint":"floor"},{"hint":"outbox","channel_id":"00000000-0000-0000-0000-000000000002"}]}"#
            )
        );
        assert_eq!(
            Publication::parse(line.as_bytes()),
            Some((node, wakes.to_vec(), hints.to_vec()))
        );
    }

    #[test]
    fn another_version_and_rubbish_are_not_understood() {
        assert_eq!(
            Publication::parse(br#"{"v":2,"node":"00000000-0000-0000-0000-000000000007"}"#),
            None
        );
        assert_eq!(Publication::parse(b"\xff"), None);
    }
}
