//! Where a conversation is listed: pure decisions, shared by the lists and by the live hub.

use balcao_core::model::{AgentId, ConversationStatus, Handler, TeamId};
use balcao_core::store::inbox::{Filter, Place, Visibility};

use crate::protocol::ListScope;

/// The filter that a scope means; `None` for closed conversations, which are another list.
#[must_use]
pub fn filter(scope: ListScope, team_id: Option<TeamId>, agent_id: AgentId) -> Option<Filter> {
    let any = Filter {
        team_id,
        ..Filter::default()
    };
    match scope {
        ListScope::Mine => Some(Filter {
            agent_id: Some(agent_id),
            ..any
        }),
        ListScope::Queue => Some(Filter {
            handler: Some(Handler::Queue),
            ..any
        }),
        ListScope::Attending => Some(Filter {
            handler: Some(Handler::Agent),
            ..any
        }),
        ListScope::Automation => Some(Filter {
            handler: Some(Handler::Bot),
            ..any
        }),
        ListScope::All => Some(any),
        ListScope::Closed => None,
    }
}

/// Whether a conversation belongs on a list of these eyes.
#[must_use]
pub fn belongs(
    place: &Place,
    scope: ListScope,
    team_id: Option<TeamId>,
    eyes: &Visibility,
) -> bool {
    if !eyes.covers(place.team_id, place.agent_id) {
        return false;
    }
    let resolved = place.status == ConversationStatus::Resolved;
    match filter(scope, team_id, eyes.agent_id) {
        None => resolved && team_id.is_none_or(|team| place.team_id == Some(team)),
        Some(filter) => {
            !resolved
                && filter
                    .handler
                    .is_none_or(|handler| place.handler == handler)
                && filter
                    .agent_id
                    .is_none_or(|agent| place.agent_id == Some(agent))
                && filter
                    .team_id
                    .is_none_or(|team| place.team_id == Some(team))
        }
    }
}

#[cfg(test)]
mod tests {
    use balcao_core::model::{ContactId, ConversationId};

    use super::*;

    fn waiting(team_id: TeamId) -> Place {
        Place {
            id: ConversationId::new(),
            status: ConversationStatus::Open,
            handler: Handler::Queue,
            team_id: Some(team_id),
            agent_id: None,
            contact_id: ContactId::new(),
            last_rev: 1,
        }
    }

    #[test]
    fn a_waiting_conversation_is_on_its_teams_queue_and_on_no_other() {
        let (ours, theirs, agent_id) = (TeamId::new(), TeamId::new(), AgentId::new());
        let eyes = |team| Visibility {
            all: false,
            team_ids: vec![team],
            agent_id,
        };
        assert!(belongs(&waiting(ours), ListScope::Queue, None, &eyes(ours)));
        assert!(!belongs(
            &waiting(ours),
            ListScope::Queue,
            None,
            &eyes(theirs)
        ));
        assert!(!belongs(&waiting(ours), ListScope::Mine, None, &eyes(ours)));
        assert!(!belongs(
            &waiting(ours),
            ListScope::Queue,
            Some(theirs),
            &eyes(ours)
        ));
    }

    #[test]
    fn a_closed_conversation_is_only_on_the_closed_list() {
        let team = TeamId::new();
        let place = Place {
            status: ConversationStatus::Resolved,
            ..waiting(team)
        };
        let eyes = Visibility {
            all: true,
            team_ids: Vec::new(),
            agent_id: AgentId::new(),
        };
        assert!(belongs(&place, ListScope::Closed, None, &eyes));
        for scope in [
            ListScope::Mine,
            ListScope::Queue,
            ListScope::Attending,
            ListScope::Automation,
            ListScope::All,
        ] {
            assert!(!belongs(&place, scope, None, &eyes), "{scope:?}");
        }
    }

    #[test]
    fn an_agent_sees_their_own_conversation_of_a_foreign_team() {
        let agent_id = AgentId::new();
        let place = Place {
            handler: Handler::Agent,
            agent_id: Some(agent_id),
            ..waiting(TeamId::new())
        };
        let eyes = Visibility {
            all: false,
            team_ids: Vec::new(),
            agent_id,
        };
        assert!(belongs(&place, ListScope::Mine, None, &eyes));
    }
}
