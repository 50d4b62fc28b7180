//! Who wrote: finds a person by any identity Meta gave, links identities seen together, makes new people; joins two
//! records that are one person, and parts them again.
//!
//! Promises: one person is one contact and one contact is one person, as far as Meta says (`decide`); a merge can be
//! undone; other spellings of a phone are match keys only and are never stored; a username is shown and matches nobody.
//! Does not: ring the bell: whatever returns wakes wants them rung after COMMIT.

mod address;
mod attributes;
mod cases;
mod decide;
mod known;
mod merge;
mod reseal;
mod resolve;
mod split;
mod taken_in;
mod write;

use std::collections::HashMap;

use compliance::{Place, SubjectId};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Error, Store};
use crate::bell::Wake;
use crate::model::ContactId;

pub use attributes::{Attributes, Profile, describe, put_attributes};
pub use merge::{Merge, Merged, merge};
pub use reseal::prepare_split;
pub use resolve::{Rotation, learn, resolve, rotate};
pub use split::{Split, split};
pub use taken_in::{TakenIn, root, sides, taken_in};

/// What kind of identity, strongest first.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    sqlx::Type,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "identity_kind", rename_all = "snake_case")]
pub enum IdentityKind {
    /// Business-scoped user id.
    Bsuid,
    /// The same, of the parent portfolio.
    ParentBsuid,
    /// Digits as Meta gave them.
    Phone,
    /// Display only: it matches nobody. Kept in the attributes; the kind is here for rows of older versions.
    Username,
    /// A group's id.
    Group,
}

impl IdentityKind {
    /// As in SQL and in the mac.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Bsuid => "bsuid",
            Self::ParentBsuid => "parent_bsuid",
            Self::Phone => "phone",
            Self::Username => "username",
            Self::Group => "group",
        }
    }
}

/// A person, or a group, as one webhook describes them.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Person {
    /// Portfolio that scopes BSUIDs.
    pub portfolio: String,
    /// Identities Meta gave, in any order.
    pub identities: Vec<(IdentityKind, String)>,
    /// Other spellings of the phone that may already be known (ninth digit and the like).
    pub phone_variants: Vec<String>,
    /// Other spellings that may be somebody else's: they find only a record that nobody has written from.
    pub stripped_variants: Vec<String>,
    /// Profile name.
    pub name: Option<String>,
    /// Username, for display.
    pub username: Option<String>,
}

/// Never the person's data.
impl std::fmt::Debug for Person {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Person({} identities)", self.identities.len())
    }
}

/// The contact that a person is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// Who.
    pub contact_id: ContactId,
    /// The key for what they write now.
    pub subject_id: SubjectId,
}

/// What a resolution came to.
#[derive(Clone, Debug, Default)]
pub struct Settled {
    /// The contacts, in the order asked.
    pub who: Vec<Resolved>,
    /// Conversations that moved because records were joined: to be rung after COMMIT.
    pub wakes: Vec<Wake>,
}

/// A contact's record, opened.
#[derive(Clone)]
pub struct Opened {
    /// Who.
    pub id: ContactId,
    /// The key holder of what is written now; `None` after erasure.
    pub subject_id: Option<SubjectId>,
    /// Attributes; empty after erasure.
    pub attributes: Attributes,
    /// Identities in clear, by kind; of a kind first the one that leads to them today.
    pub identities: Vec<(IdentityKind, String)>,
    /// The contact was erased.
    pub erased: bool,
}

/// Opens contacts with their identities; absent ones are left out. What does not open is logged and shown as nothing:
/// one damaged row must not keep everybody from their inbox.
///
/// # Errors
/// [`Error::Database`]; [`Error::Vault`] when keys are away.
pub async fn open(
    store: &Store,
    conn: &mut PgConnection,
    ids: &[ContactId],
) -> Result<Vec<Opened>, Error> {
    let wanted: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let contacts = sqlx::query!(
        "select id, subject_id, sealed, erased_at from contact where id = any($1)",
        &wanted
    )
    .fetch_all(&mut *conn)
    .await?;
    let identities = sqlx::query!(
        r#"
        select id, contact_id, kind as "kind: IdentityKind", subject_id, sealed
        from contact_identity
        where contact_id = any($1)
        order by kind, superseded_at desc nulls first, created_at desc
        "#,
        &wanted,
    )
    .fetch_all(&mut *conn)
    .await?;
    let subjects: Vec<SubjectId> = contacts
        .iter()
        .filter_map(|row| row.subject_id)
        .chain(identities.iter().map(|row| row.subject_id))
        .map(SubjectId)
        .collect();
    let keys = store.vault.load(conn, &subjects).await?;

    let mut by_contact: HashMap<Uuid, Vec<(IdentityKind, String)>> = HashMap::new();
    for row in identities {
        if let Some(key) = keys.get(SubjectId(row.subject_id)) {
            let Ok(value) = key.open(Place::contact_identity(row.id), &row.sealed) else {
                tracing::error!(contact_id = %row.contact_id, "an identity of a contact does not open");
                continue;
            };
            let value = String::from_utf8_lossy(&value).into_owned();
            by_contact
                .entry(row.contact_id)
                .or_default()
                .push((row.kind, value));
        }
    }
    Ok(contacts
        .into_iter()
        .map(|row| {
            let key = row.subject_id.and_then(|id| keys.get(SubjectId(id)));
            let attributes = match (key, &row.sealed) {
                (Some(key), Some(blob)) => {
                    let plaintext = key.open(Place::contact(row.id), blob).ok();
                    let read = plaintext.and_then(|plain| serde_json::from_slice(&plain).ok());
                    read.unwrap_or_else(|| {
                        tracing::error!(contact_id = %row.id, "the attributes of a contact do not open");
                        Attributes::default()
                    })
                }
                _ => Attributes::default(),
            };
            Opened {
                id: ContactId(row.id),
                subject_id: row.subject_id.map(SubjectId),
                attributes,
                identities: by_contact.remove(&row.id).unwrap_or_default(),
                erased: row.erased_at.is_some(),
            }
        })
        .collect())
}

/// Finds a contact by one exact identity.
///
/// # Errors
/// [`Error::Database`].
pub async fn find(
    store: &Store,
    conn: &mut PgConnection,
    kind: IdentityKind,
    portfolio: &str,
    values: &[String],
) -> Result<Vec<ContactId>, Error> {
    let macs: Vec<Vec<u8>> = values
        .iter()
        .map(|value| {
            store
                .vault
                .mac_identity(kind.word(), portfolio, value)
                .as_bytes()
                .to_vec()
        })
        .collect();
    let ids = sqlx::query_scalar!(
        "select distinct contact_id from contact_identity where kind = $1 and portfolio = $2 and mac = any($3)",
        kind as IdentityKind,
        portfolio,
        &macs,
    )
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(ContactId).collect())
}
