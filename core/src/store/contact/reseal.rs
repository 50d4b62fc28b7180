//! What was written in a case while its record was part of another is sealed anew when the record leaves: erasing the one
//! must never take words from the other, nor leave any behind.
//!
//! Promises: afterwards everything in these cases that was sealed with a key of the other record is sealed with this
//! one's. Does not: touch what is erased, or what a participant of a group wrote.

use compliance::{Keys, Place, SubjectId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::Resolved;
use crate::store::{Error, Store};

/// A blob where it lies.
struct Blob {
    place: Place,
    subject_id: Uuid,
    sealed: Vec<u8>,
}

/// Seals anew.
///
/// # Errors
/// [`Error::Database`], [`Error::Vault`].
pub(super) async fn cases(
    store: &Store,
    conn: &mut PgConnection,
    conversations: &[Uuid],
    who: Resolved,
) -> Result<(), Error> {
    if conversations.is_empty() {
        return Ok(());
    }
    messages(store, &mut *conn, conversations, who).await?;
    versions(store, &mut *conn, conversations, who).await?;
    reactions(store, &mut *conn, conversations, who).await?;
    files(store, conn, conversations, who).await
}

async fn anew(
    store: &Store,
    conn: &mut PgConnection,
    blobs: &[Blob],
    who: Resolved,
) -> Result<Vec<Vec<u8>>, Error> {
    let subjects: Vec<SubjectId> = blobs
        .iter()
        .map(|blob| SubjectId(blob.subject_id))
        .collect();
    let keys: Keys = store.vault.load(&mut *conn, &subjects).await?;
    let own = store.vault.load(conn, &[who.subject_id]).await?;
    let own = own.require(who.subject_id)?;
    blobs
        .iter()
        .map(|blob| {
            let key = keys.require(SubjectId(blob.subject_id))?;
            Ok(own.seal(blob.place, &key.open(blob.place, &blob.sealed)?)?)
        })
        .collect()
}

async fn messages(
    store: &Store,
    conn: &mut PgConnection,
    conversations: &[Uuid],
    who: Resolved,
) -> Result<(), Error> {
    let rows = sqlx::query!(
        r#"
        select m.conversation_id, m.seq, m.id, m.subject_id, m.sealed as "sealed!"
        from message m
        join subject s on s.id = m.subject_id
        where m.conversation_id = any($1)
          and m.sealed is not null
          and s.contact_id is distinct from $2
          and s.shredded_at is null
        "#,
        conversations,
        who.contact_id.0,
    )
    .fetch_all(&mut *conn)
    .await?;
    let (ids, seqs): (Vec<Uuid>, Vec<i64>) = rows
        .iter()
        .map(|row| (row.conversation_id, row.seq))
        .unzip();
    let blobs: Vec<Blob> = rows
        .into_iter()
        .map(|row| Blob {
            place: Place::message(row.id),
            subject_id: row.subject_id,
            sealed: row.sealed,
        })
        .collect();
    let sealed = anew(store, &mut *conn, &blobs, who).await?;
    sqlx::query!(
        r#"
        update message m
        set sealed = anew.sealed, subject_id = $4
        from unnest($1::uuid[], $2::bigint[], $3::bytea[]) as anew (conversation_id, seq, sealed)
        where m.conversation_id = anew.conversation_id and m.seq = anew.seq
        "#,
        &ids,
        &seqs,
        &sealed,
        who.subject_id.0,
    )
    .execute(conn)
    .await?;
    Ok(())
}

async fn versions(
    store: &Store,
    conn: &mut PgConnection,
    conversations: &[Uuid],
    who: Resolved,
) -> Result<(), Error> {
    let rows = sqlx::query!(
        r#"
        select v.conversation_id, v.seq, v.version, v.subject_id, v.sealed as "sealed!"
        from message_version v
        join subject s on s.id = v.subject_id
        where v.conversation_id = any($1)
          and v.sealed is not null
          and s.contact_id is distinct from $2
          and s.shredded_at is null
        "#,
        conversations,
        who.contact_id.0,
    )
    .fetch_all(&mut *conn)
    .await?;
    let blobs: Vec<Blob> = rows
        .iter()
        .map(|row| Blob {
            place: Place::message_version(row.conversation_id, row.seq, row.version),
            subject_id: row.subject_id,
            sealed: row.sealed.clone(),
        })
        .collect();
    let sealed = anew(store, &mut *conn, &blobs, who).await?;
    for (row, sealed) in rows.iter().zip(&sealed) {
        sqlx::query!(
            r#"
            update message_version
            set sealed = $4, subject_id = $5
            where conversation_id = $1 and seq = $2 and version = $3
            "#,
            row.conversation_id,
            row.seq,
            row.version,
            sealed,
            who.subject_id.0,
        )
        .execute(&mut *conn)
        .await?;
    }
    Ok(())
}

async fn reactions(
    store: &Store,
    conn: &mut PgConnection,
    conversations: &[Uuid],
    who: Resolved,
) -> Result<(), Error> {
    let rows = sqlx::query!(
        r#"
        select r.conversation_id, r.seq, r.author_id, r.subject_id, r.sealed as "sealed!"
        from reaction r
        join subject s on s.id = r.subject_id
        where r.conversation_id = any($1)
          and r.sealed is not null
          and s.contact_id is distinct from $2
          and s.shredded_at is null
        "#,
        conversations,
        who.contact_id.0,
    )
    .fetch_all(&mut *conn)
    .await?;
    let blobs: Vec<Blob> = rows
        .iter()
        .map(|row| Blob {
            place: Place::reaction(row.conversation_id, row.seq, row.author_id),
            subject_id: row.subject_id,
            sealed: row.sealed.clone(),
        })
        .collect();
    let sealed = anew(store, &mut *conn, &blobs, who).await?;
    for (row, sealed) in rows.iter().zip(&sealed) {
        sqlx::query!(
            r#"
            update reaction
            set sealed = $4, subject_id = $5
            where conversation_id = $1 and seq = $2 and author_id = $3
            "#,
            row.conversation_id,
            row.seq,
            row.author_id,
            sealed,
            who.subject_id.0,
        )
        .execute(&mut *conn)
        .await?;
    }
    Ok(())
}

async fn files(
    store: &Store,
    conn: &mut PgConnection,
    conversations: &[Uuid],
    who: Resolved,
) -> Result<(), Error> {
    let rows = sqlx::query!(
        r#"
        select f.id, f.subject_id, f.sealed, f.sealed_result
        from media f
        join subject s on s.id = f.subject_id
        where f.conversation_id = any($1)
          and s.contact_id is distinct from $2
          and s.shredded_at is null
        "#,
        conversations,
        who.contact_id.0,
    )
    .fetch_all(&mut *conn)
    .await?;
    for row in rows {
        let blob = |place, sealed: Option<Vec<u8>>| {
            sealed.map(|sealed| Blob {
                place,
                subject_id: row.subject_id,
                sealed,
            })
        };
        let request = blob(Place::media(row.id), row.sealed);
        let result = blob(Place::media_result(row.id), row.sealed_result);
        let blobs = [request.as_ref().is_some(), result.as_ref().is_some()];
        let both: Vec<Blob> = request.into_iter().chain(result).collect();
        let mut sealed = anew(store, &mut *conn, &both, who).await?.into_iter();
        let (request, result) = (
            blobs[0].then(|| sealed.next()).flatten(),
            blobs[1].then(|| sealed.next()).flatten(),
        );
        sqlx::query!(
            "update media set sealed = $2, sealed_result = $3, subject_id = $4 where id = $1",
            row.id,
            request,
            result,
            who.subject_id.0,
        )
        .execute(&mut *conn)
        .await?;
    }
    Ok(())
}
