//! Customers' files are fetched at once, lie sealed, and open for those who may see the conversation and nobody else.

use std::path::{Path, PathBuf};

use balcao_core::model::{ConversationId, MediaReason, MediaState, MediaView};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use e2e::files::{Opened, answer, open, retry, settled, upload};
use e2e::http::http;
use e2e::media_host::{MediaHost, sha256};
use e2e::{Agent, LIVE, PATIENCE, Plan, Socket, Stack, Who, eventually, meta, samples};
use image::ImageFormat;
use serde_json::{Value, json};

const MARKER: &str = "jabuticabeira";
const PHONE: &str = "5511900000880";
const NOBODYS: &str = "01890000-0000-7000-8000-000000000000";

/// What a customer sends: Cloud API type, bytes, and what it must turn out to be.
fn shelf() -> Vec<(&'static str, Vec<u8>, &'static str, bool)> {
    vec![
        (
            "image",
            samples::picture(ImageFormat::Jpeg),
            "image/jpeg",
            true,
        ),
        ("audio", samples::voice(), "audio/ogg", false),
        ("video", samples::film(300_000), "video/mp4", false),
        ("document", samples::pdf(MARKER), "application/pdf", false),
        (
            "sticker",
            samples::picture(ImageFormat::WebP),
            "image/webp",
            true,
        ),
    ]
}

async fn sends(stack: &Stack, kind: &str, bytes: &[u8]) {
    let file =
        json!({"data_base64": BASE64_STANDARD.encode(bytes), "filename": format!("{MARKER}.pdf")});
    stack
        .phone(PHONE)
        .sends(&json!({"type": kind, kind: file}))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_every_kind_opens_for_its_team_and_for_nobody_else() {
    let stack = Stack::start().await;
    let (ana, davi) = (
        stack.agent(Who::Ana, 0).await,
        stack.agent(Who::Davi, 0).await,
    );
    let customer = stack.phone(PHONE);
    customer.says("oi").await;
    customer.shows("an answer", 0, |_| true).await;
    let id = ana.conversation_with(&customer.name).await.id;
    let desk = Socket::open(&ana).await;
    desk.watch(id);
    let mut opened = 0;
    for file in shelf() {
        opened += arrives(&stack, &desk, (&ana, &davi), id, file).await;
    }
    let events = stack
        .database
        .count("audit_event where action = 'media.opened' and outcome = 'ok'");
    assert_eq!(events.await, opened, "one event a request");
    let stranger = answer(http().get(format!("{}/api/v1/media/{}", ana.console, id))).await;
    assert_eq!(stranger.status, 401);
    nothing_in_clear(&stack);
    erased_with_its_customer(&stack, &ana, id).await;
}

/// A file comes, is shown without asking, opens for one and not for the other; how many events that makes.
async fn arrives(
    stack: &Stack,
    desk: &Socket,
    (ana, davi): (&Agent, &Agent),
    id: ConversationId,
    (kind, bytes, mime_type, has_thumbnail): (&'static str, Vec<u8>, &'static str, bool),
) -> i64 {
    let before = ana.items(id).await.len();
    sends(stack, kind, &bytes).await;
    let (seq, file) = newest(ana, id, before).await;
    assert_eq!(
        (
            file.state,
            file.mime_type.as_deref(),
            file.has_thumbnail,
            file.is_inline
        ),
        (MediaState::Ready, Some(mime_type), has_thumbnail, true),
        "{kind}"
    );
    let came = desk.within(LIVE, "the file, without asking", |desk| {
        let thread = desk.thread(id);
        let file = thread.items.get(&seq)?.media.first()?;
        (file.state == MediaState::Ready).then_some(file.id)
    });
    assert_eq!(came.await, file.id);
    whole_and_safe(
        &open(ana, &file.id.to_string(), &[]).await,
        &bytes,
        mime_type,
    );
    let (refused, unknown) = (
        open(davi, &file.id.to_string(), &[]).await,
        open(davi, NOBODYS, &[]).await,
    );
    assert_eq!(
        (refused.status, refused.bytes),
        (404, unknown.bytes),
        "{kind}"
    );
    assert_eq!(retry(davi, file.id).await, 404);
    assert_eq!(
        retry(ana, file.id).await,
        422,
        "a file that is here is not fetched again"
    );
    if !has_thumbnail {
        return 1;
    }
    let small = open(ana, &format!("{}/thumbnail", file.id), &[]).await;
    assert_eq!(
        (small.status, small.header("content-type")),
        (200, "image/jpeg")
    );
    assert!(
        small.bytes.starts_with(b"\xff\xd8\xff") && small.bytes != bytes,
        "{kind}: drawn anew"
    );
    2
}

/// The newest item's file, once it is settled.
async fn newest(agent: &Agent, id: ConversationId, before: usize) -> (i64, MediaView) {
    let seq = eventually("an item with a file", PATIENCE, async || {
        let items = agent.items(id).await;
        let found = items
            .iter()
            .skip(before)
            .find(|item| !item.media.is_empty())?;
        Some(found.seq)
    })
    .await;
    (seq, settled(agent, id, seq).await)
}

fn whole_and_safe(opened: &Opened, bytes: &[u8], mime_type: &str) {
    assert_eq!(opened.status, 200);
    assert!(
        opened.bytes == bytes,
        "{mime_type}: other bytes than the customer's"
    );
    for (header, value) in [
        ("content-type", mime_type),
        ("x-content-type-options", "nosniff"),
        ("cross-origin-resource-policy", "same-origin"),
        ("cache-control", "no-store"),
    ] {
        assert_eq!(opened.header(header), value, "{mime_type}");
    }
    assert!(opened.header("content-security-policy").contains("sandbox"));
    assert!(
        opened
            .header("content-disposition")
            .starts_with("inline; filename=\"")
    );
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files_below(&path));
        } else {
            found.push(path);
        }
    }
    found
}

fn nothing_in_clear(stack: &Stack) {
    let objects = files_below(&stack.folder().join("objects"));
    assert_eq!(
        objects.len(),
        shelf().len() + 2,
        "each file, and two small pictures"
    );
    let holds = |file: &Path, needle: &[u8]| {
        let bytes = std::fs::read(file).unwrap_or_default();
        bytes.windows(needle.len()).any(|part| part == needle)
    };
    let everywhere = files_below(stack.folder());
    let outside = everywhere
        .iter()
        .filter(|file| !file.starts_with(stack.folder().join("simulator")));
    for file in outside {
        for needle in [MARKER.as_bytes(), b"OpusHead", b"ftypmp42", b"JFIF"] {
            assert!(!holds(file, needle), "{} is in clear", file.display());
        }
    }
    assert!(
        everywhere.iter().any(|file| holds(file, MARKER.as_bytes())),
        "the search finds what the simulator keeps"
    );
}

async fn erased_with_its_customer(stack: &Stack, ana: &Agent, id: ConversationId) {
    let items = ana.items(id).await;
    let file = items
        .iter()
        .find_map(|item| item.media.first())
        .expect("a file")
        .id;
    let contact = ana.conversation(id).await.contact.id.to_string();
    let erase = ["contact", "erase", &contact, "--reason", "request"];
    let said = stack.balcao(&erase, "").await;
    assert!(!said.ok().is_empty(), "erased");
    assert_eq!(open(ana, &file.to_string(), &[]).await.status, 404);
    assert_eq!(stack.database.count("media").await, 0);
    eventually("the bytes are gone", PATIENCE, async || {
        files_below(&stack.folder().join("objects"))
            .is_empty()
            .then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_number_waits_before_meta_blocks_it() {
    let host = MediaHost::start("not-the-token-of-the-first-test").await;
    let stack = Stack::of(
        Plan {
            roles: Some("gateway,hub"),
            ..Plan::default()
        }
        .with("whatsapp.graph_base_url", &host.url)
        .with("media.private_hosts", &host.place)
        .with("media.bad_fetches_per_hour", "3"),
    )
    .await;
    let ana = stack.agent(Who::Ana, 0).await;
    let meta = stack.meta(0);
    let bytes = samples::pdf("x");

    // The host refuses our token: nothing to be had, and Meta counts each refusal.
    for n in 1..=5 {
        let file = json!({"id": format!("file-{n}"), "mime_type": "application/pdf", "sha256": sha256(&bytes)});
        let message = meta::message(PHONE, json!({"type": "document", "document": file}));
        assert_eq!(meta.post(&meta.messages(&[message])).await, 200);
    }
    let id = ana.conversation_with(&meta::name(PHONE)).await.id;
    let waiting = "job where kind = 'media.fetch' and state = 'pending' and not_before > now() + interval '40 minutes'";
    eventually(
        "all of them wait for most of an hour",
        PATIENCE,
        async || (stack.database.count(waiting).await == 5).then_some(()),
    )
    .await;
    assert_eq!(host.strangers("file-"), 3, "so often Meta was asked");
    assert_eq!(
        ana.items(id).await.len(),
        5,
        "the messages themselves are here"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_meta_lost_fails_and_comes_when_it_is_asked_for_again() {
    let stack = Stack::start().await;
    let ana = stack.agent(Who::Ana, 0).await;
    let customer = stack.phone(PHONE);
    customer.says("oi").await;
    customer.shows("an answer", 0, |_| true).await;
    let id = ana.conversation_with(&customer.name).await.id;
    stack
        .simulator
        .faults(&json!({"no_media_url": true, "media_error": {"at": "resolve", "http": 404, "times": 1}}))
        .await;
    let before = ana.items(id).await.len();
    let bytes = samples::pdf(MARKER);
    sends(&stack, "document", &bytes).await;
    let (seq, lost) = newest(&ana, id, before).await;
    assert_eq!(
        (lost.state, lost.reason),
        (MediaState::Failed, Some(MediaReason::Absent))
    );
    let closed = open(&ana, &lost.id.to_string(), &[]).await;
    assert_eq!((closed.status, closed.code().as_str()), (409, "not_ready"));

    assert_eq!(retry(&ana, lost.id).await, 202);
    let found = eventually("it is here", PATIENCE, async || {
        let file = settled(&ana, id, seq).await;
        (file.state == MediaState::Ready).then_some(file)
    })
    .await;
    assert_eq!(open(&ana, &found.id.to_string(), &[]).await.bytes, bytes);
    let orders = "audit_event where action = 'media.retried' and outcome = 'ok'";
    assert_eq!(stack.database.count(orders).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_reaches_the_phone_and_a_loose_one_goes() {
    let stack = Stack::start().await;
    let (ana, bruno) = (
        stack.agent(Who::Ana, 0).await,
        stack.agent(Who::Bruno, 0).await,
    );
    let customer = stack.phone(PHONE);
    customer.says("oi").await;
    customer.shows("an answer", 0, |_| true).await;
    let id = ana.conversation_with(&customer.name).await.id;
    let bytes = samples::picture(ImageFormat::Png);
    let sent = upload(&ana, "", "../../boleto\u{202e}.exe", bytes.clone()).await;
    assert_eq!(sent.status, 201, "{}", String::from_utf8_lossy(&sent.bytes));
    let file: Value = serde_json::from_slice(&sent.bytes).expect("JSON");
    assert_eq!(
        (&file["kind"], &file["mime_type"], &file["size_bytes"]),
        (&json!("image"), &json!("image/png"), &json!(bytes.len()))
    );
    let upload_id = file["id"].as_str().expect("an id");
    assert_eq!(
        open(&ana, upload_id, &[]).await.bytes,
        bytes,
        "its uploader sees it"
    );
    assert_eq!(
        open(&bruno, upload_id, &[]).await.status,
        404,
        "a colleague does not"
    );

    let form = reqwest::multipart::Form::new().part(
        "file",
        reqwest::multipart::Part::bytes(samples::pdf("y")).file_name("contrato.pdf"),
    );
    let request = http()
        .post(format!("{}/api/v1/media", ana.console))
        .bearer_auth(&ana.access_token)
        .multipart(form);
    let loose = answer(request).await;
    assert_eq!(loose.status, 201);
    refusals(&ana).await;

    let content = json!({"kind": "media", "media": {"kind": "image", "file": upload_id, "caption": "boleto"}});
    let accepted = ana
        .does(
            id,
            "messages",
            json!({"client_ref": "m", "content": content}),
        )
        .await;
    assert_eq!(accepted.status, 202, "{}", accepted.body);
    let bubble = customer
        .shows("the picture", 0, |bubble| bubble.kind == "image")
        .await;
    assert!(bubble.ours);
    assert_eq!(
        open(&bruno, upload_id, &[]).await.bytes,
        bytes,
        "it belongs to the conversation now"
    );

    sqlx::query("update media set created_at = now() - interval '25 hours'")
        .execute(stack.database.pool())
        .await
        .expect("the owner writes");
    eventually("the loose one is gone", PATIENCE, async || {
        (stack.database.count("media").await == 1).then_some(())
    })
    .await;
    assert_eq!(
        open(&ana, upload_id, &[]).await.status,
        200,
        "the one that was sent stays"
    );
}

/// What WhatsApp does not take is refused when it is uploaded.
async fn refusals(ana: &Agent) {
    for (query, name, refused, status) in [
        ("", "a.svg", b"<svg/>".to_vec(), 422),
        ("?kind=image", "a.pdf", samples::pdf("z"), 422),
        (
            "",
            "large.png",
            [samples::picture(ImageFormat::Png), vec![0; 5 << 20]].concat(),
            413,
        ),
        ("", "empty", Vec::new(), 422),
    ] {
        let refusal = upload(ana, query, name, refused).await;
        assert_eq!(
            refusal.status,
            status,
            "{name}: {}",
            String::from_utf8_lossy(&refusal.bytes)
        );
    }
}
