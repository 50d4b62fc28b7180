//! Who does things: kinds of actors, roles of staff, languages.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{AgentId, ContactId};

/// Who wrote an item or did a deed.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, sqlx::Type, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "actor_kind", rename_all = "snake_case")]
pub enum ActorKind {
    /// The customer.
    Contact,
    /// Our bot.
    Bot,
    /// A member of staff, in the console or through the API.
    Agent,
    /// Balcão itself (system lines, expiry).
    System,
    /// A campaign.
    Campaign,
    /// Staff typing on the phone of the business itself (Meta's coexistence).
    ChannelApp,
    /// A program with an API key.
    ApiKey,
}

/// The author of a timeline item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Author {
    /// What kind of actor.
    pub kind: ActorKind,
    /// The contact's, agent's or key's id; absent for bot and system.
    pub id: Option<Uuid>,
}

impl Author {
    /// The bot.
    pub const BOT: Self = Self {
        kind: ActorKind::Bot,
        id: None,
    };
    /// Balcão itself.
    pub const SYSTEM: Self = Self {
        kind: ActorKind::System,
        id: None,
    };

    /// A member of staff.
    #[must_use]
    pub fn agent(id: AgentId) -> Self {
        Self {
            kind: ActorKind::Agent,
            id: Some(id.0),
        }
    }

    /// The customer.
    #[must_use]
    pub fn contact(id: ContactId) -> Self {
        Self {
            kind: ActorKind::Contact,
            id: Some(id.0),
        }
    }
}

/// What a member of staff may do; each role's rights are listed in docs/architecture.md.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, sqlx::Type, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "agent_role", rename_all = "snake_case")]
pub enum Role {
    /// Answers customers of their teams.
    Agent,
    /// Watches the floor of their teams, reassigns, exports the audit trail.
    Supervisor,
    /// Administers everything.
    Admin,
    /// The data protection officer.
    Dpo,
    /// Reads the audit trail only.
    Auditor,
}

impl Role {
    /// May see and take conversations at all.
    #[must_use]
    pub fn answers(self) -> bool {
        matches!(self, Self::Agent | Self::Supervisor | Self::Admin)
    }

    /// May override another agent's ownership and see all queues of their teams.
    #[must_use]
    pub fn supervises(self) -> bool {
        matches!(self, Self::Supervisor | Self::Admin)
    }

    /// May export the audit trail.
    #[must_use]
    pub fn exports_audit(self) -> bool {
        matches!(
            self,
            Self::Supervisor | Self::Admin | Self::Dpo | Self::Auditor
        )
    }
}

/// A language of the product.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema,
)]
pub enum Locale {
    /// Brazilian Portuguese.
    #[default]
    #[serde(rename = "pt-BR")]
    PtBr,
    /// English.
    #[serde(rename = "en")]
    En,
    /// Spanish.
    #[serde(rename = "es")]
    Es,
}

impl Locale {
    /// The BCP 47 tag, as stored.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::PtBr => "pt-BR",
            Self::En => "en",
            Self::Es => "es",
        }
    }

    /// Reads a BCP 47 tag; what we do not speak becomes Portuguese.
    #[must_use]
    pub fn from_tag(tag: &str) -> Self {
        match tag {
            "en" => Self::En,
            "es" => Self::Es,
            _ => Self::PtBr,
        }
    }
}
