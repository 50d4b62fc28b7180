//! Which contact a sender is: from memory, else from the database in a short transaction.
//!
//! Promises: memory is only a guess: a contact that was erased meanwhile is found out by the ingest statement, forgotten
//! here and resolved again. Keys are HMACs; no identity is kept in clear.
//! Does not: write a profile name itself (`profiles`), or decide who belongs together (`contact::resolve`).

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use balcao_core::store::channel::Channel;
use balcao_core::store::contact::{self, IdentityKind, Person, Resolved};
use balcao_core::store::{self, Store};
use compliance::Mac;
use moka::sync::Cache;

use super::fault::Fault;
use super::pause;
use super::profiles::{Profile, Profiles};
use crate::identity;
use crate::payload::Sender;

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
    remembered: Cache<Mac, Remembered>,
    names: RandomState,
    profiles: Profiles,
}

#[derive(Clone, Copy)]
struct Remembered {
    who: Resolved,
    /// Hash of the profile name seen last.
    name: u64,
}

impl People {
    /// Knows nobody yet.
    pub fn new(store: Store, profiles: Profiles) -> Self {
        let remembered = Cache::builder()
            .max_capacity(MAX_REMEMBERED)
            .time_to_live(REMEMBER_FOR)
            .build();
        Self {
            store,
            remembered,
            names: RandomState::new(),
            profiles,
        }
    }

    /// Finds or makes the contacts of these senders, in order.
    ///
    /// # Errors
    /// [`store::Error`] when the database or the key provider is away.
    pub async fn resolve(
        &self,
        senders: &[(&Channel, &Sender)],
    ) -> Result<Vec<Resolved>, store::Error> {
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
        for some in missing.chunks(MAX_PER_TRANSACTION) {
            let people: Vec<Person> = some.iter().map(|(_, person)| person.clone()).collect();
            for ((key, _), who) in some.iter().zip(self.ask(&people).await?) {
                // No name is remembered, so that the stored one is compared once.
                found.insert(
                    *key,
                    Remembered {
                        who,
                        name: self.name(None),
                    },
                );
            }
        }
        Ok(keys
            .iter()
            .zip(senders)
            .map(|(key, (_, sender))| self.seen(*key, found[key], sender))
            .collect())
    }

    /// Forgets a guess that turned out wrong.
    pub fn forget(&self, channel: &Channel, sender: &Sender) {
        self.remembered.invalidate(&self.key(channel, sender));
    }

    fn seen(&self, key: Mac, remembered: Remembered, sender: &Sender) -> Resolved {
        let name = self.name(sender.name.as_deref());
        if sender.name.is_some() && name != remembered.name {
            let name = sender.name.clone().unwrap_or_default();
            self.profiles.changed(Profile {
                contact_id: remembered.who.contact_id,
                name,
            });
        }
        let name = if sender.name.is_some() {
            name
        } else {
            remembered.name
        };
        self.remembered
            .insert(key, Remembered { name, ..remembered });
        remembered.who
    }

    async fn ask(&self, people: &[Person]) -> Result<Vec<Resolved>, store::Error> {
        let mut tries = 1;
        loop {
            match self.ask_once(people).await {
                Err(error) if Fault::of(&error) == Fault::Again && tries < MAX_TRIES => {
                    pause(tries).await;
                    tries += 1;
                }
                outcome => return outcome,
            }
        }
    }

    async fn ask_once(&self, people: &[Person]) -> Result<Vec<Resolved>, store::Error> {
        let mut tx = self.store.ingest.begin().await?;
        let resolved = contact::resolve(&self.store, &mut tx, people).await?;
        tx.commit().await?;
        Ok(resolved)
    }

    /// All identities together: a new one beside known ones is a miss, and is linked.
    fn key(&self, channel: &Channel, sender: &Sender) -> Mac {
        let mut parts: Vec<&[u8]> = vec![channel.portfolio.as_bytes()];
        for (kind, value) in &sender.identities {
            parts.extend([kind.word().as_bytes(), value.as_bytes()]);
        }
        self.store.vault.mac_of("sender", &parts)
    }

    fn name(&self, name: Option<&str>) -> u64 {
        self.names.hash_one(name)
    }
}

fn person(channel: &Channel, sender: &Sender) -> Person {
    let phones = sender
        .identities
        .iter()
        .filter(|(kind, _)| *kind == IdentityKind::Phone);
    Person {
        portfolio: channel.portfolio.clone(),
        identities: sender.identities.clone(),
        phone_variants: phones
            .flat_map(|(_, phone)| identity::variants(phone))
            .collect(),
        name: sender.name.clone(),
    }
}
