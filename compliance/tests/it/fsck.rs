//! What a database administrator changes by hand is named by its position.

use std::time::Instant;

use compliance::audit;
use sqlx::{AssertSqlSafe, PgPool};

use crate::support::{opened, record, record_many, sequencer, signer};

async fn findings(pool: &PgPool) -> Vec<(Option<u64>, String)> {
    let report = audit::fsck(pool, &signer().verifier()).await.unwrap();
    report
        .findings
        .into_iter()
        .map(|finding| (finding.position, finding.what))
        .collect()
}

/// Runs `damage` as superuser without triggers (so without foreign keys), returns the findings, and undoes it.
async fn after(pool: &PgPool, damage: &str) -> Vec<(Option<u64>, String)> {
    let backup = "create schema kept; create table kept.e as table audit_event; create table kept.l as table audit_leaf; \
                  create table kept.c as table audit_checkpoint; create table kept.p as table audit_pending;";
    let restore = "set session_replication_role = replica; delete from audit_event; delete from audit_leaf; \
                   delete from audit_checkpoint; delete from audit_pending; insert into audit_event table kept.e; \
                   insert into audit_leaf table kept.l; insert into audit_checkpoint table kept.c; \
                   insert into audit_pending table kept.p; drop schema kept cascade; reset session_replication_role;";
    sqlx::raw_sql(backup).execute(pool).await.unwrap();
    let damage = format!(
        "set session_replication_role = replica; {damage}; reset session_replication_role;"
    );
    sqlx::raw_sql(AssertSqlSafe(damage))
        .execute(pool)
        .await
        .unwrap();
    let found = findings(pool).await;
    sqlx::raw_sql(restore).execute(pool).await.unwrap();
    found
}

#[sqlx::test(migrations = "../migrations")]
async fn every_kind_of_damage_is_named_by_its_position(pool: PgPool) {
    let mut sequencer = sequencer(&pool).await;
    record_many(&pool, 6).await;
    sequencer.step(Instant::now()).await.unwrap();
    record(&pool, &opened(99)).await;
    assert_eq!(findings(&pool).await, []);

    let event_3 = "(select event_id from audit_leaf where position = 3)";
    for (damage, position, what) in [
        (
            format!("update audit_event set outcome = 'refused' where id = {event_3}"),
            Some(3),
            "is not what its leaf",
        ),
        (
            format!("update audit_event set at = at + interval '1 us' where id = {event_3}"),
            Some(3),
            "is not what",
        ),
        (
            format!("delete from audit_event where id = {event_3}"),
            Some(3),
            "is gone",
        ),
        (
            "delete from audit_leaf where position = 3".into(),
            Some(3),
            "leaf missing",
        ),
        (
            "delete from audit_leaf where position = 5".into(),
            Some(5),
            "leaves are missing",
        ),
        (
            "update audit_leaf set leaf = leaf || ' ' where position = 3".into(),
            Some(3),
            "do not have the leaf's hash",
        ),
        (
            "update audit_leaf set leaf_hash = sha256('x') where position = 3".into(),
            Some(3),
            "leaf's hash",
        ),
        (
            "update audit_checkpoint set root = sha256('x')".into(),
            Some(5),
            "not what its note says",
        ),
        (
            "update audit_checkpoint set note = replace(note, '6', '7')".into(),
            Some(5),
            "does not match",
        ),
        ("delete from audit_pending".into(), None, "neither waits"),
    ] {
        let found = after(&pool, &damage).await;
        assert!(
            found
                .iter()
                .any(|(at, why)| *at == position && why.contains(what)),
            "{damage}: wanted {position:?} {what}, found {found:?}"
        );
    }
    let rehashed = "update audit_leaf set leaf = leaf || ' ', leaf_hash = sha256('\\x00'::bytea || leaf || ' ') \
                    where position = 3";
    let found = after(&pool, rehashed).await;
    assert!(
        found
            .iter()
            .any(|(at, why)| *at == Some(5) && why.contains("root that was signed")),
        "{found:?}"
    );
    assert_eq!(findings(&pool).await, [], "the damage was undone each time");
}
