//! Finds the contacts of a batch of people, links identities seen together, makes new people, joins records that turn
//! out to be one person.
//!
//! Promises: a handful of statements however many people; people of one batch find each other too; whatever changes a
//! record that exists is decided again under its lock. Does not: decide (`decide` does, purely).

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use compliance::audit::{self, Action, ActorKind, Event, ObjectKind};
use compliance::{Mac, SubjectId};
use sqlx::{Acquire, PgConnection};
use uuid::Uuid;

use super::decide::{Book, Decision, Key, decide};
use super::known::{Asked, Known, read, read_apart};
use super::merge::{Merge, merge};
use super::write::{Linked, create, link, lose_number, release, supersede};
use super::{IdentityKind, Person, Resolved, Settled, address};
use crate::bell::Wake;
use crate::model::ContactId;
use crate::store::{Error, Store};

/// Looks before giving up, when others change the same records at the same moment.
const MAX_LOOKS: u32 = 4;

/// A person whose number or user id changed, as the channel announces it.
#[derive(Clone)]
pub struct Rotation<'a> {
    /// Who they are now.
    pub person: &'a Person,
    /// What they were known by before.
    pub previous: &'a [(IdentityKind, String)],
    /// Meta's time.
    pub at: DateTime<Utc>,
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
) -> Result<Settled, Error> {
    let asked: Vec<Asked<'_>> = people
        .iter()
        .map(|person| Asked::of(store, person))
        .collect();
    settle(store, conn, &asked, None).await
}

/// Learns what statuses say of the contacts that something was sent to. A status makes nobody, and a number that it
/// shows in other hands is not followed: whoever has it now will say so.
///
/// # Errors
/// As [`resolve`].
pub async fn learn(
    store: &Store,
    conn: &mut PgConnection,
    told: &[(ContactId, Person)],
) -> Result<Vec<Wake>, Error> {
    let asked: Vec<Asked<'_>> = told
        .iter()
        .map(|(id, person)| Asked::of(store, person).about(*id))
        .collect();
    Ok(settle(store, conn, &asked, None).await?.wakes)
}

/// Re-keys a person whose number or user id changed: old and new identities are one contact's, whichever of them is
/// known, and replies go to the new ones. Repeating it changes nothing.
///
/// # Errors
/// As [`resolve`].
pub async fn rotate(
    store: &Store,
    conn: &mut PgConnection,
    rotation: &Rotation<'_>,
) -> Result<(Resolved, Vec<Wake>), Error> {
    let asked = [Asked::with_previous(
        store,
        rotation.person,
        rotation.previous,
    )];
    let settled = settle(store, conn, &asked, Some(rotation.at)).await?;
    let who = settled.who.first().copied();
    Ok((
        who.ok_or(Error::Damaged("a rotation of nobody"))?,
        settled.wakes,
    ))
}

/// What is going to be done.
#[derive(Default)]
struct Plan<'a> {
    known: Known,
    /// Whose each is; `None`: of no record, and none is made.
    who: Vec<Option<ContactId>>,
    made: Vec<(ContactId, &'a Asked<'a>)>,
    merges: Vec<(ContactId, ContactId)>,
    /// Keys to be stored, once each.
    linked: BTreeSet<Key>,
    /// Keys that are somebody else's until then, and whose.
    taken: Vec<(Key, ContactId)>,
    superseded: BTreeSet<Key>,
    /// Records that exist and are going to be changed.
    touched: BTreeSet<ContactId>,
}

impl<'a> Plan<'a> {
    fn of(mut known: Known, asked: &'a [Asked<'a>]) -> Self {
        let mut plan = Self::default();
        for asked in asked {
            let about = asked.claims.about;
            if about.is_some_and(|about| !known.subjects.contains_key(&known.book.root(about))) {
                plan.who.push(None);
                continue;
            }
            let mut decision = decide(&asked.claims, &known.book);
            if about.is_some() {
                decision.take.clear();
            }
            if decision.is_idle() || (decision.who.is_none() && about.is_some()) {
                plan.who.push(decision.who);
                continue;
            }
            let who = decision.who.unwrap_or_else(|| {
                let id = ContactId::new();
                plan.made.push((id, asked));
                id
            });
            plan.note(&known, &decision, who);
            known.book.apply(&decision, who, &asked.claims);
            plan.who.push(Some(who));
        }
        let made: Vec<ContactId> = plan.made.iter().map(|(id, _)| *id).collect();
        plan.touched.retain(|id| !made.contains(id));
        plan.known = known;
        plan
    }

    fn note(&mut self, known: &Known, decision: &Decision, who: ContactId) {
        for key in &decision.take {
            if let Some(holding) = known.book.holder(&key.mac) {
                self.taken.push((*key, holding.contact_id));
                self.touched.insert(holding.contact_id);
            }
        }
        self.linked.extend(&decision.link);
        self.linked.extend(&decision.take);
        self.superseded.extend(&decision.supersede);
        self.merges
            .extend(decision.merge.iter().map(|from| (*from, who)));
        self.touched.insert(who);
        self.touched.extend(&decision.merge);
    }
}

async fn settle(
    store: &Store,
    conn: &mut PgConnection,
    asked: &[Asked<'_>],
    rotated_at: Option<DateTime<Utc>>,
) -> Result<Settled, Error> {
    let mut plan = look(&mut *conn, asked).await?;
    if !plan.linked.is_empty() && hold_numbers(&mut *conn, asked).await? {
        plan = look(&mut *conn, asked).await?;
    }
    for _ in 0..MAX_LOOKS {
        if plan.touched.is_empty() && rotated_at.is_none() {
            return carry_out(store, conn, plan, asked, None).await;
        }
        // A savepoint: should more records turn out to be touched, these locks are given back before all are taken,
        // in order.
        let mut point = conn.begin().await?;
        let held = lock(&mut point, &plan.touched).await?;
        plan = look(&mut point, asked).await?;
        if plan.touched.is_subset(&held) {
            let settled = carry_out(store, &mut point, plan, asked, rotated_at).await?;
            point.commit().await?;
            return Ok(settled);
        }
        point.rollback().await?;
    }
    Err(Error::Damaged(
        "records of one person kept changing while they were joined",
    ))
}

/// Keeps other nodes from making the same subscribers under another spelling until this transaction ends: the unique
/// key of identities knows each spelling by itself. Before any row is locked, all at once and in order. Whether there
/// was anything to hold.
async fn hold_numbers(conn: &mut PgConnection, asked: &[Asked<'_>]) -> Result<bool, Error> {
    let numbers: Vec<i64> = asked
        .iter()
        .filter_map(|asked| asked.claims.subscriber())
        .collect();
    if numbers.is_empty() {
        return Ok(false);
    }
    sqlx::query!(
        r#"
        select pg_advisory_xact_lock(number)
        from (select distinct number from unnest($1::bigint[]) as w (number) order by number offset 0) as numbers
        "#,
        &numbers,
    )
    .execute(conn)
    .await?;
    Ok(true)
}

async fn look<'a>(conn: &mut PgConnection, asked: &'a [Asked<'a>]) -> Result<Plan<'a>, Error> {
    let plan = Plan::of(read(&mut *conn, asked).await?, asked);
    if plan.merges.is_empty() {
        return Ok(plan);
    }
    let ids: Vec<ContactId> = plan.touched.iter().copied().collect();
    let mut known = read(&mut *conn, asked).await?;
    if read_apart(conn, &ids, &mut known.book).await? {
        return Ok(Plan::of(known, asked));
    }
    Ok(plan)
}

/// Locks the records that are still there, in order.
async fn lock(
    conn: &mut PgConnection,
    ids: &BTreeSet<ContactId>,
) -> Result<BTreeSet<ContactId>, Error> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let held = sqlx::query_scalar!(
        r#"
        select id
        from contact
        where id = any($1)
          and erased_at is null
          and merged_into is null
        order by id
        for update
        "#,
        &ids,
    )
    .fetch_all(conn)
    .await?;
    Ok(held.into_iter().map(ContactId).collect())
}

async fn carry_out(
    store: &Store,
    conn: &mut PgConnection,
    plan: Plan<'_>,
    asked: &[Asked<'_>],
    rotated_at: Option<DateTime<Utc>>,
) -> Result<Settled, Error> {
    let newcomers: Vec<(ContactId, &Person, bool)> = plan
        .made
        .iter()
        .map(|(id, asked)| (*id, asked.person, asked.is_group()))
        .collect();
    let is_news = !plan.linked.is_empty() || !plan.merges.is_empty() || !plan.superseded.is_empty();
    let Known { book, mut subjects } = plan.known;
    subjects.extend(create(store, &mut *conn, &newcomers).await?);
    let wakes = join(store, &mut *conn, &plan.merges, rotated_at.is_some()).await?;
    release(&mut *conn, &plan.taken).await?;
    let values = values(asked);
    let links = links(&plan.linked, &values, &book, &subjects)?;
    link(store, &mut *conn, &links).await?;
    for (key, from) in &plan.taken {
        if let Some((_, number)) = values.get(&key.mac) {
            let from = book.root(*from);
            subjects.insert(from, lose_number(store, &mut *conn, from, number).await?);
        }
    }
    let mut who = Vec::with_capacity(asked.len());
    for contact_id in plan.who.iter().flatten().map(|id| book.root(*id)) {
        who.push(Resolved {
            contact_id,
            subject_id: subject(&subjects, contact_id)?,
        });
    }
    if let (Some(at), [asked], [who]) = (rotated_at, asked, who.as_slice()) {
        supersede(&mut *conn, &plan.superseded, at).await?;
        // An announcement that comes after a newer one must not lead back.
        let is_newest = asked.claims.named.iter().all(|key| {
            let holding = book.holder(&key.mac);
            holding.is_none_or(|holding| !holding.is_superseded)
        });
        if is_newest {
            address::lead_to(store, &mut *conn, *who, asked.person).await?;
        }
        if is_news {
            let event = Event::new(Action::ContactRotated, ActorKind::System, None)
                .object(ObjectKind::Contact, who.contact_id.0)
                .subject(who.subject_id);
            audit::record(conn, &event).await?;
        }
    }
    Ok(Settled { who, wakes })
}

/// Takes records in, in the order in which they were found to be one.
async fn join(
    store: &Store,
    conn: &mut PgConnection,
    merges: &[(ContactId, ContactId)],
    is_rotation: bool,
) -> Result<Vec<Wake>, Error> {
    let reason = if is_rotation {
        "rotated"
    } else {
        "seen_together"
    };
    let mut wakes = Vec::new();
    for (from, into) in merges {
        let joined = Merge {
            from: *from,
            into: *into,
            by: None,
            reason,
            event: Event::new(Action::ContactMerged, ActorKind::System, None)
                .detail("reason", reason),
        };
        wakes.extend(merge(store, &mut *conn, joined).await?.wakes);
    }
    Ok(wakes)
}

/// Portfolio and value behind each key.
fn values<'a>(asked: &'a [Asked<'a>]) -> HashMap<Mac, (&'a str, &'a str)> {
    let of_one = |asked: &'a Asked<'a>| {
        let portfolio = asked.person.portfolio.as_str();
        let values = asked.values.iter();
        values.map(move |(key, value)| (key.mac, (portfolio, *value)))
    };
    asked.iter().flat_map(of_one).collect()
}

/// What is to be stored, by whose it is in the end.
fn links<'a>(
    linked: &BTreeSet<Key>,
    values: &HashMap<Mac, (&'a str, &'a str)>,
    book: &Book,
    subjects: &HashMap<ContactId, SubjectId>,
) -> Result<Vec<Linked<'a>>, Error> {
    let mut links = Vec::with_capacity(linked.len());
    for key in linked {
        let holder = book.holder(&key.mac);
        if let (Some(holding), Some((portfolio, value))) = (holder, values.get(&key.mac)) {
            let contact_id = book.root(holding.contact_id);
            links.push(Linked {
                contact_id,
                subject_id: subject(subjects, contact_id)?,
                key: *key,
                portfolio,
                value,
            });
        }
    }
    Ok(links)
}

fn subject(
    subjects: &HashMap<ContactId, SubjectId>,
    contact_id: ContactId,
) -> Result<SubjectId, Error> {
    subjects
        .get(&contact_id)
        .copied()
        .ok_or(Error::Damaged("a record without a key holder"))
}
