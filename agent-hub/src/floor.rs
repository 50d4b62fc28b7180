//! The floor: teams with their queues, colleagues with their presence. Nothing of customers.

use std::collections::HashMap;

use balcao_core::store::inbox::{self, Queue, Visibility};

use crate::error::Error;
use crate::people::People;
use crate::protocol::{AgentView, TeamView};

/// The whole floor at one moment.
pub(crate) struct Board {
    teams: Vec<TeamView>,
    agents: Vec<AgentView>,
}

impl Board {
    /// What these eyes may see: their teams, and all colleagues (a conversation may be given to any).
    /// (Names of all teams are known to everybody, because transfers go there; queues only of one's own.)
    pub(crate) fn seen_by(&self, eyes: &Visibility) -> (Vec<TeamView>, Vec<AgentView>) {
        let mut teams = self.teams.clone();
        for team in teams
            .iter_mut()
            .filter(|team| !eyes.all && !eyes.team_ids.contains(&team.id))
        {
            team.waiting = 0;
            team.oldest_waiting_since = None;
        }
        (teams, self.agents.clone())
    }
}

/// Reads the floor.
///
/// # Errors
/// `unavailable`.
pub(crate) async fn read(people: &People) -> Result<Board, Error> {
    let mut conn = people.ctx.store.api.acquire().await?;
    let queues: HashMap<_, Queue> = inbox::queues(&mut conn)
        .await?
        .into_iter()
        .map(|queue| (queue.team_id, queue))
        .collect();
    drop(conn);
    let teams = people
        .directory
        .teams()
        .into_iter()
        .map(|team| {
            let queue = queues.get(&team.id);
            TeamView {
                id: team.id,
                name: team.name,
                waiting: queue.map_or(0, |queue| queue.waiting),
                oldest_waiting_since: queue.and_then(|queue| queue.oldest_waiting_since),
            }
        })
        .collect();
    let agents = people
        .directory
        .agents()
        .iter()
        .map(|agent| agent.view(people.hub.presence.of(agent.id)))
        .collect();
    Ok(Board { teams, agents })
}

/// Reads what these eyes may see of the floor.
///
/// # Errors
/// `unavailable`.
pub(crate) async fn seen_by(
    people: &People,
    eyes: &Visibility,
) -> Result<(Vec<TeamView>, Vec<AgentView>), Error> {
    Ok(read(people).await?.seen_by(eyes))
}
