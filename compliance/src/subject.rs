//! The subject: a data key and the opaque id that sealed rows and audit events carry.
//!
//! Promises: a subject is born together with its wrapped key, in the caller's transaction; subjects never merge.
//! Does not: know whose it is beyond an owner id that it stores and never reads.

use std::fmt;

use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{Result, Vault};

/// Names a data key. Opaque: not personal by itself, and nothing leads from it to a person once erased.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, sqlx::Type,
)]
#[serde(transparent)]
#[sqlx(transparent)]
pub struct SubjectId(pub Uuid);

impl fmt::Display for SubjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Whose data a subject's key seals. Source: enum `subject_kind`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, sqlx::Type)]
#[sqlx(type_name = "subject_kind", rename_all = "snake_case")]
pub enum SubjectKind {
    /// A customer.
    Contact,
    /// One of the company's numbers: its secrets.
    Channel,
    /// A member of staff.
    Agent,
    /// The day's subject for dead letters and parked events of nobody known.
    System,
}

/// Makes one subject with key version 1. See [`create_many`].
///
/// # Errors
/// As [`create_many`].
pub async fn create(
    conn: &mut PgConnection,
    vault: &Vault,
    kind: SubjectKind,
    owner: Option<Uuid>,
) -> Result<SubjectId> {
    let made = create_many(conn, vault, kind, &[owner]).await?;
    Ok(made[0])
}

/// Makes one subject per owner, in the order given, each with key version 1, in the caller's transaction.
///
/// `owner` is stored in `subject.contact_id` and must name an existing row (or be absent). The keys are in the
/// vault's cache afterwards, so that a [`Vault::load`] that follows costs nothing.
///
/// # Errors
/// [`crate::Error::ProviderAway`] when no key-encryption key is at hand; [`crate::Error::Storage`], for instance a
/// foreign key when the owner is gone.
pub async fn create_many(
    conn: &mut PgConnection,
    vault: &Vault,
    kind: SubjectKind,
    owners: &[Option<Uuid>],
) -> Result<Vec<SubjectId>> {
    let ids: Vec<SubjectId> = owners.iter().map(|_| SubjectId(Uuid::now_v7())).collect();
    let fresh = vault.new_keys(&ids).await?;
    let uuids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let wrapped: Vec<&[u8]> = fresh.iter().map(|key| key.wrapped.as_slice()).collect();
    let commitments: Vec<&[u8]> = fresh.iter().map(|key| key.commitment.as_slice()).collect();
    let kek_versions: Vec<i32> = fresh.iter().map(|key| key.kek_version).collect();

    sqlx::query!(
        r#"
        with
          born as (
            insert into subject (id, kind, contact_id)
            select id, $2, contact_id
            from unnest($1::uuid[], $3::uuid[]) as row (id, contact_id)
          )
        insert into keystore.subject_key (subject_id, version, kek_version, wrapped, commitment)
        select subject_id, 1, kek_version, wrapped, commitment
        from unnest($1::uuid[], $4::integer[], $5::bytea[], $6::bytea[])
          as row (subject_id, kek_version, wrapped, commitment)
        "#,
        &uuids,
        kind as SubjectKind,
        owners as &[Option<Uuid>],
        &kek_versions,
        &wrapped as &[&[u8]],
        &commitments as &[&[u8]],
    )
    .execute(conn)
    .await?;

    vault.remember(fresh);
    Ok(ids)
}
