//! Which events an export discloses.
//!
//! Promises: the choice is made on leaves, in the same way by the exporter and by the verifier.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Which events to disclose. Empty discloses all of the period.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filter {
    /// Only events of these teams; empty means every team and events without one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub teams: Vec<Uuid>,
    /// Only events by this actor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<Uuid>,
    /// Only events about this subject.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Uuid>,
}

/// The part of a leaf that a filter looks at.
#[derive(Deserialize)]
pub(super) struct Facts {
    pub(super) at: String,
    actor: Option<String>,
    subject: Option<String>,
    team: Option<String>,
}

impl Filter {
    /// Whether an event passes.
    pub(super) fn has(&self, facts: &Facts) -> bool {
        let is =
            |wanted: &Uuid, id: &Option<String>| id.as_deref() == Some(wanted.to_string().as_str());
        (self.teams.is_empty() || self.teams.iter().any(|team| is(team, &facts.team)))
            && self.actor.is_none_or(|actor| is(&actor, &facts.actor))
            && self
                .subject
                .is_none_or(|subject| is(&subject, &facts.subject))
    }
}
