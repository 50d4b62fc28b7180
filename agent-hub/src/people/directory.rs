//! The staff and the teams, opened once for everybody: names are sealed at rest and needed in every list.
//!
//! Promises: at most a few seconds old (it is read again on a floor hint and every [`REFRESH_S`] seconds); those who
//! were deactivated keep their name here, because their words are still shown, but are not `active`.
//! Does not: know who is online; presence does.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use balcao_core::bell::{Hint, Ring};
use balcao_core::context::Context;
use balcao_core::model::{AgentId, Locale, Role, TeamId};
use balcao_core::shutdown::Shutdown;
use balcao_core::store::{agent, team};

use crate::error::Error;
use crate::protocol::{AgentView, Presence};

/// Longest age of the directory, in seconds, while PostgreSQL answers.
pub const REFRESH_S: u64 = 5;
/// Shortest time between two readings, in milliseconds: hints come in bursts.
const PAUSE_MS: u64 = 500;

/// A member of staff as the directory knows them.
#[derive(Clone, PartialEq, Eq)]
pub struct AgentCard {
    /// Who.
    pub id: AgentId,
    /// Name as colleagues know it.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// Teams they work for.
    pub team_ids: Arc<[TeamId]>,
    /// Their language.
    pub locale: Locale,
    /// Conversations they may own at once.
    pub capacity: i32,
    /// Not deactivated.
    pub active: bool,
}

/// Never the name.
impl std::fmt::Debug for AgentCard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AgentCard({}, {:?})", self.id, self.role)
    }
}

impl AgentCard {
    /// As colleagues see them, with a presence that the caller knows.
    #[must_use]
    pub fn view(&self, presence: Presence) -> AgentView {
        AgentView {
            id: self.id,
            name: self.name.clone(),
            role: self.role,
            team_ids: self.team_ids.to_vec(),
            presence,
        }
    }
}

/// A team as the directory knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TeamCard {
    /// Which.
    pub id: TeamId,
    /// Its stable short name.
    pub slug: String,
    /// Its name.
    pub name: String,
}

#[derive(Debug, Default)]
struct Page {
    agents: HashMap<AgentId, Arc<AgentCard>>,
    teams: Vec<TeamCard>,
}

/// The directory. Cheap to clone; clones show the same page.
#[derive(Clone, Debug, Default)]
pub struct Directory(Arc<RwLock<Arc<Page>>>);

impl Directory {
    /// Reads it for the first time.
    ///
    /// # Errors
    /// [`Error::Store`], [`Error::Database`].
    pub async fn load(ctx: &Context) -> Result<Self, Error> {
        let directory = Self::default();
        directory.refresh(ctx).await?;
        Ok(directory)
    }

    /// Reads it again now.
    ///
    /// # Errors
    /// [`Error::Store`], [`Error::Database`]; the old page stays.
    pub async fn refresh(&self, ctx: &Context) -> Result<(), Error> {
        let mut conn = ctx.store.api.acquire().await?;
        let agents = agent::list(&ctx.store, &mut conn).await?;
        let teams = team::list(&mut conn).await?;
        let page = Page {
            agents: agents
                .into_iter()
                .map(|agent| (agent.id, Arc::new(card(agent))))
                .collect(),
            teams: teams
                .into_iter()
                .map(|team| TeamCard {
                    id: team.id,
                    slug: team.slug,
                    name: team.name,
                })
                .collect(),
        };
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(page);
        Ok(())
    }

    fn page(&self) -> Arc<Page> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// One member of staff, deactivated ones too.
    #[must_use]
    pub fn agent(&self, id: AgentId) -> Option<Arc<AgentCard>> {
        self.page().agents.get(&id).cloned()
    }

    /// All active staff, by name.
    #[must_use]
    pub fn agents(&self) -> Vec<Arc<AgentCard>> {
        let mut agents: Vec<_> = self
            .page()
            .agents
            .values()
            .filter(|agent| agent.active)
            .cloned()
            .collect();
        agents.sort_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));
        agents
    }

    /// One team.
    #[must_use]
    pub fn team(&self, id: TeamId) -> Option<TeamCard> {
        self.page().teams.iter().find(|team| team.id == id).cloned()
    }

    /// All teams, by name.
    #[must_use]
    pub fn teams(&self) -> Vec<TeamCard> {
        self.page().teams.clone()
    }

    /// Keeps it fresh until the drain.
    pub async fn keep_fresh(self, ctx: Context, shutdown: Shutdown) {
        let mut bell = ctx.bell.subscribe();
        loop {
            let moved = async {
                loop {
                    match bell.recv().await {
                        Ring::Hint(Hint::Floor | Hint::Sessions, _) | Ring::Lagged => break,
                        Ring::Wakes(..) | Ring::Hint(..) => {}
                    }
                }
            };
            tokio::select! {
                () = shutdown.draining() => return,
                () = moved => {}
                () = tokio::time::sleep(Duration::from_secs(REFRESH_S)) => {}
            }
            if let Err(error) = self.refresh(&ctx).await {
                tracing::warn!(%error, "the directory of staff could not be read; names and roles may be old");
            }
            tokio::select! {
                () = shutdown.draining() => return,
                () = tokio::time::sleep(Duration::from_millis(PAUSE_MS)) => {}
            }
        }
    }
}

fn card(agent: agent::Agent) -> AgentCard {
    AgentCard {
        id: agent.id,
        name: agent.name,
        role: agent.role,
        team_ids: agent.team_ids.into(),
        locale: agent.locale,
        capacity: agent.capacity,
        active: agent.deactivated_at.is_none(),
    }
}
