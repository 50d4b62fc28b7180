//! One row per visible change: what moved after a rev (live and resume), and the safety-net cursor over all of them.
//!
//! Promises: a conversation is read after a known rev, never after a global id (ids commit out of order: some would be
//! missed). The cursor below `pg_snapshot_xmin` misses nothing but may lag behind a long transaction; it is the net,
//! not the way.

use sqlx::PgConnection;
use uuid::Uuid;

use super::Error;
use crate::bell::Wake;
use crate::model::ConversationId;

/// What changed in a conversation after a rev.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changes {
    /// Which conversation.
    pub conversation_id: ConversationId,
    /// The rev asked for.
    pub rev_from: i64,
    /// The newest rev.
    pub rev_to: i64,
    /// Items touched, ascending, each once.
    pub seqs: Vec<i64>,
    /// The feed no longer has all of it, or never had that rev: the client must read anew.
    pub resync: bool,
}

/// Changes of many conversations after the revs that are known, in one read; unknown conversations are left out.
///
/// # Errors
/// [`Error::Database`].
pub async fn changes(
    conn: &mut PgConnection,
    known: &[(ConversationId, i64)],
) -> Result<Vec<Changes>, Error> {
    let (conversations, revs): (Vec<Uuid>, Vec<i64>) =
        known.iter().map(|(id, rev)| (id.0, *rev)).unzip();
    let rows = sqlx::query!(
        r#"
        select
          c.id,
          known.rev as "rev_from!",
          c.last_rev,
          count(f.rev) as "n!",
          coalesce(array_agg(distinct f.seq order by f.seq) filter (where f.seq > 0), '{}') as "seqs!"
        from unnest($1::uuid[], $2::bigint[]) as known (id, rev)
        join conversation c on c.id = known.id
        left join feed f on f.conversation_id = c.id and f.rev > known.rev and f.rev <= c.last_rev
        group by c.id, known.rev, c.last_rev
        "#,
        &conversations,
        &revs,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Changes {
            conversation_id: ConversationId(row.id),
            rev_from: row.rev_from,
            rev_to: row.last_rev,
            seqs: row.seqs,
            resync: row.last_rev.checked_sub(row.rev_from) != Some(row.n),
        })
        .collect())
}

/// A place in the feed of the whole installation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    tx: String,
    id: i64,
}

/// The cursor behind everything that is certainly visible now.
///
/// # Errors
/// [`Error::Database`].
pub async fn now(conn: &mut PgConnection) -> Result<Cursor, Error> {
    let tx =
        sqlx::query_scalar!(r#"select pg_snapshot_xmin(pg_current_snapshot())::text as "tx!""#)
            .fetch_one(conn)
            .await?;
    Ok(Cursor { tx, id: -1 })
}

/// Conversations that moved after the cursor, with their newest rev there, and the next cursor. At most `limit` rows
/// of the feed are read at once.
///
/// # Errors
/// [`Error::Database`].
pub async fn tail(
    conn: &mut PgConnection,
    after: &Cursor,
    limit: i64,
) -> Result<(Vec<Wake>, Cursor), Error> {
    let rows = sqlx::query!(
        r#"
        select conversation_id, rev, tx::text as "tx!", id
        from feed
        where (tx, id) > (($1::text)::xid8, $2)
          and tx < pg_snapshot_xmin(pg_current_snapshot())
        order by tx, id
        limit $3
        "#,
        after.tx,
        after.id,
        limit,
    )
    .fetch_all(conn)
    .await?;
    let cursor = rows.last().map_or_else(
        || after.clone(),
        |row| Cursor {
            tx: row.tx.clone(),
            id: row.id,
        },
    );
    let mut newest: std::collections::HashMap<Uuid, i64> = std::collections::HashMap::new();
    for row in rows {
        let rev = newest.entry(row.conversation_id).or_default();
        *rev = (*rev).max(row.rev);
    }
    let wakes = newest
        .into_iter()
        .map(|(id, rev)| Wake {
            conversation_id: ConversationId(id),
            rev,
        })
        .collect();
    Ok((wakes, cursor))
}
