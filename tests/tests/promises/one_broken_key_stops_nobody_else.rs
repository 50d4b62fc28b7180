//! A data key that does not open fails what is of its customer, visibly, and nothing of anybody else: not the batch, not
//! the send behind it, not the file beside it, not the sweep.

use balcao_core::model::{ConversationId, KEY_BROKEN, MediaReason, MediaState, Ticks};
use e2e::desk::says;
use e2e::meta::{Meta, message, name, text, wamid};
use e2e::{Agent, PATIENCE, Plan, Stack, Who, eventually};
use serde_json::{Value, json};

const BROKEN: &str = "5511900000321";
const SOUND: &str = "5511900000322";
const THIRD: &str = "5511900000323";

#[tokio::test(flavor = "multi_thread")]
async fn in_a_webhook_a_broken_key_sets_its_own_aside_and_the_rest_is_stored() {
    let mut stack = Stack::of(plan()).await;
    let meta = stack.meta(0);
    let early = wamid(THIRD);
    let first = meta.messages(&[
        text(BROKEN, "um"),
        text(SOUND, "um"),
        reaction(BROKEN, &early),
        reaction(SOUND, &early),
    ]);
    assert_eq!(meta.post(&first).await, 200);
    assert_eq!(stack.database.count("parked_event").await, 2);
    damaged(&mut stack, &[BROKEN], true).await;

    let meta = stack.meta(0);
    let body = everything(&meta, &early);
    let signature = meta.signature(body.as_bytes());
    let answer = meta.post_signed(body.as_bytes(), &signature).await;
    assert_eq!(answer, 200, "and not 503 until somebody looks");

    let ana = stack.agent(Who::Ana, 0).await;
    let sound = ana.conversation_with("Nova no perfil").await;
    let items = ana.items(sound.id).await;
    let words: Vec<&str> = items.iter().map(says).collect();
    assert_eq!(words, ["um", "dois"], "what is of others is stored");
    let third = ana.conversation_with(&name(THIRD)).await;
    eventually("the reaction that waited", PATIENCE, async || {
        let items = ana.items(third.id).await;
        (items.first()?.reactions.len() == 1).then_some(())
    })
    .await;
    assert_eq!(
        stack
            .database
            .count("contact_channel where marketing = 'stopped'")
            .await,
        1
    );
    assert_eq!(
        stack.database.count("channel_notice").await,
        1,
        "the watched copy of others"
    );
    assert_eq!(
        stack
            .database
            .count("parked_event where kind = 'status'")
            .await,
        1
    );
    seen_by_doctor(
        &stack,
        &[
            "message",
            "message",
            "change",
            "preference",
            "echo",
            "notice",
            "rotation",
        ],
    )
    .await;
}

/// One body with something of everything, of the broken one and of others.
fn everything(meta: &Meta, early: &str) -> String {
    let profile = |phone: &str, name: &str| json!({"profile": {"name": name}, "wa_id": phone, "user_id": user(phone)});
    let mut target = text(THIRD, "alvo");
    target["id"] = json!(early);
    let wish = |phone: &str| {
        json!({"wa_id": phone, "user_id": user(phone), "category": "marketing_messages", "value": "stop",
            "detail": "", "timestamp": e2e::meta::now()})
    };
    let rotated = json!({
        "from": BROKEN, "from_user_id": user(BROKEN), "id": wamid(BROKEN), "timestamp": e2e::meta::now().to_string(),
        "type": "system",
        "system": {"type": "user_changed_number", "wa_id": "5511900000399", "user_id": user(BROKEN),
            "previous_user_id": user(BROKEN)},
    });
    // Another id beside the known ones is to be sealed with a key that does not open.
    let mut other_id = text(BROKEN, "três");
    other_id["from_parent_user_id"] = json!("BR.ENT.3210321");
    let body = meta.envelope(&json!({
        "contacts": [profile(BROKEN, "Outra no perfil"), profile(SOUND, "Nova no perfil"), profile(THIRD, &name(THIRD))],
        "messages": [
            text(BROKEN, "dois"), text(SOUND, "dois"), other_id, target, reaction(BROKEN, &wamid(BROKEN)), rotated,
        ],
        "statuses": [{"id": wamid(SOUND), "status": "read", "timestamp": "1790000000", "recipient_id": SOUND}],
    }));
    let mut body = body;
    let metadata = body["entry"][0]["changes"][0]["value"]["metadata"].clone();
    let echo = json!({
        "from": "551140000000", "to": BROKEN, "id": wamid(BROKEN), "timestamp": e2e::meta::now().to_string(),
        "type": "text", "text": {"body": "do telefone"},
    });
    let copy = |phone: &str| json!({"metadata": metadata, "messages": [text(phone, "a outro")]});
    let changes = body["entry"][0]["changes"].as_array_mut().expect("changes");
    changes.extend([
        json!({"field": "user_preferences", "value": {"metadata": metadata, "user_preferences": [wish(BROKEN), wish(SOUND)]}}),
        json!({"field": "smb_message_echoes", "value": {"metadata": metadata, "message_echoes": [echo]}}),
        json!({"field": "standby", "value": copy(BROKEN)}),
        json!({"field": "standby", "value": copy(SOUND)}),
    ]);
    body.to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_send_and_a_file_of_a_broken_key_fail_with_a_reason_and_others_go() {
    let plan = plan().with("limits.requests_per_minute_per_session", "100000");
    let mut stack = Stack::of(plan).await;
    for phone in [BROKEN, SOUND] {
        stack.phone(phone).says("oi").await;
    }
    let ana = stack.agent(Who::Ana, 0).await;
    let broken = claimed(&ana, &stack.phone(BROKEN).name).await;
    let sound = claimed(&ana, &stack.phone(SOUND).name).await;

    // What is to be sent and fetched waits while the key is damaged.
    let away = json!({
        "graph_error": {"code": 130_429, "http": 429, "times": 100_000},
        "media_error": {"at": "download", "http": 500, "times": 100_000},
    });
    stack.simulator.faults(&away).await;
    for phone in [BROKEN, SOUND] {
        stack
            .phone(phone)
            .sends(&json!({"type": "image", "image": {}}))
            .await;
    }
    eventually("both files were tried", PATIENCE, async || {
        let tried = "job where kind = 'media.fetch' and attempts > 0 and state = 'pending'";
        (stack.database.count(tried).await == 2).then_some(())
    })
    .await;
    ana.replies(broken, "broken", "resposta").await;
    ana.replies(sound, "sound", "resposta").await;
    damaged(&mut stack, &[BROKEN], false).await;
    stack.simulator.faults(&json!({})).await;
    sqlx::query("update job set not_before = now()")
        .execute(stack.database.pool())
        .await
        .expect("the files are due");

    let ana = ana.at(&stack.node(0).console);
    let settled = async |id: ConversationId, client_ref: &str| {
        eventually(client_ref, PATIENCE, async || {
            let item = ana.item(id, client_ref).await;
            (item.ticks != Some(Ticks::Queued)).then_some(item)
        })
        .await
    };
    assert_ne!(settled(sound, "sound").await.ticks, Some(Ticks::Failed));
    let failed = settled(broken, "broken").await;
    assert_eq!(
        (failed.ticks, failed.error_code),
        (Some(Ticks::Failed), Some(KEY_BROKEN))
    );
    let file = async |id: ConversationId| {
        eventually("the file is settled", PATIENCE, async || {
            let items = ana.items(id).await;
            let file = items
                .into_iter()
                .find_map(|item| item.media.into_iter().next())?;
            (file.state != MediaState::Pending).then_some((file.state, file.reason))
        })
        .await
    };
    assert_eq!(file(sound).await, (MediaState::Ready, None));
    assert_eq!(
        file(broken).await,
        (MediaState::Failed, Some(MediaReason::Unavailable))
    );
}

fn plan() -> Plan {
    Plan {
        roles: Some("gateway,hub,worker"),
        ..Plan::default()
    }
}

fn user(phone: &str) -> String {
    format!("BR.{phone}0001")
}

fn reaction(phone: &str, target: &str) -> Value {
    message(
        phone,
        json!({"type": "reaction", "reaction": {"message_id": target, "emoji": "👍"}}),
    )
}

async fn claimed(ana: &Agent, name: &str) -> ConversationId {
    let row = eventually("the case", PATIENCE, async || {
        let rows = ana.conversations().await;
        rows.into_iter()
            .find(|row| row.contact.name.as_deref() == Some(name))
    })
    .await;
    let claimed = ana.does(row.id, "claim", json!({"epoch": row.epoch})).await;
    assert_eq!(claimed.status, 200);
    row.id
}

/// Stops the node, so that no key is in memory, turns a byte of the customers' stored keys (and of the day's own), and
/// starts it again.
async fn damaged(stack: &mut Stack, phones: &[&str], with_day: bool) {
    let mut contacts = Vec::new();
    for phone in phones {
        let found = stack
            .balcao(&["contact", "find"], &format!("{phone}\n"))
            .await;
        contacts.push(found.ok().to_owned());
    }
    stack.stop_node(0).await;
    let hurt = sqlx::query(
        "update keystore.subject_key
         set wrapped = set_byte(wrapped, 30, 255 - get_byte(wrapped, 30))
         where subject_id in (
           select id from subject where contact_id::text = any($1) or (kind = 'system' and $2)
         )",
    )
    .bind(&contacts)
    .bind(with_day)
    .execute(stack.database.pool())
    .await
    .expect("the damage is done");
    assert!(hurt.rows_affected() >= 1);
    stack.start_node(0).await;
}

async fn seen_by_doctor(stack: &Stack, wanted: &[&str]) {
    let told = stack.balcao(&["doctor", "--json"], "").await.json();
    let letters = told["dead_letters"].as_array().cloned().unwrap_or_default();
    let mut broken: Vec<&str> = letters
        .iter()
        .filter(|letter| letter["reason"] == "key_broken")
        .filter_map(|letter| letter["detail"].as_str())
        .collect();
    let mut wanted = wanted.to_vec();
    broken.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(broken, wanted, "{told}");
}
