//! The numbers we answer for, in memory.
//!
//! Promises: a number that was added is known within seconds, at once when Meta writes to it; while the database is away
//! the last list serves. Does not: say that a number is unknown without having asked the database just now.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use balcao_core::model::ChannelId;
use balcao_core::shutdown::Shutdown;
use balcao_core::store::channel::{self, Channel};
use balcao_core::store::{self, Store};

/// How often the list is read again.
const REFRESH_EVERY: Duration = Duration::from_secs(5);
/// Unknown numbers make the list be read again at most this often.
const ASK_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// The enabled channels. Clones share the list.
#[derive(Clone)]
pub struct Channels(Arc<Inner>);

struct Inner {
    store: Store,
    known: RwLock<Option<Known>>,
    /// One reads, the others wait for what it finds.
    reading: tokio::sync::Mutex<()>,
}

struct Known {
    by_number: HashMap<String, Arc<Channel>>,
    by_id: HashMap<ChannelId, Arc<Channel>>,
    read_at: Instant,
}

impl Channels {
    /// An empty list that asks when it is first used.
    pub fn new(store: Store) -> Self {
        Self(Arc::new(Inner {
            store,
            known: RwLock::default(),
            reading: tokio::sync::Mutex::default(),
        }))
    }

    /// The channel of Meta's `phone_number_id`; `None` when the database just said that there is none.
    ///
    /// # Errors
    /// [`store::Error`] when an unknown number could not be asked for: 503.
    pub async fn by_number(&self, number: &str) -> Result<Option<Arc<Channel>>, store::Error> {
        self.find(|known| known.by_number.get(number).cloned())
            .await
    }

    /// The channel with our id; `None` when the database just said that there is none, or that it is not enabled.
    ///
    /// # Errors
    /// [`store::Error`] when an unknown one could not be asked for.
    pub async fn by_id(&self, id: ChannelId) -> Result<Option<Arc<Channel>>, store::Error> {
        self.find(|known| known.by_id.get(&id).cloned()).await
    }

    async fn find(
        &self,
        wanted: impl Fn(&Known) -> Option<Arc<Channel>>,
    ) -> Result<Option<Arc<Channel>>, store::Error> {
        let asked = Instant::now();
        if let Some(channel) = self.look(&wanted) {
            return Ok(Some(channel));
        }
        let _one = self.0.reading.lock().await;
        let is_fresh = self
            .look(|known| (known.read_at + ASK_AGAIN_AFTER > asked).then_some(()))
            .is_some();
        if !is_fresh {
            self.read().await?;
        }
        Ok(self.look(wanted))
    }

    /// Reads the list every few seconds until the node drains.
    pub async fn keep_fresh(self, shutdown: Shutdown) {
        loop {
            {
                let _one = self.0.reading.lock().await;
                if let Err(error) = self.read().await {
                    tracing::warn!(%error, "the list of channels could not be read; the last one serves");
                }
            }
            tokio::select! {
                () = tokio::time::sleep(REFRESH_EVERY) => {}
                () = shutdown.draining() => return,
            }
        }
    }

    async fn read(&self) -> Result<(), store::Error> {
        let mut conn = self.0.store.worker.acquire().await?;
        let all = channel::enabled(&self.0.store, &mut conn).await?;
        drop(conn);
        let all: Vec<Arc<Channel>> = all.into_iter().map(Arc::new).collect();
        let known = Known {
            by_number: all
                .iter()
                .map(|channel| (channel.phone_number_id.clone(), Arc::clone(channel)))
                .collect(),
            by_id: all
                .iter()
                .map(|channel| (channel.id, Arc::clone(channel)))
                .collect(),
            read_at: Instant::now(),
        };
        *self.0.known.write().unwrap_or_else(PoisonError::into_inner) = Some(known);
        Ok(())
    }

    fn look<T>(&self, look: impl FnOnce(&Known) -> Option<T>) -> Option<T> {
        self.0
            .known
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .as_ref()
            .and_then(look)
    }
}
