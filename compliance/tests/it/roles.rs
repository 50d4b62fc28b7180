//! What the database refuses to whom: the log is append-only by right, not by good manners.

use sqlx::PgPool;

use crate::support::{as_role, opened, record, sequencer};

async fn refused(pool: &PgPool, sql: &'static str) {
    let error = sqlx::query(sql).execute(pool).await.expect_err(sql);
    assert!(
        error.to_string().contains("permission denied"),
        "{sql}: {error}"
    );
}

#[sqlx::test(migrations = "../migrations")]
async fn the_application_adds_events_and_never_touches_them_again(pool: PgPool) {
    let app = as_role(&pool, "balcao_app").await;
    record(&app, &opened(1)).await;
    sequencer(&pool)
        .await
        .step(std::time::Instant::now())
        .await
        .unwrap();
    for sql in [
        "delete from audit_event",
        "update audit_event set action = 'x'",
        "truncate audit_event cascade",
        "delete from audit_pending",
        "delete from audit_leaf",
        "update audit_leaf set position = 5",
        "insert into audit_leaf select 7, id, '', decode(repeat('00', 32), 'hex') from audit_event",
        "insert into audit_checkpoint (size, root, note) values (9, decode(repeat('00', 32), 'hex'), '')",
        "update audit_checkpoint set note = ''",
        "delete from audit_checkpoint",
    ] {
        refused(&app, sql).await;
    }
    sqlx::query("update audit_checkpoint set exported = true")
        .execute(&app)
        .await
        .unwrap();
}

#[sqlx::test(migrations = "../migrations")]
async fn reports_record_events_and_write_nothing_else(pool: PgPool) {
    let reports = as_role(&pool, "balcao_reports").await;
    record(&reports, &opened(1)).await;
    for sql in [
        "delete from audit_event",
        "update conversation set unread = 0",
        "insert into team (id, slug, name) values (gen_random_uuid(), 'x', 'x')",
        "insert into audit_checkpoint (size, root, note) values (9, decode(repeat('00', 32), 'hex'), '')",
        "select * from keystore.subject_key",
        "select * from agent",
    ] {
        refused(&reports, sql).await;
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn the_sequencer_cannot_invent_or_edit_events(pool: PgPool) {
    record(&pool, &opened(1)).await;
    let role = as_role(&pool, "balcao_sequencer").await;
    for sql in [
        "insert into audit_event (id, action, actor_kind, outcome) values (gen_random_uuid(), 'x', 'agent', 'ok')",
        "update audit_event set action = 'x'",
        "delete from audit_event",
        "update audit_leaf set position = 5",
        "delete from audit_leaf",
        "delete from audit_checkpoint",
        "select * from message",
        "select * from keystore.subject_key",
    ] {
        refused(&role, sql).await;
    }
}
