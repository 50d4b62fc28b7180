//! The way that everything about people takes: resolve, load keys, write, halve what is refused, resolve again.
//!
//! Promises: what is marked stored is committed; one bad row takes nobody with it; somebody who was erased or joined
//! with another record at this moment is resolved anew; what is of somebody whose key does not open is set aside alone.
//! Does not: know what is written (each kind of deed does), or acknowledge.

use std::collections::{HashMap, HashSet};
use std::future::Future;

use balcao_core::bell::Wake;
use balcao_core::model::ContactId;
use balcao_core::store::channel::Channel;
use balcao_core::store::contact::Resolved;
use balcao_core::store::{self, parked};
use compliance::{Keys, Mac, SubjectId};

use super::bisect::{Bisection, MAX_CULPRITS};
use super::fault::Fault;
use super::work::{Deed, Letter};
use super::{MAX_TRIES, Writer, pause};
use crate::payload::Reason;

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

/// A batch, sorted by whether its people are known and have keys.
struct Ready<T> {
    items: Vec<(usize, T)>,
    whose: Vec<Whose>,
    keys: Keys,
    /// Of people who were erased at this moment: to be resolved again.
    again: Vec<(usize, T)>,
    /// Of people who cannot be resolved because of a key that does not open, and whose it is as far as that is known.
    broken: Vec<(usize, T, Option<Whose>)>,
}

impl Writer {
    /// Stores deeds and marks those that are committed; returns the ones that the database refuses or that cannot be
    /// sealed, as letters.
    pub(super) async fn drive<T: Write>(
        &self,
        mut batch: Vec<(usize, T)>,
        is_stored: &mut [bool],
        wakes: &mut Vec<Wake>,
    ) -> Vec<(usize, Letter)> {
        let mut letters = Vec::new();
        for left in (0..MAX_RESOLUTIONS).rev() {
            if batch.is_empty() {
                break;
            }
            let items = batch.len();
            let mut ready = match self.ready(batch, left == 0).await {
                Ok(ready) => ready,
                Err(error) => {
                    tracing::warn!(%error, items, what = T::WORD, "people could not be resolved; Meta will send again");
                    return letters;
                }
            };
            batch = std::mem::take(&mut ready.again);
            letters.extend(set_aside(std::mem::take(&mut ready.broken)));
            let mut bisection = Bisection::new(ready.items.len());
            let mut stored = vec![false; ready.items.len()];
            let end = self.halve(&ready, &mut bisection, &mut stored, wakes).await;
            let culprits: HashMap<usize, Reason> = bisection.into_culprits().into_iter().collect();
            let all = ready.items.into_iter().zip(ready.whose).enumerate();
            for (index, ((place, item), whose)) in all {
                if stored[index] {
                    is_stored[place] = true;
                } else if let Some(reason) = culprits.get(&index) {
                    let who = whose.author.contact_id;
                    letters.push((place, item.letter(*reason, Some(who))));
                } else {
                    self.forget_gone(&item, whose, &end);
                    batch.push((place, item));
                }
            }
            if matches!(end, End::Unsure) {
                break;
            }
        }
        letters
    }

    fn forget_gone<T: Write>(&self, item: &T, whose: Whose, end: &End) {
        let End::Gone(contacts) = end else { return };
        let mut people = [whose.case, whose.author].into_iter();
        if people.any(|who| contacts.contains(&who.contact_id)) {
            self.forget(item, whose);
        }
    }

    /// Whose they are, and the keys. Who has no key was erased at this moment and is resolved again, unless it is the
    /// `last` time.
    async fn ready<T: Write>(
        &self,
        batch: Vec<(usize, T)>,
        last: bool,
    ) -> Result<Ready<T>, store::Error> {
        let all = self.whose(&batch).await?;
        let subjects: Vec<SubjectId> = all
            .iter()
            .flatten()
            .flat_map(|whose| [whose.case.subject_id, whose.author.subject_id])
            .collect();
        let mut ready = Ready {
            items: Vec::new(),
            whose: Vec::new(),
            keys: self.keys(&subjects).await?,
            again: Vec::new(),
            broken: Vec::new(),
        };
        for ((place, item), who) in batch.into_iter().zip(all) {
            let Some(who) = who else {
                ready.broken.push((place, item, None));
                continue;
            };
            let subjects = [who.case.subject_id, who.author.subject_id];
            let is_broken = |subject: &SubjectId| ready.keys.is_broken(*subject);
            let has_key = |subject: &SubjectId| ready.keys.get(*subject).is_some();
            if subjects.iter().all(has_key) {
                ready.items.push((place, item));
                ready.whose.push(who);
            } else if last || subjects.iter().any(is_broken) {
                ready.broken.push((place, item, Some(who)));
            } else {
                self.forget(&item, who);
                ready.again.push((place, item));
            }
        }
        Ok(ready)
    }

    async fn whose<T: Write>(
        &self,
        batch: &[(usize, T)],
    ) -> Result<Vec<Option<Whose>>, store::Error> {
        let senders: Vec<_> = batch
            .iter()
            .map(|(_, item)| (item.channel(), item.sender()))
            .collect();
        let people = self.people.resolve(&senders).await?;
        let in_groups: Vec<(&Channel, &str)> = batch
            .iter()
            .filter_map(|(_, item)| Some((item.channel(), item.group()?)))
            .collect();
        let mut groups = if in_groups.is_empty() {
            Vec::new().into_iter()
        } else {
            self.people.groups(&in_groups).await?.into_iter()
        };
        let whose = batch.iter().zip(people).map(|((_, item), author)| {
            let group = item.group().map(|_| groups.next().flatten());
            let (author, case) = (author?, group.unwrap_or(author)?);
            Some(Whose { case, author })
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
                    let reason = Fault::of(&error).reason();
                    tracing::warn!(%error, items = range.len(), ?reason, what = T::WORD, "not stored");
                    if !reason.is_some_and(|reason| bisection.failed(range, reason)) {
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

/// Letters of those whose key does not open. So many at once are not theirs to blame (a key folder that lacks a version,
/// say): then nothing is set aside, and Meta sends again.
fn set_aside<T: Write>(broken: Vec<(usize, T, Option<Whose>)>) -> Vec<(usize, Letter)> {
    let people: HashSet<Option<ContactId>> = broken
        .iter()
        .map(|(_, _, whose)| whose.map(|whose| whose.author.contact_id))
        .collect();
    if people.len() > MAX_CULPRITS {
        tracing::error!(
            people = people.len(),
            what = T::WORD,
            "too many keys do not open; Meta will send again"
        );
        return Vec::new();
    }
    let letter = |(place, item, whose): (usize, T, Option<Whose>)| {
        let who = whose.map(|whose| whose.author.contact_id);
        (place, item.letter(Reason::KeyBroken, who))
    };
    broken.into_iter().map(letter).collect()
}

/// Applies what waits for these items, in a transaction of its own.
pub(super) async fn release(store: &store::Store, macs: &[Mac]) -> Result<Vec<Wake>, store::Error> {
    let mut tx = store.ingest.begin().await?;
    let wakes = parked::release(store, &mut tx, macs).await?;
    tx.commit().await?;
    Ok(wakes)
}
