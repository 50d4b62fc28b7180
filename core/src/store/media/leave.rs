//! Files that go: with an erasure, or because nobody sent what was uploaded.

use compliance::{Mutant, SubjectId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::arrive::keys;
use super::{FETCH, delete_objects};
use crate::files::thumbnail_of;
use crate::store::{Error, job};

/// Objects of a file that was on its way are deleted once more so much later, in seconds: a node may be putting them
/// at this moment.
pub const FORGET_AFTER_S: f64 = 900.0;

/// Deletes the files of these conversations and of these subjects (in a group, a file belongs to who sent it), and
/// orders their bytes to be deleted, in the caller's transaction; how many. The caller holds the conversations' locks.
///
/// # Errors
/// [`Error::Database`].
pub async fn forget(
    conn: &mut PgConnection,
    conversations: &[Uuid],
    subjects: &[SubjectId],
) -> Result<u64, Error> {
    let subjects: Vec<Uuid> = subjects.iter().map(|subject| subject.0).collect();
    let rows = sqlx::query!(
        r#"
        delete from media
        where conversation_id = any($1) or subject_id = any($2)
        returning id, object_key, thumbnail_key, state = 'pending' as "is_under_way!"
        "#,
        conversations,
        &subjects,
    )
    .fetch_all(&mut *conn)
    .await?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    job::cancel(&mut *conn, FETCH, &keys(&ids)).await?;
    let count = u64::try_from(rows.len()).unwrap_or(u64::MAX);
    let (mut objects, mut under_way) = (Vec::new(), Vec::new());
    for row in rows {
        if row.is_under_way {
            under_way.extend(row.object_key.as_deref().map(thumbnail_of));
            under_way.extend(row.object_key.clone());
        }
        objects.extend(row.object_key);
        objects.extend(row.thumbnail_key);
    }
    if Mutant::MediaOutlivesErasure.lives() {
        return Ok(count);
    }
    delete_objects(&mut *conn, &objects, 0.0).await?;
    delete_objects(conn, &under_way, FORGET_AFTER_S).await?;
    Ok(count)
}

/// Deletes uploads that no message carried for `hours`, at most 500; how many.
///
/// # Errors
/// [`Error::Database`].
pub async fn drop_loose(conn: &mut PgConnection, hours: i32) -> Result<usize, Error> {
    if Mutant::LooseFilesStay.lives() {
        return Ok(0);
    }
    let rows = sqlx::query!(
        r#"
        delete from media
        where id in (
          select id
          from media
          where conversation_id is null and created_at < now() - make_interval(hours => $1)
          limit 500
          for update skip locked
        )
        returning object_key, thumbnail_key
        "#,
        hours,
    )
    .fetch_all(&mut *conn)
    .await?;
    let dropped = rows.len();
    let objects: Vec<String> = rows
        .into_iter()
        .flat_map(|row| [row.object_key, row.thumbnail_key])
        .flatten()
        .collect();
    delete_objects(conn, &objects, 0.0).await?;
    Ok(dropped)
}
