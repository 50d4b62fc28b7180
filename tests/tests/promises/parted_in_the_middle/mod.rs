//! A supervisor parts two records while something slow is under way for one of them: whatever comes back lands with whom
//! it is about now, sealed with their key and no other's.

mod pages;

use balcao_core::model::{ConversationId, MediaState, Ticks};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use e2e::desk::says;
use e2e::files::{open, settled, upload};
use e2e::ledger::Ledger;
use e2e::meta::{self, Meta};
use e2e::{Agent, PATIENCE, Phone, Plan, Stack, Who, eventually, samples};
use image::ImageFormat;
use serde_json::{Value, json};

/// Longer than a merge or a split takes; shorter than the node waits for Meta.
const HELD_MS: u64 = 4_000;

/// Everything in a case that is sealed with the key of somebody whose case it is not.
const MISPLACED: &str = "(
    select conversation_id, subject_id from message where sealed is not null
    union all
    select conversation_id, subject_id from message_version where sealed is not null
    union all
    select conversation_id, subject_id from reaction where sealed is not null
    union all
    select conversation_id, subject_id from media where conversation_id is not null
  ) as sealed
  join conversation on conversation.id = sealed.conversation_id
  join subject on subject.id = sealed.subject_id
  where subject.contact_id <> conversation.contact_id";

/// Two people whose records a supervisor has joined by mistake. The one open case came with the second.
struct Joined {
    stack: Stack,
    carla: Agent,
    /// Digits of whose record remains.
    one: String,
    /// Digits of who was taken in.
    other: String,
    /// The contact that remains.
    into: String,
    /// The contact that was taken in.
    from: String,
    merge_id: Value,
    case: ConversationId,
}

impl Joined {
    async fn start(last: u32) -> Self {
        let plan = Plan {
            roles: Some("gateway,hub,worker"),
            ..Plan::default()
        };
        let stack = Stack::of(plan).await;
        let carla = stack.agent(Who::Carla, 0).await;
        let digits = |n: u32| format!("55119000{:05}", 800 + 2 * last + n);
        let (one, other) = (digits(0), digits(1));
        let mut cases = Vec::new();
        for who in [&one, &other] {
            let phone = stack.phone(who);
            phone.says("oi").await;
            let row = eventually("the case is open", PATIENCE, async || {
                let open = carla.conversations().await;
                open.into_iter()
                    .find(|row| row.contact.name.as_deref() == Some(&phone.name))
            });
            cases.push(row.await);
        }
        let done = json!({"epoch": cases[0].epoch, "reason": "done"});
        let closed = carla.does(cases[0].id, "resolve", done).await;
        assert_eq!(closed.status, 200, "{}", closed.body);
        let into = cases[0].contact.id.to_string();
        let from = cases[1].contact.id.to_string();
        let other_id = json!({ "other_contact_id": cases[1].contact.id });
        let merge = format!("/contacts/{into}/merge");
        let merged: Value = carla.post(&merge, other_id).await.ok();
        Self {
            carla,
            one,
            other,
            into,
            from,
            merge_id: merged["merge_id"].clone(),
            case: cases[1].id,
            stack,
        }
    }

    fn one(&self) -> Phone<'_> {
        self.stack.phone(&self.one)
    }

    fn other(&self) -> Phone<'_> {
        self.stack.phone(&self.other)
    }

    /// A webhook with these messages of the other. By the number alone: the simulator's user id is not known here.
    fn told(&self, meta: &Meta, messages: Vec<Value>) -> String {
        let mut messages = messages;
        for message in messages.iter_mut().filter_map(Value::as_object_mut) {
            message.remove("from_user_id");
        }
        let contact = json!({"profile": {"name": "Cliente"}, "wa_id": self.other});
        meta.envelope(&json!({"contacts": [contact], "messages": messages}))
            .to_string()
    }

    fn split(&self) -> (String, Value) {
        let path = format!("/contacts/{}/split", self.into);
        (path, json!({ "merge_id": self.merge_id }))
    }

    async fn under_way(&self, what: &str, rows: &str) {
        eventually(what, PATIENCE, async || {
            (self.stack.database.count(rows).await == 1).then_some(())
        })
        .await;
    }

    /// Parts them while these rows say that it is still under way.
    async fn part(&self, still: &str) {
        let (split, body) = self.split();
        let parted = self.carla.post(&split, body).await;
        assert_eq!(parted.status, 200, "{}", parted.body);
        let left = self.stack.database.count(still).await;
        assert_eq!(left, 1, "it came back too early to show anything");
    }

    /// Nothing lies with the wrong person, and the one that remains takes nothing of the other's along.
    async fn is_apart(&self) {
        assert_eq!(self.stack.database.count(MISPLACED).await, 0);
        let erase = ["contact", "erase", &self.into, "--reason", "request"];
        let erased = self.stack.balcao(&erase, "").await;
        assert_eq!(erased.code, 0, "{}", erased.err);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_send_that_meta_takes_after_the_split_is_the_others_and_opens() {
    let joined = Joined::start(0).await;
    let (stack, carla, case) = (&joined.stack, &joined.carla, joined.case);
    let faults = json!({ "graph_hang_ms": HELD_MS });
    stack.simulator.faults(&faults).await;
    let seq = carla.replies(case, "held", "a caminho").await;
    // Statuses may come before the answer and settle the send; only the answer says when it was accepted.
    let called = "outbox join delivery using (conversation_id, seq, attempt)
      where called_at is not null and accepted_at is null";
    joined.under_way("Meta is called", called).await;
    joined.part(called).await;
    eventually("Meta has answered", PATIENCE, async || {
        (stack.database.count(called).await == 0).then_some(())
    })
    .await;
    eventually("the send has arrived", PATIENCE, async || {
        let ticks = carla.item(case, "held").await.ticks;
        [Some(Ticks::Delivered), Some(Ticks::Read)]
            .contains(&ticks)
            .then_some(())
    })
    .await;
    let received = joined.other().shows_text("a caminho").await;

    // Its id is known: the customer's quote finds it, and so does ours.
    let quote = json!({"type": "text", "text": {"body": "recebi"}, "context": {"message_id": received.wamid}});
    joined.other().sends(&quote).await;
    let quoting = eventually("the quote is here", PATIENCE, async || {
        let items = carla.items(case).await;
        items.into_iter().find(|item| says(item) == "recebi")
    });
    assert_eq!(quoting.await.reply_to_seq, Some(seq));
    joined.is_apart().await;
    let item = carla.item(case, "held").await;
    assert_eq!(says(&item), "a caminho", "erasing the one left it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_arrives_after_the_split_is_the_others_and_opens() {
    let joined = Joined::start(1).await;
    let (stack, carla, case) = (&joined.stack, &joined.carla, joined.case);
    let faults = json!({ "media_slow_ms": HELD_MS });
    stack.simulator.faults(&faults).await;
    let bytes = samples::pdf("contrato");
    let file = json!({"data_base64": BASE64_STANDARD.encode(&bytes), "filename": "contrato.pdf"});
    let document = json!({"type": "document", "document": file});
    joined.other().sends(&document).await;
    let fetched = "job where kind = 'media.fetch' and state = 'running'";
    joined.under_way("the file is being fetched", fetched).await;
    joined.part(fetched).await;
    let items = carla.items(case).await;
    let seq = items.iter().find(|item| !item.media.is_empty());
    let seq = seq.expect("an item with a file").seq;
    let file = settled(carla, case, seq).await;
    joined.is_apart().await;
    assert_eq!(
        (file.state, file.file_name.as_deref()),
        (MediaState::Ready, Some("contrato.pdf"))
    );
    let opened = open(carla, &file.id.to_string(), &[]).await;
    assert_eq!((opened.status, opened.bytes), (200, bytes));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_send_whose_file_is_uploaded_during_the_split_goes_to_whom_its_case_is_about() {
    let joined = Joined::start(2).await;
    let (stack, carla, case) = (&joined.stack, &joined.carla, joined.case);
    // They are one person, as far as anybody knows: replies go where the newest message came from.
    joined.one().says("sou eu").await;
    eventually("the address is the newest", PATIENCE, async || {
        let items = carla.items(case).await;
        items
            .iter()
            .any(|item| says(item) == "sou eu")
            .then_some(())
    })
    .await;
    let faults = json!({ "upload_slow_ms": HELD_MS });
    stack.simulator.faults(&faults).await;
    let picture = samples::picture(ImageFormat::Jpeg);
    let uploaded = upload(carla, "", "foto.jpg", picture.clone()).await;
    assert_eq!(uploaded.status, 201);
    let uploaded: Value = serde_json::from_slice(&uploaded.bytes).expect("JSON");
    let media = json!({"kind": "image", "file": uploaded["id"], "caption": "a sua foto"});
    let content = json!({"kind": "media", "media": media});
    let sent = carla.sends(case, "picture", &content).await;
    assert_eq!(sent.status, 202, "{}", sent.body);
    eventually("the file is with Meta", PATIENCE, async || {
        (Ledger::read(stack).await.uploads() == 1).then_some(())
    })
    .await;
    joined
        .part("outbox where state = 'sending' and called_at is null")
        .await;
    let other = joined.other();
    let shown = other.shows("the picture", 0, |bubble| bubble.kind == "image");
    assert!(shown.await.text.contains("a sua foto"));
    assert!(joined.one().received().await.is_empty());
    eventually("the send has arrived", PATIENCE, async || {
        let ticks = carla.item(case, "picture").await.ticks;
        [Some(Ticks::Delivered), Some(Ticks::Read)]
            .contains(&ticks)
            .then_some(())
    })
    .await;
    assert_eq!(Ledger::read(stack).await.uploads(), 1, "its id was kept");
    joined.is_apart().await;
    let file = settled(carla, case, carla.item(case, "picture").await.seq).await;
    assert_eq!(file.file_name.as_deref(), Some("foto.jpg"));
    let opened = open(carla, &file.id.to_string(), &[]).await;
    assert_eq!((opened.status, opened.bytes), (200, picture));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reaction_that_waited_for_its_item_across_the_split_is_the_others() {
    let joined = Joined::start(3).await;
    let (stack, carla, case) = (&joined.stack, &joined.carla, joined.case);
    let meta: Meta = stack.meta(0);
    let (later, who) = (meta::wamid(&joined.other), joined.other.as_str());
    let known = stack.balcao(&["contact", "find"], who).await;
    assert_eq!(known.ok(), joined.into, "they are one");
    let reaction = json!({"type": "reaction", "reaction": {"message_id": later, "emoji": "👍"}});
    let reaction = joined.told(&meta, vec![meta::message(who, reaction)]);
    assert_eq!(meta.post(&reaction).await, 200);
    joined.under_way("the reaction waits", "parked_event").await;
    joined.part("parked_event").await;
    let mut message = meta::text(who, "agora sim");
    message["id"] = json!(later);
    assert_eq!(meta.post(&joined.told(&meta, vec![message])).await, 200);
    let item = eventually("the reaction stands on its item", PATIENCE, async || {
        let items = carla.items(case).await;
        items.into_iter().find(|item| !item.reactions.is_empty())
    });
    assert_eq!(says(&item.await), "agora sim");
    joined.is_apart().await;
    let items = carla.items(case).await;
    let item = items.iter().find(|item| says(item) == "agora sim");
    assert_eq!(item.map(|item| item.reactions.len()), Some(1));
}
