//! What each client frame does. A frame that cannot be read or is refused is answered; the socket stays open.

use balcao_core::metrics;
use balcao_core::model::{ConversationId, Problem};
use balcao_core::store::inbox;
use balcao_core::store::message;
use compliance::audit::{self, Action, ObjectKind};

use super::Session;
use crate::desk;
use crate::error::Error;
use crate::hub::{ListKey, MAX_CHANGES_BYTES};
use crate::protocol::{
    ClientFrame, ConversationView, ItemView, MAX_LIST_ROWS, ServerFrame, WatchMode,
};
use crate::views;

/// Items sent when a conversation is opened without a rev.
const FIRST_ITEMS: i64 = 50;
/// Longest name of a list subscription, in bytes.
const MAX_LIST_NAME_BYTES: usize = 64;

impl Session {
    /// Reads one frame and does what it says.
    pub(super) async fn take(&self, text: &str) {
        ::metrics::counter!(metrics::SOCKET_FRAMES, "direction" => "in").increment(1);
        let frame = match read(text) {
            Ok(frame) => frame,
            Err(problem) => {
                return self.line.send(ServerFrame::Refused {
                    client_ref: None,
                    conversation_id: None,
                    problem,
                });
            }
        };
        let (client_ref, conversation_id) = names(&frame);
        if let Err(error) = self.act(frame).await {
            let problem = error.problem();
            if problem.status >= 500 {
                tracing::error!(status = problem.status, %error, "a frame failed");
            }
            self.line.send(ServerFrame::Refused {
                client_ref,
                conversation_id,
                problem,
            });
        }
    }

    pub(super) fn too_fast(&self) {
        let problem = Error::RateLimited { retry_after_s: 1 }.problem();
        self.line.send(ServerFrame::Refused {
            client_ref: None,
            conversation_id: None,
            problem,
        });
    }

    /// Subscriptions and markers; what changes a conversation is a deed.
    async fn act(&self, frame: ClientFrame) -> Result<(), Error> {
        let (people, caller) = (&self.people, &self.caller);
        match frame {
            ClientFrame::SubscribeList {
                list,
                scope,
                team_id,
                limit,
            } => {
                self.subscribe_list(list, scope, team_id, limit).await?;
            }
            ClientFrame::UnsubscribeList { list } => people.hub.unwatch_list(self.socket, &list),
            ClientFrame::Subscribe {
                conversation_id,
                mode,
                after_rev,
            } => {
                self.subscribe(conversation_id, mode, after_rev).await?;
            }
            ClientFrame::Unsubscribe { conversation_id } => {
                if let Some(rev) = people.hub.unwatch(self.socket, conversation_id) {
                    self.closed(conversation_id, rev).await?;
                }
            }
            ClientFrame::Changes {
                conversation_id,
                after_rev,
            } => {
                self.changes(conversation_id, after_rev).await?;
            }
            ClientFrame::Read {
                conversation_id,
                seq,
            } => {
                desk::read(people, caller, conversation_id, seq).await?;
            }
            ClientFrame::SetPresence { presence } => {
                people.hub.presence.choose(caller.agent_id, presence);
            }
            ClientFrame::Typing { conversation_id } => {
                desk::typing(people, caller, conversation_id).await?;
            }
            words @ (ClientFrame::Send { .. } | ClientFrame::Note { .. }) => {
                Box::pin(self.write(words)).await?;
            }
            touch @ (ClientFrame::React { .. }
            | ClientFrame::SendAgain { .. }
            | ClientFrame::Cancel { .. }) => {
                Box::pin(self.touch(touch)).await?;
            }
            deed => Box::pin(self.own(deed)).await?,
        }
        Ok(())
    }

    async fn subscribe_list(
        &self,
        list: String,
        scope: crate::protocol::ListScope,
        team_id: Option<balcao_core::model::TeamId>,
        limit: usize,
    ) -> Result<(), Error> {
        views::answers(&self.people, &self.caller).await?;
        if !self.people.hub.has_room_for_list(self.socket, &list) {
            return Err(Error::Invalid(
                "list: at most 24 at once; unsubscribe one first.",
            ));
        }
        if list.len() > MAX_LIST_NAME_BYTES || limit == 0 || limit > MAX_LIST_ROWS {
            return Err(Error::Invalid("list: at most 64 bytes; limit: 1 to 200."));
        }
        let mut conn = self.people.ctx.store.api.acquire().await?;
        let viewed = views::event(&self.caller, Action::InboxViewed)
            .object_kind(ObjectKind::Inbox)
            .detail("scope", views::word(scope));
        audit::record(&mut conn, &viewed).await?;
        drop(conn);
        let key = ListKey {
            scope,
            team_id,
            limit,
            eyes: views::eyes(&self.caller),
        };
        self.people.hub.watch_list(self.socket, list, key);
        Ok(())
    }

    /// Opens a conversation: audited, then what the client lacks, then live.
    async fn subscribe(
        &self,
        id: ConversationId,
        mode: WatchMode,
        after_rev: Option<i64>,
    ) -> Result<(), Error> {
        let hub = &self.people.hub;
        // Noted before the read, so that nothing between the read and the first live frame is missed.
        if !hub.watch(self.socket, id) {
            return Err(Error::Invalid(
                "At most 200 conversations at once; unsubscribe one first.",
            ));
        }
        let read = self.open(id, mode, after_rev).await;
        let Some(frame) = read.inspect_err(|_| {
            hub.unwatch(self.socket, id);
        })?
        else {
            hub.unwatch(self.socket, id);
            self.line.send(ServerFrame::Resync {
                conversation_id: id,
            });
            return Ok(());
        };
        let rev = if let ServerFrame::Conversation { rev_to, .. } = &frame {
            *rev_to
        } else {
            0
        };
        self.line.send(frame);
        if hub.caught_up(self.socket, id, rev) {
            self.catch_up(id, rev).await?;
        }
        Ok(())
    }

    async fn open(
        &self,
        id: ConversationId,
        mode: WatchMode,
        after_rev: Option<i64>,
    ) -> Result<Option<ServerFrame>, Error> {
        let word = if mode == WatchMode::Work {
            "work"
        } else {
            "listen"
        };
        let store = &self.people.ctx.store;
        let mut tx = store.api.begin().await?;
        let head = views::opened(&self.people, &mut tx, &self.caller, id, word).await?;
        let frame = if let Some(rev) = after_rev {
            views::read_changes(&self.people, &mut tx, id, rev)
                .await?
                .map(|found| changed(id, rev, Some(found)))
        } else {
            let end = head.last_seq + 1;
            let wanted: Vec<_> = ((end - FIRST_ITEMS).max(1)..end)
                .map(|seq| (id, seq))
                .collect();
            let items = message::items(store, &mut tx, &wanted).await?;
            let items = newest(items.into_iter().map(views::item_view).collect());
            let rev_to = head.place.last_rev;
            Some(ServerFrame::Conversation {
                conversation_id: id,
                rev_from: 0,
                rev_to,
                conversation: views::view(head),
                items,
            })
        };
        tx.commit().await?;
        Ok(frame)
    }

    /// What changed after a rev: covered by the opening of a conversation that is watched, else an access of its own.
    async fn changes(&self, id: ConversationId, after_rev: i64) -> Result<(), Error> {
        if self.people.hub.is_watched(self.socket, id) {
            return self.catch_up(id, after_rev).await;
        }
        let found = views::changes(&self.people, &self.caller, id, after_rev).await?;
        self.line.send(changed(id, after_rev, found));
        Ok(())
    }

    /// Sends what changed after a rev to a socket that may see it (its opening was audited).
    async fn catch_up(&self, id: ConversationId, after_rev: i64) -> Result<(), Error> {
        let mut conn = self.people.ctx.store.api.acquire().await?;
        let place = inbox::places(&mut conn, &[id]).await?.into_iter().next();
        let eyes = views::eyes(&self.caller);
        place
            .filter(|place| {
                self.caller.role.answers() && eyes.covers(place.team_id, place.agent_id)
            })
            .ok_or(Error::NotFound)?;
        let found = views::read_changes(&self.people, &mut conn, id, after_rev).await?;
        self.line.send(changed(id, after_rev, found));
        Ok(())
    }

    /// Records that a conversation is no longer shown, and up to which rev it was.
    pub(super) async fn closed(&self, id: ConversationId, rev: i64) -> Result<(), Error> {
        let mut tx = self.people.ctx.store.api.begin().await?;
        let mut closed = views::event(&self.caller, Action::ConversationClosed)
            .object(ObjectKind::Conversation, id.0)
            .detail("rev", rev);
        // Of the same team and customer as its opening was; both may have changed since.
        let (team, subject) = inbox::audited_as(&mut tx, id).await?;
        if let Some(team) = team {
            closed = closed.team(team.0);
        }
        if let Some(subject) = subject {
            closed = closed.subject(subject);
        }
        audit::record(&mut tx, &closed).await?;
        tx.commit().await?;
        Ok(())
    }
}

/// The frame that says what changed, or that the client must read anew.
fn changed(
    id: ConversationId,
    after_rev: i64,
    found: Option<(i64, ConversationView, Vec<ItemView>)>,
) -> ServerFrame {
    match found {
        Some((rev_to, conversation, items)) => ServerFrame::Conversation {
            conversation_id: id,
            rev_from: after_rev,
            rev_to,
            conversation,
            items,
        },
        None => ServerFrame::Resync {
            conversation_id: id,
        },
    }
}

/// The newest items that fit into one frame with room to spare, one at least; older ones are read in pages.
fn newest(mut items: Vec<ItemView>) -> Vec<ItemView> {
    let mut left = MAX_CHANGES_BYTES / 4 * 3;
    let fits = items.iter().rev().take_while(|item| {
        let bytes = serde_json::to_vec(item).map_or(0, |json| json.len());
        let has_room = bytes <= left;
        left = left.saturating_sub(bytes);
        has_room
    });
    let keep = fits.count().max(1).min(items.len());
    items.split_off(items.len() - keep)
}

fn read(text: &str) -> Result<ClientFrame, Problem> {
    // `deny_unknown_fields` does not see through `flatten`: the version is taken off first.
    let refuse = |detail: &str| {
        Problem::new(400, "invalid", "The frame cannot be read.").with_detail(detail)
    };
    let mut value: serde_json::Value = serde_json::from_str(text)
        .map_err(|error| refuse(&format!("Not JSON, at column {}.", error.column())))?;
    let version = value.as_object_mut().and_then(|object| object.remove("v"));
    if version.and_then(|version| version.as_u64()) != Some(1) {
        return Err(refuse("Frames are objects with \"v\":1 and a \"type\"."));
    }
    serde_json::from_value::<ClientFrame>(value).map_err(|_| {
        refuse("Its type or a field is unknown or missing; the frames are in /api/v1/openapi.json.")
    })
}

fn names(frame: &ClientFrame) -> (Option<String>, Option<ConversationId>) {
    match frame {
        ClientFrame::Send {
            client_ref,
            conversation_id,
            ..
        }
        | ClientFrame::Note {
            client_ref,
            conversation_id,
            ..
        }
        | ClientFrame::React {
            client_ref,
            conversation_id,
            ..
        }
        | ClientFrame::SendAgain {
            client_ref,
            conversation_id,
            ..
        }
        | ClientFrame::Cancel {
            client_ref,
            conversation_id,
            ..
        }
        | ClientFrame::Claim {
            client_ref,
            conversation_id,
            ..
        }
        | ClientFrame::Transfer {
            client_ref,
            conversation_id,
            ..
        }
        | ClientFrame::Release {
            client_ref,
            conversation_id,
            ..
        }
        | ClientFrame::Resolve {
            client_ref,
            conversation_id,
            ..
        } => (Some(client_ref.clone()), Some(*conversation_id)),
        ClientFrame::Subscribe {
            conversation_id, ..
        }
        | ClientFrame::Unsubscribe { conversation_id }
        | ClientFrame::Typing { conversation_id }
        | ClientFrame::Changes {
            conversation_id, ..
        }
        | ClientFrame::Read {
            conversation_id, ..
        } => (None, Some(*conversation_id)),
        _ => (None, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Envelope;

    #[test]
    fn a_frame_with_a_field_we_do_not_know_is_refused() {
        let id = ConversationId::new();
        let good = serde_json::to_string(&Envelope::new(ClientFrame::Unsubscribe {
            conversation_id: id,
        }))
        .unwrap();
        assert!(read(&good).is_ok());
        let forged = good.replace("{\"v\":1", "{\"v\":1,\"from_agent\":\"x\"");
        assert_eq!(read(&forged).unwrap_err().code, "invalid");
        for bad in [
            "",
            "[]",
            "{}",
            "{\"v\":2,\"type\":\"unsubscribe\"}",
            "{\"v\":1,\"type\":\"nonsense\"}",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
