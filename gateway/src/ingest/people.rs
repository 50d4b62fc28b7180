//! Which contact a sender is: from memory, else from the database in a short transaction.
//!
//! Promises: memory is only a guess: a contact that was erased, joined with another or parted meanwhile is found out by
//! the ingest statement, forgotten here and resolved again. Keys are HMACs; no identity is kept in clear.
//! Does not: write a profile itself (`profiles`), or decide who belongs together (`contact::resolve`).

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use balcao_core::bell::{Bell, Wake};
use balcao_core::model::ContactId;
use balcao_core::store::channel::Channel;
use balcao_core::store::contact::{self, IdentityKind, Person, Resolved};
use balcao_core::store::{self, Store};
use compliance::{Mac, Mutant};
use moka::sync::Cache;

use super::fault::Fault;
use super::pause;
use super::profiles::{Profile, Profiles};
use crate::identity;
use crate::payload::{Rotation, Sender};

/// People remembered.
const MAX_REMEMBERED: u64 = 200_000;
/// How long a guess is kept.
const REMEMBER_FOR: Duration = Duration::from_secs(600);
/// New people made in one transaction: others wait for its locks.
const MAX_PER_TRANSACTION: usize = 128;
/// Runs of one transaction before giving up.
const MAX_TRIES: u32 = 5;

/// The memory.
pub struct People {
    store: Store,
    bell: Bell,
    remembered: Cache<Mac, Remembered>,
    /// What statuses have taught already.
    learnt: Cache<Mac, ()>,
    profile_hashes: RandomState,
    profiles: Profiles,
}

#[derive(Clone, Copy)]
struct Remembered {
    who: Resolved,
    /// Hash of the profile seen last.
    profile: u64,
}

impl People {
    /// Knows nobody yet.
    pub fn new(store: Store, bell: Bell, profiles: Profiles) -> Self {
        Self {
            store,
            bell,
            remembered: memory(),
            learnt: memory(),
            profile_hashes: RandomState::new(),
            profiles,
        }
    }

    /// Finds or makes the contacts of these senders, in order; `None` for those of whom a key or a value does not open.
    ///
    /// # Errors
    /// [`store::Error`] when the database or the key provider is away.
    pub async fn resolve(
        &self,
        senders: &[(&Channel, &Sender)],
    ) -> Result<Vec<Option<Resolved>>, store::Error> {
        let keys: Vec<Mac> = senders
            .iter()
            .map(|(channel, sender)| self.key(channel, sender))
            .collect();
        let mut found: HashMap<Mac, Remembered> = HashMap::new();
        let mut missing: Vec<(Mac, Person)> = Vec::new();
        for (key, (channel, sender)) in keys.iter().zip(senders) {
            if found.contains_key(key) || missing.iter().any(|(other, _)| other == key) {
                continue;
            }
            match self.remembered.get(key) {
                Some(remembered) => _ = found.insert(*key, remembered),
                None => missing.push((*key, person(channel, sender))),
            }
        }
        self.look_up(&missing, &mut found).await?;
        Ok(keys
            .iter()
            .zip(senders)
            .map(|(key, (_, sender))| Some(self.seen(*key, *found.get(key)?, sender)))
            .collect())
    }

    /// Finds or makes the contacts of these groups, in order; `None` as for senders.
    ///
    /// # Errors
    /// [`store::Error`] when the database or the key provider is away.
    pub async fn groups(
        &self,
        groups: &[(&Channel, &str)],
    ) -> Result<Vec<Option<Resolved>>, store::Error> {
        let keys: Vec<Mac> = groups
            .iter()
            .map(|(channel, id)| self.group_key(channel, id))
            .collect();
        let mut found: HashMap<Mac, Remembered> = HashMap::new();
        let mut missing: Vec<(Mac, Person)> = Vec::new();
        for (key, (channel, id)) in keys.iter().zip(groups) {
            if found.contains_key(key) || missing.iter().any(|(other, _)| other == key) {
                continue;
            }
            match self.remembered.get(key) {
                Some(remembered) => _ = found.insert(*key, remembered),
                None => missing.push((*key, group(channel, id))),
            }
        }
        self.look_up(&missing, &mut found).await?;
        for (key, remembered) in &found {
            self.remembered.insert(*key, *remembered);
        }
        let who = |key| found.get(key).map(|remembered| remembered.who);
        Ok(keys.iter().map(who).collect())
    }

    /// Re-keys a customer whose number or user id changed.
    ///
    /// # Errors
    /// [`store::Error`] when the database or the key provider is away.
    pub async fn rotate(
        &self,
        channel: &Channel,
        rotation: &Rotation,
    ) -> Result<Resolved, store::Error> {
        let person = person(channel, &rotation.sender);
        let change = contact::Rotation {
            person: &person,
            previous: &rotation.previous,
            at: rotation.at,
        };
        let mut tries = 1;
        loop {
            match self.rotate_once(&change).await {
                Err(error) if again(&error, &mut tries).await => {}
                outcome => return outcome,
            }
        }
    }

    /// Learns what statuses say of those they were sent to. Never in the way of a receipt: what goes wrong is logged,
    /// and the next status tells again.
    pub async fn learn(&self, told: &[(ContactId, &Channel, &Sender)]) {
        let mut new: Vec<(Mac, (ContactId, Person))> = Vec::new();
        for (contact_id, channel, sender) in told {
            let key = self.key(channel, sender);
            let key = self
                .store
                .vault
                .mac_of("learnt", &[contact_id.0.as_bytes(), key.as_bytes()]);
            if !self.learnt.contains_key(&key) && !new.iter().any(|(other, _)| *other == key) {
                new.push((key, (*contact_id, person(channel, sender))));
            }
        }
        for some in new.chunks(MAX_PER_TRANSACTION) {
            let people: Vec<(ContactId, Person)> =
                some.iter().map(|(_, told)| told.clone()).collect();
            // A clash with another node is not tried again here: the next status tells again.
            match self.learn_once(&people).await {
                Ok(()) => some
                    .iter()
                    .for_each(|(key, _)| self.learnt.insert(*key, ())),
                Err(error) if error.is_of_one() => {
                    for (key, one) in some {
                        if let Err(error) = self.learn_once(std::slice::from_ref(one)).await {
                            tracing::warn!(%error, "an identity in a status was not learnt");
                        }
                        // Not asked again by each status: what does not open stays so.
                        self.learnt.insert(*key, ());
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, people = some.len(), "identities in statuses were not learnt; the next status tells again");
                }
            }
        }
    }

    /// Forgets a guess that turned out wrong.
    pub fn forget(&self, channel: &Channel, sender: &Sender) {
        self.remembered.invalidate(&self.key(channel, sender));
    }

    /// Forgets a guess about a group that turned out wrong.
    pub fn forget_group(&self, channel: &Channel, id: &str) {
        self.remembered.invalidate(&self.group_key(channel, id));
    }

    fn seen(&self, key: Mac, remembered: Remembered, sender: &Sender) -> Resolved {
        let has_profile = sender.name.is_some() || sender.username.is_some();
        let profile = self.profile(sender.name.as_deref(), sender.username.as_deref());
        if has_profile && profile != remembered.profile {
            self.profiles.changed(Profile {
                contact_id: remembered.who.contact_id,
                name: sender.name.clone(),
                username: sender.username.clone(),
            });
        }
        let profile = if has_profile {
            profile
        } else {
            remembered.profile
        };
        // Only what is new is written: each write starts the time to live anew, and a guess must not live for ever.
        let known = self.remembered.get(&key);
        if known.is_none_or(|known| known.who != remembered.who || known.profile != profile) {
            self.remembered.insert(
                key,
                Remembered {
                    profile,
                    ..remembered
                },
            );
        }
        remembered.who
    }

    async fn look_up(
        &self,
        missing: &[(Mac, Person)],
        found: &mut HashMap<Mac, Remembered>,
    ) -> Result<(), store::Error> {
        for some in missing.chunks(MAX_PER_TRANSACTION) {
            let people: Vec<Person> = some.iter().map(|(_, person)| person.clone()).collect();
            for ((key, _), who) in some.iter().zip(self.ask_all(&people).await?) {
                // No profile is remembered, so that the stored one is compared once.
                let profile = self.profile(None, None);
                if let Some(who) = who {
                    found.insert(*key, Remembered { who, profile });
                }
            }
        }
        Ok(())
    }

    /// Together, or one by one when a key or a value of somebody among them does not open: `None` for those.
    async fn ask_all(&self, people: &[Person]) -> Result<Vec<Option<Resolved>>, store::Error> {
        match self.ask(people).await {
            Ok(who) => return Ok(who.into_iter().map(Some).collect()),
            Err(error) if error.is_of_one() => {}
            Err(error) => return Err(error),
        }
        let mut found = Vec::with_capacity(people.len());
        for person in people {
            found.push(match self.ask(std::slice::from_ref(person)).await {
                Ok(who) => who.into_iter().next(),
                Err(error) if error.is_of_one() => {
                    tracing::error!(%error, "somebody cannot be told apart: a key or a value of theirs does not open");
                    None
                }
                Err(error) => return Err(error),
            });
        }
        Ok(found)
    }

    async fn ask(&self, people: &[Person]) -> Result<Vec<Resolved>, store::Error> {
        let mut tries = 1;
        loop {
            match self.ask_once(people).await {
                Err(error) if again(&error, &mut tries).await => {}
                outcome => return outcome,
            }
        }
    }

    async fn ask_once(&self, people: &[Person]) -> Result<Vec<Resolved>, store::Error> {
        let mut tx = self.store.ingest.begin().await?;
        let settled = contact::resolve(&self.store, &mut tx, people).await?;
        tx.commit().await?;
        self.ring(&settled.wakes);
        Ok(settled.who)
    }

    async fn rotate_once(&self, change: &contact::Rotation<'_>) -> Result<Resolved, store::Error> {
        let mut tx = self.store.ingest.begin().await?;
        let (who, wakes) = contact::rotate(&self.store, &mut tx, change).await?;
        tx.commit().await?;
        self.ring(&wakes);
        Ok(who)
    }

    async fn learn_once(&self, people: &[(ContactId, Person)]) -> Result<(), store::Error> {
        let mut tx = self.store.ingest.begin().await?;
        let wakes = contact::learn(&self.store, &mut tx, people).await?;
        tx.commit().await?;
        self.ring(&wakes);
        Ok(())
    }

    fn ring(&self, wakes: &[Wake]) {
        if !wakes.is_empty() {
            self.bell.ring(wakes);
        }
    }

    /// All identities together: a new one beside known ones is a miss, and is linked.
    fn key(&self, channel: &Channel, sender: &Sender) -> Mac {
        let mut parts: Vec<&[u8]> = vec![channel.portfolio.as_bytes()];
        for (kind, value) in &sender.identities {
            parts.extend([kind.word().as_bytes(), value.as_bytes()]);
        }
        self.store.vault.mac_of("sender", &parts)
    }

    fn group_key(&self, channel: &Channel, id: &str) -> Mac {
        let parts = [channel.portfolio.as_bytes(), id.as_bytes()];
        self.store.vault.mac_of("group", &parts)
    }

    fn profile(&self, name: Option<&str>, username: Option<&str>) -> u64 {
        self.profile_hashes.hash_one((name, username))
    }
}

/// Whether to run again what another node's change to the same people made impossible; pauses before it says so.
async fn again(error: &store::Error, tries: &mut u32) -> bool {
    if Fault::of(error) != Fault::Again || *tries >= MAX_TRIES {
        return false;
    }
    pause(*tries).await;
    *tries += 1;
    true
}

fn memory<V: Clone + Send + Sync + 'static>() -> Cache<Mac, V> {
    Cache::builder()
        .max_capacity(MAX_REMEMBERED)
        .time_to_live(REMEMBER_FOR)
        .build()
}

fn person(channel: &Channel, sender: &Sender) -> Person {
    let phones = || {
        let of_kind = |(kind, _): &&(IdentityKind, String)| *kind == IdentityKind::Phone;
        sender.identities.iter().filter(of_kind)
    };
    let mut identities = sender.identities.clone();
    if let Some(username) = &sender.username
        && Mutant::UsernameNamesThePerson.lives()
    {
        identities.push((IdentityKind::Group, username.clone()));
    }
    Person {
        portfolio: channel.portfolio.clone(),
        identities,
        phone_variants: phones()
            .flat_map(|(_, phone)| identity::variants(phone))
            .collect(),
        stripped_variants: phones()
            .filter_map(|(_, phone)| identity::stripped(phone))
            .collect(),
        name: sender.name.clone(),
        username: sender.username.clone(),
    }
}

fn group(channel: &Channel, id: &str) -> Person {
    Person {
        portfolio: channel.portfolio.clone(),
        identities: vec![(IdentityKind::Group, id.to_owned())],
        ..Person::default()
    }
}
