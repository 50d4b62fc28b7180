//! A long history is sealed anew page by page: whatever happens between two pages, everything opens, and nobody's words
//! lie with another when the split is done.

use e2e::desk::says;
use e2e::http::http;
use e2e::meta;
use e2e::{Agent, PATIENCE, Who, eventually};
use serde_json::{Value, json};
use sqlx::{Postgres, Transaction};

use super::{Joined, MISPLACED};

/// More than two pages of each.
const MESSAGES: usize = 450;
const EDITS: usize = 450;
/// Messages of one webhook.
const AT_ONCE: usize = 150;

/// The other writes much, and changes one message over and over.
async fn much_is_written(joined: &Joined) {
    let (meta, who) = (joined.stack.meta(0), joined.other.as_str());
    let first = meta::text(who, "primeira");
    let edit = |n: usize| {
        let new = json!({"type": "text", "text": {"body": format!("primeira, versão {n}")}});
        let edit = json!({"original_message_id": first["id"], "message": new});
        meta::message(who, json!({"type": "edit", "edit": edit}))
    };
    let texts = (1..MESSAGES).map(|n| meta::text(who, &format!("palavra {n}")));
    let messages: Vec<Value> = std::iter::once(first.clone()).chain(texts).collect();
    let edits: Vec<Value> = (0..EDITS).map(edit).collect();
    for some in messages.chunks(AT_ONCE).chain(edits.chunks(AT_ONCE)) {
        let body = joined.told(&meta, some.to_vec());
        assert_eq!(meta.post(&body).await, 200);
    }
}

/// Holds the newest item of the case, so that its page waits.
async fn hold(joined: &Joined) -> Transaction<'static, Postgres> {
    let pool = joined.stack.database.pool();
    let mut held = pool.begin().await.expect("a transaction");
    sqlx::query(
        "select from message where conversation_id = $1 order by seq desc limit 1 for update",
    )
    .bind(joined.case.0)
    .execute(&mut *held)
    .await
    .expect("the newest item");
    held
}

/// A split that was under way when its node died, after some of its pages.
async fn die_in_the_middle(joined: &mut Joined) {
    let held = hold(joined).await;
    let (path, body) = joined.split();
    let url = format!("{}/api/v1{path}", joined.carla.console);
    let split = http().post(url).bearer_auth(&joined.carla.access_token);
    let split = tokio::spawn(split.json(&body).send());
    let from = &joined.from;
    let own = format!("subject_id = (select subject_id from contact where id = '{from}')");
    let (anew, old) = (
        format!("message where {own}"),
        format!(
            "message where conversation_id = '{}' and not {own}",
            joined.case
        ),
    );
    let database = joined.stack.database.clone();
    eventually("some pages are written", PATIENCE, async || {
        (database.count(&anew).await >= 400).then_some(())
    })
    .await;
    assert!(database.count(&old).await > 0, "and some are not");
    let items = joined.carla.items(joined.case).await;
    assert_eq!(items.len(), 200, "a page of the API");
    assert!(
        items.iter().all(|item| item.content.is_some()),
        "it is read meanwhile"
    );
    joined.stack.kill_node(0).await;
    held.rollback().await.expect("the item is free");
    assert!(split.await.expect("a task").is_err(), "nobody answered");
    let versions = format!("message_version where {own}");
    assert!(database.count(&versions).await >= 400);
    let undone = "contact_merge where undone_at is not null";
    assert_eq!(database.count(undone).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_split_whose_node_dies_goes_on_where_it_was() {
    let mut joined = Joined::start(4).await;
    much_is_written(&joined).await;
    die_in_the_middle(&mut joined).await;
    joined.stack.start_node(0).await;
    let carla: Agent = joined.stack.agent(Who::Carla, 0).await;
    let (path, body) = joined.split();
    let parted = carla.post(&path, body).await;
    assert_eq!(parted.status, 200, "{}", parted.body);
    assert_eq!(joined.stack.database.count(MISPLACED).await, 0);
    joined.is_apart().await;
    let items = carla.items(joined.case).await;
    assert!(items.iter().all(|item| item.content.is_some()));
    let words = items
        .iter()
        .filter(|item| says(item).starts_with("palavra"));
    assert!(words.count() > 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_erased_in_the_middle_of_a_split_is_erased() {
    let mut joined = Joined::start(5).await;
    much_is_written(&joined).await;
    die_in_the_middle(&mut joined).await;
    let erase = ["contact", "erase", &joined.from, "--reason", "request"];
    let erased = joined.stack.balcao(&erase, "").await;
    assert_eq!(erased.code, 0, "{}", erased.err);
    // They are one person until the split is done.
    let merge_id = joined.merge_id.as_str().expect("an id");
    let split = ["contact", "split", merge_id, "--reason", "mistake"];
    let refused = joined.stack.balcao(&split, "").await;
    assert_eq!(refused.code, 1, "{}", refused.out);
    for left in [
        "keystore.subject_key k join subject s on s.id = k.subject_id where s.kind = 'contact'",
        "message where sealed is not null",
        "message_version where sealed is not null",
        "reaction where sealed is not null",
        "media where conversation_id is not null",
    ] {
        assert_eq!(joined.stack.database.count(left).await, 0, "{left}");
    }
}
