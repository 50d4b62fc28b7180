//! The vault: subjects' data keys, in memory for at most a minute.
//!
//! Promises: a key that was loaded passed its commitment; nothing unwrapped is older than 60 s ([`DEK_TTL`]) in the
//! cache; 60 s after the key provider went away every load fails, cached keys included.
//! Does not: re-check the database for keys it has cached: an erasure elsewhere is felt here within 60 s, at once on
//! the node that called [`Vault::forget`].

mod blob;
mod key;
pub mod keys;
mod mac;
mod place;
mod provider;
mod ring;
#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use moka::sync::Cache;
use sqlx::PgConnection;
use uuid::Uuid;

pub(crate) use key::NewKey;
pub use key::{Keys, SubjectKey};
pub use mac::Mac;
pub use place::Place;
pub use provider::{DevelopmentKey, Provider, Seed};

use crate::{Error, Result, SubjectId};
use key::Key32;
use ring::Ring;

/// How long an unwrapped data key stays in the cache: also how long another node may still read an erased subject.
pub const DEK_TTL: Duration = Duration::from_secs(60);
/// How many data keys a node holds unwrapped.
pub const MAX_CACHED_KEYS: u64 = 100_000;
/// How many stored keys of each version are tried at boot.
const PROBED: i64 = 8;

/// Holds the key-encryption keys, the index key and the cache of data keys. Cheap to clone.
#[derive(Clone)]
pub struct Vault(Arc<Inner>);

struct Inner {
    ring: Ring,
    index_version: u32,
    index_key: Key32,
    cache: Cache<SubjectId, SubjectKey>,
}

impl Vault {
    /// Reads the keys of a provider.
    ///
    /// # Errors
    /// [`Error::KeyFolder`] with the command to run, when a folder or file is missing, too open or malformed.
    pub async fn open(provider: Provider) -> Result<Self> {
        let mut index_keys: BTreeMap<u32, Key32> = provider.index_keys()?;
        let (index_version, index_key) = index_keys.pop_last().ok_or(Error::ProviderAway)?;
        let ring = Ring::open(provider, Instant::now()).await?;
        let cache = Cache::builder()
            .max_capacity(MAX_CACHED_KEYS)
            .time_to_live(DEK_TTL)
            .build();
        Ok(Self(Arc::new(Inner {
            ring,
            index_version,
            index_key,
            cache,
        })))
    }

    /// The keys of these subjects: from the cache, the missing ones in one query. A subject that was erased or never
    /// existed, and one whose key is broken (logged), is absent from the answer.
    ///
    /// # Errors
    /// [`Error::ProviderAway`] 60 s after the provider's last answer; [`Error::Storage`].
    pub async fn load(&self, conn: &mut PgConnection, subjects: &[SubjectId]) -> Result<Keys> {
        self.0.ring.ensure(Instant::now()).await?;
        let mut keys = Keys::default();
        let mut missing: Vec<Uuid> = Vec::new();
        for subject in subjects {
            match self.0.cache.get(subject) {
                Some(key) => _ = keys.found.insert(*subject, key),
                None => missing.push(subject.0),
            }
        }
        if !missing.is_empty() {
            missing.sort_unstable();
            missing.dedup();
            self.fetch(conn, &missing, &mut keys).await?;
        }
        Ok(keys)
    }

    /// The keys of these subjects if every one is cached and the provider was heard of lately: then no connection is
    /// needed. None means: get a connection and [`Vault::load`].
    pub fn cached(&self, subjects: &[SubjectId]) -> Option<Keys> {
        if !self.0.ring.is_fresh(Instant::now()) {
            return None;
        }
        let mut keys = Keys::default();
        for subject in subjects {
            keys.found.insert(*subject, self.0.cache.get(subject)?);
        }
        Some(keys)
    }

    async fn fetch(
        &self,
        conn: &mut PgConnection,
        subjects: &[Uuid],
        keys: &mut Keys,
    ) -> Result<()> {
        let rows = sqlx::query!(
            r#"
            select
              subject_id as "subject_id: SubjectId",
              version,
              kek_version,
              wrapped,
              commitment
            from keystore.subject_key
            where subject_id = any($1)
            order by subject_id, version
            "#,
            subjects,
        )
        .fetch_all(conn)
        .await?;

        for of_one in rows.chunk_by(|a, b| a.subject_id == b.subject_id) {
            let subject = of_one[0].subject_id;
            let versions: Option<Vec<(u32, Key32)>> = of_one
                .iter()
                .map(|row| {
                    let kek_version = row.kek_version.unsigned_abs();
                    let kek = self.0.ring.version(kek_version)?;
                    let dek = key::unwrap(
                        subject,
                        row.version,
                        (kek_version, &kek),
                        &row.wrapped,
                        &row.commitment,
                    )?;
                    Some((row.version.unsigned_abs(), dek))
                })
                .collect();
            if let Some(key) = versions.and_then(|versions| SubjectKey::new(subject, versions)) {
                self.0.cache.insert(subject, key.clone());
                keys.found.insert(subject, key);
            } else {
                tracing::error!(%subject, "a stored data key fails its check: altered, swapped, or its KEK is gone");
                keys.broken.push(subject);
            }
        }
        Ok(())
    }

    /// Checks at boot that the provider's keys are those that wrapped this database's: of each version among the newest
    /// thousand stored keys, one of the newest [`PROBED`] must open. One damaged row is not the wrong folder.
    ///
    /// # Errors
    /// [`Error::WrongKek`] naming the version; [`Error::Storage`].
    pub async fn probe(&self, conn: &mut PgConnection) -> Result<()> {
        self.0.ring.ensure(Instant::now()).await?;
        let rows = sqlx::query!(
            r#"
            select
              subject_id as "subject_id!: SubjectId",
              version as "version!",
              kek_version as "kek_version!",
              wrapped as "wrapped!",
              commitment as "commitment!"
            from (
              select *, row_number() over (partition by kek_version order by subject_id desc) as n
              from (select * from keystore.subject_key order by subject_id desc limit 1000) as newest
            ) as numbered
            where n <= $1
            order by kek_version, subject_id desc
            "#,
            PROBED,
        )
        .fetch_all(conn)
        .await?;
        for of_one in rows.chunk_by(|a, b| a.kek_version == b.kek_version) {
            let version = of_one[0].kek_version;
            let kek_version = version.unsigned_abs();
            let kek = self.0.ring.version(kek_version);
            let opens = kek.is_some_and(|kek| {
                of_one.iter().any(|row| {
                    let kek = (kek_version, &kek);
                    key::unwrap(
                        row.subject_id,
                        row.version,
                        kek,
                        &row.wrapped,
                        &row.commitment,
                    )
                    .is_some()
                })
            });
            if !opens {
                return Err(Error::WrongKek(version));
            }
        }
        Ok(())
    }

    /// Forgets cached keys on this node; call it after the transaction that shredded them committed.
    pub fn forget(&self, subjects: &[SubjectId]) {
        for subject in subjects {
            self.0.cache.invalidate(subject);
        }
    }

    /// Makes and wraps one key per subject; stored by [`crate::create_many`].
    pub(crate) async fn new_keys(&self, subjects: &[SubjectId]) -> Result<Vec<NewKey>> {
        self.0.ring.ensure(Instant::now()).await?;
        let (version, kek) = self.0.ring.current()?;
        subjects
            .iter()
            .map(|subject| key::make(*subject, version, &kek))
            .collect()
    }

    pub(crate) fn remember(&self, keys: Vec<NewKey>) {
        for new in keys {
            self.0.cache.insert(new.key.subject(), new.key);
        }
    }

    /// The MAC of a message id under one number; the same in dedupe, message and delivery.
    pub fn mac_wamid(&self, phone_number_id: &str, wamid: &str) -> Mac {
        self.mac_of("wamid", &[phone_number_id.as_bytes(), wamid.as_bytes()])
    }

    /// The MAC of an identity: `kind` is the enum word (bsuid, parent_bsuid, phone, username).
    pub fn mac_identity(&self, kind: &str, portfolio: &str, value: &str) -> Mac {
        self.mac_of(
            "identity",
            &[kind.as_bytes(), portfolio.as_bytes(), value.as_bytes()],
        )
    }

    /// The MAC of anything else that must be found or counted without being readable, such as an e-mail address or a
    /// key in Redis. `label` keeps the uses apart.
    pub fn mac_of(&self, label: &str, parts: &[&[u8]]) -> Mac {
        mac::mac(&self.0.index_key, label, parts)
    }

    /// The version of the index key; stored beside every MAC.
    pub fn index_key_version(&self) -> i32 {
        self.0.index_version.cast_signed()
    }
}
