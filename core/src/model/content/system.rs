//! Lines that Balcão itself writes into a conversation.

use serde::{Deserialize, Serialize};

use crate::model::{AgentId, ContactId, HandoffReason, TeamId};

/// What a system line tells. Ids only; names are looked up when it is shown.
#[derive(Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum SystemLine {
    /// The bot gave the conversation to people.
    HandedOff {
        /// Why.
        reason: HandoffReason,
        /// What was said and tried, for whoever takes it.
        summary: String,
        /// Place in the queue at that moment, from 1.
        position: i64,
    },
    /// Somebody took it.
    Claimed {
        /// Who.
        agent_id: AgentId,
    },
    /// It went to another team or agent.
    Transferred {
        /// By whom.
        by: AgentId,
        /// To which team.
        team_id: Option<TeamId>,
        /// To which agent.
        agent_id: Option<AgentId>,
        /// Words for the next one.
        note: Option<String>,
    },
    /// Its owner gave it back to the queue.
    Released {
        /// Who gave it back.
        by: AgentId,
    },
    /// It was closed.
    Resolved {
        /// By whom; absent when Balcão itself closed it.
        by: Option<AgentId>,
        /// The closing reason.
        reason: Option<String>,
    },
    /// The customer wrote again within the reopen window.
    Reopened,
    /// Staff answered on the telephone itself (coexistence): the bot is silent from here on.
    AnsweredOnPhone,
    /// The customer has a new telephone number or user id; it is the same person.
    IdentityChanged {
        /// Whether the telephone number changed.
        phone: bool,
    },
    /// This record and another were found to be one person.
    Merged {
        /// The record that was taken in.
        from: ContactId,
        /// Who did it; absent when the channel itself said so, or the operator at the command line.
        by: Option<AgentId>,
    },
    /// A record that had been taken in is on its own again.
    Split {
        /// The record that left.
        from: ContactId,
        /// Who did it; absent when it was the operator at the command line.
        by: Option<AgentId>,
    },
}
