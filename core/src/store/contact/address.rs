//! Where replies go, per number of ours: kept true when a person's identities change.
//!
//! Promises: an address never leads to somebody who is not the contact: one that does is replaced by another of the
//! contact's own, or by none. Does not: find the form to send to (Meta does).

use compliance::{Mutant, Place, SubjectId};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{IdentityKind, Person, Resolved};
use crate::model::ContactId;
use crate::store::{Error, Store};

/// As `contact_channel.sealed_address` holds it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Address {
    /// `+` and digits.
    To(String),
    /// A BSUID.
    Recipient(String),
}

impl Address {
    /// The best of these: the number that leads to them today, else the user id.
    fn best(identities: &[(IdentityKind, String)]) -> Option<Self> {
        let first = |wanted| identities.iter().find(|(kind, _)| *kind == wanted);
        let phone = first(IdentityKind::Phone).map(|(_, digits)| Self::To(format!("+{digits}")));
        phone.or_else(|| first(IdentityKind::Bsuid).map(|(_, id)| Self::Recipient(id.clone())))
    }

    fn is_one_of(&self, values: &[&str]) -> bool {
        match self {
            Self::To(number) => values.contains(&number.trim_start_matches('+')),
            Self::Recipient(id) => values.contains(&id.as_str()),
        }
    }
}

/// An address row, opened; `None` inside: there is none.
pub(super) struct Row {
    /// Of which number.
    pub channel_id: Uuid,
    address: Option<Address>,
}

/// Opens a contact's addresses.
///
/// # Errors
/// [`Error::Database`], [`Error::Vault`].
pub(super) async fn read(
    store: &Store,
    conn: &mut PgConnection,
    id: ContactId,
) -> Result<Vec<Row>, Error> {
    let rows = sqlx::query!(
        r#"
        select channel_id, subject_id, sealed_address
        from contact_channel
        where contact_id = $1
        order by channel_id
        for update
        "#,
        id.0
    )
    .fetch_all(&mut *conn)
    .await?;
    let subjects: Vec<SubjectId> = rows
        .iter()
        .filter_map(|row| row.subject_id)
        .map(SubjectId)
        .collect();
    let keys = store.vault.load(conn, &subjects).await?;
    rows.into_iter()
        .map(|row| {
            let key = row.subject_id.and_then(|id| keys.get(SubjectId(id)));
            let address = match (key, row.sealed_address) {
                (Some(key), Some(blob)) => {
                    let place = Place::contact_channel_address(id.0, row.channel_id);
                    let plain = key.open(place, &blob)?;
                    Some(serde_json::from_slice(&plain).map_err(|_| Error::Damaged("address"))?)
                }
                _ => None,
            };
            Ok(Row {
                channel_id: row.channel_id,
                address,
            })
        })
        .collect()
}

/// Seals an address as this contact's and stores it.
async fn put(
    store: &Store,
    conn: &mut PgConnection,
    who: Resolved,
    channel_id: Uuid,
    address: Option<&Address>,
) -> Result<(), Error> {
    let sealed = match address {
        Some(address) => {
            let keys = store.vault.load(&mut *conn, &[who.subject_id]).await?;
            let place = Place::contact_channel_address(who.contact_id.0, channel_id);
            let plain = serde_json::to_vec(address).map_err(|_| Error::Damaged("address"))?;
            Some(keys.require(who.subject_id)?.seal(place, &plain)?)
        }
        None => None,
    };
    sqlx::query!(
        "update contact_channel set subject_id = $3, sealed_address = $4 where contact_id = $1 and channel_id = $2",
        who.contact_id.0,
        channel_id,
        sealed.as_ref().map(|_| who.subject_id.0),
        sealed,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Gives the addresses of these rows to another contact, whose rows exist.
///
/// # Errors
/// [`Error::Database`], [`Error::Vault`].
pub(super) async fn give(
    store: &Store,
    conn: &mut PgConnection,
    rows: &[Row],
    to: Resolved,
) -> Result<(), Error> {
    for row in rows {
        if let Some(address) = &row.address {
            put(store, &mut *conn, to, row.channel_id, Some(address)).await?;
        }
    }
    Ok(())
}

/// All addresses of a contact become what this person is reached by now.
///
/// # Errors
/// [`Error::Database`], [`Error::Vault`].
pub(super) async fn lead_to(
    store: &Store,
    conn: &mut PgConnection,
    who: Resolved,
    person: &Person,
) -> Result<(), Error> {
    let Some(new) = Address::best(&person.identities) else {
        return Ok(());
    };
    for row in read(store, &mut *conn, who.contact_id).await? {
        if row.address.as_ref() != Some(&new) {
            put(store, &mut *conn, who, row.channel_id, Some(&new)).await?;
        }
    }
    Ok(())
}

/// Addresses of a contact that are one of `gone` become the best that is left to it, or none.
///
/// # Errors
/// [`Error::Database`], [`Error::Vault`].
pub(super) async fn lead_away(
    store: &Store,
    conn: &mut PgConnection,
    who: Resolved,
    gone: &[&str],
) -> Result<(), Error> {
    if Mutant::NumberStillReached.lives() {
        return Ok(());
    }
    let opened = super::open(store, &mut *conn, &[who.contact_id]).await?;
    let left = opened.first().map(|contact| contact.identities.as_slice());
    let left = Address::best(left.unwrap_or_default()).filter(|left| !left.is_one_of(gone));
    for row in read(store, &mut *conn, who.contact_id).await? {
        if row.address.is_some_and(|address| address.is_one_of(gone)) {
            put(store, &mut *conn, who, row.channel_id, left.as_ref()).await?;
        }
    }
    Ok(())
}

/// Addresses of a contact that are none of its identities become the best that it has, or none.
///
/// # Errors
/// [`Error::Database`], [`Error::Vault`].
pub(super) async fn keep_own(
    store: &Store,
    conn: &mut PgConnection,
    who: Resolved,
) -> Result<(), Error> {
    let opened = super::open(store, &mut *conn, &[who.contact_id]).await?;
    let identities = opened.first().map(|contact| contact.identities.as_slice());
    let identities = identities.unwrap_or_default();
    let values: Vec<&str> = identities.iter().map(|(_, value)| value.as_str()).collect();
    let best = Address::best(identities);
    for row in read(store, &mut *conn, who.contact_id).await? {
        if row
            .address
            .is_some_and(|address| !address.is_one_of(&values))
        {
            put(store, &mut *conn, who, row.channel_id, best.as_ref()).await?;
        }
    }
    Ok(())
}
