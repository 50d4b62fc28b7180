//! How far a send got: ranks that only rise, the states of the outbox, and the key that rides on every send.

use serde::{Deserialize, Serialize};

use super::ConversationId;

/// Outbox priorities: the smaller, the sooner.
pub const PRIORITY_HUMAN: i16 = 1;
/// See [`PRIORITY_HUMAN`].
pub const PRIORITY_BOT: i16 = 4;
/// See [`PRIORITY_HUMAN`].
pub const PRIORITY_CAMPAIGN: i16 = 8;

/// A delivery status as stored; the highest wins, so statuses may come late, twice or out of order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(i16)]
pub enum Rank {
    /// Nothing known yet.
    None = 0,
    /// Meta took it.
    Accepted = 10,
    /// On its way.
    Sent = 20,
    /// Meta gave up; a later delivered overrides it.
    Failed = 25,
    /// On the phone.
    Delivered = 30,
    /// Read.
    Read = 40,
    /// A voice note was played.
    Played = 50,
}

impl Rank {
    /// Reads Meta's word; `None` for a word we do not know.
    #[must_use]
    pub fn from_meta(word: &str) -> Option<Self> {
        Some(match word {
            "accepted" => Self::Accepted,
            "sent" => Self::Sent,
            "failed" => Self::Failed,
            "delivered" => Self::Delivered,
            "read" => Self::Read,
            "played" => Self::Played,
            _ => return None,
        })
    }

    /// The number in the database.
    #[must_use]
    pub fn stored(self) -> i16 {
        self as i16
    }

    /// Reads the number in the database; `None` for what was never stored there.
    #[must_use]
    pub fn from_stored(number: i16) -> Option<Self> {
        let all = [
            Self::None,
            Self::Accepted,
            Self::Sent,
            Self::Failed,
            Self::Delivered,
            Self::Read,
            Self::Played,
        ];
        all.into_iter().find(|rank| rank.stored() == number)
    }
}

/// Who asked for a send.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, sqlx::Type, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "send_source", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum SendSource {
    Agent,
    Bot,
    Campaign,
    Api,
}

/// Where a send stands in the outbox.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, sqlx::Type, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "send_state", rename_all = "snake_case")]
pub enum SendState {
    /// Waiting for its turn.
    Queued,
    /// A node is calling Meta.
    Sending,
    /// Meta answered with a wamid.
    Sent,
    /// Meta refused it.
    Failed,
    /// The window closed, or it waited too long.
    Expired,
    /// Somebody took it back, or a person took over before the bot's words left.
    Cancelled,
    /// The call's outcome is not known; a status may still settle it. Never sent again blindly.
    Unknown,
}

/// What an agent sees beside a message of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ticks {
    /// In our queue.
    Queued,
    /// Meta has it.
    Sent,
    /// On the phone.
    Delivered,
    /// Read (or played).
    Read,
    /// Refused; the error code says why.
    Failed,
    /// Too late to be sent.
    Expired,
    /// Taken back before it left.
    Cancelled,
    /// We do not know whether it left.
    Unknown,
}

impl Ticks {
    /// What an outbox state and a delivery rank mean together: proof from the phone beats everything.
    #[must_use]
    pub fn of(state: SendState, rank: i16) -> Self {
        match rank {
            rank if rank >= Rank::Read.stored() => Self::Read,
            rank if rank >= Rank::Delivered.stored() => Self::Delivered,
            rank if rank == Rank::Failed.stored() => Self::Failed,
            rank if rank >= Rank::Accepted.stored() => Self::Sent,
            _ => match state {
                SendState::Queued | SendState::Sending => Self::Queued,
                SendState::Sent => Self::Sent,
                SendState::Failed => Self::Failed,
                SendState::Expired => Self::Expired,
                SendState::Cancelled => Self::Cancelled,
                SendState::Unknown => Self::Unknown,
            },
        }
    }
}

/// Our key on a send, echoed in its statuses (`biz_opaque_callback_data`): `v1.<conversation>.<seq>.<attempt>`.
/// Meta has no idempotency key; this is how an unknown send is settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CallbackData {
    /// The conversation.
    pub conversation_id: ConversationId,
    /// The item.
    pub seq: i64,
    /// 1, or more after "send again".
    pub attempt: i16,
}

impl std::fmt::Display for CallbackData {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "v1.{}.{}.{}",
            self.conversation_id, self.seq, self.attempt
        )
    }
}

impl CallbackData {
    /// Reads what Meta echoed; `None` for anything that is not ours.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix("v1.")?.split('.');
        let found = Self {
            conversation_id: parts.next()?.parse().ok()?,
            seq: parts.next()?.parse().ok().filter(|seq| *seq > 0)?,
            attempt: parts.next()?.parse().ok().filter(|attempt| *attempt > 0)?,
        };
        parts.next().is_none().then_some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stored_rank_is_read_back() {
        for number in [0, 10, 20, 25, 30, 40, 50] {
            assert_eq!(Rank::from_stored(number).map(Rank::stored), Some(number));
        }
        assert_eq!(Rank::from_stored(7), None);
    }

    #[test]
    fn callback_data_comes_back_as_it_left() {
        let key = CallbackData {
            conversation_id: ConversationId::new(),
            seq: 42,
            attempt: 1,
        };
        assert_eq!(CallbackData::parse(&key.to_string()), Some(key));
    }

    #[test]
    fn callback_data_of_others_is_not_ours() {
        for text in [
            "",
            "v1",
            "v2.x.1.1",
            "v1.not-a-uuid.1.1",
            "v1.018f0000-0000-7000-8000-000000000000.0.1",
        ] {
            assert_eq!(CallbackData::parse(text), None, "{text}");
        }
    }

    #[test]
    fn proof_from_the_phone_beats_the_outbox() {
        assert_eq!(
            Ticks::of(SendState::Unknown, Rank::Delivered.stored()),
            Ticks::Delivered
        );
        assert_eq!(Ticks::of(SendState::Sent, Rank::None.stored()), Ticks::Sent);
        assert_eq!(
            Ticks::of(SendState::Sent, Rank::Failed.stored()),
            Ticks::Failed
        );
    }
}
