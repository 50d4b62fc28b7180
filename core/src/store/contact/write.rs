//! What a decision does to the rows: new contacts, identities linked, taken over and superseded.
//!
//! Promises: an identity is sealed with the key of whose it is: what is taken over is sealed anew, so that erasing
//! whoever had it does not take it from whoever has it.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use compliance::{Mutant, Place, SubjectId, SubjectKind};
use sqlx::PgConnection;
use uuid::Uuid;

use super::decide::Key;
use super::{Attributes, Person, Resolved, address, put_attributes};
use crate::model::ContactId;
use crate::store::{Error, Store};

/// Makes contacts with these ids; returns their key holders.
///
/// # Errors
/// [`Error::Database`], [`Error::Vault`].
pub(super) async fn create(
    store: &Store,
    conn: &mut PgConnection,
    newcomers: &[(ContactId, &Person, bool)],
) -> Result<HashMap<ContactId, SubjectId>, Error> {
    if newcomers.is_empty() {
        return Ok(HashMap::new());
    }
    let ids: Vec<Uuid> = newcomers.iter().map(|(id, ..)| id.0).collect();
    let groups: Vec<bool> = newcomers.iter().map(|(.., is_group)| *is_group).collect();
    sqlx::query!(
        r#"
        insert into contact (id, kind)
        select id, case when is_group then 'group'::contact_kind else 'person'::contact_kind end
        from unnest($1::uuid[], $2::boolean[]) as made (id, is_group)
        "#,
        &ids,
        &groups,
    )
    .execute(&mut *conn)
    .await?;
    let owners: Vec<Option<Uuid>> = ids.iter().copied().map(Some).collect();
    let subjects =
        compliance::create_many(&mut *conn, &store.vault, SubjectKind::Contact, &owners).await?;
    let keys = store.vault.load(&mut *conn, &subjects).await?;
    let mut sealed = Vec::with_capacity(ids.len());
    for ((id, person, _), subject) in newcomers.iter().zip(&subjects) {
        let attributes = Attributes {
            name: person.name.clone(),
            username: person.username.clone(),
            ..Attributes::default()
        };
        let plaintext =
            serde_json::to_vec(&attributes).map_err(|_| Error::Damaged("attributes"))?;
        let key = keys.require(*subject)?;
        sealed.push(key.seal(Place::contact(id.0), &plaintext)?);
    }
    let subject_ids: Vec<Uuid> = subjects.iter().map(|subject| subject.0).collect();
    sqlx::query!(
        r#"
        update contact
        set subject_id = made.subject_id, sealed = made.sealed
        from unnest($1::uuid[], $2::uuid[], $3::bytea[]) as made (id, subject_id, sealed)
        where contact.id = made.id
        "#,
        &ids,
        &subject_ids,
        &sealed,
    )
    .execute(conn)
    .await?;
    Ok(ids.into_iter().map(ContactId).zip(subjects).collect())
}

/// An identity to be stored.
pub(super) struct Linked<'a> {
    /// Whose.
    pub contact_id: ContactId,
    /// Whose key seals it.
    pub subject_id: SubjectId,
    /// Its kind and blind index.
    pub key: Key,
    /// Where it is valid.
    pub portfolio: &'a str,
    /// Itself.
    pub value: &'a str,
}

/// Stores identities. A plain insert: when another node linked one at this moment, the unique key says so and the
/// caller runs again. In the order of the key, so that two nodes wait for each other in one direction only.
///
/// # Errors
/// [`Error::Database`], [`Error::Vault`].
pub(super) async fn link(
    store: &Store,
    conn: &mut PgConnection,
    links: &[Linked<'_>],
) -> Result<(), Error> {
    if links.is_empty() {
        return Ok(());
    }
    let subjects: Vec<SubjectId> = links.iter().map(|link| link.subject_id).collect();
    let keys = store.vault.load(&mut *conn, &subjects).await?;
    let ids: Vec<Uuid> = links.iter().map(|_| Uuid::now_v7()).collect();
    let mut sealed = Vec::with_capacity(links.len());
    for (link, id) in links.iter().zip(&ids) {
        let key = keys.require(link.subject_id)?;
        sealed.push(key.seal(Place::contact_identity(*id), link.value.as_bytes())?);
    }
    let contacts: Vec<Uuid> = links.iter().map(|link| link.contact_id.0).collect();
    let kinds: Vec<String> = links
        .iter()
        .map(|link| link.key.kind.word().to_owned())
        .collect();
    let portfolios: Vec<String> = links.iter().map(|link| link.portfolio.to_owned()).collect();
    let macs: Vec<Vec<u8>> = links
        .iter()
        .map(|link| link.key.mac.as_bytes().to_vec())
        .collect();
    let subject_ids: Vec<Uuid> = subjects.iter().map(|subject| subject.0).collect();
    sqlx::query!(
        r#"
        insert into contact_identity (id, contact_id, kind, portfolio, mac, index_key_version, subject_id, sealed)
        select id, contact_id, kind::identity_kind, portfolio, mac, $8, subject_id, sealed
        from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::bytea[], $6::uuid[], $7::bytea[])
          as link (id, contact_id, kind, portfolio, mac, subject_id, sealed)
        order by kind::identity_kind, portfolio, mac
        "#,
        &ids,
        &contacts,
        &kinds,
        &portfolios,
        &macs,
        &subject_ids,
        &sealed,
        store.vault.index_key_version(),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Deletes identities that are about to be somebody else's.
///
/// # Errors
/// [`Error::Database`].
pub(super) async fn release(
    conn: &mut PgConnection,
    taken: &[(Key, ContactId)],
) -> Result<(), Error> {
    if taken.is_empty() {
        return Ok(());
    }
    let macs: Vec<Vec<u8>> = taken
        .iter()
        .map(|(key, _)| key.mac.as_bytes().to_vec())
        .collect();
    sqlx::query!(
        "delete from contact_identity where kind = 'phone' and mac = any($1)",
        &macs
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Marks identities that no longer lead to their person.
///
/// # Errors
/// [`Error::Database`].
pub(super) async fn supersede(
    conn: &mut PgConnection,
    keys: &BTreeSet<Key>,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    let macs: Vec<Vec<u8>> = keys.iter().map(|key| key.mac.as_bytes().to_vec()).collect();
    sqlx::query!(
        "update contact_identity set superseded_at = $2 where mac = any($1) and superseded_at is null",
        &macs,
        at,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// What follows when a contact's number is somebody else's now: nothing of this contact may be sent there any more, and
/// whoever still takes the number for theirs is found out by the new key holder. Returns that.
///
/// # Errors
/// [`Error::Database`], [`Error::Vault`].
pub(super) async fn lose_number(
    store: &Store,
    conn: &mut PgConnection,
    id: ContactId,
    number: &str,
) -> Result<SubjectId, Error> {
    let subject_id = new_subject(store, &mut *conn, id).await?;
    let who = Resolved {
        contact_id: id,
        subject_id,
    };
    address::lead_away(store, conn, who, &[number]).await?;
    Ok(subject_id)
}

/// Gives a contact a new key holder: what is written from now on is sealed with it. Every guess of who somebody is names
/// the key holder, so that all guesses about this contact are made again.
///
/// # Errors
/// [`Error::Database`], [`Error::Vault`].
pub(super) async fn new_subject(
    store: &Store,
    conn: &mut PgConnection,
    id: ContactId,
) -> Result<SubjectId, Error> {
    let opened = super::open(store, &mut *conn, &[id]).await?;
    let opened = opened.into_iter().next();
    let opened = opened.ok_or(Error::Damaged("a locked record that is not there"))?;
    if let Some(subject_id) = opened.subject_id.filter(|_| Mutant::OldGuessesHold.lives()) {
        return Ok(subject_id);
    }
    let subject_id =
        compliance::create(&mut *conn, &store.vault, SubjectKind::Contact, Some(id.0)).await?;
    let who = Resolved {
        contact_id: id,
        subject_id,
    };
    put_attributes(store, conn, who, &opened.attributes).await?;
    Ok(subject_id)
}
