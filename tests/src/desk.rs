//! What an agent's program knows after the frames it got: lists, threads by the rev rules, answers. Pure.
//!
//! Promises: a frame is applied when it builds on what is known, dropped when it is old, and asked for again when there
//! is a gap; every application is written down, so that a test can see that nothing came twice or out of order.

use std::collections::{BTreeMap, HashMap};

use agent_hub::protocol::{AgentView, ConversationView, ItemView, ServerFrame, TeamView};
use balcao_core::model::{Content, ConversationId, Problem};
use uuid::Uuid;

/// A conversation as far as it is known.
#[derive(Clone, Debug, Default)]
pub struct Thread {
    /// The rev reached.
    pub rev: i64,
    /// Its head.
    pub head: Option<ConversationView>,
    /// Its items by seq.
    pub items: BTreeMap<i64, ItemView>,
    /// Each application: from and to.
    pub applied: Vec<(i64, i64)>,
}

impl Thread {
    /// The item that a client reference names.
    #[must_use]
    pub fn by_ref(&self, client_ref: &str) -> Option<&ItemView> {
        self.items
            .values()
            .find(|item| item.client_ref.as_deref() == Some(client_ref))
    }

    /// The item with these words.
    #[must_use]
    pub fn saying(&self, words: &str) -> Option<&ItemView> {
        self.items.values().find(|item| says(item).contains(words))
    }
}

/// The words of an item; empty when it has none.
#[must_use]
pub fn says(item: &ItemView) -> &str {
    match &item.content {
        Some(
            Content::Text { text }
            | Content::Note { text }
            | Content::Buttons { text, .. }
            | Content::List { text, .. },
        ) => text,
        Some(Content::Choice { title, .. }) => title,
        _ => "",
    }
}

/// What to do after a frame.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Nothing.
    Wait,
    /// Ask for the changes after this rev.
    Ask(ConversationId, i64),
    /// Read the conversation anew.
    Again(ConversationId),
}

/// Everything an agent's program knows.
#[derive(Clone, Debug, Default)]
pub struct Desk {
    /// Identity of the store.
    pub store_epoch: Option<Uuid>,
    /// Lists by name.
    pub lists: HashMap<String, Vec<ConversationView>>,
    /// Watched conversations.
    pub threads: HashMap<ConversationId, Thread>,
    /// Seqs by client reference.
    pub accepted: HashMap<String, i64>,
    /// Conversations after a deed, by client reference.
    pub done: HashMap<String, ConversationView>,
    /// Refusals.
    pub refused: Vec<(Option<String>, Problem)>,
    /// Queues and colleagues.
    pub floor: (Vec<TeamView>, Vec<AgentView>),
    /// The server asked to connect elsewhere.
    pub reconnect: bool,
    /// The close code, once the socket is closed.
    pub closed: Option<u16>,
}

impl Desk {
    /// A watched conversation; empty when nothing came yet.
    #[must_use]
    pub fn thread(&self, id: ConversationId) -> Thread {
        self.threads.get(&id).cloned().unwrap_or_default()
    }

    /// The row of a list about the customer of this name.
    #[must_use]
    pub fn row(&self, list: &str, name: &str) -> Option<&ConversationView> {
        self.lists
            .get(list)?
            .iter()
            .find(|row| row.contact.name.as_deref() == Some(name))
    }

    pub(crate) fn take(&mut self, frame: ServerFrame) -> Next {
        match frame {
            ServerFrame::Welcome { store_epoch, .. } => {
                if self
                    .store_epoch
                    .replace(store_epoch)
                    .is_some_and(|known| known != store_epoch)
                {
                    self.threads.clear();
                }
            }
            ServerFrame::List { list, rows, .. } => drop(self.lists.insert(list, rows)),
            ServerFrame::Conversation {
                conversation_id,
                rev_from,
                rev_to,
                conversation,
                items,
            } => {
                let thread = self.threads.entry(conversation_id).or_default();
                return thread.take((rev_from, rev_to), conversation, items);
            }
            ServerFrame::Resync { conversation_id } => {
                self.threads.remove(&conversation_id);
                return Next::Again(conversation_id);
            }
            ServerFrame::Accepted {
                client_ref, seq, ..
            } => drop(self.accepted.insert(client_ref, seq)),
            ServerFrame::Done {
                client_ref,
                conversation,
            } => drop(self.done.insert(client_ref, conversation)),
            ServerFrame::Refused {
                client_ref,
                problem,
                ..
            } => self.refused.push((client_ref, problem)),
            ServerFrame::Floor { teams, agents } => self.floor = (teams, agents),
            ServerFrame::Reconnect { .. } => self.reconnect = true,
        }
        Next::Wait
    }
}

impl Thread {
    fn take(
        &mut self,
        (from, to): (i64, i64),
        head: ConversationView,
        items: Vec<ItemView>,
    ) -> Next {
        if to <= self.rev {
            return Next::Wait;
        }
        if from > self.rev {
            return Next::Ask(head.id, self.rev);
        }
        self.applied.push((from, to));
        self.rev = to;
        self.head = Some(head);
        self.items
            .extend(items.into_iter().map(|item| (item.seq, item)));
        Next::Wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(id: ConversationId, from: i64, to: i64) -> ServerFrame {
        let head = serde_json::json!({
            "id": id, "contact": {"id": Uuid::nil(), "name": null, "phone_masked": null, "erased": false},
            "channel_id": Uuid::nil(), "channel_name": "", "status": "open", "handler": "bot", "state": "automation",
            "priority": 0, "team_id": null, "agent_id": null, "epoch": 0, "last_seq": 0, "last_rev": to, "unread": 0,
            "opened_at": "2026-01-01T00:00:00Z", "preview": "",
        });
        let conversation = serde_json::from_value(head).unwrap();
        ServerFrame::Conversation {
            conversation_id: id,
            rev_from: from,
            rev_to: to,
            conversation,
            items: Vec::new(),
        }
    }

    #[test]
    fn what_builds_on_the_known_rev_is_applied_and_what_is_old_is_dropped() {
        let (id, mut desk) = (ConversationId::new(), Desk::default());
        for (from, to) in [(0, 2), (1, 3), (0, 3), (2, 3), (3, 5)] {
            assert_eq!(desk.take(frame(id, from, to)), Next::Wait);
        }
        assert_eq!(desk.thread(id).applied, [(0, 2), (1, 3), (3, 5)]);
    }

    #[test]
    fn a_gap_is_asked_for_and_not_rendered() {
        let (id, mut desk) = (ConversationId::new(), Desk::default());
        desk.take(frame(id, 0, 2));
        assert_eq!(desk.take(frame(id, 3, 4)), Next::Ask(id, 2));
        assert_eq!(desk.thread(id).rev, 2);
    }

    #[test]
    fn after_a_resync_nothing_is_known() {
        let (id, mut desk) = (ConversationId::new(), Desk::default());
        desk.take(frame(id, 0, 2));
        assert_eq!(
            desk.take(ServerFrame::Resync {
                conversation_id: id
            }),
            Next::Again(id)
        );
        assert_eq!(desk.thread(id).rev, 0);
    }
}
