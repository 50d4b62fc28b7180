//! What the database knows of the identities that a batch names.
//!
//! Promises: one question however many people; erased and taken-in records are not known.

use std::collections::HashMap;

use compliance::{Mac, Mutant, SubjectId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::decide::{Book, Claims, Holding, Key, Record};
use super::{IdentityKind, Person};
use crate::model::ContactId;
use crate::store::{Error, Store};

/// A number that was given up is somebody else's once no late message can come from it any more: Meta sends again for
/// seven days, and what is older than eight is stale.
const RELEASED_AFTER_DAYS: i32 = 8;

/// One person to be found: what is said of them, and the values behind the keys.
pub(super) struct Asked<'a> {
    /// As Meta describes them.
    pub person: &'a Person,
    /// The same as keys.
    pub claims: Claims,
    /// Values of the named and previous identities.
    pub values: Vec<(Key, &'a str)>,
}

impl<'a> Asked<'a> {
    /// Keys of a person.
    pub fn of(store: &Store, person: &'a Person) -> Self {
        Self::with_previous(store, person, &[])
    }

    /// Keys of a person who was somebody else before.
    pub fn with_previous(
        store: &Store,
        person: &'a Person,
        previous: &'a [(IdentityKind, String)],
    ) -> Self {
        let mac = |kind: IdentityKind, value: &str| {
            store
                .vault
                .mac_identity(kind.word(), &person.portfolio, value)
        };
        let keys = |identities: &'a [(IdentityKind, String)]| -> Vec<(Key, &'a str)> {
            // A username is shown and matches nobody.
            let real = identities
                .iter()
                .filter(|(kind, _)| *kind != IdentityKind::Username);
            real.map(|(kind, value)| {
                let mac = mac(*kind, value);
                (Key { kind: *kind, mac }, value.as_str())
            })
            .collect()
        };
        let spelt = |spellings: &[String]| {
            let spellings = spellings.iter();
            spellings
                .map(|value| mac(IdentityKind::Phone, value))
                .collect()
        };
        let previous = if Mutant::RotationForgetsWho.lives() {
            &[]
        } else {
            previous
        };
        let (named, previous) = (keys(&person.identities), keys(previous));
        let only_keys =
            |keys: &[(Key, &str)]| -> Vec<Key> { keys.iter().map(|(key, _)| *key).collect() };
        let claims = Claims {
            named: only_keys(&named),
            previous: only_keys(&previous),
            spellings: spelt(&person.phone_variants),
            stripped: spelt(&person.stripped_variants),
            about: None,
        };
        Self {
            person,
            claims,
            values: named.into_iter().chain(previous).collect(),
        }
    }

    /// The same, of whom something was sent to this record.
    pub fn about(mut self, contact_id: ContactId) -> Self {
        self.claims.about = Some(contact_id);
        self
    }

    /// It is a group.
    pub fn is_group(&self) -> bool {
        self.claims
            .named
            .iter()
            .any(|key| key.kind == IdentityKind::Group)
    }

    /// Every key that may lead to a record, with its kind.
    fn keys(&self) -> impl Iterator<Item = (IdentityKind, Mac)> {
        let claims = &self.claims;
        let exact = claims.named.iter().chain(&claims.previous);
        let spelt = claims.spellings.iter().chain(&claims.stripped);
        exact
            .map(|key| (key.kind, key.mac))
            .chain(spelt.map(|mac| (IdentityKind::Phone, *mac)))
    }
}

/// What is known, and the key holders of the records in it.
#[derive(Default)]
pub(super) struct Known {
    /// Identities and records.
    pub book: Book,
    /// Which key a record's new rows are sealed with.
    pub subjects: HashMap<ContactId, SubjectId>,
}

/// Reads what is known of these people.
///
/// # Errors
/// [`Error::Database`].
pub(super) async fn read(conn: &mut PgConnection, asked: &[Asked<'_>]) -> Result<Known, Error> {
    let mut columns: (Vec<String>, Vec<String>, Vec<Vec<u8>>) = Default::default();
    columns.extend(asked.iter().flat_map(|asked| {
        let portfolio = &asked.person.portfolio;
        asked.keys().map(move |(kind, mac)| {
            (
                kind.word().to_owned(),
                portfolio.clone(),
                mac.as_bytes().to_vec(),
            )
        })
    }));
    let mut known = Known::default();
    let rows = sqlx::query!(
        r#"
        select
          i.mac,
          i.contact_id,
          i.superseded_at is not null as "is_superseded!",
          (i.kind = 'phone' and coalesce(i.superseded_at < now() - make_interval(days => $4), false)) as "is_released!",
          c.subject_id as "subject_id!"
        from (select distinct kind, portfolio, mac from unnest($1::text[], $2::text[], $3::bytea[]) as w (kind, portfolio, mac)) as wanted
        join contact_identity i
          on i.kind = wanted.kind::identity_kind
          and i.portfolio = wanted.portfolio
          and i.mac = wanted.mac
        join contact c on c.id = i.contact_id
        where c.erased_at is null
          and c.merged_into is null
          and c.subject_id is not null
        "#,
        &columns.0,
        &columns.1,
        &columns.2,
        RELEASED_AFTER_DAYS,
    )
    .fetch_all(&mut *conn)
    .await?;
    let mut records: Vec<Uuid> = asked
        .iter()
        .filter_map(|asked| asked.claims.about)
        .map(|id| id.0)
        .collect();
    for row in rows {
        let mac = Mac::try_from(row.mac.as_slice()).map_err(|_| Error::Damaged("mac"))?;
        let contact_id = ContactId(row.contact_id);
        let holding = Holding {
            contact_id,
            is_superseded: row.is_superseded,
            is_released: row.is_released,
        };
        known.book.note(mac, holding);
        known.subjects.insert(contact_id, SubjectId(row.subject_id));
        records.push(row.contact_id);
    }
    read_records(conn, &records, &mut known).await?;
    Ok(known)
}

/// What these records are known by.
async fn read_records(
    conn: &mut PgConnection,
    ids: &[Uuid],
    known: &mut Known,
) -> Result<(), Error> {
    if ids.is_empty() {
        return Ok(());
    }
    let rows = sqlx::query!(
        r#"
        select
          c.id,
          c.subject_id as "subject_id!",
          exists (select from contact_identity i where i.contact_id = c.id and i.kind = 'bsuid') as "has_bsuid!",
          exists (select from contact_identity i where i.contact_id = c.id and i.kind = 'parent_bsuid') as "has_parent!",
          exists (
            select from contact_channel w where w.contact_id = c.id and w.last_inbound_meta_at is not null
          ) as "has_written!"
        from contact c
        where c.id = any($1)
          and c.erased_at is null
          and c.merged_into is null
          and c.subject_id is not null
        "#,
        ids,
    )
    .fetch_all(conn)
    .await?;
    for row in rows {
        let id = ContactId(row.id);
        let record = Record {
            has_bsuid: row.has_bsuid,
            has_parent: row.has_parent,
            has_written: row.has_written,
        };
        known.book.note_record(id, record);
        known.subjects.insert(id, SubjectId(row.subject_id));
    }
    Ok(())
}

/// Notes which of these records a member of staff has put apart.
///
/// # Errors
/// [`Error::Database`].
pub(super) async fn read_apart(
    conn: &mut PgConnection,
    ids: &[ContactId],
    book: &mut Book,
) -> Result<bool, Error> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        r#"
        select from_contact_id, into_contact_id
        from contact_merge
        where undone_at is not null
          and from_contact_id = any($1)
          and into_contact_id = any($1)
        "#,
        &ids,
    )
    .fetch_all(conn)
    .await?;
    for row in &rows {
        book.put_apart(
            ContactId(row.from_contact_id),
            ContactId(row.into_contact_id),
        );
    }
    Ok(!rows.is_empty())
}
