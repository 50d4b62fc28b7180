//! Finds the contacts of a batch of people, links identities seen together, makes new people.
//!
//! Promises: a handful of statements however many people; people of one batch find each other too.

use std::collections::HashMap;

use compliance::{Mac, Place, SubjectId, SubjectKind};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Attributes, IdentityKind, Person, Resolved};
use crate::model::ContactId;
use crate::store::{Error, Store};

struct Key {
    kind: IdentityKind,
    mac: Mac,
    exact: bool,
}

fn keys_of(store: &Store, person: &Person) -> Vec<Key> {
    let exact = person
        .identities
        .iter()
        .map(|(kind, value)| (*kind, value, true));
    let variants = person
        .phone_variants
        .iter()
        .map(|value| (IdentityKind::Phone, value, false));
    let mut keys: Vec<Key> = exact
        .chain(variants)
        .map(|(kind, value, exact)| Key {
            kind,
            mac: store
                .vault
                .mac_identity(kind.word(), &person.portfolio, value),
            exact,
        })
        .collect();
    keys.sort_by_key(|key| (key.kind, !key.exact));
    keys
}

/// A person of a batch: in the database already, or the n-th newcomer.
#[derive(Clone, Copy)]
enum Who {
    Known(Resolved),
    Newcomer(usize),
}

/// An identity that is not stored yet.
struct Link<'a> {
    who: Who,
    kind: IdentityKind,
    portfolio: &'a str,
    value: &'a str,
    mac: Mac,
}

/// Finds or makes the contacts of these people, in order, in a handful of statements however many they are. Runs in a
/// short transaction of its own, before sealing: a contact without messages is harmless.
///
/// # Errors
/// [`Error::Database`] (23505 when another node made the same person at this moment: run again), [`Error::Vault`].
pub async fn resolve(
    store: &Store,
    conn: &mut PgConnection,
    people: &[Person],
) -> Result<Vec<Resolved>, Error> {
    let keys: Vec<Vec<Key>> = people.iter().map(|person| keys_of(store, person)).collect();
    let mut known = known(&mut *conn, people, &keys).await?;
    let mut newcomers: Vec<&Person> = Vec::new();
    let mut links: Vec<Link<'_>> = Vec::new();
    let mut whose = Vec::with_capacity(people.len());
    for (person, keys) in people.iter().zip(&keys) {
        let found = keys.iter().find_map(|key| known.get(&key.mac).copied());
        let who = found.unwrap_or_else(|| {
            newcomers.push(person);
            Who::Newcomer(newcomers.len() - 1)
        });
        let portfolio = person.portfolio.as_str();
        for (kind, value) in &person.identities {
            let (kind, mac) = (
                *kind,
                store.vault.mac_identity(kind.word(), portfolio, value),
            );
            known.entry(mac).or_insert_with(|| {
                links.push(Link {
                    who,
                    kind,
                    portfolio,
                    value,
                    mac,
                });
                who
            });
        }
        whose.push(who);
    }
    let made = create(store, &mut *conn, &newcomers).await?;
    link(store, conn, &links, &made).await?;
    Ok(whose.into_iter().map(|who| who.resolved(&made)).collect())
}

impl Who {
    fn resolved(self, made: &[Resolved]) -> Resolved {
        match self {
            Self::Known(resolved) => resolved,
            Self::Newcomer(n) => made[n],
        }
    }
}

/// Whom these keys lead to.
async fn known(
    conn: &mut PgConnection,
    people: &[Person],
    keys: &[Vec<Key>],
) -> Result<HashMap<Mac, Who>, Error> {
    let of_person = |(person, keys): (&Person, &Vec<Key>)| {
        let portfolio = person.portfolio.clone();
        keys.iter()
            .map(|key| {
                (
                    key.kind.word().to_owned(),
                    portfolio.clone(),
                    key.mac.as_bytes().to_vec(),
                )
            })
            .collect::<Vec<_>>()
    };
    let mut columns: (Vec<String>, Vec<String>, Vec<Vec<u8>>) = Default::default();
    columns.extend(people.iter().zip(keys).flat_map(of_person));
    let rows = sqlx::query!(
        r#"
        select i.mac, i.contact_id, c.subject_id as "subject_id!"
        from unnest($1::text[], $2::text[], $3::bytea[]) as wanted (kind, portfolio, mac)
        join contact_identity i
          on i.kind = wanted.kind::identity_kind
          and i.portfolio = wanted.portfolio
          and i.mac = wanted.mac
        join contact c on c.id = i.contact_id
        where c.erased_at is null
          and c.subject_id is not null
        "#,
        &columns.0,
        &columns.1,
        &columns.2,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let mac = Mac::try_from(row.mac.as_slice()).map_err(|_| Error::Damaged("mac"))?;
            let who = Resolved {
                contact_id: ContactId(row.contact_id),
                subject_id: SubjectId(row.subject_id),
            };
            Ok((mac, Who::Known(who)))
        })
        .collect()
}

async fn create(
    store: &Store,
    conn: &mut PgConnection,
    newcomers: &[&Person],
) -> Result<Vec<Resolved>, Error> {
    if newcomers.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Uuid> = newcomers.iter().map(|_| ContactId::new().0).collect();
    sqlx::query!(
        "insert into contact (id) select id from unnest($1::uuid[]) as made (id)",
        &ids
    )
    .execute(&mut *conn)
    .await?;
    let owners: Vec<Option<Uuid>> = ids.iter().copied().map(Some).collect();
    let subjects =
        compliance::create_many(&mut *conn, &store.vault, SubjectKind::Contact, &owners).await?;
    let keys = store.vault.load(&mut *conn, &subjects).await?;
    let mut sealed = Vec::with_capacity(ids.len());
    for ((id, subject), person) in ids.iter().zip(&subjects).zip(newcomers) {
        let attributes = Attributes {
            name: person.name.clone(),
            ..Attributes::default()
        };
        let plaintext =
            serde_json::to_vec(&attributes).map_err(|_| Error::Damaged("attributes"))?;
        sealed.push(
            keys.require(*subject)?
                .seal(Place::contact(*id), &plaintext)?,
        );
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
    Ok(ids
        .into_iter()
        .zip(subjects)
        .map(|(id, subject_id)| Resolved {
            contact_id: ContactId(id),
            subject_id,
        })
        .collect())
}

async fn link(
    store: &Store,
    conn: &mut PgConnection,
    links: &[Link<'_>],
    made: &[Resolved],
) -> Result<(), Error> {
    if links.is_empty() {
        return Ok(());
    }
    let whose: Vec<Resolved> = links.iter().map(|link| link.who.resolved(made)).collect();
    let subjects: Vec<SubjectId> = whose.iter().map(|who| who.subject_id).collect();
    let keys = store.vault.load(&mut *conn, &subjects).await?;
    let ids: Vec<Uuid> = links.iter().map(|_| Uuid::now_v7()).collect();
    let mut sealed = Vec::with_capacity(links.len());
    for ((link, id), subject) in links.iter().zip(&ids).zip(&subjects) {
        let key = keys.require(*subject)?;
        sealed.push(key.seal(Place::contact_identity(*id), link.value.as_bytes())?);
    }
    let contacts: Vec<Uuid> = whose.iter().map(|who| who.contact_id.0).collect();
    let kinds: Vec<String> = links
        .iter()
        .map(|link| link.kind.word().to_owned())
        .collect();
    let portfolios: Vec<String> = links.iter().map(|link| link.portfolio.to_owned()).collect();
    let macs: Vec<Vec<u8>> = links
        .iter()
        .map(|link| link.mac.as_bytes().to_vec())
        .collect();
    let subject_ids: Vec<Uuid> = subjects.iter().map(|subject| subject.0).collect();
    // A plain insert: when another node linked one at this moment, the unique key says so and the caller runs again. In
    // the order of the key, so that two nodes wait for each other in one direction only.
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
