//! Positions are gap-free and each event has exactly one, whoever sequences and whatever happens in between.

use std::time::{Duration, Instant};

use compliance::{
    Error,
    audit::{self, Action, ActorKind, Checkpoint, Event, ObjectKind, Outcome, Step, tree},
};
use sqlx::{PgPool, Row};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::support::{as_role, opened, record, record_many, sequencer, signer};

async fn leaves(pool: &PgPool) -> Vec<String> {
    let rows = sqlx::query("select position, leaf from audit_leaf order by position")
        .fetch_all(pool)
        .await
        .unwrap();
    for (index, row) in rows.iter().enumerate() {
        assert_eq!(
            row.get::<i64, _>("position"),
            i64::try_from(index).unwrap(),
            "gap-free"
        );
    }
    rows.iter()
        .map(|row| String::from_utf8(row.get("leaf")).unwrap())
        .collect()
}

async fn count(pool: &PgPool, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(pool).await.unwrap()
}

#[sqlx::test(migrations = "../migrations")]
async fn an_event_becomes_a_leaf_with_every_field(pool: PgPool) {
    let id = |number| Uuid::from_u128(number);
    let event = Event::new(Action::MediaOpened, ActorKind::ApiKey, Some(id(1)))
        .object(ObjectKind::Media, id(2))
        .outcome(Outcome::Refused)
        .request(id(3))
        .session(id(4))
        .subject(compliance::SubjectId(id(5)))
        .team(id(6))
        .detail("size", 77)
        .detail("kind", "image");
    record(&as_role(&pool, "balcao_app").await, &event).await;
    let step = sequencer(&pool).await.step(Instant::now()).await.unwrap();
    assert_eq!(
        step,
        Step {
            leading: true,
            leaves: 1,
            checkpoint: Some(1)
        }
    );

    let at: String = sqlx::query_scalar(
        r#"select to_char(at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') from audit_event"#,
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    let expected = format!(
        r#"{{"action":"media.opened","actor":"{}","actor_kind":"api_key","at":"{at}","detail":{{"kind":"image","size":77}},"object":"{}","object_kind":"media","outcome":"refused","request":"{}","seq":0,"session":"{}","subject":"{}","team":"{}","v":1}}"#,
        id(1),
        id(2),
        id(3),
        id(4),
        id(5),
        id(6),
    );
    assert_eq!(leaves(&pool).await, [expected]);
}

#[sqlx::test(migrations = "../migrations")]
async fn an_event_vanishes_with_the_transaction_of_its_action(pool: PgPool) {
    let mut tx = pool.begin().await.unwrap();
    audit::record(&mut tx, &opened(1)).await.unwrap();
    tx.rollback().await.unwrap();
    assert_eq!(count(&pool, "select count(*) from audit_event").await, 0);
    assert_eq!(
        sequencer(&pool)
            .await
            .step(Instant::now())
            .await
            .unwrap()
            .leaves,
        0
    );
}

#[sqlx::test(migrations = "../migrations")]
async fn checkpoints_come_by_number_by_age_by_request_and_by_importance(pool: PgPool) {
    let mut sequencer = sequencer(&pool).await;
    let start = Instant::now();
    record(&pool, &opened(1)).await;
    assert_eq!(
        sequencer.step(start).await.unwrap().checkpoint,
        Some(1),
        "the first at once"
    );
    record(&pool, &opened(2)).await;
    assert_eq!(
        sequencer.step(start).await.unwrap(),
        Step {
            leading: true,
            leaves: 1,
            checkpoint: None
        }
    );
    assert_eq!(
        sequencer
            .step(start + Duration::from_secs(59))
            .await
            .unwrap()
            .checkpoint,
        None
    );
    let later = start + Duration::from_secs(60);
    assert_eq!(
        sequencer.step(later).await.unwrap().checkpoint,
        Some(2),
        "by age"
    );
    assert_eq!(
        sequencer
            .step(later + Duration::from_secs(600))
            .await
            .unwrap()
            .checkpoint,
        None,
        "nothing new"
    );

    record(&pool, &opened(3)).await;
    sequencer.bell().checkpoint_now();
    assert_eq!(
        sequencer.step(later).await.unwrap().checkpoint,
        Some(3),
        "by request"
    );
    record(&pool, &Event::by_agent(Action::ContactErased, Uuid::nil())).await;
    assert_eq!(
        sequencer.step(later).await.unwrap().checkpoint,
        Some(4),
        "by importance"
    );
    record_many(&pool, 1500).await;
    assert_eq!(
        sequencer.step(later).await.unwrap(),
        Step {
            leading: true,
            leaves: 1000,
            checkpoint: Some(1004)
        }
    );
    assert_eq!(
        sequencer.step(later).await.unwrap(),
        Step {
            leading: true,
            leaves: 500,
            checkpoint: None
        }
    );

    let hashes: Vec<_> = leaves(&pool)
        .await
        .iter()
        .map(|leaf| tree::leaf_hash(leaf.as_bytes()))
        .collect();
    let notes: Vec<String> = sqlx::query_scalar("select note from audit_checkpoint order by size")
        .fetch_all(&pool)
        .await
        .unwrap();
    let sizes: Vec<u64> = notes
        .iter()
        .map(|note| {
            let checkpoint =
                Checkpoint::parse(signer().verifier().open(note.as_bytes()).unwrap()).unwrap();
            assert_eq!(
                checkpoint.root,
                tree::root(&hashes[..usize::try_from(checkpoint.size).unwrap()])
            );
            checkpoint.size
        })
        .collect();
    assert_eq!(sizes, [1, 2, 3, 4, 1004]);
}

#[sqlx::test(migrations = "../migrations")]
async fn two_sequencers_and_many_writers_leave_one_gap_free_log(pool: PgPool) {
    let (one, two) = (sequencer(&pool).await, sequencer(&pool).await);
    let stop = CancellationToken::new();
    let running = [
        tokio::spawn(one.run(stop.clone())),
        tokio::spawn(two.run(stop.clone())),
    ];
    let writers: Vec<_> = (0..4)
        .map(|writer| {
            let pool = pool.clone();
            tokio::spawn(async move {
                for rev in 0..50 {
                    record(&pool, &opened(writer * 1000 + rev)).await;
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    stop.cancel();
    for sequencer in running {
        sequencer.await.unwrap().unwrap();
    }
    // Whoever did not lead when the other released may have left something: the next one finds and finishes it.
    sequencer(&pool).await.step(Instant::now()).await.unwrap();

    assert_eq!(leaves(&pool).await.len(), 200);
    assert_eq!(
        count(&pool, "select count(distinct event_id) from audit_leaf").await,
        200
    );
    assert_eq!(count(&pool, "select count(*) from audit_pending").await, 0);
    let report = audit::fsck(&pool, &signer().verifier()).await.unwrap();
    assert_eq!((report.leaves, report.findings), (200, vec![]));
}

#[sqlx::test(migrations = "../migrations")]
async fn a_sequencer_whose_lease_was_taken_over_writes_nothing(pool: PgPool) {
    let (mut old, mut new) = (sequencer(&pool).await, sequencer(&pool).await);
    let now = Instant::now();
    record(&pool, &opened(1)).await;
    assert_eq!(old.step(now).await.unwrap().leaves, 1);
    record(&pool, &opened(2)).await;
    assert!(!new.step(now).await.unwrap().leading, "the lease is held");

    sqlx::query("update lease set until = now() - interval '1 s'")
        .execute(&pool)
        .await
        .unwrap();
    assert_eq!(
        new.step(now).await.unwrap(),
        Step {
            leading: true,
            leaves: 1,
            checkpoint: Some(2)
        }
    );
    record(&pool, &opened(3)).await;
    assert_eq!(
        old.step(now).await.unwrap(),
        Step::default(),
        "its token is old"
    );
    assert_eq!(
        old.step(now).await.unwrap(),
        Step::default(),
        "and the lease is held"
    );

    sqlx::query("update lease set until = now() - interval '1 s'")
        .execute(&pool)
        .await
        .unwrap();
    assert_eq!(
        old.step(now).await.unwrap().leaves,
        1,
        "it reads what the other wrote and goes on"
    );
    assert_eq!(leaves(&pool).await.len(), 3);
}

#[sqlx::test(migrations = "../migrations")]
async fn nothing_is_appended_to_a_log_that_contradicts_its_checkpoint(pool: PgPool) {
    record_many(&pool, 5).await;
    sequencer(&pool).await.step(Instant::now()).await.unwrap();
    sqlx::query("update lease set until = now() - interval '1 s'")
        .execute(&pool)
        .await
        .unwrap();
    record(&pool, &opened(9)).await;

    sqlx::query("update audit_leaf set leaf_hash = sha256('x') where position = 2")
        .execute(&pool)
        .await
        .unwrap();
    let refused = sequencer(&pool).await.step(Instant::now()).await;
    assert!(
        matches!(refused, Err(Error::LogBroken { position: 4, .. })),
        "{refused:?}"
    );
    sqlx::query("delete from audit_leaf where position >= 2")
        .execute(&pool)
        .await
        .unwrap();
    sqlx::query("update lease set until = now() - interval '1 s'")
        .execute(&pool)
        .await
        .unwrap();
    let refused = sequencer(&pool).await.step(Instant::now()).await;
    assert!(
        matches!(refused, Err(Error::LogBroken { position: 2, .. })),
        "{refused:?}"
    );
    assert_eq!(count(&pool, "select count(*) from audit_pending").await, 1);
}
