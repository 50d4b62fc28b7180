//! An export verifies, twice, without us; and says what it continues.

use std::{fs, time::Duration};

use chrono::{DateTime, Utc};
use compliance::{
    Error,
    audit::{self, Event, Filter, Request, verify},
};
use sqlx::PgPool;
use uuid::Uuid;

use crate::support::{
    ORIGIN, assert_sound, export_all, export_filtered, opened, record, record_many, sequenced,
    signer, verify_py,
};

#[sqlx::test(migrations = "../migrations")]
async fn an_export_verifies_with_both_verifiers(pool: PgPool) {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("first");
    record_many(&pool, 20).await;
    let summary = export_all(&pool, &folder).await;
    assert_eq!(
        (summary.events, summary.size, summary.continues),
        (21, 21, 0)
    );
    assert_sound(&folder, &summary.vkey, 21);

    let events = fs::read_to_string(folder.join("events.jsonl")).unwrap();
    assert!(events.ends_with("\n") && events.lines().count() == 21);
    assert!(
        events
            .lines()
            .last()
            .unwrap()
            .starts_with(r#"{"action":"audit.exported""#),
        "the export is in itself"
    );
    assert_eq!(fs::read(folder.join("leaves.bin")).unwrap().len(), 21 * 32);
    assert_eq!(
        fs::read_to_string(folder.join("consistency")).unwrap(),
        "0\n"
    );
    assert!(
        fs::read_to_string(folder.join("checkpoint"))
            .unwrap()
            .starts_with(&format!("{ORIGIN}\n21\n"))
    );
    let manifest: serde_json::Value =
        serde_json::from_slice(&fs::read(folder.join("manifest.json")).unwrap()).unwrap();
    assert_eq!(manifest["events"], 21);
    assert_eq!(manifest["witnesses"], 0);
    assert_eq!(manifest["vkey"], signer().vkey());
}

#[sqlx::test(migrations = "../migrations")]
async fn the_next_export_continues_the_last_one(pool: PgPool) {
    let dir = tempfile::tempdir().unwrap();
    let (first, second) = (dir.path().join("first"), dir.path().join("second"));
    record_many(&pool, 5).await;
    let vkey = export_all(&pool, &first).await.vkey;
    record_many(&pool, 30).await;
    let summary = export_all(&pool, &second).await;
    assert_eq!((summary.size, summary.continues), (37, 6));
    assert_sound(&second, &vkey, 37);
    assert!(
        fs::read_to_string(second.join("consistency"))
            .unwrap()
            .starts_with("6\n")
    );

    let kept = fs::read(first.join("checkpoint")).unwrap();
    assert_eq!(
        verify::folder_since(&second, &vkey, &kept)
            .unwrap()
            .continues,
        6
    );
    assert_eq!(
        verify_py(&second, &vkey, Some(&first.join("checkpoint"))).0,
        0
    );
    let newer = fs::read(second.join("checkpoint")).unwrap();
    assert_eq!(
        verify::folder_since(&first, &vkey, &newer)
            .unwrap_err()
            .file,
        "checkpoint"
    );
    let (code, said) = verify_py(&first, &vkey, Some(&second.join("checkpoint")));
    assert!(
        code == 1 && said.contains("the previous checkpoint had 37"),
        "{said}"
    );
}

#[sqlx::test(migrations = "../migrations")]
async fn a_filter_discloses_some_and_still_proves_all(pool: PgPool) {
    let dir = tempfile::tempdir().unwrap();
    let team = Uuid::from_u128(0x7ea);
    record_many(&pool, 10).await;
    for rev in 0..3 {
        record(&pool, &opened(rev).team(team)).await;
    }
    let of_team = dir.path().join("team");
    let summary = export_filtered(
        &pool,
        &of_team,
        Filter {
            teams: vec![team],
            ..Filter::default()
        },
    )
    .await;
    assert_eq!((summary.events, summary.size), (3, 14));
    assert_sound(&of_team, &summary.vkey, 3);

    let of_nobody = dir.path().join("nobody");
    let filter = Filter {
        actor: Some(Uuid::from_u128(1)),
        ..Filter::default()
    };
    let summary = export_filtered(&pool, &of_nobody, filter).await;
    assert_sound(&of_nobody, &summary.vkey, 0);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_log_that_was_edited_is_not_exported(pool: PgPool) {
    let dir = tempfile::tempdir().unwrap();
    record_many(&pool, 10).await;
    export_all(&pool, &dir.path().join("good")).await;
    sqlx::query("update audit_leaf set leaf = leaf || ' ' where position = 4")
        .execute(&pool)
        .await
        .unwrap();
    let request = Request {
        from: DateTime::<Utc>::from_timestamp(0, 0).unwrap(),
        to: DateTime::<Utc>::from_timestamp(4_000_000_000, 0).unwrap(),
        filter: Filter::default(),
        dir: dir.path().join("bad"),
        wait: Duration::from_secs(60),
    };
    let event = Event::by_agent(audit::Action::AuditExported, Uuid::nil());
    let error = sequenced(&pool, audit::export(&pool, &signer(), &request, &event))
        .await
        .unwrap_err();
    assert!(
        matches!(error, Error::LogBroken { position: 4, .. }),
        "{error}"
    );
    assert!(!request.dir.join("manifest.note").exists());
}

#[sqlx::test(migrations = "../migrations")]
async fn without_a_sequencer_an_export_says_so_and_a_used_folder_is_left_alone(pool: PgPool) {
    let dir = tempfile::tempdir().unwrap();
    let mut request = Request {
        from: DateTime::<Utc>::from_timestamp(0, 0).unwrap(),
        to: DateTime::<Utc>::from_timestamp(1, 0).unwrap(),
        filter: Filter::default(),
        dir: dir.path().join("new"),
        wait: Duration::ZERO,
    };
    let event = Event::by_agent(audit::Action::AuditExported, Uuid::nil());
    let error = audit::export(&pool, &signer(), &request, &event)
        .await
        .unwrap_err();
    assert!(
        matches!(error, Error::NotSequenced { .. }) && error.to_string().contains("is a sequencer")
    );

    request.dir = dir.path().to_owned();
    let error = audit::export(&pool, &signer(), &request, &event)
        .await
        .unwrap_err();
    assert!(matches!(error, Error::FolderInUse(_)));
    assert!(dir.path().join("new").exists());
}
