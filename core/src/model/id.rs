//! Identifiers: UUIDv7 newtypes, so that a team is never mistaken for an agent.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, sqlx::Type,
            utoipa::ToSchema,
        )]
        #[serde(transparent)]
        #[sqlx(transparent)]
        #[schema(value_type = Uuid)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new id that sorts after those made before it (RFC 9562 section 5.7).
            #[must_use]
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::new()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                Ok(Self(text.parse()?))
            }
        }
    )+};
}

id! {
    /// A member of staff.
    AgentId,
    /// One WhatsApp number of the company.
    ChannelId,
    /// A customer: a person or a group.
    ContactId,
    /// One case between a contact and a channel.
    ConversationId,
    /// Something Meta sent that could not be stored as what it is.
    DeadLetterId,
    /// A piece of work that outlives a request.
    JobId,
    /// A file.
    MediaId,
    /// A timeline item; made before the insert, because it is sealed into the ciphertext.
    MessageId,
    /// One call of the API, as it appears in logs and in the audit log.
    RequestId,
    /// One log-in of one member of staff.
    SessionId,
    /// A group of agents with a queue.
    TeamId,
}
