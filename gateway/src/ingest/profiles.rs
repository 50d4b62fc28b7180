//! Keeps the profile names of contacts current, beside the hot path.
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

/// A name that may be new.
pub struct Profile {
    /// Whose.
    pub contact_id: ContactId,
    /// As the person writes it.
    pub name: String,
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
    /// Tells of a name that may be new. Never waits.
    pub fn changed(&self, profile: Profile) {
        if self.0.try_send(profile).is_err() {
            tracing::debug!(
                "too many profile names changed at once; one waits for the next message"
            );
        }
    }
}

/// Stores changed names until nobody can tell of any more.
pub async fn keep(store: Store, Changes(mut changes): Changes) {
    let mut batch = Vec::new();
    while changes.recv_many(&mut batch, MAX_BATCH).await > 0 {
        if let Err(error) = write(&store, &batch).await {
            tracing::warn!(%error, names = batch.len(), "profile names were not updated; the next message tells again");
        }
        batch.clear();
    }
}

async fn write(store: &Store, batch: &[Profile]) -> Result<(), store::Error> {
    let names: Vec<(ContactId, &str)> = batch
        .iter()
        .map(|profile| (profile.contact_id, profile.name.as_str()))
        .collect();
    let mut tx = store.worker.begin().await?;
    contact::rename(store, &mut tx, &names).await?;
    Ok(tx.commit().await?)
}
