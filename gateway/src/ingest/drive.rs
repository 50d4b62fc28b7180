//! The way that everything about people takes: resolve, load keys, write, halve what is refused, resolve again.
//!
//! Promises: what is marked stored is committed; one bad row takes nobody with it; somebody who was erased or joined
//! with another record at this moment is resolved anew, and whoever has a broken key waits alone.
//! Does not: know what is written (each kind of deed does), or acknowledge.

use std::future::Future;

use balcao_core::bell::Wake;
use balcao_core::model::ContactId;
use balcao_core::store::channel::Channel;
use balcao_core::store::contact::Resolved;
use balcao_core::store::{self, parked};
use compliance::{Keys, Mac, SubjectId};

use super::bisect::Bisection;
use super::fault::Fault;
use super::work::{Deed, Letter};
use super::{MAX_TRIES, Writer, pause};

/// Times a batch is resolved anew because of erasures and merges that happened meanwhile.
const MAX_RESOLUTIONS: u32 = 4;

/// Whose case it is and who did it: the same person, except in a group.
#[derive(Clone, Copy)]
pub(super) struct Whose {
    pub(super) case: Resolved,
    pub(super) author: Resolved,
}

/// How one transaction went.
pub(super) enum Written {
    /// Committed: who moved, and which items are here now, or may be, for which something waits.
    Stored { wakes: Vec<Wake>, release: Vec<Mac> },
    /// Rolled back: these contacts were erased or merged.
    Gone(Vec<ContactId>),
}

/// A deed that can be written.
pub(super) trait Write: Deed + Send + Sync + Sized {
    /// Writes some of a batch in one transaction, or so that a repetition of what is committed changes nothing.
    fn write(
        writer: &Writer,
        batch: &[(usize, Self)],
        whose: &[Whose],
        keys: &Keys,
    ) -> impl Future<Output = Result<Written, store::Error>> + Send;
}

/// How a whole batch went.
enum End {
    /// All rows are stored, or culprits.
    Done,
    /// These contacts are gone: resolve again.
    Gone(Vec<ContactId>),
    /// Only what is marked is known to be stored.
    Unsure,
}

/// A batch whose people are known and have keys.
struct Ready<T> {
    items: Vec<(usize, T)>,
    whose: Vec<Whose>,
    keys: Keys,
}

impl Writer {
    /// Stores deeds and marks those that are committed; returns the ones that the database refuses, as letters.
    pub(super) async fn drive<T: Write>(
        &self,
        mut batch: Vec<(usize, T)>,
        is_stored: &mut [bool],
        wakes: &mut Vec<Wake>,
    ) -> Vec<(usize, Letter)> {
        let mut letters = Vec::new();
        for _ in 0..MAX_RESOLUTIONS {
            if batch.is_empty() {
                break;
            }
            let items = batch.len();
            let (ready, again) = match self.ready(batch).await {
                Ok(ready) => ready,
                Err(error) => {
                    tracing::warn!(%error, items, what = T::WORD, "people could not be resolved; Meta will send again");
                    return letters;
                }
            };
            batch = again;
            let mut bisection = Bisection::new(ready.items.len());
            let mut stored = vec![false; ready.items.len()];
            let end = self.halve(&ready, &mut bisection, &mut stored, wakes).await;
            let culprits = bisection.into_culprits();
            let all = ready.items.into_iter().zip(ready.whose).enumerate();
            for (index, ((place, item), whose)) in all {
                if stored[index] {
                    is_stored[place] = true;
                } else if culprits.contains(&index) {
                    letters.push((place, item.letter(whose.author.contact_id)));
                } else {
                    if let End::Gone(contacts) = &end
                        && [whose.case, whose.author]
                            .iter()
                            .any(|who| contacts.contains(&who.contact_id))
                    {
                        self.forget(&item, whose);
                    }
                    batch.push((place, item));
                }
            }
            if matches!(end, End::Unsure) {
                break;
            }
        }
        letters
    }

    /// Whose they are, and the keys. The second half are items of people without a key: erased at this moment (to be
    /// resolved again), or with a broken key (theirs alone wait).
    async fn ready<T: Write>(
        &self,
        batch: Vec<(usize, T)>,
    ) -> Result<(Ready<T>, Vec<(usize, T)>), store::Error> {
        let all = self.whose(&batch).await?;
        let subjects: Vec<SubjectId> = all
            .iter()
            .flat_map(|whose| [whose.case.subject_id, whose.author.subject_id])
            .collect();
        let keys = self.keys(&subjects).await?;
        let (mut items, mut whose, mut again) = (Vec::new(), Vec::new(), Vec::new());
        for ((place, item), who) in batch.into_iter().zip(all) {
            let has_key = |who: Resolved| keys.get(who.subject_id).is_some();
            if has_key(who.case) && has_key(who.author) {
                items.push((place, item));
                whose.push(who);
            } else {
                self.forget(&item, who);
                again.push((place, item));
            }
        }
        Ok((Ready { items, whose, keys }, again))
    }

    async fn whose<T: Write>(&self, batch: &[(usize, T)]) -> Result<Vec<Whose>, store::Error> {
        let senders: Vec<_> = batch
            .iter()
            .map(|(_, item)| (item.channel(), item.sender()))
            .collect();
        let people = self.people.resolve(&senders).await?;
        let in_groups: Vec<(&Channel, &str)> = batch
            .iter()
            .filter_map(|(_, item)| Some((item.channel(), item.group()?)))
            .collect();
        if in_groups.is_empty() {
            let alone = |who: Resolved| Whose {
                case: who,
                author: who,
            };
            return Ok(people.into_iter().map(alone).collect());
        }
        let mut groups = self.people.groups(&in_groups).await?.into_iter();
        let whose = batch.iter().zip(people).map(|((_, item), author)| {
            let group = item.group().and_then(|_| groups.next());
            Whose {
                case: group.unwrap_or(author),
                author,
            }
        });
        Ok(whose.collect())
    }

    async fn keys(&self, subjects: &[SubjectId]) -> Result<Keys, store::Error> {
        if let Some(keys) = self.ctx.store.vault.cached(subjects) {
            return Ok(keys);
        }
        let mut conn = self.ctx.store.ingest.acquire().await?;
        Ok(self.ctx.store.vault.load(&mut conn, subjects).await?)
    }

    fn forget<T: Write>(&self, item: &T, whose: Whose) {
        self.people.forget(item.channel(), item.sender());
        if let Some(group) = item.group() {
            self.people.forget_group(item.channel(), group);
        }
        let vault = &self.ctx.store.vault;
        vault.forget(&[whose.case.subject_id, whose.author.subject_id]);
    }

    /// Writes a batch, halving it as long as the database refuses rows of it.
    async fn halve<T: Write>(
        &self,
        ready: &Ready<T>,
        bisection: &mut Bisection,
        stored: &mut [bool],
        wakes: &mut Vec<Wake>,
    ) -> End {
        while let Some(range) = bisection.next_range() {
            let (items, whose) = (&ready.items[range.clone()], &ready.whose[range.clone()]);
            match self.write_again(items, whose, &ready.keys).await {
                Ok(Written::Stored {
                    wakes: moved,
                    release,
                }) => {
                    stored[range].fill(true);
                    wakes.extend(moved);
                    self.release(&release, wakes).await;
                }
                Ok(Written::Gone(contacts)) => return End::Gone(contacts),
                Err(error) => {
                    let is_row = Fault::of(&error) == Fault::Row;
                    tracing::warn!(%error, items = range.len(), is_row, what = T::WORD, "not stored");
                    if !is_row || !bisection.failed(range) {
                        return End::Unsure;
                    }
                }
            }
        }
        End::Done
    }

    async fn write_again<T: Write>(
        &self,
        items: &[(usize, T)],
        whose: &[Whose],
        keys: &Keys,
    ) -> Result<Written, store::Error> {
        let mut tries = 1;
        loop {
            match T::write(self, items, whose, keys).await {
                Err(error) if Fault::of(&error) == Fault::Again && tries < MAX_TRIES => {
                    pause(tries).await;
                    tries += 1;
                }
                outcome => return outcome,
            }
        }
    }

    /// Applies what waits for items that are here now. After their COMMIT, and never in the way of a receipt: what goes
    /// wrong is done by the sweep.
    pub(super) async fn release(&self, macs: &[Mac], wakes: &mut Vec<Wake>) {
        if macs.is_empty() {
            return;
        }
        let mut tries = 1;
        loop {
            match release(&self.ctx.store, macs).await {
                Ok(moved) => return wakes.extend(moved),
                Err(error) if Fault::of(&error) == Fault::Again && tries < MAX_TRIES => {
                    pause(tries).await;
                    tries += 1;
                }
                Err(error) => {
                    tracing::warn!(%error, items = macs.len(), "parked events were not applied; the next sweep does it");
                    return;
                }
            }
        }
    }
}

/// Applies what waits for these items, in a transaction of its own.
pub(super) async fn release(store: &store::Store, macs: &[Mac]) -> Result<Vec<Wake>, store::Error> {
    let mut tx = store.ingest.begin().await?;
    let wakes = parked::release(store, &mut tx, macs).await?;
    tx.commit().await?;
    Ok(wakes)
}
