//! A merge was wrong: the record that was taken in stands on its own again.
//!
//! Promises: what the merge moved goes back as far as the record still has it; nothing of the one is sent to the other;
//! every guess of who somebody is, made meanwhile, is made again (the record that remains gets a new key holder). What
//! was written since the merge stays in the case in which it was written, sealed with the key of whose case it is.
//! Does not: open again the case that the merge closed, or seal a long history anew (`reseal` does, before).

use compliance::SubjectId;
use compliance::audit::{self, Event, ObjectKind};
use sqlx::PgConnection;
use uuid::Uuid;

use super::cases::{move_cases, tell};
use super::merge::{Merged, Side, count};
use super::write::new_subject;
use super::{Resolved, address, reseal};
use crate::model::{AgentId, ContactId, SystemLine};
use crate::store::{Error, Refusal, Store};

/// A merge is to be undone.
#[derive(Clone, Debug)]
pub struct Split<'a> {
    /// Which.
    pub merge_id: Uuid,
    /// Who says so; `None`: the operator at the command line.
    pub by: Option<AgentId>,
    /// Why, as a stable word: lower-case letters and underscores, at most 40.
    pub reason: &'a str,
    /// Who acts, for the audit log; the rest is filled in here.
    pub event: Event,
}

/// What will leave with the record that was taken in.
pub(super) struct Leaving {
    /// The record that it leaves, as itself.
    pub who: Resolved,
    /// The record that remains.
    pub into: ContactId,
    /// Key holders that are the leaving record's own.
    pub subject_ids: Vec<Uuid>,
    /// Cases that the merge moved.
    pub conversation_ids: Vec<Uuid>,
}

/// What would leave if the merge were undone now; nothing is locked.
///
/// # Errors
/// As [`split`].
pub(super) async fn leaving(conn: &mut PgConnection, merge_id: Uuid) -> Result<Leaving, Error> {
    let row = sqlx::query!(
        r#"
        select
          m.from_contact_id as "from: ContactId",
          m.into_contact_id as "into: ContactId",
          m.conversation_ids,
          array(select s.id from subject s where s.id = any(m.subject_ids) and s.contact_id = m.into_contact_id)
            as "subject_ids!",
          m.undone_at is not null as "is_undone!",
          gone.subject_id,
          gone.erased_at is not null or kept.erased_at is not null as "is_erased!",
          kept.merged_into is not null as "is_taken_in!"
        from contact_merge m
        join contact gone on gone.id = m.from_contact_id
        join contact kept on kept.id = m.into_contact_id
        where m.id = $1
        "#,
        merge_id,
    )
    .fetch_optional(conn)
    .await?
    .ok_or(Refusal::NotFound)?;
    if row.is_undone {
        return Err(Refusal::AlreadySplit.into());
    }
    if row.is_taken_in {
        return Err(Refusal::TakenIn.into());
    }
    let subject_id = row.subject_id.filter(|_| !row.is_erased);
    Ok(Leaving {
        who: Resolved {
            contact_id: row.from,
            subject_id: SubjectId(subject_id.ok_or(Refusal::Erased)?),
        },
        into: row.into,
        subject_ids: row.subject_ids,
        conversation_ids: row.conversation_ids,
    })
}

/// The merge that is undone, and both records locked.
struct Undone {
    from: ContactId,
    into: ContactId,
    subject_ids: Vec<Uuid>,
    identity_ids: Vec<Uuid>,
    conversation_ids: Vec<Uuid>,
}

/// Undoes a merge, in the caller's transaction, after [`super::prepare_split`].
///
/// # Errors
/// [`Refusal::NotFound`], [`Refusal::AlreadySplit`], [`Refusal::Erased`], [`Refusal::TakenIn`] when the record that took
/// it in is part of a third by now (that merge is undone first), [`Refusal::Busy`] when much was written since it was
/// prepared; [`Error::Database`], [`Error::Vault`].
pub async fn split(
    store: &Store,
    conn: &mut PgConnection,
    split: Split<'_>,
) -> Result<Merged, Error> {
    let undone = lock(&mut *conn, split.merge_id).await?;
    let (from, into) = (undone.from, undone.into);
    let moved = sqlx::query_scalar!(
        "select id from conversation where id = any($1) and contact_id = $2 order by id for no key update",
        &undone.conversation_ids,
        into.0,
    )
    .fetch_all(&mut *conn)
    .await?;
    let identities = give_back(&mut *conn, &undone).await?;
    let own = sqlx::query!(
        r#"
        with undone as (
          update contact_merge set undone_at = now(), undone_by = $3, undone_reason = $4 where id = $2
        )
        update contact
        set merged_into = null, merged_at = null
        where id = $1
        returning subject_id as "subject_id!", clock_timestamp() as "now!"
        "#,
        from.0,
        split.merge_id,
        split.by.map(|by| by.0),
        split.reason,
    )
    .fetch_one(&mut *conn)
    .await?;
    let own_side = Resolved {
        contact_id: from,
        subject_id: SubjectId(own.subject_id),
    };
    let mut wakes = move_cases(&mut *conn, &moved, &moved, from).await?;
    let leaving = Leaving {
        who: own_side,
        into,
        subject_ids: subjects_of(&mut *conn, from).await?,
        conversation_ids: undone.conversation_ids,
    };
    reseal::rest(store, &mut *conn, &moved, &leaving).await?;
    part_channels(store, &mut *conn, own_side, into).await?;
    let subject_id = new_subject(store, &mut *conn, into).await?;
    let left = Side {
        who: Resolved {
            contact_id: into,
            subject_id,
        },
        now: own.now,
    };
    address_left(store, &mut *conn, left.who, from).await?;
    let line = SystemLine::Split { from, by: split.by };
    wakes.extend(tell(store, &mut *conn, &left, line).await?);
    let event = split
        .event
        .object(ObjectKind::Contact, into.0)
        .subject(own_side.subject_id)
        .detail("conversations", count(moved.len()))
        .detail("identities", count(identities));
    audit::record(conn, &event).await?;
    Ok(Merged {
        merge_id: split.merge_id,
        conversations: moved.len(),
        identities,
        wakes,
    })
}

async fn subjects_of(conn: &mut PgConnection, id: ContactId) -> Result<Vec<Uuid>, Error> {
    let ids = sqlx::query_scalar!("select id from subject where contact_id = $1", id.0);
    Ok(ids.fetch_all(conn).await?)
}

/// Gives key holders and identities back, as far as the record still has them; how many identities.
async fn give_back(conn: &mut PgConnection, undone: &Undone) -> Result<usize, Error> {
    sqlx::query!(
        "update subject set contact_id = $3 where id = any($1) and contact_id = $2",
        &undone.subject_ids,
        undone.into.0,
        undone.from.0
    )
    .execute(&mut *conn)
    .await?;
    let identities = sqlx::query!(
        "update contact_identity set contact_id = $3 where id = any($1) and contact_id = $2",
        &undone.identity_ids,
        undone.into.0,
        undone.from.0,
    )
    .execute(conn)
    .await?;
    Ok(usize::try_from(identities.rows_affected()).unwrap_or(usize::MAX))
}

/// Locks both records in the order of their ids, then the merge.
async fn lock(conn: &mut PgConnection, merge_id: Uuid) -> Result<Undone, Error> {
    let merge = sqlx::query!(
        "select from_contact_id, into_contact_id from contact_merge where id = $1",
        merge_id
    )
    .fetch_optional(&mut *conn)
    .await?
    .ok_or(Refusal::NotFound)?;
    let records = sqlx::query!(
        r#"
        select
          id,
          erased_at is not null as "is_erased!",
          merged_into is not null as "is_taken_in!"
        from contact
        where id = any($1)
        order by id
        for update
        "#,
        &[merge.from_contact_id, merge.into_contact_id],
    )
    .fetch_all(&mut *conn)
    .await?;
    let merge = sqlx::query!(
        r#"
        select
          from_contact_id,
          into_contact_id,
          subject_ids,
          identity_ids,
          conversation_ids,
          undone_at is not null as "is_undone!"
        from contact_merge
        where id = $1
        for update
        "#,
        merge_id,
    )
    .fetch_one(conn)
    .await?;
    if merge.is_undone {
        return Err(Refusal::AlreadySplit.into());
    }
    if records.iter().any(|record| record.is_erased) {
        return Err(Refusal::Erased.into());
    }
    if records
        .iter()
        .any(|record| record.id == merge.into_contact_id && record.is_taken_in)
    {
        return Err(Refusal::TakenIn.into());
    }
    Ok(Undone {
        from: ContactId(merge.from_contact_id),
        into: ContactId(merge.into_contact_id),
        subject_ids: merge.subject_ids,
        identity_ids: merge.identity_ids,
        conversation_ids: merge.conversation_ids,
    })
}

/// A wish about marketing that was made meanwhile holds for both: we cannot know whose it was. The window of the record
/// that leaves is the one it had: too short a window costs a template, too long a one an error.
async fn part_channels(
    store: &Store,
    conn: &mut PgConnection,
    from: Resolved,
    into: ContactId,
) -> Result<(), Error> {
    sqlx::query!(
        r#"
        update contact_channel theirs
        set marketing = ours.marketing, marketing_at = ours.marketing_at
        from contact_channel ours
        where theirs.contact_id = $1
          and ours.contact_id = $2
          and ours.channel_id = theirs.channel_id
          and ours.marketing_at > coalesce(theirs.marketing_at, '-infinity')
        "#,
        from.contact_id.0,
        into.0,
    )
    .execute(&mut *conn)
    .await?;
    // Its identities may have changed hands while it was part of the other.
    address::keep_own(store, conn, from).await
}

/// The addresses of the record that remains must not lead to the one that left.
async fn address_left(
    store: &Store,
    conn: &mut PgConnection,
    left: Resolved,
    gone: ContactId,
) -> Result<(), Error> {
    let opened = super::open(store, &mut *conn, &[gone]).await?;
    let gone: Vec<&str> = opened
        .iter()
        .flat_map(|contact| &contact.identities)
        .map(|(_, value)| value.as_str())
        .collect();
    address::lead_away(store, conn, left, &gone).await
}
