//! Every access leaves an event; an export verifies offline with two verifiers, and one changed byte is named (promise 8).

use std::path::Path;

use e2e::cli::{Said, said};
use e2e::{Socket, Stack, Who};
use serde_json::{Value, json};
use sqlx::Connection as _;
use tokio::process::Command;

const FILES: [&str; 8] = [
    "events.jsonl",
    "leaves.bin",
    "checkpoint",
    "consistency",
    "manifest.json",
    "manifest.note",
    "VERIFY.md",
    "verify.py",
];

#[tokio::test(flavor = "multi_thread")]
async fn an_export_verifies_and_one_changed_byte_is_named() {
    let stack = Stack::start().await;
    let conversation = people_look_and_act(&stack).await;
    let folder = stack.folder().join("export");
    let key = export(&stack, &folder).await;

    assert!(
        balcao_verifies(&stack, &folder, &key)
            .await
            .ok()
            .starts_with("OK ")
    );
    assert!(
        python_verifies(&folder, &folder, &key)
            .await
            .ok()
            .starts_with("OK ")
    );
    the_accesses_are_there(&folder, &conversation);

    for file in FILES {
        let damaged = stack.folder().join("damaged");
        copy(&folder, &damaged);
        let path = damaged.join(file);
        let mut bytes = std::fs::read(&path).expect("a file of the export");
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(&path, bytes).expect("the damage");
        for verdict in [
            balcao_verifies(&stack, &damaged, &key).await,
            python_verifies(&folder, &damaged, &key).await,
        ] {
            assert_eq!(verdict.code, 1, "{file} was changed: {verdict:?}");
            let named = verdict.out.starts_with("INVALID ") && verdict.out.contains(file);
            assert!(
                named,
                "{file} was changed, the verdict says: {}",
                verdict.out
            );
        }
        std::fs::remove_dir_all(&damaged).expect("cleared");
    }
}

/// A damaged line is named by its number.
#[tokio::test(flavor = "multi_thread")]
async fn the_place_of_a_changed_event_is_named() {
    let stack = Stack::start().await;
    people_look_and_act(&stack).await;
    let folder = stack.folder().join("export");
    let key = export(&stack, &folder).await;
    let pristine = stack.folder().join("pristine");
    copy(&folder, &pristine);

    let events = std::fs::read_to_string(folder.join("events.jsonl")).expect("events");
    // A lie in good form: only the leaf says that something else happened.
    let told: Vec<&str> = events.lines().collect();
    let lie = told[2].replacen(r#""outcome":"ok""#, r#""outcome":"refused""#, 1);
    assert_ne!(lie, told[2], "there is something to lie about");
    let lies = [&told[..2], &[lie.as_str()], &told[3..]].concat();
    std::fs::write(folder.join("events.jsonl"), lies.join("\n") + "\n").expect("the damage");

    for verdict in [
        balcao_verifies(&stack, &folder, &key).await,
        python_verifies(&pristine, &folder, &key).await,
    ] {
        assert_eq!(verdict.code, 1);
        assert!(
            verdict.out.contains("events.jsonl") && verdict.out.contains("line 3"),
            "{}",
            verdict.out
        );
    }
}

/// The application's own log-in cannot rewrite what it recorded, nor may the reports'.
#[tokio::test(flavor = "multi_thread")]
async fn the_application_cannot_change_the_log() {
    let stack = Stack::start().await;
    people_look_and_act(&stack).await;
    for url in [stack.postgres.app_url(), stack.postgres.reports_url()] {
        let mut login = sqlx::PgConnection::connect(&url).await.expect("a log-in");
        for sql in [
            "delete from audit_event",
            "update audit_event set action = 'x'",
            "truncate audit_event cascade",
            "delete from audit_pending",
            "delete from audit_leaf",
            "update audit_leaf set leaf = leaf",
            "insert into audit_leaf (position, event_id, leaf, leaf_hash) select 999, id, '', sha256('') from audit_event limit 1",
        ] {
            let refused = sqlx::query(sql).execute(&mut login).await.expect_err(sql);
            let code = refused
                .as_database_error()
                .and_then(|error| error.code())
                .unwrap_or_default()
                .into_owned();
            assert_eq!(code, "42501", "{sql}: {refused}");
        }
    }
    assert!(stack.database.count("audit_event").await > 0);
}

/// A supervisor exports over REST; an agent may not, and that is in the log too.
#[tokio::test(flavor = "multi_thread")]
async fn a_supervisor_exports_and_an_agent_may_not() {
    let stack = Stack::start().await;
    let (ana, carla) = (
        stack.agent(Who::Ana, 0).await,
        stack.agent(Who::Carla, 0).await,
    );
    let period = "/audit/export?from=2020-01-01T00:00:00Z&to=2100-01-01T00:00:00Z";
    assert_eq!(ana.get(period).await.status, 403);

    let url = format!("{}/api/v1{period}", stack.node(0).console);
    let client = e2e::http();
    let answer = client
        .get(url)
        .bearer_auth(&carla.access_token)
        .send()
        .await
        .expect("an answer");
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "application/zip");
    assert!(
        answer
            .bytes()
            .await
            .expect("a body")
            .starts_with(b"PK\x03\x04")
    );
    assert_eq!(
        stack
            .database
            .count("audit_event where action = 'audit.exported' and outcome = 'ok'")
            .await,
        1
    );
    let refused =
        "audit_event where outcome = 'refused' and action in ('audit.exported', 'access.refused')";
    assert_eq!(stack.database.count(refused).await, 1);
}

/// A list, a conversation, a contact, a reveal, a claim. Returns the conversation's id.
async fn people_look_and_act(stack: &Stack) -> String {
    let customer = stack.phone("5511900000040");
    customer.says("atendente").await;
    customer
        .shows("the queue", 0, |bubble| bubble.text.contains("posição"))
        .await;
    let ana = stack.agent(Who::Ana, 0).await;
    let row = ana.conversation_with(&customer.name).await;
    let desk = Socket::open(&ana).await;
    desk.watch(row.id);
    desk.until("the conversation", |desk| {
        desk.threads.get(&row.id).map(|_| ())
    })
    .await;
    assert_eq!(
        ana.does(row.id, "claim", json!({"epoch": row.epoch}))
            .await
            .status,
        200
    );
    assert_eq!(
        ana.get(&format!("/contacts/{}", row.contact.id))
            .await
            .status,
        200
    );
    assert_eq!(
        ana.post(&format!("/contacts/{}/reveal", row.contact.id), json!({}))
            .await
            .status,
        200
    );
    row.id.to_string()
}

/// Exports everything; returns the key, learnt by another way than the export.
async fn export(stack: &Stack, folder: &Path) -> String {
    let out = folder.display().to_string();
    let period = [
        "--from",
        "2020-01-01T00:00:00Z",
        "--to",
        "2100-01-01T00:00:00Z",
    ];
    let arguments = [
        "audit", "export", period[0], period[1], period[2], period[3], "--out", &out,
    ];
    let exported = stack.balcao(&arguments, "").await;
    assert_eq!(exported.code, 0, "{exported:?}");
    stack.balcao(&["audit", "key"], "").await.ok().to_owned()
}

fn the_accesses_are_there(folder: &Path, conversation: &str) {
    let events = std::fs::read_to_string(folder.join("events.jsonl")).expect("events");
    let events: Vec<Value> = events
        .lines()
        .map(|line| serde_json::from_str(line).expect("a line is JSON"))
        .collect();
    for action in [
        "session.opened",
        "inbox.viewed",
        "contact.viewed",
        "contact.revealed",
        "audit.exported",
    ] {
        assert!(
            events.iter().any(|event| event["action"] == action),
            "no {action}"
        );
    }
    for action in ["conversation.opened", "conversation.claimed"] {
        let done = |event: &Value| event["action"] == action && event["object"] == conversation;
        assert!(events.iter().any(done), "no {action} of {conversation}");
    }
    for (n, event) in events.iter().enumerate() {
        assert_eq!(
            event["seq"],
            json!(n),
            "the whole log is exported, in order"
        );
    }
}

async fn balcao_verifies(stack: &Stack, folder: &Path, key: &str) -> Said {
    stack
        .balcao(
            &[
                "audit",
                "verify",
                &folder.display().to_string(),
                "--key",
                key,
            ],
            "",
        )
        .await
}

/// The script of `trusted`, on `folder`: nobody verifies with the script that came with what they doubt.
async fn python_verifies(trusted: &Path, folder: &Path, key: &str) -> Said {
    let mut python = Command::new("python3");
    python.arg(trusted.join("verify.py")).arg(folder).arg(key);
    said(python, "").await
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("the export").flatten() {
        std::fs::copy(entry.path(), to.join(entry.file_name())).expect("a copy");
    }
}
