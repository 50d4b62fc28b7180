//! Never two contacts for one person, never one for two: whatever Meta names people by, in whatever order; and what a
//! member of staff joins can be parted again.

use agent_hub::protocol::{ConversationView, ItemView};
use balcao_core::model::{Content, ConversationId, SystemLine, Ticks};
use e2e::desk::says;
use e2e::meta::{Meta, now, wamid};
use e2e::{Agent, PATIENCE, Plan, Stack, Who, eventually};
use serde_json::{Value, json};

/// Nobody answers: these tests are about who is who.
pub(super) fn plan() -> Plan {
    Plan {
        roles: Some("gateway,hub,worker"),
        ..Plan::default()
    }
}

/// What Meta names a customer by in one webhook.
#[derive(Clone, Copy, Default)]
pub(super) struct Named<'a> {
    phone: Option<&'a str>,
    id: Option<&'a str>,
    username: Option<&'a str>,
}

impl<'a> Named<'a> {
    pub(super) fn phone(phone: &'a str) -> Self {
        Self {
            phone: Some(phone),
            ..Self::default()
        }
    }

    pub(super) fn id(id: &'a str) -> Self {
        Self {
            id: Some(id),
            ..Self::default()
        }
    }

    pub(super) fn both(phone: &'a str, id: &'a str) -> Self {
        Self {
            phone: Some(phone),
            id: Some(id),
            username: None,
        }
    }

    /// What is not known is not there at all.
    fn object(self, phone: &str, id: &str) -> Value {
        let mut object = json!({});
        for (key, value) in [(phone, self.phone), (id, self.id)] {
            if let Some(value) = value {
                object[key] = json!(value);
            }
        }
        object
    }
}

/// The customer writes.
pub(super) async fn writes(meta: &Meta, who: Named<'_>, words: &str) {
    let mut message = who.object("from", "from_user_id");
    let mut contact = who.object("wa_id", "user_id");
    contact["profile"] = json!({ "name": "Cliente" });
    if let Some(username) = who.username {
        contact["profile"]["username"] = json!(username);
    }
    message["id"] = json!(wamid(who.phone.or(who.id).unwrap_or_default()));
    message["timestamp"] = json!(now().to_string());
    message["type"] = json!("text");
    message["text"] = json!({ "body": words });
    let body = meta.envelope(&json!({"contacts": [contact], "messages": [message]}));
    assert_eq!(meta.post(&body.to_string()).await, 200, "{words}");
}

/// Meta announces that a customer has a new number.
async fn rotates(meta: &Meta, old: (&str, &str), new: (&str, &str)) {
    let system = json!({
        "type": "user_changed_number",
        "body": "mudou de número",
        "wa_id": new.0,
        "user_id": new.1,
        "previous_user_id": old.1,
    });
    let message = json!({
        "from": old.0, "id": wamid(old.0), "timestamp": now().to_string(), "type": "system", "system": system,
    });
    let body = meta.envelope(&json!({ "messages": [message] }));
    assert_eq!(meta.post(&body.to_string()).await, 200);
}

/// The open case in which these words stand.
async fn case_with(agent: &Agent, words: &str) -> ConversationView {
    for row in agent.conversations().await {
        if agent
            .items(row.id)
            .await
            .iter()
            .any(|item| says(item) == words)
        {
            return row;
        }
    }
    panic!("no open case says {words}")
}

/// The customer's page: username, identities, cases, merges.
pub(super) async fn page(agent: &Agent, of: &ConversationView) -> Value {
    agent
        .get(&format!("/contacts/{}", of.contact.id))
        .await
        .ok()
}

/// Everything that was said in all cases of a customer's page.
pub(super) async fn history(agent: &Agent, page: &Value) -> Vec<String> {
    let mut said = Vec::new();
    for case in page["conversations"].as_array().expect("cases") {
        let id: ConversationId = serde_json::from_value(case["id"].clone()).expect("an id");
        let items = agent.items(id).await;
        said.extend(items.iter().map(|item| says(item).to_owned()));
    }
    said.retain(|words| !words.is_empty());
    said.sort();
    said
}

fn lines(items: &[ItemView]) -> Vec<&SystemLine> {
    items
        .iter()
        .filter_map(|item| match &item.content {
            Some(Content::System { line }) => Some(line),
            _ => None,
        })
        .collect()
}

pub(super) async fn people(stack: &Stack) -> i64 {
    let living = "contact where merged_into is null and erased_at is null";
    stack.database.count(living).await
}

async fn audited(stack: &Stack, action: &str, actor_kind: &str) -> i64 {
    let events = format!(
        "audit_event where action = '{action}' and actor_kind = '{actor_kind}' and outcome = 'ok'"
    );
    stack.database.count(&events).await
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_seen_apart_and_then_together_is_one_contact_with_one_open_case_and_the_whole_history()
 {
    let stack = Stack::of(plan()).await;
    let (meta, rita) = (stack.meta(0), stack.agent(Who::Rita, 0).await);
    let (phone, id) = ("5511900000071", "BR.71001");
    writes(&meta, Named::phone(phone), "só telefone").await;
    writes(&meta, Named::id(id), "só id").await;
    assert_eq!(people(&stack).await, 2, "nobody can know yet");
    writes(&meta, Named::both(phone, id), "os dois").await;

    assert_eq!(people(&stack).await, 1);
    let open = rita.conversations().await;
    assert_eq!(open.len(), 1, "one open case of the number");
    let page = page(&rita, &open[0]).await;
    assert_eq!(
        history(&rita, &page).await,
        ["os dois", "só id", "só telefone"]
    );
    assert_eq!(page["merges"][0]["reason"], "seen_together");
    assert_eq!(page["merges"][0]["by"], Value::Null);
    assert_eq!(audited(&stack, "contact.merged", "system").await, 1);
    let items = rita.items(open[0].id).await;
    let merged = lines(&items)
        .into_iter()
        .any(|line| matches!(line, SystemLine::Merged { by: None, .. }));
    assert!(
        merged,
        "whoever has the case reads that records were joined"
    );

    for (who, words) in [
        (Named::phone(phone), "de novo"),
        (Named::id(id), "mais uma vez"),
    ] {
        writes(&meta, who, words).await;
        assert_eq!(case_with(&rita, words).await.id, open[0].id);
    }
    stack.database.assert_dense().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_changed_hands_is_somebody_new_who_learns_nothing_of_the_first() {
    let stack = Stack::of(plan()).await;
    let (meta, rita) = (stack.meta(0), stack.agent(Who::Rita, 0).await);
    let phone = "5511900000072";
    writes(&meta, Named::both(phone, "BR.72001"), "segredo da primeira").await;
    let first = case_with(&rita, "segredo da primeira").await;
    // Meta has another user id for whoever has the number now.
    let customer = stack.phone(phone);
    customer.says("oi, sou outra").await;
    eventually("the second has written", PATIENCE, async || {
        (stack.database.count("message").await == 2).then_some(())
    })
    .await;
    let second = case_with(&rita, "oi, sou outra").await;
    assert_ne!(first.contact.id, second.contact.id);
    let page_of_second = page(&rita, &second).await;
    assert_eq!(history(&rita, &page_of_second).await, ["oi, sou outra"]);
    assert_eq!(page_of_second["merges"], json!([]));
    let page_of_first = page(&rita, &first).await;
    assert_eq!(
        page_of_first["identities"].as_array().map(Vec::len),
        Some(1),
        "the number is no longer hers"
    );

    // The number alone now leads to the second, and what is for the first does not go there.
    writes(&meta, Named::phone(phone), "sem id").await;
    assert_eq!(case_with(&rita, "sem id").await.id, second.id);
    rita.replies(first.id, "first", "só para a primeira").await;
    rita.replies(second.id, "second", "para a segunda").await;
    customer.shows_text("para a segunda").await;
    eventually("the send to the first has ended", PATIENCE, async || {
        let items = rita.items(first.id).await;
        let sent = items
            .iter()
            .find(|item| says(item) == "só para a primeira")?;
        (sent.ticks != Some(Ticks::Queued)).then_some(())
    })
    .await;
    let texts: Vec<String> = customer
        .received()
        .await
        .into_iter()
        .map(|bubble| bubble.text)
        .collect();
    assert_eq!(texts, ["para a segunda"]);
    writes(&meta, Named::id("BR.72001"), "voltei").await;
    assert_eq!(case_with(&rita, "voltei").await.id, first.id);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_number_is_the_same_person_whichever_is_heard_of_first() {
    let stack = Stack::of(plan()).await;
    let (meta, rita) = (stack.meta(0), stack.agent(Who::Rita, 0).await);
    for (n, announced_first) in [(3, true), (4, false)] {
        let (old, new) = (
            (format!("551190000{n}731"), format!("BR.{n}001")),
            (format!("551190000{n}732"), format!("BR.{n}002")),
        );
        let (old, new) = (
            (old.0.as_str(), old.1.as_str()),
            (new.0.as_str(), new.1.as_str()),
        );
        let words = |text: &str| format!("{text} {n}");
        writes(&meta, Named::both(old.0, old.1), &words("antes")).await;
        let before = case_with(&rita, &words("antes")).await;
        if announced_first {
            rotates(&meta, old, new).await;
            writes(&meta, Named::both(new.0, new.1), &words("depois")).await;
        } else {
            writes(&meta, Named::both(new.0, new.1), &words("depois")).await;
            rotates(&meta, old, new).await;
        }
        // What was under way under the old identities.
        writes(&meta, Named::both(old.0, old.1), &words("atrasada")).await;

        let page = page(&rita, &before).await;
        let mut told = [words("antes"), words("depois"), words("atrasada")];
        told.sort();
        assert_eq!(history(&rita, &page).await, told);
        let open = rita.conversations().await;
        let of_one: Vec<_> = open
            .iter()
            .filter(|row| row.contact.id == before.contact.id)
            .collect();
        assert_eq!(of_one.len(), 1, "one open case");
        let items = rita.items(of_one[0].id).await;
        let changed = lines(&items)
            .into_iter()
            .any(|line| matches!(line, SystemLine::IdentityChanged { phone: true }));
        assert!(changed, "whoever has the case reads of the new number");
        for identity in [old.0, new.0, old.1, new.1] {
            let found = stack.balcao(&["contact", "find"], identity).await;
            assert_eq!(found.ok(), before.contact.id.to_string(), "{identity}");
        }
    }
    assert_eq!(people(&stack).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ninth_digit_finds_a_person_and_a_username_finds_nobody() {
    let stack = Stack::of(plan()).await;
    let (meta, rita) = (stack.meta(0), stack.agent(Who::Rita, 0).await);
    writes(&meta, Named::phone("5531987650074"), "com nove").await;
    writes(&meta, Named::phone("553187650074"), "sem nove").await;
    assert_eq!(people(&stack).await, 1);
    assert_eq!(
        case_with(&rita, "com nove").await.id,
        case_with(&rita, "sem nove").await.id
    );

    let named = |id| Named {
        username: Some("maria.exemplo"),
        ..Named::id(id)
    };
    writes(&meta, named("BR.74001"), "sou maria").await;
    writes(&meta, named("BR.74002"), "sou outra maria").await;
    assert_eq!(people(&stack).await, 3, "usernames change hands");
    let kept = stack
        .database
        .count("contact_identity where kind = 'username'");
    assert_eq!(kept.await, 0);
    let shown = page(&rita, &case_with(&rita, "sou maria").await).await;
    assert_eq!(shown["username"], "maria.exemplo", "for display");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_supervisor_joins_two_records_and_parts_them_and_an_agent_may_not() {
    let stack = Stack::of(plan()).await;
    let meta = stack.meta(0);
    let (ana, carla) = (
        stack.agent(Who::Ana, 0).await,
        stack.agent(Who::Carla, 0).await,
    );
    let (one, other) = (
        Named::both("5511900000075", "BR.75001"),
        Named::both("5511900000076", "BR.75002"),
    );
    writes(&meta, one, "de casa").await;
    writes(&meta, other, "do trabalho").await;
    let (at_home, at_work) = (
        case_with(&carla, "de casa").await,
        case_with(&carla, "do trabalho").await,
    );
    let merge = format!("/contacts/{}/merge", at_home.contact.id);
    let with = |id| json!({ "other_contact_id": id });
    let refused = ana.post(&merge, with(at_work.contact.id)).await;
    assert_eq!((refused.status, refused.code()), (403, "forbidden"));
    let itself = carla.post(&merge, with(at_home.contact.id)).await;
    assert_eq!((itself.status, itself.code()), (422, "invalid"));

    let moved: Value = carla.post(&merge, with(at_work.contact.id)).await.ok();
    let again = carla.post(&merge, with(at_work.contact.id)).await;
    assert_eq!((again.status, again.code()), (409, "taken_in"));
    let joined = page(&carla, &at_work).await;
    assert_eq!(
        joined["contact"]["id"],
        json!(at_home.contact.id),
        "the record that was taken in is shown as the one it is part of"
    );
    assert_eq!(history(&carla, &joined).await, ["de casa", "do trabalho"]);
    assert_eq!(joined["merges"][0]["by"], json!(carla.id));
    writes(&meta, other, "do trabalho, junto").await;
    assert_eq!(
        case_with(&carla, "do trabalho, junto").await.id,
        at_home.id,
        "one open case: the older goes on"
    );

    let split = format!("/contacts/{}/split", at_home.contact.id);
    let this = json!({ "merge_id": moved["merge_id"] });
    assert_eq!(ana.post(&split, this.clone()).await.status, 403);
    let parted = carla.post(&split, this.clone()).await;
    assert_eq!(parted.status, 200, "{}", parted.body);
    let twice = carla.post(&split, this).await;
    assert_eq!((twice.status, twice.code()), (409, "already_split"));
    writes(&meta, other, "sozinha de novo").await;
    writes(&meta, one, "em casa de novo").await;
    let parted = case_with(&carla, "sozinha de novo").await;
    assert_eq!(parted.contact.id, at_work.contact.id);
    assert_eq!(case_with(&carla, "em casa de novo").await.id, at_home.id);
    let alone = page(&carla, &parted).await;
    assert_eq!(
        history(&carla, &alone).await,
        ["do trabalho", "sozinha de novo"]
    );
    for action in ["contact.merged", "contact.split"] {
        assert_eq!(audited(&stack, action, "agent").await, 1, "{action}");
    }
    stack.database.assert_dense().await;
    the_operator_may_too(&stack, &at_home, &at_work).await;
}

/// The same at the command line.
async fn the_operator_may_too(stack: &Stack, one: &ConversationView, other: &ConversationView) {
    let (one, other) = (one.contact.id.to_string(), other.contact.id.to_string());
    let merge = ["contact", "merge", &one, &other, "--reason", "duplicate"];
    let merged = stack.balcao(&[&merge[..], &["--json"]].concat(), "").await;
    let merge_id = merged.json()["merge_id"]
        .as_str()
        .expect("an id")
        .to_owned();
    assert_eq!(stack.balcao(&merge, "").await.code, 1, "it is part of it");
    let split = ["contact", "split", &merge_id, "--reason", "mistake"];
    let parted = stack.balcao(&split, "").await;
    assert_eq!(parted.code, 0, "{}", parted.err);
    assert_eq!(stack.balcao(&split, "").await.code, 1, "undone before");
    assert_eq!(people(stack).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_supervisor_has_parted_is_not_joined_again() {
    let stack = Stack::of(plan()).await;
    let (meta, carla) = (stack.meta(0), stack.agent(Who::Carla, 0).await);
    let (phone, id) = ("5511900000077", "BR.77001");
    writes(&meta, Named::phone(phone), "só telefone").await;
    writes(&meta, Named::id(id), "só id").await;
    writes(&meta, Named::both(phone, id), "os dois").await;
    let joined = page(&carla, &case_with(&carla, "os dois").await).await;
    let contact = joined["contact"]["id"].as_str().expect("an id").to_owned();
    let merge_id = &joined["merges"][0]["merge_id"];
    let split = format!("/contacts/{contact}/split");
    let parted = carla.post(&split, json!({ "merge_id": merge_id })).await;
    assert_eq!(parted.status, 200, "{}", parted.body);
    assert_eq!(people(&stack).await, 2);
    writes(&meta, Named::both(phone, id), "ainda os dois").await;
    assert_eq!(people(&stack).await, 2);
    let found = stack.balcao(&["contact", "find"], phone).await;
    let theirs = case_with(&carla, "ainda os dois").await;
    assert_eq!(
        found.ok(),
        theirs.contact.id.to_string(),
        "the number follows the user id"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_erased_is_erased_with_all_that_was_taken_in() {
    let stack = Stack::of(plan()).await;
    let (meta, rita) = (stack.meta(0), stack.agent(Who::Rita, 0).await);
    writes(&meta, Named::both("5511900000078", "BR.78001"), "uma").await;
    writes(&meta, Named::both("5511900000079", "BR.78002"), "duas").await;
    let (one, other) = (
        case_with(&rita, "uma").await,
        case_with(&rita, "duas").await,
    );
    let merge = format!("/contacts/{}/merge", one.contact.id);
    let body = json!({ "other_contact_id": other.contact.id });
    let merged = rita.post(&merge, body).await;
    assert_eq!(merged.status, 200, "{}", merged.body);

    // By the id that was taken in: they are one person.
    let id = other.contact.id.to_string();
    let erase = ["contact", "erase", &id, "--reason", "request", "--json"];
    let erased = stack.balcao(&erase, "").await.json();
    assert_eq!(
        (&erased["already"], &erased["records"]),
        (&json!(false), &json!(2))
    );
    let again = stack.balcao(&erase, "").await.json();
    assert_eq!(again["already"], true);
    for left in [
        "keystore.subject_key k join subject s on s.id = k.subject_id where s.kind = 'contact'",
        "contact_identity",
        "contact where sealed is not null or erased_at is null",
        "message where sealed is not null",
        "contact_channel where sealed_address is not null",
        "conversation where status <> 'resolved'",
    ] {
        assert_eq!(stack.database.count(left).await, 0, "{left}");
    }
    for (conversation, words) in [(&one, "uma"), (&other, "duas")] {
        let items = eventually("the node has forgotten the keys", PATIENCE, async || {
            let items = rita.items(conversation.id).await;
            items
                .iter()
                .all(|item| item.content.is_none())
                .then_some(items)
        })
        .await;
        assert!(!items.is_empty(), "{words}: the rows stay");
    }
    writes(&meta, Named::both("5511900000079", "BR.78002"), "de volta").await;
    let new = case_with(&rita, "de volta").await;
    assert!(![one.contact.id, other.contact.id].contains(&new.contact.id));
    assert_eq!(
        stack.balcao(&["audit", "fsck"], "").await.ok(),
        "the log is sound"
    );
}
