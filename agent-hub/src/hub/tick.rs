//! The hub at work: wakes in, one grouped read, frames out.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use balcao_core::bell::{BellReceiver, Hint, Ring, Wake};
use balcao_core::metrics;
use balcao_core::model::{AgentId, ConversationId, Direction, TeamId};
use balcao_core::shutdown::Shutdown;
use balcao_core::store::{feed, inbox, message};
use compliance::Mutant;
use rand::RngExt as _;

use super::{Hub, LineEnd, line};
use crate::error::Error;
use crate::people::People;
use crate::protocol::{ItemView, ServerFrame};
use crate::views::{self, ListQuery};

/// How often the safety net looks for what no wake told.
const TAIL_EVERY: Duration = Duration::from_millis(500);
/// A list subscription gets at most this many frames a second: 4.
const LISTS_EVERY: Duration = Duration::from_millis(250);
/// Queues and colleagues: at most one frame a second.
const FLOOR_EVERY: Duration = Duration::from_secs(1);
/// Feed rows read at once by the safety net.
const TAIL_ROWS: i64 = 5_000;
/// Revs remembered, so that the safety net does not repeat what a wake told.
const SEEN_MAX: usize = 50_000;
/// On a drain, clients come back spread over this time.
const RECONNECT_SPREAD_MS: u64 = 5_000;

/// Serves the sockets of this node until the drain, then asks them to connect elsewhere.
///
/// # Errors
/// None today; a failed read is logged and done again at the next tick.
pub async fn run(people: People, shutdown: Shutdown) -> Result<(), Error> {
    let mut work = Work {
        people,
        seen: HashMap::new(),
        cursor: None,
        floor_moved: true,
    };
    let mut bell = work.people.ctx.bell.subscribe();
    let mut tail = tokio::time::interval(TAIL_EVERY);
    let mut lists = tokio::time::interval(LISTS_EVERY);
    let mut floor = tokio::time::interval(FLOOR_EVERY);
    loop {
        let result = tokio::select! {
            () = shutdown.draining() => break,
            ring = bell.recv() => work.rung(ring, &mut bell).await,
            _ = tail.tick() => work.tail().await,
            _ = lists.tick() => work.lists().await,
            _ = floor.tick() => work.floor().await,
        };
        if let Err(error) = result {
            tracing::warn!(%error, "the hub could not read; the next tick tries again");
            work.cursor = None;
        }
    }
    work.drain();
    Ok(())
}

struct Work {
    people: People,
    seen: HashMap<ConversationId, i64>,
    cursor: Option<feed::Cursor>,
    floor_moved: bool,
}

impl Work {
    fn hub(&self) -> &Hub {
        &self.people.hub
    }

    /// Takes everything that was rung until now, then acts on it in one read.
    async fn rung(&mut self, first: Ring, bell: &mut BellReceiver) -> Result<(), Error> {
        let mut moved = HashMap::new();
        let mut lagged = false;
        let mut next = Some(first);
        while let Some(ring) = next {
            match ring {
                Ring::Wakes(wakes, source) => {
                    ::metrics::counter!(metrics::WAKE, "source" => source.word())
                        .increment(wakes.len() as u64);
                    self.note(&mut moved, &wakes);
                }
                Ring::Hint(Hint::Floor, _) => self.floor_moved = true,
                Ring::Hint(..) => {}
                Ring::Lagged => lagged = true,
            }
            next = bell.try_recv();
        }
        if lagged {
            self.look_at_everything().await?;
        }
        self.moved(&moved).await
    }

    fn note(&mut self, moved: &mut HashMap<ConversationId, i64>, wakes: &[Wake]) {
        for wake in wakes {
            let seen = self.seen.entry(wake.conversation_id).or_default();
            if wake.rev > *seen {
                *seen = wake.rev;
                moved.insert(wake.conversation_id, wake.rev);
            }
        }
        if self.seen.len() > SEEN_MAX {
            self.seen.clear();
        }
    }

    /// The safety net: finds what a lost wake would hide.
    async fn tail(&mut self) -> Result<(), Error> {
        if Mutant::SafetyNetOff.lives() {
            return Ok(());
        }
        let started = std::time::Instant::now();
        let mut conn = self.people.ctx.store.worker.acquire().await?;
        let Some(cursor) = self.cursor.take() else {
            self.cursor = Some(feed::now(&mut conn).await?);
            drop(conn);
            return self.look_at_everything().await;
        };
        let (wakes, cursor) = feed::tail(&mut conn, &cursor, TAIL_ROWS).await?;
        drop(conn);
        self.cursor = Some(cursor);
        let mut moved = HashMap::new();
        self.note(&mut moved, &wakes);
        if !moved.is_empty() {
            ::metrics::counter!(metrics::WAKE, "source" => "poll").increment(moved.len() as u64);
        }
        ::metrics::gauge!(metrics::FEED_LAG).set(started.elapsed().as_secs_f64());
        self.moved(&moved).await
    }

    /// Reads every watched conversation after the rev its watchers have.
    async fn look_at_everything(&mut self) -> Result<(), Error> {
        let watched = {
            let mut state = self.hub().state();
            state.lists.touch_all();
            state.watches.all()
        };
        self.floor_moved = true;
        self.send_changes(&watched).await
    }

    async fn moved(&mut self, moved: &HashMap<ConversationId, i64>) -> Result<(), Error> {
        if moved.is_empty() {
            return Ok(());
        }
        self.floor_moved = true;
        let (behind, lists) = {
            let mut state = self.hub().state();
            let behind: Vec<(ConversationId, i64)> = moved
                .iter()
                .filter_map(|(id, rev)| Some((*id, state.watches.behind(*id, *rev)?)))
                .collect();
            (behind, !state.lists.is_empty())
        };
        if lists {
            let ids: Vec<ConversationId> = moved.keys().copied().collect();
            let mut conn = self.people.ctx.store.api.acquire().await?;
            let places = inbox::places(&mut conn, &ids).await?;
            drop(conn);
            self.hub().state().lists.touch(&places);
        }
        if Mutant::HubDeaf.lives() {
            return Ok(());
        }
        self.send_changes(&behind).await
    }

    /// One frame per conversation that changed, sent to whoever may see it.
    async fn send_changes(&self, known: &[(ConversationId, i64)]) -> Result<(), Error> {
        for moved in self.read_changes(known).await? {
            let Some(text) = line::encode(moved.frame) else {
                continue;
            };
            let mut state = self.hub().state();
            for (socket_id, had) in state.watches.send_to(moved.id, moved.rev_to) {
                let Some(socket) = state.sockets.get_mut(&socket_id) else {
                    continue;
                };
                if socket.eyes.covers(moved.team_id, moved.agent_id) {
                    socket.line.send_text(text.clone());
                } else {
                    socket.line.send(out_of_sight(moved.id));
                    socket.lost.push((moved.id, had));
                    state.watches.end(socket_id, moved.id);
                }
            }
        }
        Ok(())
    }

    /// One grouped read of everything that changed after the revs that are known.
    async fn read_changes(&self, known: &[(ConversationId, i64)]) -> Result<Vec<Moved>, Error> {
        if known.is_empty() {
            return Ok(Vec::new());
        }
        let store = &self.people.ctx.store;
        let mut conn = store.api.acquire().await?;
        let changes = feed::changes(&mut conn, known).await?;
        let wanted: Vec<(ConversationId, i64)> = changes
            .iter()
            .filter(|changes| !changes.resync)
            .flat_map(|changes| {
                changes
                    .seqs
                    .iter()
                    .map(|seq| (changes.conversation_id, *seq))
            })
            .collect();
        let mut items: HashMap<ConversationId, Vec<_>> = HashMap::new();
        for item in message::items(store, &mut conn, &wanted).await? {
            items
                .entry(item.conversation_id)
                .or_default()
                .push(views::item_view(item));
        }
        let ids: Vec<ConversationId> = changes
            .iter()
            .map(|changes| changes.conversation_id)
            .collect();
        let heads = inbox::heads(store, &mut conn, &ids).await?;
        let mut changes: HashMap<ConversationId, feed::Changes> = changes
            .into_iter()
            .map(|changes| (changes.conversation_id, changes))
            .collect();
        Ok(heads
            .into_iter()
            .filter_map(|head| {
                let changes = changes.remove(&head.place.id)?;
                let mut items = items.remove(&head.place.id).unwrap_or_default();
                items.retain(|item| {
                    !Mutant::FrameLosesAnItem.lives() || item.direction != Direction::Internal
                });
                Some(Moved::new(head, &changes, items))
            })
            .collect())
    }

    /// Reads each touched list once and sends it to whoever has it.
    async fn lists(&self) -> Result<(), Error> {
        let dirty = self.hub().state().lists.take_dirty();
        for (key, owners) in dirty {
            let query = ListQuery {
                scope: key.scope,
                team_id: key.team_id,
                limit: key.limit,
                cursor: None,
            };
            let read = async {
                let mut conn = self.people.ctx.store.api.acquire().await?;
                views::read_list(&self.people, &mut conn, &key.eyes, &query).await
            };
            let page = match read.await {
                Ok(page) => page,
                Err(error) => {
                    let mut state = self.hub().state();
                    owners.iter().for_each(|owner| state.lists.again(owner));
                    return Err(error);
                }
            };
            let shown: HashSet<ConversationId> = page.rows.iter().map(|row| row.id).collect();
            let mut state = self.hub().state();
            for owner in owners {
                state.lists.shows(&owner, &shown);
                if let Some(socket) = state.sockets.get(&owner.0) {
                    socket.line.send(ServerFrame::List {
                        list: owner.1,
                        rows: page.rows.clone(),
                        total: page.total,
                    });
                }
            }
        }
        Ok(())
    }

    /// Queues and colleagues, when something moved.
    async fn floor(&mut self) -> Result<(), Error> {
        ::metrics::gauge!(metrics::SOCKETS).set(self.hub().sockets() as f64);
        let presence_moved = self.hub().presence.refresh().await;
        if !std::mem::take(&mut self.floor_moved) && !presence_moved {
            return Ok(());
        }
        let lines = self.hub().lines();
        if lines.is_empty() {
            return Ok(());
        }
        let board = crate::floor::read(&self.people).await?;
        for (line, eyes) in lines {
            let (teams, agents) = board.seen_by(&eyes);
            line.send(ServerFrame::Floor { teams, agents });
        }
        Ok(())
    }

    fn drain(&self) {
        if Mutant::DrainSilent.lives() {
            return;
        }
        for (line, _) in self.hub().lines() {
            line.send(ServerFrame::Reconnect {
                after_ms: rand::rng().random_range(0..RECONNECT_SPREAD_MS),
            });
            line.close(LineEnd::Drain);
        }
        tracing::info!("sockets were asked to connect elsewhere");
    }
}

/// A conversation that changed, with the frame that says so and who may see it.
struct Moved {
    id: ConversationId,
    team_id: Option<TeamId>,
    agent_id: Option<AgentId>,
    rev_to: i64,
    frame: ServerFrame,
}

impl Moved {
    fn new(head: inbox::Head, changes: &feed::Changes, items: Vec<ItemView>) -> Self {
        let place = head.place;
        let frame = if changes.resync {
            ServerFrame::Resync {
                conversation_id: place.id,
            }
        } else {
            ServerFrame::Conversation {
                conversation_id: place.id,
                rev_from: changes.rev_from,
                rev_to: changes.rev_to,
                conversation: views::view(head),
                items,
            }
        };
        Self {
            id: place.id,
            team_id: place.team_id,
            agent_id: place.agent_id,
            rev_to: changes.rev_to,
            frame,
        }
    }
}

/// The last frame about a conversation that went to people whom this person does not belong to.
fn out_of_sight(id: ConversationId) -> ServerFrame {
    ServerFrame::Refused {
        client_ref: None,
        conversation_id: Some(id),
        problem: Error::NotFound.problem(),
    }
}
