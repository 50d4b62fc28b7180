//! A shredded subject cannot be read again, however often it is shredded.

use compliance::{
    Error, Place, SubjectKind, create_many,
    erasure::{JournalEntry, Shredded, journal, shred},
};
use sqlx::PgPool;
use uuid::Uuid;

use crate::support::{as_role, vault};

#[sqlx::test(migrations = "../migrations")]
async fn a_shredded_subject_is_unreadable_and_the_others_are_not(pool: PgPool) {
    let app = as_role(&pool, "balcao_app").await;
    let mut conn = app.acquire().await.unwrap();
    let vault = vault().await;
    let subjects = create_many(&mut conn, &vault, SubjectKind::System, &[None, None, None])
        .await
        .unwrap();
    let (gone, kept) = (&subjects[..2], subjects[2]);
    let place = Place::message(Uuid::now_v7());
    let sealed = vault
        .cached(&[kept])
        .unwrap()
        .require(kept)
        .unwrap()
        .seal(place, b"oi")
        .unwrap();

    assert_eq!(
        shred(&mut conn, gone).await.unwrap(),
        Shredded {
            subjects: 2,
            keys: 2
        }
    );
    vault.forget(gone);
    let keys = vault.load(&mut conn, &subjects).await.unwrap();
    for subject in gone {
        assert!(matches!(keys.require(*subject), Err(Error::NoKey(id)) if id == *subject));
    }
    assert_eq!(
        keys.require(kept)
            .unwrap()
            .open(place, &sealed)
            .unwrap()
            .as_slice(),
        b"oi"
    );

    assert_eq!(
        shred(&mut conn, gone).await.unwrap(),
        Shredded::default(),
        "shredding twice changes nothing"
    );
    assert!(vault.cached(gone).is_none());
}

#[sqlx::test(migrations = "../migrations")]
async fn the_journal_is_written_with_the_shredding_and_cannot_be_edited(pool: PgPool) {
    let app = as_role(&pool, "balcao_app").await;
    let mut tx = app.begin().await.unwrap();
    let subjects = create_many(&mut tx, &vault().await, SubjectKind::System, &[None])
        .await
        .unwrap();
    shred(&mut tx, &subjects).await.unwrap();
    let owner = Uuid::now_v7();
    let entry = JournalEntry {
        owner,
        subjects: &subjects,
        reason_code: "request",
        requested_by: None,
    };
    let id = journal(&mut tx, &entry).await.unwrap();
    tx.commit().await.unwrap();

    let stored: Vec<Uuid> =
        sqlx::query_scalar("select subject_ids from erasure_journal where id = $1")
            .bind(id)
            .fetch_one(&app)
            .await
            .unwrap();
    assert_eq!(stored, [subjects[0].0]);
    let edit = sqlx::query("delete from erasure_journal")
        .execute(&app)
        .await
        .unwrap_err();
    assert!(edit.to_string().contains("permission denied"));
}
