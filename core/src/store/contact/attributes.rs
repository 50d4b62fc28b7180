//! A contact's own record: the profile name, the username, free fields, sealed as one blob.
//!
//! Promises: nothing is written when nothing changed; an erased or taken-in record is left alone.

use std::collections::HashMap;

use compliance::{Keys, Place, SubjectId};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use uuid::Uuid;

use super::Resolved;
use crate::model::ContactId;
use crate::store::{Error, Store};

/// The sealed attributes of a contact.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Attributes {
    /// Profile name.
    #[serde(default)]
    pub name: Option<String>,
    /// Username, without `@`; display only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// Further fields, free.
    #[serde(default)]
    pub fields: serde_json::Map<String, serde_json::Value>,
}

/// Seals and stores a contact's attributes.
///
/// # Errors
/// [`Error::Database`], [`Error::Vault`].
pub async fn put_attributes(
    store: &Store,
    conn: &mut PgConnection,
    who: Resolved,
    attributes: &Attributes,
) -> Result<(), Error> {
    let keys = store.vault.load(&mut *conn, &[who.subject_id]).await?;
    let key = keys
        .get(who.subject_id)
        .ok_or(Error::Damaged("contact without key"))?;
    let plaintext = serde_json::to_vec(attributes).map_err(|_| Error::Damaged("attributes"))?;
    let sealed = key.seal(Place::contact(who.contact_id.0), &plaintext)?;
    sqlx::query!(
        "update contact set subject_id = $2, sealed = $3 where id = $1 and erased_at is null",
        who.contact_id.0,
        who.subject_id.0,
        sealed
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// What a webhook says of a profile; what is absent stays as it is.
#[derive(Clone, Copy)]
pub struct Profile<'a> {
    /// Whose.
    pub contact_id: ContactId,
    /// Profile name.
    pub name: Option<&'a str>,
    /// Username.
    pub username: Option<&'a str>,
}

/// Stores profiles that changed; of several of one contact the last wins. Unchanged ones, and erased and taken-in
/// contacts, are left alone. In a transaction of its own.
///
/// # Errors
/// [`Error::Database`], [`Error::Vault`].
pub async fn describe(
    store: &Store,
    conn: &mut PgConnection,
    profiles: &[Profile<'_>],
) -> Result<(), Error> {
    let mut new: HashMap<Uuid, Profile<'_>> = HashMap::new();
    for profile in profiles {
        let newest = new.entry(profile.contact_id.0).or_insert(*profile);
        newest.name = profile.name.or(newest.name);
        newest.username = profile.username.or(newest.username);
    }
    let ids: Vec<Uuid> = new.keys().copied().collect();
    let rows = sqlx::query!(
        r#"
        select id, subject_id as "subject_id!", sealed
        from contact
        where id = any($1) and erased_at is null and merged_into is null and subject_id is not null
        order by id
        for no key update
        "#,
        &ids,
    )
    .fetch_all(&mut *conn)
    .await?;
    let subjects: Vec<SubjectId> = rows.iter().map(|row| SubjectId(row.subject_id)).collect();
    let keys = store.vault.load(&mut *conn, &subjects).await?;
    for row in rows {
        let who = Resolved {
            contact_id: ContactId(row.id),
            subject_id: SubjectId(row.subject_id),
        };
        let Some(mut attributes) = opened(&keys, who, row.sealed.as_deref()) else {
            continue;
        };
        if attributes.take_over(&new[&row.id]) {
            put_attributes(store, &mut *conn, who, &attributes).await?;
        }
    }
    Ok(())
}

/// What is known of a contact. `None` when its key or its record does not open: nothing is written over it then, and the
/// others of the batch are not held up.
fn opened(keys: &Keys, who: Resolved, blob: Option<&[u8]>) -> Option<Attributes> {
    let read = |blob: &[u8]| {
        let place = Place::contact(who.contact_id.0);
        let plain = keys.get(who.subject_id)?.open(place, blob).ok()?;
        serde_json::from_slice(&plain).ok()
    };
    let attributes = match blob {
        Some(blob) => read(blob),
        None => keys.get(who.subject_id).map(|_| Attributes::default()),
    };
    if attributes.is_none() {
        tracing::error!(contact_id = %who.contact_id, "the record of a contact does not open; its profile stays as it is");
    }
    attributes
}

impl Attributes {
    /// Takes what the profile says; whether anything is new.
    fn take_over(&mut self, profile: &Profile<'_>) -> bool {
        let mut is_new = false;
        for (known, said) in [
            (&mut self.name, profile.name),
            (&mut self.username, profile.username),
        ] {
            if said.is_some() && known.as_deref() != said {
                *known = said.map(str::to_owned);
                is_new = true;
            }
        }
        is_new
    }
}
