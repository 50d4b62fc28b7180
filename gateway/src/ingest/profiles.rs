//! Keeps the profile names and usernames of contacts current, beside the hot path.
//!
//! Promises: a changed name is stored within moments; nothing is written when it did not change.
//! Does not: hold up a message: when too many changes wait, some are dropped, and the next message tells again.

use balcao_core::model::ContactId;
use balcao_core::store::{self, Store, contact};
use tokio::sync::mpsc;

/// Changes that wait.
const MAX_WAITING: usize = 4_096;
/// Changes compared in one transaction.
const MAX_BATCH: usize = 64;

/// A profile that may be new; what is absent stays as it is.
pub struct Profile {
    /// Whose.
    pub contact_id: ContactId,
    /// As the person writes it.
    pub name: Option<String>,
    /// As others find them; for display only.
    pub username: Option<String>,
}

/// Where changes are told. Clones share the line; when the last one is dropped, [`keep`] ends.
#[derive(Clone)]
pub struct Profiles(mpsc::Sender<Profile>);

/// The other end of the line.
pub struct Changes(mpsc::Receiver<Profile>);

/// Makes the line.
pub fn line() -> (Profiles, Changes) {
    let (sender, receiver) = mpsc::channel(MAX_WAITING);
    (Profiles(sender), Changes(receiver))
}

impl Profiles {
    /// Tells of a profile that may be new. Never waits.
    pub fn changed(&self, profile: Profile) {
        if self.0.try_send(profile).is_err() {
            tracing::debug!("too many profiles changed at once; one waits for the next message");
        }
    }
}

/// Stores changed profiles until nobody can tell of any more.
pub async fn keep(store: Store, Changes(mut changes): Changes) {
    let mut batch = Vec::new();
    while changes.recv_many(&mut batch, MAX_BATCH).await > 0 {
        if let Err(error) = write(&store, &batch).await {
            tracing::warn!(%error, profiles = batch.len(), "profiles were not updated; the next message tells again");
        }
        batch.clear();
    }
}

async fn write(store: &Store, batch: &[Profile]) -> Result<(), store::Error> {
    let profiles: Vec<contact::Profile<'_>> = batch
        .iter()
        .map(|profile| contact::Profile {
            contact_id: profile.contact_id,
            name: profile.name.as_deref(),
            username: profile.username.as_deref(),
        })
        .collect();
    let mut tx = store.worker.begin().await?;
    contact::describe(store, &mut tx, &profiles).await?;
    Ok(tx.commit().await?)
}
