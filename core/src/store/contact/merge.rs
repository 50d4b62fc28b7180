//! Two records turn out to be one person: one takes the other in.
//!
//! Promises: subjects, identities and cases move, and the row of the merge says which, so that `split` can give them
//! back; one unresolved case a channel remains; the record that was taken in keeps its own attributes, sealed as they
//! were. Locks ascend: contacts, conversations, then what belongs to them.
//! Does not: check who may do that (callers do), or ring the bell.

use chrono::{DateTime, Utc};
use compliance::audit::{self, Event, ObjectKind};
use compliance::{Mutant, SubjectId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::cases::{cases, doubled, end_doubled, move_cases, tell};
use super::{Resolved, address};
use crate::bell::Wake;
use crate::model::{AgentId, ContactId, SystemLine};
use crate::store::{Error, Refusal, Store};

/// One record is to take another in.
#[derive(Clone, Debug)]
pub struct Merge<'a> {
    /// The record that is taken in.
    pub from: ContactId,
    /// The record that remains.
    pub into: ContactId,
    /// Who says so; `None`: the channel itself, or the operator at the command line.
    pub by: Option<AgentId>,
    /// Why, as a stable word: lower-case letters and underscores, at most 40.
    pub reason: &'a str,
    /// Who acts, for the audit log; the rest is filled in here.
    pub event: Event,
}

/// What a merge, or its undoing, came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Merged {
    /// The merge: what undoes it.
    pub merge_id: Uuid,
    /// Cases that moved.
    pub conversations: usize,
    /// Identities that moved.
    pub identities: usize,
    /// To be rung after COMMIT.
    pub wakes: Vec<Wake>,
}

/// A record that takes part, locked.
pub(super) struct Side {
    /// Who, and the key that new rows are sealed with.
    pub who: Resolved,
    /// The database's time.
    pub now: DateTime<Utc>,
}

/// Takes one record into another, in the caller's transaction.
///
/// # Errors
/// [`Refusal::NotFound`], [`Refusal::Erased`], [`Refusal::TakenIn`] when either is part of another by now,
/// [`Refusal::NotAlike`] for one and the same record or a group; [`Error::Database`], [`Error::Vault`].
pub async fn merge(
    store: &Store,
    conn: &mut PgConnection,
    merge: Merge<'_>,
) -> Result<Merged, Error> {
    if merge.from == merge.into {
        return Err(Refusal::NotAlike.into());
    }
    let (from, into) = lock_both(&mut *conn, merge.from, merge.into).await?;
    let cases = cases(&mut *conn, merge.from, merge.into).await?;
    let doubled = doubled(&cases);
    end_doubled(&mut *conn, &doubled, merge.by).await?;
    let moved: Vec<Uuid> = cases
        .iter()
        .filter(|case| case.contact_id == merge.from)
        .map(|case| case.id.0)
        .collect();
    let subjects = move_subjects(&mut *conn, merge.from, merge.into).await?;
    let identities = move_identities(&mut *conn, merge.from, merge.into).await?;
    let mut touched = moved.clone();
    touched.extend(doubled.iter().flat_map(|(kept, ended)| [kept.0, ended.0]));
    let mut wakes = move_cases(&mut *conn, &touched, &moved, merge.into).await?;
    join_channels(store, &mut *conn, &from, &into).await?;
    let merge_id = Uuid::now_v7();
    sqlx::query!(
        r#"
        with taken as (
          update contact set merged_into = $3, merged_at = now() where id = $2
        )
        insert into contact_merge (
          id, from_contact_id, into_contact_id, subject_ids, identity_ids, conversation_ids, by_agent_id, reason
        )
        values ($1, $2, $3, $4, $5, $6, $7, $8)
        "#,
        merge_id,
        merge.from.0,
        merge.into.0,
        &subjects,
        &identities,
        &moved,
        merge.by.map(|by| by.0),
        merge.reason,
    )
    .execute(&mut *conn)
    .await?;
    let line = SystemLine::Merged {
        from: merge.from,
        by: merge.by,
    };
    wakes.extend(tell(store, &mut *conn, &into, line).await?);
    let event = merge
        .event
        .object(ObjectKind::Contact, merge.into.0)
        .subject(from.who.subject_id)
        .detail("conversations", count(moved.len()))
        .detail("identities", count(identities.len()))
        .detail("subjects", count(subjects.len()));
    if !Mutant::MergeUnrecorded.lives() {
        audit::record(conn, &event).await?;
    }
    Ok(Merged {
        merge_id,
        conversations: moved.len(),
        identities: identities.len(),
        wakes,
    })
}

/// Locks two records in the order of their ids.
async fn lock_both(
    conn: &mut PgConnection,
    from: ContactId,
    into: ContactId,
) -> Result<(Side, Side), Error> {
    let rows = sqlx::query!(
        r#"
        select
          id,
          kind = 'group' as "is_group!",
          subject_id,
          erased_at is not null as "is_erased!",
          merged_into is not null as "is_taken_in!",
          clock_timestamp() as "now!"
        from contact
        where id = any($1)
        order by id
        for update
        "#,
        &[from.0, into.0],
    )
    .fetch_all(conn)
    .await?;
    let side = |id: ContactId| {
        let row = rows.iter().find(|row| row.id == id.0);
        let row = row.ok_or(Refusal::NotFound)?;
        match (row.is_erased, row.is_taken_in, row.is_group, row.subject_id) {
            (true, ..) => Err(Error::from(Refusal::Erased)),
            (_, true, ..) => Err(Refusal::TakenIn.into()),
            (.., true, _) => Err(Refusal::NotAlike.into()),
            (.., None) => Err(Error::Damaged("a record without a key holder")),
            (.., Some(subject)) => Ok(Side {
                who: Resolved {
                    contact_id: id,
                    subject_id: SubjectId(subject),
                },
                now: row.now,
            }),
        }
    };
    Ok((side(from)?, side(into)?))
}

async fn move_subjects(
    conn: &mut PgConnection,
    from: ContactId,
    into: ContactId,
) -> Result<Vec<Uuid>, Error> {
    Ok(sqlx::query_scalar!(
        "update subject set contact_id = $2 where contact_id = $1 returning id",
        from.0,
        into.0
    )
    .fetch_all(conn)
    .await?)
}

async fn move_identities(
    conn: &mut PgConnection,
    from: ContactId,
    into: ContactId,
) -> Result<Vec<Uuid>, Error> {
    Ok(sqlx::query_scalar!(
        "update contact_identity set contact_id = $2 where contact_id = $1 returning id",
        from.0,
        into.0
    )
    .fetch_all(conn)
    .await?)
}

/// Per number: the later window, the newest wish about marketing, the address of whoever wrote last. The rows of the
/// record that is taken in stay as they are.
async fn join_channels(
    store: &Store,
    conn: &mut PgConnection,
    from: &Side,
    into: &Side,
) -> Result<(), Error> {
    let newer = sqlx::query_scalar!(
        r#"
        select theirs.channel_id
        from contact_channel theirs
        left join contact_channel ours on ours.contact_id = $2 and ours.channel_id = theirs.channel_id
        where theirs.contact_id = $1
          and (
            ours.sealed_address is null
            or theirs.last_inbound_meta_at > coalesce(ours.last_inbound_meta_at, '-infinity')
          )
        "#,
        from.who.contact_id.0,
        into.who.contact_id.0,
    )
    .fetch_all(&mut *conn)
    .await?;
    sqlx::query!(
        r#"
        insert into contact_channel as ours (
          contact_id, channel_id, last_inbound_meta_at, window_until, marketing, marketing_at, is_undeliverable
        )
        select $2, channel_id, last_inbound_meta_at, window_until, marketing, marketing_at, is_undeliverable
        from contact_channel
        where contact_id = $1
        order by channel_id
        on conflict (contact_id, channel_id) do update set
          last_inbound_meta_at = greatest(ours.last_inbound_meta_at, excluded.last_inbound_meta_at),
          window_until = greatest(ours.window_until, excluded.window_until),
          marketing = case
            when coalesce(excluded.marketing_at, '-infinity') > coalesce(ours.marketing_at, '-infinity')
              or (excluded.marketing = 'stopped' and ours.marketing_at is null)
              or ours.marketing = 'unknown'
            then excluded.marketing
            else ours.marketing
          end,
          marketing_at = greatest(ours.marketing_at, excluded.marketing_at),
          is_undeliverable = ours.is_undeliverable and excluded.is_undeliverable
        "#,
        from.who.contact_id.0,
        into.who.contact_id.0,
    )
    .execute(&mut *conn)
    .await?;
    let mut rows = address::read(store, &mut *conn, from.who.contact_id).await?;
    rows.retain(|row| newer.contains(&row.channel_id));
    address::give(store, conn, &rows, into.who).await
}

pub(super) fn count(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}
