//! The numbers we answer for, in memory.
//!
//! Promises: a number that was added, changed, stopped or disabled is known as such within seconds, a new one at once when
//! Meta writes to it; while the database is away the last list serves.
//! Does not: say that a number is unknown without having asked the database just now.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use balcao_core::model::ChannelId;
use balcao_core::shutdown::Shutdown;
use balcao_core::store::channel::{self, Channel};
use balcao_core::store::{self, Store, channel_health};
use secrecy::{ExposeSecret, SecretString};

/// How often the list is read again.
const REFRESH_EVERY: Duration = Duration::from_secs(2);
/// A number that Meta refused is tried again by a send after so long, unless a check finds it well before.
const STOPPED_FOR: Duration = Duration::from_secs(300);
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
    app_secrets: Arc<[SecretString]>,
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

    /// The enabled channels of Meta's account id, of the last list.
    pub fn of_account(&self, waba_id: &str) -> Vec<Arc<Channel>> {
        let of_it = |known: &Known| {
            known
                .by_id
                .values()
                .filter(|channel| channel.waba_id == waba_id)
                .cloned()
                .collect()
        };
        self.look(|known| Some(of_it(known))).unwrap_or_default()
    }

    /// The app secrets of all enabled channels, each once, as of the last list: signatures wait for no database.
    pub fn app_secrets(&self) -> Arc<[SecretString]> {
        self.look(|known| Some(Arc::clone(&known.app_secrets)))
            .unwrap_or_default()
    }

    /// Meta refused the token of this channel: all nodes stop sending through it, until a check or a send finds it well.
    /// Not when the token was replaced meanwhile: `false`, and the list is read again.
    ///
    /// # Errors
    /// [`store::Error`].
    pub async fn stop(&self, channel: &Channel, reason: &str) -> Result<bool, store::Error> {
        let mut conn = self.0.store.worker.acquire().await?;
        let seconds = STOPPED_FOR.as_secs_f64();
        let stopped = channel_health::stop(&mut conn, channel, reason, seconds).await?;
        drop(conn);
        self.refresh().await?;
        Ok(stopped)
    }

    /// Meta took something through this channel again.
    ///
    /// # Errors
    /// [`store::Error`].
    pub async fn resume(&self, channel: &Channel) -> Result<(), store::Error> {
        let mut conn = self.0.store.worker.acquire().await?;
        let resumed = channel_health::resume(&mut conn, channel).await?;
        drop(conn);
        if resumed {
            tracing::info!(channel_id = %channel.id, "this number works again");
            self.refresh().await?;
        }
        Ok(())
    }

    /// Reads the list now.
    ///
    /// # Errors
    /// [`store::Error`]; the last list serves.
    pub async fn refresh(&self) -> Result<(), store::Error> {
        let _one = self.0.reading.lock().await;
        self.read().await
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
            if let Err(error) = self.refresh().await {
                tracing::warn!(%error, "the list of channels could not be read; the last one serves");
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
        let app_secrets = distinct(all.iter().flat_map(|channel| &channel.app_secrets));
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
            app_secrets,
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

/// Each secret once: numbers of one app share theirs, and every secret costs a pass over every body.
fn distinct<'a>(secrets: impl Iterator<Item = &'a SecretString>) -> Arc<[SecretString]> {
    let mut seen = HashSet::new();
    secrets
        .filter(|secret| seen.insert(secret.expose_secret()))
        .cloned()
        .collect()
}
