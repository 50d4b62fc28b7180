//! Keys in the database: stored wrapped, checked when loaded, gone when shredded.

use compliance::{Error, Place, Provider, SubjectId, SubjectKind, Vault, create, create_many};
use sqlx::PgPool;
use uuid::Uuid;

use crate::support::{SECRET, vault};

#[sqlx::test(migrations = "../migrations")]
async fn a_value_sealed_on_one_node_opens_on_another(pool: PgPool) {
    let mut conn = pool.acquire().await.unwrap();
    let (here, there) = (vault().await, vault().await);
    let subjects = create_many(&mut conn, &here, SubjectKind::Agent, &[None, None, None])
        .await
        .unwrap();
    let place = Place::message(Uuid::now_v7());
    let keys = here.cached(&subjects).expect("a new key is cached at once");
    let sealed = keys
        .require(subjects[1])
        .unwrap()
        .seal(place, b"zebra-7731")
        .unwrap();

    assert!(there.cached(&subjects).is_none());
    let keys = there.load(&mut conn, &subjects).await.unwrap();
    assert_eq!(
        keys.require(subjects[1])
            .unwrap()
            .open(place, &sealed)
            .unwrap()
            .as_slice(),
        b"zebra-7731"
    );
    assert!(matches!(
        keys.require(subjects[0]).unwrap().open(place, &sealed),
        Err(Error::DoesNotOpen { .. })
    ));
    assert!(there.cached(&subjects).is_some());
    there.probe(&mut conn).await.unwrap();
}

#[sqlx::test(migrations = "../migrations")]
async fn an_unknown_subject_has_no_key_and_does_not_disturb_the_others(pool: PgPool) {
    let mut conn = pool.acquire().await.unwrap();
    let vault = vault().await;
    let known = create(&mut conn, &vault, SubjectKind::System, None)
        .await
        .unwrap();
    let unknown = SubjectId(Uuid::now_v7());
    let keys = vault
        .load(&mut conn, &[known, unknown, known])
        .await
        .unwrap();
    assert!(keys.get(known).is_some() && keys.get(unknown).is_none());
    assert!(matches!(keys.require(unknown), Err(Error::NoKey(subject)) if subject == unknown));
}

#[sqlx::test(migrations = "../migrations")]
async fn keys_swapped_between_subjects_are_broken_and_the_others_still_open(pool: PgPool) {
    let mut conn = pool.acquire().await.unwrap();
    let subjects = create_many(
        &mut conn,
        &vault().await,
        SubjectKind::System,
        &[None, None, None],
    )
    .await
    .unwrap();
    sqlx::query(
        "update keystore.subject_key as one set wrapped = other.wrapped, commitment = other.commitment
         from keystore.subject_key as other where one.subject_id = $1 and other.subject_id = $2",
    )
    .bind(subjects[0].0)
    .bind(subjects[1].0)
    .execute(&mut *conn)
    .await
    .unwrap();

    let keys = vault().await.load(&mut conn, &subjects).await.unwrap();
    assert!(
        matches!(keys.require(subjects[0]), Err(Error::KeyBroken(subject)) if subject == subjects[0])
    );
    assert!(keys.require(subjects[1]).is_ok() && keys.require(subjects[2]).is_ok());
}

#[sqlx::test(migrations = "../migrations")]
async fn the_wrong_key_folder_is_noticed_at_boot(pool: PgPool) {
    let mut conn = pool.acquire().await.unwrap();
    let right = vault().await;
    right.probe(&mut conn).await.unwrap();
    create(&mut conn, &right, SubjectKind::System, None)
        .await
        .unwrap();
    let wrong = Vault::open(Provider::development([8; 32])).await.unwrap();
    assert!(matches!(
        wrong.probe(&mut conn).await,
        Err(Error::WrongKek(1))
    ));
}

#[sqlx::test(migrations = "../migrations")]
async fn the_data_key_is_not_in_the_database(pool: PgPool) {
    let mut conn = pool.acquire().await.unwrap();
    let vault = vault().await;
    let subject = create(&mut conn, &vault, SubjectKind::System, None)
        .await
        .unwrap();
    let stored: (Vec<u8>, i32) = sqlx::query_as(
        "select wrapped, kek_version from keystore.subject_key where subject_id = $1",
    )
    .bind(subject.0)
    .fetch_one(&mut *conn)
    .await
    .unwrap();
    assert_eq!((stored.0.len(), stored.1), (32 + 34, 1));
    assert_ne!(stored.0[18..50], SECRET);
}

#[tokio::test]
async fn macs_keep_numbers_kinds_portfolios_and_uses_apart() {
    let vault = vault().await;
    let all = [
        vault.mac_wamid("1", "wamid.A"),
        vault.mac_wamid("2", "wamid.A"),
        vault.mac_identity("phone", "1", "5511912341234"),
        vault.mac_identity("username", "1", "5511912341234"),
        vault.mac_identity("phone", "2", "5511912341234"),
        vault.mac_of("agent email", &[b"a@example.com"]),
        vault.mac_of("redis", &[b"a@example.com"]),
    ];
    let distinct: std::collections::HashSet<_> = all.into_iter().collect();
    assert_eq!(distinct.len(), all.len());
    assert_eq!(vault.mac_wamid("1", "wamid.A"), all[0]);
}
