//! Who is erased is gone for good: no words, no identity, no way back; the audit log still verifies (promise 9).

use e2e::desk::says;
use e2e::{PATIENCE, Socket, Stack, Who, eventually};
use serde_json::{Value, json};

const PHONE: &str = "5511900000050";
/// The same subscriber as people say it.
const SPOKEN: &str = "+55 (11) 90000-0050";

#[tokio::test(flavor = "multi_thread")]
async fn an_erased_customer_is_gone_and_comes_back_as_somebody_new() {
    let stack = Stack::start().await;
    let rita = stack.agent(Who::Rita, 0).await;
    let customer = stack.phone(PHONE);
    let old_wamid = customer.says("minha senha do portal é azul").await;
    customer.shows("an answer", 0, |_| true).await;
    stack.database.is_quiet(&stack.simulator).await;
    let before = rita.conversation_with(&customer.name).await;
    let desk = Socket::open(&rita).await;
    desk.watch(before.id);
    desk.until("the words", |desk| {
        desk.thread(before.id).saying("senha").map(|_| ())
    })
    .await;

    let found = stack
        .balcao(&["contact", "find"], &format!("{SPOKEN}\n"))
        .await
        .ok()
        .to_owned();
    assert_eq!(found, before.contact.id.to_string());
    let erased = stack
        .balcao(
            &["contact", "erase", &found, "--reason", "request", "--json"],
            "",
        )
        .await
        .json();
    assert_eq!(erased["already"], false);
    let again = stack
        .balcao(
            &["contact", "erase", &found, "--reason", "request", "--json"],
            "",
        )
        .await
        .json();
    assert_eq!(again["already"], true, "erasing twice is erasing once");

    nothing_is_left(&stack, &rita, &before).await;
    somebody_new_comes(&stack, &rita, &before.contact.id.to_string(), &old_wamid).await;
    let sound = stack.balcao(&["audit", "fsck"], "").await;
    assert_eq!(sound.ok(), "the log is sound");
    let erasures = format!("audit_event where action = 'contact.erased' and object = '{found}'");
    assert_eq!(
        stack.database.count(&erasures).await,
        2,
        "both calls are in the log"
    );
}

async fn nothing_is_left(
    stack: &Stack,
    rita: &e2e::Agent,
    before: &agent_hub::protocol::ConversationView,
) {
    let head = eventually("the node has forgotten the key", PATIENCE, async || {
        let head = rita.conversation(before.id).await;
        head.contact.erased.then_some(head)
    })
    .await;
    assert_eq!((head.contact.name, head.contact.phone_masked), (None, None));
    assert_eq!(head.preview, "");
    let items = rita.items(before.id).await;
    assert!(
        !items.is_empty(),
        "the rows stay: metrics and protocols need them"
    );
    assert!(
        items.iter().all(|item| item.content.is_none()),
        "no item says anything"
    );
    let contact: Value = rita
        .get(&format!("/contacts/{}", before.contact.id))
        .await
        .ok();
    assert_eq!(contact["identities"], json!([]));
    assert_eq!(
        stack
            .balcao(&["contact", "find"], &format!("{PHONE}\n"))
            .await
            .code,
        1
    );
    let keys = "keystore.subject_key k join subject s on s.id = k.subject_id where s.contact_id is not null";
    assert_eq!(
        stack.database.count(keys).await,
        0,
        "the keys are destroyed"
    );
}

/// A redelivery of an old message is absorbed; a new one opens a new record without history.
async fn somebody_new_comes(stack: &Stack, rita: &e2e::Agent, old_contact: &str, old_wamid: &str) {
    let meta = stack.meta(0);
    let repeated = e2e::meta::message(
        PHONE,
        json!({"id": old_wamid, "type": "text", "text": {"body": "minha senha do portal é azul"}}),
    );
    assert_eq!(meta.post(&meta.messages(&[repeated])).await, 200);
    assert_eq!(
        stack.database.count("message where direction = 'in'").await,
        1,
        "a redelivery brings nothing back"
    );

    let customer = stack.phone(PHONE);
    customer.says("oi de novo").await;
    let new = eventually("a new conversation", PATIENCE, async || {
        let rows = rita.conversations().await;
        rows.into_iter()
            .find(|row| row.contact.name.as_deref() == Some(customer.name.as_str()))
    })
    .await;
    assert_ne!(new.contact.id.to_string(), old_contact);
    let items = rita.items(new.id).await;
    assert_eq!(items.first().map(says), Some("oi de novo"));
    let contact: Value = rita
        .get(&format!("/contacts/{}", new.contact.id))
        .await
        .ok();
    let past = contact["conversations"].as_array().expect("cases");
    assert!(
        past.iter().all(|case| case["id"] == json!(new.id)),
        "an empty history"
    );
}
