//! The statements of one append: proving the lease, taking what waits, writing leaves.

use sqlx::PgConnection;
use uuid::Uuid;

use super::broken;
use crate::{
    Result,
    audit::{
        event::ActorKind,
        leaf::{self, Row},
        tree::Frontier,
    },
};

/// Renews the lease and returns how many leaves are stored; none when somebody took the lease over. The row stays
/// locked until the transaction ends, so nobody can take it meanwhile.
pub(super) async fn renew(
    conn: &mut PgConnection,
    holder: Uuid,
    token: i64,
) -> Result<Option<u64>> {
    let size = sqlx::query_scalar!(
        r#"
        update lease
        set until = clock_timestamp() + interval '10 s'
        where name = 'sequencer'
          and holder = $1
          and token = $2
        returning (select coalesce(max(position) + 1, 0) from audit_leaf) as "size!"
        "#,
        holder,
        token,
    )
    .fetch_optional(conn)
    .await?;
    Ok(size.map(i64::unsigned_abs))
}

pub(super) async fn pending(conn: &mut PgConnection) -> Result<Vec<Row>> {
    let rows = sqlx::query_as!(
        Row,
        r#"
        select
          event.id,
          event.at,
          event.action,
          event.actor_kind as "actor_kind: ActorKind",
          event.actor,
          event.object_kind,
          event.object,
          event.outcome,
          event.request,
          event.session,
          event.subject,
          event.team,
          event.detail
        from audit_pending as pending
        join audit_event as event on event.id = pending.event_id
        order by event.at, event.id
        limit $1
        "#,
        super::BATCH_EVENTS,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows)
}

pub(super) async fn write_leaves(
    conn: &mut PgConnection,
    rows: &[Row],
    frontier: &mut Frontier,
) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let first = frontier.size().cast_signed();
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let leaves: Vec<Vec<u8>> = rows
        .iter()
        .zip(first..)
        .map(|(row, position)| leaf::line(row, position))
        .collect();
    let hashes: Vec<Vec<u8>> = leaves
        .iter()
        .map(|leaf| leaf::hash(leaf).to_vec())
        .collect();
    for leaf in &leaves {
        frontier.push(leaf::hash(leaf));
    }
    let moved = sqlx::query!(
        r#"
        with
          moved as (
            delete from audit_pending
            where event_id = any($2)
            returning event_id
          )
        insert into audit_leaf (position, event_id, leaf, leaf_hash)
        select $1 + ordinality - 1, event_id, leaf, leaf_hash
        from unnest($2::uuid[], $3::bytea[], $4::bytea[]) with ordinality
          as row (event_id, leaf, leaf_hash, ordinality)
        join moved using (event_id)
        "#,
        first,
        &ids,
        &leaves,
        &hashes,
    )
    .execute(conn)
    .await?
    .rows_affected();
    if moved == rows.len() as u64 {
        Ok(())
    } else {
        Err(broken(first, "events left the queue by another way"))
    }
}
