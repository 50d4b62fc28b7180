//! Payloads that others wrote (`../shared/fixtures`, when it lies beside the project; never copied into it) are taken:
//! unchanged, and as if they came just now for our number, where each message is seen in the API as what it is.

use std::path::{Path, PathBuf};

use balcao_core::clock::Clock;
use balcao_core::model::ConversationId;
use e2e::meta::{now, wamid};
use e2e::{Agent, Plan, Stack, Who};
use gateway::check::{Outcome, check};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn each_payload_is_taken_and_each_message_is_seen_as_what_it_is() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/fixtures");
    if !corpus.is_dir() {
        println!("skipped: no corpus at {}", corpus.display());
        assert!(!corpus.exists(), "a corpus must be a folder");
        return;
    }
    let stack = Stack::of(Plan {
        roles: Some("gateway,hub,worker"),
        ..Plan::default()
    })
    .await;
    let meta = stack.meta(0);
    let rita = stack.agent(Who::Rita, 0).await;
    let mut seen = 0;
    for file in webhooks(&corpus) {
        let name = file.display();
        let bytes = std::fs::read(&file).expect("a file");
        assert_eq!(meta.post_bytes(&bytes).await, 200, "{name}");
        let Ok(body) = serde_json::from_slice::<Value>(&bytes) else {
            continue;
        };
        let (body, ids) = as_if_now(body, &stack.number.phone_number_id);
        assert_eq!(meta.post(&body.to_string()).await, 200, "{name}");
        let findings = check(body.to_string().as_bytes(), Clock::system().now());
        let kinds: Vec<&str> = findings
            .iter()
            .filter(|finding| finding.item == Outcome::Message)
            .map(|finding| finding.kind.as_str())
            .collect();
        let mut shown = Vec::new();
        for id in &ids {
            shown.extend(kind_of(&stack, &rita, id).await);
        }
        assert_eq!(shown, kinds, "{name}");
        seen += shown.len();
    }
    println!("{seen} messages were seen as what they are");
    assert!(seen >= 50, "only {seen} messages");
    let strangers = "dead_letter where reason not in ('unknown_channel', 'stale', 'malformed')";
    assert_eq!(stack.database.count(strangers).await, 0);
    stack.database.assert_dense().await;
}

/// The kind of the message with this id as the API shows it.
async fn kind_of(stack: &Stack, rita: &Agent, id: &str) -> Option<String> {
    let mac = stack
        .store
        .vault
        .mac_wamid(&stack.number.phone_number_id, id);
    let (conversation, seq) = *stack.database.stored_as(mac.as_bytes()).await.first()?;
    let items = rita.items(ConversationId(conversation)).await;
    let item = items.iter().find(|item| item.seq == seq)?;
    let content = serde_json::to_value(item.content.as_ref()?.kind()).expect("a word");
    content.as_str().map(str::to_owned)
}

/// The same for our number, at this moment, under fresh ids; and those ids, in order.
fn as_if_now(mut body: Value, number: &str) -> (Value, Vec<String>) {
    let mut ids = Vec::new();
    let entries = body["entry"].as_array_mut().into_iter().flatten();
    let changes = entries.flat_map(|entry| entry["changes"].as_array_mut().into_iter().flatten());
    for change in changes {
        let value = &mut change["value"];
        if value.get("metadata").is_some() {
            value["metadata"]["phone_number_id"] = json!(number);
        }
        for list in ["messages", "message_echoes", "calls", "statuses"] {
            let items = value.get_mut(list).and_then(Value::as_array_mut);
            for item in items.into_iter().flatten() {
                let id = wamid("0");
                item["id"] = json!(id);
                item["timestamp"] = json!(now().to_string());
                ids.push(id);
            }
        }
    }
    (body, ids)
}

fn webhooks(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(webhooks(&path));
            continue;
        }
        let bytes = std::fs::read(&path).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        let is_webhook = ["\"whatsapp_business_account\"", "\"entry\"", "\"changes\""];
        if is_webhook.iter().all(|part| text.contains(part)) {
            found.push(path);
        }
    }
    found.sort();
    found
}
