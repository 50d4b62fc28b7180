//! Nothing personal is readable outside ciphertext: not in a dump, Redis, logs or the data folder (promise 7).

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE};
use e2e::agent::attempt;
use e2e::cli::said;
use e2e::{Plan, Socket, Stack, Who};
use serde_json::json;
use sqlx::Connection as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;
use tokio::process::Command;

const MARKER: &str = "jabuticabeira";
const NAME: &str = "Zuleide Quintanilha";
/// Brazilian mobile; area code 31, so that both spellings are common.
const PHONE: &str = "5531987650432";

#[tokio::test(flavor = "multi_thread")]
async fn the_marker_the_phone_and_the_name_are_nowhere_at_rest() {
    // Whatever a developer may switch on must hold too.
    let stack = Stack::of(Plan::default().with("log.level", "debug")).await;
    personal_things_happen(&stack).await;
    let places = at_rest(&stack).await;
    let needles = needles();

    for place in &places {
        let hits = hits(&needles, place).await;
        assert!(hits.is_empty(), "{}: {hits}", place.display());
    }
    // The detector detects: what the simulator keeps is full of it.
    assert!(
        !hits(&needles, &stack.folder().join("simulator"))
            .await
            .is_empty(),
        "the search finds nothing anywhere"
    );
}

/// Each spelling is one that the search can see, in a Redis dump and in a database dump too.
#[tokio::test(flavor = "multi_thread")]
async fn what_leaks_is_found() {
    let stack = Stack::of(Plan {
        roles: Some("gateway"),
        ..Plan::default()
    })
    .await;
    redis(
        &stack,
        &format!(
            "SET leak:1 {MARKER}-in-a-value-long-enough-to-be-compressed-{}",
            "a".repeat(64)
        ),
    )
    .await;
    sqlx::query("insert into job (id, kind, key) values (gen_random_uuid(), 'leak', $1)")
        .bind(BASE64_STANDARD.encode(format!("xy{PHONE}")))
        .execute(stack.database.pool())
        .await
        .expect("the owner writes");

    let needles = needles();
    let places = at_rest(&stack).await;
    let found = |name: &str| {
        places
            .iter()
            .find(|place| place.ends_with(name))
            .expect("a place")
            .clone()
    };
    assert!(
        !hits(&needles, &found("redis.rdb")).await.is_empty(),
        "in Redis"
    );
    assert!(
        !hits(&needles, &found("database.sql")).await.is_empty(),
        "in the database, as base64"
    );
}

/// The customer writes, quotes, sends media and contacts; the bot answers; an agent works; a log-in fails; garbage comes.
async fn personal_things_happen(stack: &Stack) {
    let customer = stack.phone(PHONE).named(NAME);
    let first = customer.says(&format!("oi {MARKER}")).await;
    customer
        .shows("the menu", 0, |bubble| !bubble.offers.is_empty())
        .await;
    customer
        .sends(&json!({"type": "image", "image": {"caption": MARKER}, "context": {"id": first}}))
        .await;
    customer
        .sends(&json!({"type": "document", "document": {"filename": format!("{MARKER}.pdf")}}))
        .await;
    customer.sends(&json!({"type": "contacts", "contacts": [{"name": {"formatted_name": NAME}, "phones": [{"phone": PHONE}]}]})).await;
    customer
        .sends(&json!({"type": "from_the_future", "from_the_future": {"words": MARKER}}))
        .await;
    customer.says("atendente").await;
    customer
        .shows("the queue", 1, |bubble| bubble.text.contains("posição"))
        .await;

    let meta = stack.meta(0);
    assert_eq!(meta.post(&format!("{{ {MARKER} {PHONE} {NAME}")).await, 200);
    let unknown = e2e::meta::status(&e2e::meta::wamid(PHONE), PHONE, "delivered");
    assert_eq!(meta.post(&meta.statuses(&[unknown])).await, 200);

    let ana = stack.agent(Who::Ana, 0).await;
    let desk = Socket::open(&ana).await;
    let row = ana.conversation_with(NAME).await;
    desk.watch(row.id);
    desk.until("the words, opened for Ana", |desk| {
        desk.thread(row.id).saying(MARKER).map(|_| ())
    })
    .await;
    assert_eq!(
        ana.does(row.id, "claim", json!({"epoch": row.epoch}))
            .await
            .status,
        200
    );
    ana.replies(row.id, "r", &format!("recebi {MARKER}")).await;
    assert_eq!(
        ana.does(row.id, "notes", json!({"client_ref": "n", "text": MARKER}))
            .await
            .status,
        201
    );
    customer.shows_text(&format!("recebi {MARKER}")).await;
    ana.post(&format!("/contacts/{}/reveal", row.contact.id), json!({}))
        .await;
    attempt(
        &stack.node(0).console,
        &format!("{MARKER}@balcao.example"),
        PHONE,
    )
    .await;
    let said = stack
        .balcao(&["contact", "find"], &format!("{PHONE}\n"))
        .await;
    assert_eq!(said.ok(), row.contact.id.to_string());
    stack.database.is_quiet(&stack.simulator).await;
}

/// Everything that is kept: dumps made now, logs, files.
async fn at_rest(stack: &Stack) -> Vec<PathBuf> {
    let dumps = stack.folder().join("dumps");
    std::fs::create_dir(&dumps).expect("a folder of dumps");
    let mut dump = Command::new("pg_dump");
    dump.arg("--dbname")
        .arg(stack.postgres.owner_url())
        .arg("--file")
        .arg(dumps.join("database.sql"));
    assert_eq!(said(dump, "").await.code, 0, "pg_dump works");
    // A compressed string would hide what it says.
    redis(stack, "CONFIG SET rdbcompression no").await;
    redis(stack, "SAVE").await;
    std::fs::copy(
        stack.files_of("redis").join("dump.rdb"),
        dumps.join("redis.rdb"),
    )
    .expect("a Redis dump");
    // What lies in shared buffers and WAL is in the cluster's files after a checkpoint.
    let checkpoint = sqlx::query("checkpoint");
    let mut superuser = sqlx::PgConnection::connect(&stack.postgres.superuser_url())
        .await
        .expect("a log-in");
    checkpoint
        .execute(&mut superuser)
        .await
        .expect("a checkpoint");

    let mut places = vec![
        dumps.join("database.sql"),
        dumps.join("redis.rdb"),
        stack.files_of("postgres"),
    ];
    let inside = std::fs::read_dir(stack.folder())
        .expect("the data folder")
        .flatten()
        .map(|entry| entry.path());
    places.extend(inside.filter(|path| {
        !path.ends_with("simulator") && !path.ends_with("dumps") && !path.ends_with("logs")
    }));
    let logs = std::fs::read_dir(stack.folder().join("logs"))
        .expect("logs")
        .flatten()
        .map(|entry| entry.path());
    places.extend(logs.filter(|log| !log.ends_with("simulator.log")));
    places
}

/// One command of Redis's inline protocol.
async fn redis(stack: &Stack, command: &str) {
    let url = stack.redis.url();
    let mut socket = UnixStream::connect(url.trim_start_matches("redis+unix://"))
        .await
        .expect("Redis listens");
    socket
        .write_all(format!("{command}\r\n").as_bytes())
        .await
        .expect("Redis reads");
    let mut answer = [0; 64];
    let length = socket.read(&mut answer).await.expect("Redis answers");
    assert!(
        answer[..length].starts_with(b"+OK"),
        "{command}: {}",
        String::from_utf8_lossy(&answer[..length])
    );
}

/// Marker, name and phone as people and programs spell them: in clear, in hexadecimal (a bytea in a dump) and in base64
/// at each of the three alignments.
fn needles() -> Vec<String> {
    let (area, local) = (&PHONE[2..4], &PHONE[4..]);
    let short = format!("55{area}{}", &local[1..]);
    let phones = [
        PHONE.to_owned(),
        short,
        format!("{area}{local}"),
        local[1..].to_owned(),
    ];
    let mut needles = vec![
        format!("{} {}-{}", area, &local[..5], &local[5..]),
        format!("({area}) {}-{}", &local[..5], &local[5..]),
        format!("{}-{}", &local[1..5], &local[5..]),
        format!("{}-{}", &local[..5], &local[5..]),
    ];
    for clear in
        phones
            .into_iter()
            .chain([MARKER.to_owned(), NAME.to_owned(), "Quintanilha".to_owned()])
    {
        needles.push(hex::encode(&clear));
        for shift in 0..3 {
            let padded = format!("{}{clear}", "\0".repeat(shift));
            for encoded in [
                BASE64_STANDARD.encode(&padded),
                BASE64_URL_SAFE.encode(&padded),
            ] {
                // The characters at the edges depend on the neighbours too.
                let from = [0, 2, 3][shift];
                let upto = encoded.trim_end_matches('=').len() - usize::from(padded.len() % 3 != 0);
                needles.push(encoded[from..upto].to_owned());
            }
        }
        needles.push(clear);
    }
    needles.sort();
    needles.dedup();
    needles
}

/// The first hits of any needle in a file or folder.
async fn hits(needles: &[String], place: &Path) -> String {
    let patterns = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(patterns.path(), needles.join("\n") + "\n").expect("patterns");
    let mut grep = Command::new("grep");
    grep.args(["-r", "-a", "-o", "-i", "-m", "3", "-F", "-f"])
        .arg(patterns.path())
        .arg("--")
        .arg(place);
    let found = said(grep, "").await;
    assert!(found.code <= 1, "grep: {}", found.err);
    found.out.lines().take(5).collect::<Vec<_>>().join("; ")
}
