//! What people do with conversations: say, react, note, claim, transfer, release, resolve, read.
//!
//! Promises: each deed is one transaction with its audit event; words are sealed before it begins; a repeated
//! `client_ref` answers the first result. Does not: send anything (the outbox does) or decide who may see what
//! (`views` does).

mod say;
mod touch;

use balcao_core::bell::{Hint, Wake};
use balcao_core::model::{
    AgentId, Author, Content, ConversationId, Direction, Handler, SystemLine, TeamId, limits,
};
use balcao_core::store::conversation::{self, Claim, Locked, Target};
use balcao_core::store::inbox::{self, Place};
use balcao_core::store::message::{self, Draft, Words};
use balcao_core::store::{PgConnection, Refusal};
use compliance::audit::{self, Action, ObjectKind};

use crate::error::Error;
use crate::people::{Caller, People};
use crate::protocol::ConversationView;
use crate::views::{event, eyes, refused, view};

pub use say::{Reply, one_of, reply};
pub use touch::{cancel, react, send_again, typing};

/// Longest text to a customer and longest note, in characters (Meta's limit for text).
pub const MAX_TEXT_CHARS: usize = limits::MAX_TEXT_CHARS;
/// Longest client reference, in bytes.
pub const MAX_CLIENT_REF_BYTES: usize = 128;
/// Longest closing reason, in characters.
const MAX_REASON_CHARS: usize = 64;
/// Longest closing reason that is a stable word, in bytes.
const MAX_REASON_WORD_BYTES: usize = 32;

/// Where a transfer goes: exactly one of team and agent.
#[derive(Clone)]
pub struct TransferTo {
    /// To this team's queue.
    pub team_id: Option<TeamId>,
    /// To this agent.
    pub agent_id: Option<AgentId>,
    /// Words for the next one.
    pub note: Option<String>,
}

/// Any human send takes ownership of what no colleague owns.
async fn take_for_send(deed: &mut Deed<'_>, epoch: Option<i32>) -> Result<(), Error> {
    let owner = deed.locked.agent_id;
    if owner == Some(deed.caller.agent_id) {
        return Ok(());
    }
    if owner.is_some() && !deed.caller.role.supervises() {
        return Err(Refusal::NotOwner.into());
    }
    let claim = Claim {
        agent_id: deed.caller.agent_id,
        epoch,
        may_override: deed.caller.role.supervises(),
    };
    conversation::claim(&mut deed.tx, &mut deed.locked, claim).await?;
    Ok(())
}

/// Writes for colleagues and returns the item's seq.
///
/// # Errors
/// `not_found`, `too_long`.
pub async fn note(
    people: &People,
    caller: &Caller,
    id: ConversationId,
    client_ref: String,
    text: String,
) -> Result<i64, Error> {
    check_text(&text)?;
    check_client_ref(&client_ref)?;
    let author = Author::agent(caller.agent_id);
    let words = Words {
        author,
        direction: Direction::Internal,
        content: Content::Note { text },
        client_ref: Some(client_ref.clone()),
        reply_to_seq: None,
    };
    let mut deed = Deed::begin(people, caller, id, Some(words)).await?;
    if let Some(seq) = message::find_client_ref(&mut deed.tx, id, author, &client_ref).await? {
        return Ok(seq);
    }
    let draft = deed.draft()?;
    let seq = message::append(&mut deed.tx, &mut deed.locked, &draft).await?;
    deed.commit(Action::ConversationNoted, seq).await?;
    Ok(seq)
}

/// Takes the conversation. Of many at once exactly one wins.
///
/// # Errors
/// `not_found`, `already_claimed`, `stale_epoch`, `resolved`, `at_capacity`.
pub async fn claim(
    people: &People,
    caller: &Caller,
    id: ConversationId,
    epoch: i32,
) -> Result<ConversationView, Error> {
    let line = SystemLine::Claimed {
        agent_id: caller.agent_id,
    };
    let mut deed = Deed::begin(people, caller, id, Some(system(line))).await?;
    let by = deed.by(Some(epoch));
    if conversation::claim(&mut deed.tx, &mut deed.locked, by).await? {
        let draft = deed.draft()?;
        message::append(&mut deed.tx, &mut deed.locked, &draft).await?;
    }
    deed.finish(Action::ConversationClaimed).await
}

/// Gives the conversation to another team or agent.
///
/// # Errors
/// `not_found`, `not_owner`, `stale_epoch`, `resolved`, `bad_target`, `at_capacity`.
pub async fn transfer(
    people: &People,
    caller: &Caller,
    id: ConversationId,
    epoch: i32,
    to: TransferTo,
) -> Result<ConversationView, Error> {
    let target = match (to.team_id, to.agent_id) {
        (Some(team_id), None) => Target::Team(team_id),
        (None, Some(agent_id)) => Target::Agent(agent_id),
        _ => return Err(Error::Invalid("Give exactly one of team_id and agent_id.")),
    };
    if let Some(note) = &to.note {
        check_text(note)?;
    }
    let line = SystemLine::Transferred {
        by: caller.agent_id,
        team_id: to.team_id,
        agent_id: to.agent_id,
        note: to.note,
    };
    let mut deed = Deed::begin(people, caller, id, Some(system(line))).await?;
    let by = deed.by(Some(epoch));
    conversation::transfer(&mut deed.tx, &mut deed.locked, by, target).await?;
    let draft = deed.draft()?;
    message::append(&mut deed.tx, &mut deed.locked, &draft).await?;
    deed.finish(Action::ConversationTransferred).await
}

/// Gives the conversation back to its queue.
///
/// # Errors
/// `not_found`, `not_owner`, `stale_epoch`, `resolved`.
pub async fn release(
    people: &People,
    caller: &Caller,
    id: ConversationId,
    epoch: i32,
) -> Result<ConversationView, Error> {
    let line = SystemLine::Released {
        by: caller.agent_id,
    };
    let mut deed = Deed::begin(people, caller, id, Some(system(line))).await?;
    let by = deed.by(Some(epoch));
    conversation::release(&mut deed.tx, &mut deed.locked, by).await?;
    let draft = deed.draft()?;
    message::append(&mut deed.tx, &mut deed.locked, &draft).await?;
    deed.finish(Action::ConversationReleased).await
}

/// Closes the case.
///
/// # Errors
/// `not_found`, `not_owner`, `stale_epoch`, `resolved`.
pub async fn resolve(
    people: &People,
    caller: &Caller,
    id: ConversationId,
    epoch: i32,
    reason: Option<String>,
) -> Result<ConversationView, Error> {
    if let Some(reason) = &reason {
        check_reason(reason)?;
    }
    let line = SystemLine::Resolved {
        by: Some(caller.agent_id),
        reason: reason.clone(),
    };
    let mut deed = Deed::begin(people, caller, id, Some(system(line))).await?;
    let by = deed.by(Some(epoch));
    // The column is readable at rest: what somebody typed is only in the sealed line.
    let column = reason.as_deref().map(stable_word);
    conversation::resolve(&mut deed.tx, &mut deed.locked, by, column).await?;
    let draft = deed.draft()?;
    message::append(&mut deed.tx, &mut deed.locked, &draft).await?;
    deed.finish(Action::ConversationResolved).await
}

/// Moves the read marker of a conversation the caller works in.
///
/// # Errors
/// `not_found`.
pub async fn read(
    people: &People,
    caller: &Caller,
    id: ConversationId,
    seq: i64,
) -> Result<(), Error> {
    let mut tx = people.ctx.store.api.begin().await?;
    let place = visible(people, caller, &mut tx, id).await?;
    let wake = conversation::read(&mut tx, id, seq).await?;
    tx.commit().await?;
    if let Some(wake) = wake {
        people.ctx.bell.ring(&[wake]);
        // The customer sees that they were read by whoever answers them, not by whoever looks on.
        if place.agent_id == Some(caller.agent_id) {
            people.ctx.bell.hint(Hint::Read {
                conversation_id: id,
            });
        }
    }
    Ok(())
}

fn sees(caller: &Caller, team_id: Option<TeamId>, agent_id: Option<AgentId>) -> bool {
    caller.role.answers() && eyes(caller).covers(team_id, agent_id)
}

/// Refuses, and records the refusal, unless the caller may see the conversation.
async fn visible(
    people: &People,
    caller: &Caller,
    conn: &mut PgConnection,
    id: ConversationId,
) -> Result<Place, Error> {
    let place = inbox::places(conn, &[id]).await?.into_iter().next();
    let place = place.ok_or(Refusal::NotFound)?;
    if sees(caller, place.team_id, place.agent_id) {
        return Ok(place);
    }
    refused(people, caller, ObjectKind::Conversation, id.0).await?;
    Err(Refusal::NotFound.into())
}

fn system(line: SystemLine) -> Words {
    Words {
        author: Author::SYSTEM,
        direction: Direction::Internal,
        content: Content::System { line },
        client_ref: None,
        reply_to_seq: None,
    }
}

/// A deed under way: sealed words, an open transaction, the locked row.
struct Deed<'a> {
    people: &'a People,
    caller: &'a Caller,
    draft: Option<Draft>,
    tx: balcao_core::store::Tx,
    locked: Locked,
}

impl<'a> Deed<'a> {
    async fn begin(
        people: &'a People,
        caller: &'a Caller,
        id: ConversationId,
        words: Option<Words>,
    ) -> Result<Self, Error> {
        let store = &people.ctx.store;
        let mut conn = store.api.acquire().await?;
        visible(people, caller, &mut conn, id).await?;
        let draft = match words {
            Some(words) => {
                Some(message::draft(store, &mut conn, id, words, people.ctx.clock.now()).await?)
            }
            None => None,
        };
        drop(conn);
        let mut tx = store.api.begin().await?;
        let locked = conversation::lock(&mut tx, id).await?;
        // It may have changed hands while the words were sealed.
        if !sees(caller, locked.team_id, locked.agent_id) {
            return Err(Refusal::NotFound.into());
        }
        Ok(Self {
            people,
            caller,
            draft,
            tx,
            locked,
        })
    }

    fn by(&self, epoch: Option<i32>) -> Claim {
        Claim {
            agent_id: self.caller.agent_id,
            epoch,
            may_override: self.caller.role.supervises(),
        }
    }

    fn draft(&mut self) -> Result<Draft, Error> {
        self.draft.take().ok_or_else(|| Refusal::NotFound.into())
    }

    /// Records the deed, commits, and rings.
    async fn commit(mut self, action: Action, seq: i64) -> Result<Wake, Error> {
        let mut deed = event(self.caller, action)
            .object(ObjectKind::Conversation, self.locked.id.0)
            .detail("seq", seq)
            .detail("epoch", self.locked.epoch);
        if let Some(team) = self.locked.team_id {
            deed = deed.team(team.0);
        }
        audit::record(&mut self.tx, &deed).await?;
        let wake = self.locked.wake();
        let waits = self.locked.handler != Handler::Bot;
        self.tx.commit().await?;
        self.people.ctx.bell.ring(&[wake]);
        if waits {
            self.people.ctx.bell.hint(Hint::Floor);
        }
        Ok(wake)
    }

    /// Commits and answers the conversation as it is now.
    async fn finish(self, action: Action) -> Result<ConversationView, Error> {
        let (people, id, seq) = (self.people, self.locked.id, self.locked.last_seq);
        self.commit(action, seq).await?;
        let mut conn = people.ctx.store.api.acquire().await?;
        let head = inbox::heads(&people.ctx.store, &mut conn, &[id])
            .await?
            .into_iter()
            .next();
        Ok(view(head.ok_or(Refusal::NotFound)?))
    }
}

fn check_text(text: &str) -> Result<(), Error> {
    if text.trim().is_empty() {
        return Err(Error::Invalid(
            "text: write 1 to 4096 characters that are not all blank.",
        ));
    }
    if text.chars().count() > MAX_TEXT_CHARS {
        return Err(Error::TooLong {
            field: "text",
            max_chars: MAX_TEXT_CHARS,
        });
    }
    if text.contains('\0') {
        return Err(Error::Invalid("text: remove the NUL character."));
    }
    Ok(())
}

/// A reason that is a stable word (reports count those), else `other`.
fn stable_word(reason: &str) -> &str {
    let is_word = (1..=MAX_REASON_WORD_BYTES).contains(&reason.len())
        && reason
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    if is_word { reason } else { "other" }
}

fn check_reason(reason: &str) -> Result<(), Error> {
    if reason.chars().count() > MAX_REASON_CHARS {
        return Err(Error::TooLong {
            field: "reason",
            max_chars: MAX_REASON_CHARS,
        });
    }
    if reason.contains('\0') {
        return Err(Error::Invalid("reason: remove the NUL character."));
    }
    Ok(())
}

fn check_client_ref(client_ref: &str) -> Result<(), Error> {
    if (1..=MAX_CLIENT_REF_BYTES).contains(&client_ref.len()) && !client_ref.contains('\0') {
        Ok(())
    } else {
        Err(Error::Invalid(
            "client_ref: 1 to 128 bytes without NUL, for instance a UUID.",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::stable_word;

    #[test]
    fn a_reason_that_somebody_typed_is_not_kept_in_clear() {
        assert_eq!(stable_word("no_answer"), "no_answer");
        for typed in ["", "Maria 11 98765-4321", "são", "a b", &"x".repeat(33)] {
            assert_eq!(stable_word(typed), "other", "{typed}");
        }
    }
}
