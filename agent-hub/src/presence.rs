//! Who takes conversations now. Any socket of a person, on any node, keeps them present.
//!
//! Promises: exact on this node; other nodes' people are known through Redis, a second late, and forgotten when Redis
//! is away: freshness only, nothing is decided by presence alone. Redis holds ids and words, each key with an end.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use balcao_core::context::Context;
use balcao_core::model::AgentId;
use fred::interfaces::{KeysInterface as _, SortedSetsInterface as _};
use fred::types::Expiration;

use crate::protocol::Presence;

/// Seconds after which a node that says nothing is gone.
const NODE_TTL_S: i64 = 15;
/// When the nodes were last heard.
const NODES_KEY: &str = "balcao:presence:nodes";
/// Nodes read at most.
const MAX_NODES: i64 = 64;

#[derive(Clone, Copy, Debug)]
struct Here {
    sockets: usize,
    chosen: Presence,
}

#[derive(Default)]
struct State {
    here: HashMap<AgentId, Here>,
    elsewhere: HashMap<AgentId, Presence>,
    moved: bool,
}

/// Presence of the staff. Cheap to clone.
#[derive(Clone)]
pub struct PresenceBoard {
    ctx: Context,
    state: Arc<Mutex<State>>,
}

impl PresenceBoard {
    /// Nobody is here yet.
    #[must_use]
    pub fn new(ctx: Context) -> Self {
        Self {
            ctx,
            state: Arc::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A socket of this person began. The first one makes them online.
    pub fn arrived(&self, id: AgentId) {
        let mut state = self.state();
        let here = state.here.entry(id).or_insert(Here {
            sockets: 0,
            chosen: Presence::Online,
        });
        here.sockets += 1;
        state.moved = true;
    }

    /// A socket of this person ended.
    pub fn left(&self, id: AgentId) {
        let mut state = self.state();
        if let Some(here) = state.here.get_mut(&id) {
            here.sockets = here.sockets.saturating_sub(1);
            if here.sockets == 0 {
                state.here.remove(&id);
            }
        }
        state.moved = true;
    }

    /// The person said whether they take conversations; `Offline` counts as away while a socket is open.
    pub fn choose(&self, id: AgentId, presence: Presence) {
        let chosen = if presence == Presence::Online {
            Presence::Online
        } else {
            Presence::Away
        };
        let mut state = self.state();
        if let Some(here) = state.here.get_mut(&id) {
            here.chosen = chosen;
        }
        state.moved = true;
    }

    /// What colleagues see.
    #[must_use]
    pub fn of(&self, id: AgentId) -> Presence {
        let state = self.state();
        let here = state.here.get(&id).map(|here| here.chosen);
        here.or_else(|| state.elsewhere.get(&id).copied())
            .unwrap_or_default()
    }

    /// Tells the other nodes and hears from them; whether anything moved since the last time.
    pub async fn refresh(&self) -> bool {
        let mine: HashMap<AgentId, Presence> = self
            .state()
            .here
            .iter()
            .map(|(id, here)| (*id, here.chosen))
            .collect();
        let heard = self.exchange(&mine).await;
        let mut state = self.state();
        if state.elsewhere != heard {
            state.elsewhere = heard;
            state.moved = true;
        }
        std::mem::take(&mut state.moved)
    }

    async fn exchange(&self, mine: &HashMap<AgentId, Presence>) -> HashMap<AgentId, Presence> {
        let Some(redis) = &self.ctx.redis else {
            return HashMap::new();
        };
        let Ok(words) = serde_json::to_string(mine) else {
            return HashMap::new();
        };
        let (now, node) = (
            self.ctx.clock.now().timestamp(),
            self.ctx.node_id.to_string(),
        );
        let heard = redis
            .call(|client| async move {
                let pipeline = client.pipeline();
                let () = pipeline
                    .set(
                        key(&node),
                        words,
                        Some(Expiration::EX(NODE_TTL_S)),
                        None,
                        false,
                    )
                    .await?;
                let () = pipeline
                    .zadd(
                        NODES_KEY,
                        None,
                        None,
                        false,
                        false,
                        (now as f64, node.clone()),
                    )
                    .await?;
                let () = pipeline
                    .zremrangebyscore(NODES_KEY, f64::NEG_INFINITY, (now - NODE_TTL_S) as f64)
                    .await?;
                let () = pipeline.expire(NODES_KEY, NODE_TTL_S, None).await?;
                let () = pipeline.last().await?;
                let nodes: Vec<String> = client
                    .zrange(NODES_KEY, 0, MAX_NODES, None, false, None, false)
                    .await?;
                let keys: Vec<String> = nodes
                    .iter()
                    .filter(|other| **other != node)
                    .map(|other| key(other))
                    .collect();
                if keys.is_empty() {
                    return Ok(Vec::new());
                }
                client.mget::<Vec<Option<String>>, _>(keys).await
            })
            .await
            .unwrap_or_default();
        heard
            .into_iter()
            .flatten()
            .filter_map(|words| serde_json::from_str::<HashMap<AgentId, Presence>>(&words).ok())
            .flatten()
            .collect()
    }
}

fn key(node: &str) -> String {
    format!("balcao:presence:{node}")
}
