//! Reactions after the end, what staff do on the telephone, the past, groups, calls, damage: each where it belongs, and
//! nowhere else.

use balcao_core::model::{
    ActorKind, Author, CallOutcome, Content, ConversationId, Handler, SystemLine, Ticks,
};
use balcao_core::store::message::{self, Item};
use balcao_core::store::{conversation, inbox};
use e2e::gateways::Gateways;
use e2e::meta::{message, now, status, text, wamid};
use serde_json::{Value, json};

const PHONE: &str = "5511900000071";
const OTHER: &str = "5511900000072";
const GROUP: &str = "120363041234567890";

async fn post(gateways: &Gateways, field: &str, lists: Value) {
    let mut envelope = gateways.doors[0].envelope(&lists);
    envelope["entry"][0]["changes"][0]["field"] = json!(field);
    assert_eq!(gateways.doors[0].post(&envelope.to_string()).await, 200);
}

/// The conversations, the oldest first.
async fn cases(gateways: &Gateways) -> Vec<inbox::Place> {
    let ids: Vec<uuid::Uuid> =
        sqlx::query_scalar("select id from conversation order by opened_at, id")
            .fetch_all(gateways.database.pool())
            .await
            .expect("conversations");
    let ids: Vec<ConversationId> = ids.into_iter().map(ConversationId).collect();
    let mut conn = gateways.store.api.acquire().await.expect("a connection");
    let places = inbox::places(&mut conn, &ids).await.expect("places");
    let place = |id| places.iter().find(|place| place.id == id).copied();
    ids.into_iter().filter_map(place).collect()
}

async fn items(gateways: &Gateways, id: ConversationId) -> Vec<Item> {
    let wanted: Vec<(ConversationId, i64)> = (1..20).map(|seq| (id, seq)).collect();
    let mut conn = gateways.store.api.acquire().await.expect("a connection");
    message::items(&gateways.store, &mut conn, &wanted)
        .await
        .expect("items")
}

fn content(item: &Item) -> &Content {
    &item.body.as_ref().expect("a body").content
}

fn reaction(phone: &str, target: &str, emoji: &str) -> Value {
    message(
        phone,
        json!({"type": "reaction", "reaction": {"message_id": target, "emoji": emoji}}),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reaction_after_the_end_stays_with_its_item_and_a_strangers_waits() {
    let gateways = Gateways::start().await;
    let said = text(PHONE, "resolvido, obrigada");
    let target = said["id"].as_str().expect("an id").to_owned();
    post(&gateways, "messages", json!({"messages": [said]})).await;
    let case = cases(&gateways).await[0];
    let mut tx = gateways.store.api.begin().await.expect("a transaction");
    let mut locked = conversation::lock(&mut tx, case.id).await.expect("a lock");
    let epoch = locked.epoch;
    conversation::close(&mut tx, &mut locked, epoch, Author::BOT, "done")
        .await
        .expect("it closes");
    tx.commit().await.expect("it is closed");
    let before = gateways.database.last_rev(case.id).await;

    let thanks = reaction(PHONE, &target, "❤️");
    let stranger = reaction(OTHER, &wamid(OTHER), "👍");
    post(
        &gateways,
        "messages",
        json!({"messages": [thanks, stranger]}),
    )
    .await;

    let after = cases(&gateways).await;
    assert_eq!(after.len(), 1, "no case for a reaction");
    assert_eq!(after[0].status, case_status_resolved());
    assert_eq!(gateways.database.last_rev(case.id).await, before + 1);
    let item = &items(&gateways, case.id).await[0];
    assert_eq!(item.reactions.len(), 1);
    assert_eq!(item.reactions[0].emoji, "❤️");
    assert_eq!(item.reactions[0].author.kind, ActorKind::Contact);
    assert_eq!(gateways.database.count("parked_event").await, 1);
    assert_eq!(
        gateways.database.count("bot_turn").await,
        1,
        "of the message only"
    );
    gateways.database.assert_dense().await;
}

fn case_status_resolved() -> balcao_core::model::ConversationStatus {
    balcao_core::model::ConversationStatus::Resolved
}

fn echo(to: &str, words: &str) -> Value {
    json!({
        "from": "551140000000", "to": to, "id": wamid(to), "timestamp": now().to_string(), "type": "text",
        "text": {"body": words},
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn what_staff_write_on_the_telephone_takes_the_case_from_the_bot_once() {
    let gateways = Gateways::start().await;
    post(
        &gateways,
        "messages",
        json!({"messages": [text(PHONE, "oi")]}),
    )
    .await;
    assert_eq!(gateways.database.count("bot_turn").await, 1);
    let (first, second) = (echo(PHONE, "já vejo"), echo(PHONE, "pronto"));
    for echoes in [json!([first]), json!([first, second])] {
        post(
            &gateways,
            "smb_message_echoes",
            json!({"message_echoes": echoes}),
        )
        .await;
    }
    let read = status(first["id"].as_str().expect("an id"), PHONE, "read");
    post(&gateways, "messages", json!({"statuses": [read]})).await;

    let all = cases(&gateways).await;
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].handler, Handler::Queue);
    assert_eq!(
        gateways.database.count("bot_turn").await,
        0,
        "the bot is silent"
    );
    assert_eq!(
        gateways
            .database
            .count("conversation where waiting_since is null and unread = 0 and epoch = 1")
            .await,
        1
    );
    let items = items(&gateways, all[0].id).await;
    let lines = items.iter().filter(|item| {
        matches!(
            content(item),
            Content::System {
                line: SystemLine::AnsweredOnPhone
            }
        )
    });
    assert_eq!(lines.count(), 1);
    let ours: Vec<&Item> = items
        .iter()
        .filter(|item| item.author.kind == ActorKind::ChannelApp)
        .collect();
    assert_eq!(ours.len(), 2, "each once");
    assert_eq!(
        (ours[0].ticks, ours[1].ticks),
        (Some(Ticks::Read), Some(Ticks::Sent))
    );

    // To somebody who never wrote: a case that people have, and no window.
    post(
        &gateways,
        "smb_message_echoes",
        json!({"message_echoes": [echo(OTHER, "bom dia")]}),
    )
    .await;
    let all = cases(&gateways).await;
    assert_eq!((all.len(), all[1].handler), (2, Handler::Queue));
    assert_eq!(
        gateways
            .database
            .count("contact_channel where window_until is not null")
            .await,
        1
    );
    gateways.database.assert_dense().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_past_is_a_closed_case_that_nothing_opens() {
    let gateways = Gateways::start().await;
    let at = |ago: i64| (now() - ago).to_string();
    let theirs = json!({"id": wamid(PHONE), "from": PHONE, "timestamp": at(600), "type": "text", "text": {"body": "oi"}});
    let ours = json!({"id": wamid(PHONE), "from": "551140000000", "to": PHONE, "timestamp": at(500), "type": "text",
        "text": {"body": "olá"}, "history_context": {"status": "READ"}});
    let photo = wamid(PHONE);
    let held =
        json!({"id": photo, "from": PHONE, "timestamp": at(400), "type": "media_placeholder"});
    let chunk = json!({"metadata": {"phase": 0, "chunk_order": 1, "progress": 50}, "threads": [
        {"id": PHONE, "context": {"wa_id": PHONE}, "messages": [ours, held, theirs]},
    ]});
    for _ in 0..2 {
        post(&gateways, "history", json!({"history": [chunk]})).await;
    }
    let file = json!({"id": photo, "from": PHONE, "timestamp": at(400), "type": "image",
        "image": {"id": "9", "mime_type": "image/jpeg"}});
    post(&gateways, "history", json!({"messages": [file]})).await;

    let past = cases(&gateways).await;
    assert_eq!(past.len(), 1);
    assert_eq!(past[0].status, case_status_resolved());
    let items = items(&gateways, past[0].id).await;
    let authors: Vec<ActorKind> = items.iter().map(|item| item.author.kind).collect();
    assert_eq!(
        authors,
        [
            ActorKind::Contact,
            ActorKind::ChannelApp,
            ActorKind::Contact
        ],
        "by time, each once"
    );
    assert_eq!(items[1].ticks, Some(Ticks::Read));
    assert!(matches!(content(&items[2]), Content::Media { .. }));
    assert_eq!((items[2].media.len(), items[2].edited_at), (1, None));
    assert_eq!(gateways.database.count("bot_turn").await, 0);

    // The customer writes minutes later: another case.
    post(
        &gateways,
        "messages",
        json!({"messages": [text(PHONE, "voltei")]}),
    )
    .await;
    assert_eq!(cases(&gateways).await.len(), 2);
    assert_eq!(
        gateways
            .database
            .count("conversation where closed_reason = 'history' and status = 'resolved'")
            .await,
        1
    );
    gateways.database.assert_dense().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_is_one_case_with_many_authors_and_a_silent_bot() {
    let gateways = Gateways::start().await;
    let says = |phone: &str, words: &str| {
        message(
            phone,
            json!({"group_id": GROUP, "type": "text", "text": {"body": words}}),
        )
    };
    let contact = |phone: &str, name: &str| json!({"profile": {"name": name}, "wa_id": phone});
    let contacts = [contact(PHONE, "Uma"), contact(OTHER, "Outro")];
    let messages = [says(PHONE, "oi"), says(OTHER, "olá")];
    post(
        &gateways,
        "messages",
        json!({"contacts": contacts, "messages": messages}),
    )
    .await;

    let all = cases(&gateways).await;
    assert_eq!((all.len(), all[0].handler), (1, Handler::Queue));
    assert_eq!(
        gateways
            .database
            .count("contact where kind = 'group'")
            .await,
        1
    );
    assert_eq!(
        gateways
            .database
            .count("contact where kind = 'person'")
            .await,
        2
    );
    assert_eq!(gateways.database.count("bot_turn").await, 0);
    let items = items(&gateways, all[0].id).await;
    let names: Vec<Option<&str>> = items
        .iter()
        .map(|item| item.author_name.as_deref())
        .collect();
    assert_eq!(names, [Some("Uma"), Some("Outro")]);

    gateways.database.assert_dense().await;
}

/// The further of two is shown, each has a row, and the failure of one is theirs alone. The reports come first.
#[tokio::test(flavor = "multi_thread")]
async fn each_of_a_group_reports_for_themselves() {
    let gateways = Gateways::start().await;
    let mut ours = echo(GROUP, "bom dia a todos");
    ours["group_id"] = json!(GROUP);
    let id = ours["id"].as_str().expect("an id").to_owned();
    let report = |phone: &str, word: &str| {
        let mut report = status(&id, GROUP, word);
        report["recipient_type"] = json!("group");
        report["recipient_participant_id"] = json!(phone);
        report
    };
    let reports = [report(PHONE, "read"), report(OTHER, "failed")];
    post(&gateways, "messages", json!({"statuses": reports})).await;
    post(
        &gateways,
        "smb_message_echoes",
        json!({"message_echoes": [ours]}),
    )
    .await;
    assert_eq!(
        gateways
            .database
            .count("delivery where participant > 0 and rank = 40")
            .await,
        1
    );
    assert_eq!(
        gateways
            .database
            .count("delivery where participant > 0 and rank = 25")
            .await,
        1
    );
    assert_eq!(
        gateways
            .database
            .count("delivery where participant = 0 and rank = 40")
            .await,
        1
    );
    gateways.database.assert_dense().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_one_item_whose_outcome_settles_whatever_comes_first() {
    let gateways = Gateways::start().await;
    let event = |id: &str, phone: &str, fields: Value| {
        let mut call = json!({"id": id, "from": phone, "to": "551140000000", "timestamp": now().to_string(),
            "direction": "USER_INITIATED"});
        if let (Value::Object(call), Value::Object(fields)) = (&mut call, fields) {
            call.extend(fields);
        }
        call
    };
    let rings =
        |id: &str, phone: &str| event(id, phone, json!({"event": "connect", "session": {}}));
    let ends = |id: &str, phone: &str| {
        event(
            id,
            phone,
            json!({"event": "terminate", "status": "COMPLETED", "start_time": "1", "duration": 61}),
        )
    };
    post(
        &gateways,
        "calls",
        json!({"calls": [rings("wacid.1", PHONE), ends("wacid.1", PHONE)]}),
    )
    .await;
    for call in [ends("wacid.2", OTHER), rings("wacid.2", OTHER)] {
        post(&gateways, "calls", json!({"calls": [call]})).await;
    }
    let all = cases(&gateways).await;
    assert_eq!(all.len(), 2);
    for case in all {
        let items = items(&gateways, case.id).await;
        assert_eq!(items.len(), 1);
        assert!(matches!(
            content(&items[0]),
            Content::Call {
                inbound: true,
                outcome: CallOutcome::Completed,
                duration_seconds: Some(61)
            }
        ));
    }
    assert_eq!(
        gateways
            .database
            .count("contact_channel where window_until > now()")
            .await,
        2
    );
    assert_eq!(
        gateways.database.count("bot_turn").await,
        0,
        "a bot does not answer calls"
    );
    gateways.database.assert_dense().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_damaged_row_leaves_the_others_readable() {
    let gateways = Gateways::start().await;
    let messages: Vec<Value> = ["um", "dois", "três"]
        .map(|words| text(PHONE, words))
        .into();
    post(&gateways, "messages", json!({"messages": messages})).await;
    sqlx::query("update message set sealed = set_byte(sealed, 40, 255 - get_byte(sealed, 40)) where seq = 2")
        .execute(gateways.database.pool())
        .await
        .expect("the damage is done");
    let id = cases(&gateways).await[0].id;
    let readable: Vec<bool> = items(&gateways, id)
        .await
        .iter()
        .map(|item| item.body.is_some())
        .collect();
    assert_eq!(readable, [true, false, true]);
}
