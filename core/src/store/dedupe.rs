//! What was taken in already, for everything but plain messages (those have it inside `ingest.sql`).
//!
//! Promises: of many copies at once exactly one is fresh; whoever it is about lives, and stays until the transaction ends.
//! Does not: remember statuses (ranks only rise) or preferences (the newest wins): their repetition changes nothing.

use std::collections::HashSet;

use compliance::Mac;
use sqlx::PgConnection;
use uuid::Uuid;

use super::Error;
use super::contact::Resolved;
use crate::model::ContactId;

/// What a batch of macs came to.
#[derive(Debug, Default)]
pub struct Fresh {
    macs: HashSet<Vec<u8>>,
    /// Contacts that were erased or merged, or whose key holder changed, since they were resolved: roll back and resolve
    /// again. A new key holder means that a part of the record went to somebody else.
    pub gone: Vec<ContactId>,
}

impl Fresh {
    /// Whether this is its first copy. Says so once: the second copy in one batch is a repetition.
    pub fn first(&mut self, mac: Mac) -> bool {
        self.macs.remove(mac.as_bytes())
    }

    /// How many were new.
    #[must_use]
    pub fn len(&self) -> usize {
        self.macs.len()
    }

    /// Nothing was new.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.macs.is_empty()
    }
}

/// Notes macs with the contact they are about, and holds those contacts. The first statement of a transaction.
///
/// # Errors
/// [`Error::Database`].
pub async fn fresh(conn: &mut PgConnection, items: &[(Mac, Resolved)]) -> Result<Fresh, Error> {
    let macs: Vec<Vec<u8>> = items
        .iter()
        .map(|(mac, _)| mac.as_bytes().to_vec())
        .collect();
    let contacts: Vec<Uuid> = items.iter().map(|(_, who)| who.contact_id.0).collect();
    let subjects: Vec<Uuid> = items.iter().map(|(_, who)| who.subject_id.0).collect();
    let rows = sqlx::query!(
        r#"
        with item as (
          select distinct on (mac) mac, contact_id, subject_id
          from unnest($1::bytea[], $2::uuid[], $3::uuid[]) as i (mac, contact_id, subject_id)
          order by mac
        ), fresh as (
          insert into dedupe (mac, contact_id)
          select mac, contact_id
          from item
          order by mac
          on conflict do nothing
          returning mac, contact_id
        ), living as materialized (
          select contact.id, contact.subject_id
          from contact
          where contact.id in (select fresh.contact_id from fresh)
            and contact.erased_at is null
            and contact.merged_into is null
          order by contact.id
          for key share
        )
        select fresh.mac, fresh.contact_id, living.id is not null as "lives!"
        from fresh
        join item using (mac)
        left join living on living.id = item.contact_id and living.subject_id = item.subject_id
        "#,
        &macs,
        &contacts,
        &subjects,
    )
    .fetch_all(conn)
    .await?;
    let mut fresh = Fresh::default();
    for row in rows {
        if !row.lives {
            fresh.gone.push(ContactId(row.contact_id));
        }
        fresh.macs.insert(row.mac);
    }
    Ok(fresh)
}

/// How many of these repetitions say something else than the first copy did: (mac, fingerprint of what this copy says).
///
/// # Errors
/// [`Error::Database`].
pub async fn conflicts(conn: &mut PgConnection, repeated: &[(Mac, &[u8])]) -> Result<u64, Error> {
    let macs: Vec<Vec<u8>> = repeated
        .iter()
        .map(|(mac, _)| mac.as_bytes().to_vec())
        .collect();
    let fingerprints: Vec<Vec<u8>> = repeated.iter().map(|(_, says)| says.to_vec()).collect();
    let count = sqlx::query_scalar!(
        r#"
        select count(*) as "count!"
        from unnest($1::bytea[], $2::bytea[]) as repeated (mac, fingerprint)
        join dedupe using (mac)
        where dedupe.fingerprint <> repeated.fingerprint
        "#,
        &macs,
        &fingerprints,
    )
    .fetch_one(conn)
    .await?;
    Ok(u64::try_from(count).unwrap_or_default())
}
