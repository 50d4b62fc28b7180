//! Several numbers of several accounts: a bad one never stops another, and whoever looks sees why it is bad.

use std::io::Write as _;

use balcao_core::model::ConversationId;
use e2e::meta::{signed_with, text};
use e2e::{Agent, PATIENCE, Plan, Stack, Who, eventually, http};
use serde_json::{Value, json};
use uuid::Uuid;

const SECOND: &str = "206540352242922";
const SECOND_ACCOUNT: &str = "202290129340398";
const SECOND_TOKEN: &str = "token-of-the-second-number";
const SECOND_SECRET: &str = "secret-of-the-second-app";
const AT_FIRST: &str = "5511900000700";
const AT_SECOND: &str = "5511900000701";

/// Nobody answers by itself: what is sent is what the test sends. And the test looks as often as it likes.
fn plan() -> Plan {
    Plan {
        roles: Some("gateway,hub,worker"),
        ..Plan::default()
    }
    .with("limits.requests_per_minute_per_session", "1000000")
    .with("limits.requests_per_minute_per_address", "1000000")
}

fn file(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(text.as_bytes()).expect("it can be written");
    file
}

/// Calls the simulator's control.
async fn tell(stack: &Stack, path: &str, body: &Value) -> Value {
    let url = format!("{}{path}", stack.simulator.url);
    let answer = http().post(url).json(body).send().await.expect("an answer");
    let (status, body) = (answer.status(), answer.text().await.unwrap_or_default());
    assert!(status.is_success(), "POST {path}: {status} {body}");
    serde_json::from_str(&body).unwrap_or(Value::Null)
}

/// A second number, of another account and app, known to Meta and to us.
async fn second_number(stack: &Stack) {
    add_second(stack, SECOND_TOKEN).await;
}

/// The same, known to us with this token, right or wrong.
async fn add_second(stack: &Stack, token: &str) {
    let number = json!({
        "phone_number_id": SECOND, "waba_id": SECOND_ACCOUNT, "display_phone_number": "551140000001",
        "name": "Filial", "app_secret": SECOND_SECRET, "access_token": SECOND_TOKEN,
    });
    tell(stack, "/sim/numbers", &number).await;
    stack.simulator.posts_to(&stack.node(0).webhook).await;
    let secret = file(SECOND_SECRET);
    let said = stack
        .balcao(
            &[
                "channel",
                "add",
                "--phone-number-id",
                SECOND,
                "--waba-id",
                SECOND_ACCOUNT,
                "--name",
                "Filial",
                "--team",
                "suporte",
                "--app-secret-file",
                &secret.path().display().to_string(),
                "--json",
                "--force",
            ],
            token,
        )
        .await;
    assert_eq!(said.json()["stored"], true, "{}", said.err);
    for secret in [SECOND_TOKEN, SECOND_SECRET] {
        assert!(!said.out.contains(secret) && !said.err.contains(secret));
    }
}

/// A customer writes to a number; the case it becomes.
async fn writes(stack: &Stack, phone: &str, number: &str) -> ConversationId {
    let path = format!("/sim/contacts/{phone}/messages?phone_number_id={number}");
    tell(
        stack,
        &path,
        &json!({"type": "text", "text": {"body": "preciso de ajuda"}}),
    )
    .await;
    let id = eventually("the message is stored", PATIENCE, async || {
        sqlx::query_scalar::<_, Uuid>(
            "select c.id from conversation c join channel on channel.id = c.channel_id
             where channel.phone_number_id = $1",
        )
        .bind(number)
        .fetch_optional(stack.database.pool())
        .await
        .expect("conversations")
    })
    .await;
    ConversationId(id)
}

/// What the customer's phone shows of a number.
async fn shows(stack: &Stack, phone: &str, number: &str, words: &str) -> bool {
    let url = format!(
        "{}/sim/contacts/{phone}/messages?phone_number_id={number}",
        stack.simulator.url
    );
    let thread: Value = http()
        .get(url)
        .send()
        .await
        .expect("an answer")
        .json()
        .await
        .expect("JSON");
    thread["messages"]
        .as_array()
        .into_iter()
        .flatten()
        .any(|entry| entry["direction"] == "out" && entry.to_string().contains(words))
}

async fn arrives(stack: &Stack, phone: &str, number: &str, words: &str) {
    eventually(words, PATIENCE, async || {
        shows(stack, phone, number, words).await.then_some(())
    })
    .await;
}

/// The number as somebody sees it in the API.
async fn channel(agent: &Agent, name: &str) -> Value {
    let list: Value = agent.get("/channels").await.ok();
    let all = list["channels"].as_array().expect("channels");
    all.iter()
        .find(|one| one["name"] == name)
        .unwrap_or_else(|| panic!("{name} is not in {list}"))
        .clone()
}

async fn metric(stack: &Stack, line: &str) -> bool {
    let url = format!("{}/metrics", stack.node(0).operations);
    let page = http().get(url).send().await.expect("metrics");
    let page = page.text().await.expect("text");
    page.lines().any(|found| found == line)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_with_a_dead_token_stops_alone_and_goes_on_with_a_new_one() {
    let stack = Stack::of(plan()).await;
    second_number(&stack).await;
    let (ana, rita) = (
        stack.agent(Who::Ana, 0).await,
        stack.agent(Who::Rita, 0).await,
    );
    let first = stack.number.phone_number_id.clone();
    let at_first = writes(&stack, AT_FIRST, &first).await;
    let at_second = writes(&stack, AT_SECOND, SECOND).await;
    for id in [at_first, at_second] {
        let _claimed: Value = ana.does(id, "claim", json!({"epoch": 0})).await.ok();
    }
    ana.replies(at_first, "a1", "bom dia do primeiro").await;
    ana.replies(at_second, "b1", "bom dia da filial").await;
    arrives(&stack, AT_FIRST, &first, "bom dia do primeiro").await;
    arrives(&stack, AT_SECOND, SECOND, "bom dia da filial").await;

    stack
        .simulator
        .faults(&json!({"numbers": {SECOND: {"token": "dead"}}}))
        .await;
    for n in 0..3 {
        ana.replies(at_second, &format!("b-{n}"), &format!("parada {n}"))
            .await;
    }
    eventually("the stop is seen", PATIENCE, async || {
        (channel(&ana, "Filial").await["state"] == "stopped").then_some(())
    })
    .await;
    ana.replies(at_first, "a2", "o primeiro segue").await;
    arrives(&stack, AT_FIRST, &first, "o primeiro segue").await;
    assert!(!shows(&stack, AT_SECOND, SECOND, "parada").await);
    stopped_is_shown(&stack, &ana, &rita).await;

    // A token that Meta does not know is not stored.
    let wrong = stack
        .balcao(&["channel", "set-token", SECOND, "--json"], "no-such-token")
        .await;
    assert_eq!((wrong.code, wrong.json()["stored"] == false), (1, true));

    stack.simulator.faults(&json!({})).await;
    let set = stack
        .balcao(&["channel", "set-token", SECOND, "--json"], SECOND_TOKEN)
        .await;
    assert_eq!(set.json()["stored"], true, "{}{}", set.out, set.err);
    for n in 0..3 {
        arrives(&stack, AT_SECOND, SECOND, &format!("parada {n}")).await;
    }
    eventually("it is not stopped any more", PATIENCE, async || {
        (channel(&ana, "Filial").await["state"] != "stopped").then_some(())
    })
    .await;
}

/// A token that was wrong from the start is replaced by the right one, and what waited leaves.
#[tokio::test(flavor = "multi_thread")]
async fn a_new_token_is_the_one_that_is_used() {
    let stack = Stack::of(plan()).await;
    add_second(&stack, "a-token-that-meta-does-not-know").await;
    let ana = stack.agent(Who::Ana, 0).await;
    let id = writes(&stack, AT_SECOND, SECOND).await;
    let _claimed: Value = ana.does(id, "claim", json!({"epoch": 0})).await.ok();
    ana.replies(id, "w", "esperou o token").await;
    assert_eq!(channel(&ana, "Filial").await["state"], "stopped");
    let token = file(SECOND_TOKEN);
    let path = token.path().display().to_string();
    let set = ["channel", "set-token", SECOND, "--access-token-file", &path];
    run(&stack, &set, "").await;
    arrives(&stack, AT_SECOND, SECOND, "esperou o token").await;
}

/// In the API by role, on the command line, in metrics; the node stays ready.
async fn stopped_is_shown(stack: &Stack, ana: &Agent, rita: &Agent) {
    let plain = channel(ana, "Filial").await;
    assert!(plain["health"].is_null(), "agents see no details: {plain}");
    let full = channel(rita, "Filial").await;
    assert_eq!(full["health"]["stopped"]["reason"], "code_190", "{full}");
    assert_eq!(full["health"]["waiting"], 3, "{full}");
    let doctor = stack.balcao(&["doctor", "--json"], "").await;
    let told = doctor.json();
    let missing = told["checks"].as_array().into_iter().flatten();
    // The tests' PostgreSQL does not wait for its disk.
    let missing = missing.filter(|check| check["ok"] == false && check["name"] != "durability");
    assert_eq!(
        missing.count(),
        0,
        "a bad number is no missing part: {told}"
    );
    let bad = told["bad_channels"].clone();
    assert_eq!(bad[0]["phone_number_id"], SECOND, "{bad}");
    let listed = stack.balcao(&["channel", "list"], "").await;
    assert!(listed.ok().contains("stopped: code_190"), "{}", listed.out);
    eventually("the metric says so", PATIENCE, async || {
        metric(stack, "balcao_channels{state=\"stopped\"} 1")
            .await
            .then_some(())
    })
    .await;
    let ready = format!("{}/readyz", stack.node(0).operations);
    assert_eq!(
        http().get(ready).send().await.expect("an answer").status(),
        200
    );
    let check = stack.balcao(&["channel", "check", SECOND], "").await;
    assert_eq!(check.code, 1);
    assert!(check.out.contains("fail token"), "{}", check.out);
    assert!(check.out.contains("code 190"), "{}", check.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_says_in_plain_words_what_is_wrong() {
    let stack = Stack::of(plan()).await;
    let number = stack.number.phone_number_id.clone();
    let payment = json!({
        "can_send_message": "BLOCKED",
        "entities": [{"entity_type": "WABA", "id": "1", "can_send_message": "BLOCKED", "errors": [{
            "error_code": 141_006, "error_description": "There is an error with the payment method.",
            "possible_solution": "Add a payment method.",
        }]}],
    });
    let faults = [
        (json!({}), 0, "ok   token", "does not end"),
        (json!({"token": "dead"}), 1, "fail token", "set-token"),
        (json!({"token": "expired_soon"}), 0, "warn token", "ends on"),
        (
            json!({"scopes": ["whatsapp_business_management"]}),
            1,
            "fail permissions",
            "lacks whatsapp_business_messaging",
        ),
        (
            json!({"status": "BANNED"}),
            1,
            "fail number",
            "BANNED by Meta",
        ),
        (
            json!({"platform_type": "NOT_APPLICABLE"}),
            1,
            "fail number",
            "not registered",
        ),
        (json!({"quality_rating": "RED"}), 0, "warn quality", "low"),
        (
            json!({"name_status": "DECLINED"}),
            0,
            "warn name",
            "declined",
        ),
        (json!({"throughput": "HIGH"}), 0, "ok   throughput", "1,000"),
        (json!({"health": payment}), 1, "fail payment", "Billing"),
        (
            json!({"subscribed": false}),
            1,
            "fail subscription",
            "--fix",
        ),
    ];
    for (fault, code, line, words) in faults {
        stack
            .simulator
            .faults(&json!({"numbers": {number.as_str(): fault}}))
            .await;
        let said = stack.balcao(&["channel", "check", &number], "").await;
        let found = said.out.lines().find(|found| found.starts_with(line));
        let found =
            found.unwrap_or_else(|| panic!("{fault}: no {line:?} in {}{}", said.out, said.err));
        assert!(found.contains(words), "{fault}: {found}");
        assert_eq!(said.code, code, "{fault}: {}", said.out);
    }
    // The last fault can be repaired from here.
    let fixed = stack
        .balcao(&["channel", "check", &number, "--fix"], "")
        .await;
    assert!(fixed.ok().contains("ok   subscription"), "{}", fixed.out);
    webhook_is_reached(&stack, &number).await;
}

async fn webhook_is_reached(stack: &Stack, number: &str) {
    let webhook = stack.node(0).webhook.clone();
    let elsewhere = webhook.replace("/webhooks/", "/nowhere/");
    for (url, code, words) in [
        (webhook.as_str(), 0, "ok   webhook"),
        (&elsewhere, 1, "fail webhook"),
        ("http://127.0.0.1:9/", 1, "nobody answers"),
    ] {
        let config = file(&format!("[webhook]\npublic_url = \"{url}\"\n"));
        let path = config.path().display().to_string();
        let said = stack
            .balcao(&["--config", &path, "channel", "check", number], "")
            .await;
        assert!(said.out.contains(words), "{url}: {}{}", said.out, said.err);
        assert_eq!(said.code, code, "{url}: {}", said.out);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_meta_tells_about_numbers_and_templates_is_kept_and_shown() {
    let stack = Stack::of(plan()).await;
    let rita = stack.agent(Who::Rita, 0).await;
    // Nobody asked: a node did, by itself.
    eventually("a node asked Meta", PATIENCE, async || {
        let number = channel(&rita, "Balcão Internet").await;
        (number["state"] == "ok" && number["health"]["facts"]["quality"] == "GREEN").then_some(())
    })
    .await;
    let account = stack.number.waba_id.clone();
    let paused = json!({
        "event": "PAUSED", "message_template_id": 594_425_479_261_596_i64,
        "message_template_name": "aviso_de_parada", "message_template_language": "pt_BR", "reason": "LOW_QUALITY",
    });
    let alert = json!({
        "entity_type": "WABA", "entity_id": account, "alert_info": {
            "alert_severity": "CRITICAL", "alert_status": "ACTIVE", "alert_type": "OBA_APPROVED",
            "alert_description": "Zebra da Silva deve agir",
        },
    });
    for (field, value) in [
        ("message_template_status_update", &paused),
        ("account_alerts", &alert),
    ] {
        let notice = json!({"waba_id": account, "field": field, "value": value});
        tell(&stack, "/sim/notices", &notice).await;
    }
    let alert = eventually("the alert is listed", PATIENCE, async || {
        let list: Value = rita.get("/notices?at_least=alert").await.ok();
        list["notices"].as_array()?.first().cloned()
    })
    .await;
    assert_eq!(alert["field"], "account_alerts", "{alert}");
    assert!(
        !alert.to_string().contains("Zebra"),
        "no text unopened: {alert}"
    );
    let template = eventually("the paused template is shown", PATIENCE, async || {
        let number = channel(&rita, "Balcão Internet").await;
        number["health"]["templates"].as_array()?.first().cloned()
    })
    .await;
    assert_eq!(
        (&template["name"], &template["status"]),
        (&json!("aviso_de_parada"), &json!("PAUSED"))
    );

    let id = alert["id"].as_str().expect("an id");
    let opened: Value = rita
        .post(&format!("/notices/{id}/open"), json!({}))
        .await
        .ok();
    assert!(opened.to_string().contains("Zebra"), "{opened}");
    assert_eq!(
        stack
            .database
            .count("audit_event where action = 'notice.opened'")
            .await,
        1
    );
    let ana = stack.agent(Who::Ana, 0).await;
    for answer in [
        ana.get("/notices").await,
        ana.post(&format!("/notices/{id}/open"), json!({})).await,
    ] {
        assert_eq!((answer.status, answer.code()), (403, "forbidden"));
    }
    let doctor = stack.balcao(&["doctor", "--json"], "").await.json();
    assert_eq!(doctor["alerts"][0]["field"], "account_alerts", "{doctor}");
    assert!(!doctor.to_string().contains("Zebra"));
    assert!(metric(&stack, "balcao_notices_total{severity=\"alert\"} 1").await);
}

/// Runs a command that must go well.
async fn run(stack: &Stack, arguments: &[&str], stdin: &str) {
    let said = stack.balcao(arguments, stdin).await;
    assert_eq!(said.code, 0, "{arguments:?}: {}{}", said.out, said.err);
}

/// A body about the second number, rightly shaped.
fn about_second(stack: &Stack, words: &str) -> String {
    stack
        .meta(0)
        .messages(&[text(AT_SECOND, words)])
        .replace(&stack.number.phone_number_id, SECOND)
        .replace(&stack.number.waba_id, SECOND_ACCOUNT)
}

/// Waits until a body signed with this secret is answered so.
async fn answered(stack: &Stack, secret: &str, wanted: u16) {
    let meta = stack.meta(0);
    eventually(&format!("{wanted} for a secret"), PATIENCE, async || {
        let body = about_second(stack, "oi");
        let signature = signed_with(secret, body.as_bytes());
        let status = meta.post_signed(body.as_bytes(), &signature).await;
        (status == wanted).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_brings_its_own_secrets_and_takes_them_along() {
    let stack =
        Stack::of(plan().with("limits.unsigned_webhooks_per_minute_per_address", "1000000")).await;
    answered(&stack, SECOND_SECRET, 401).await;
    second_number(&stack).await;
    answered(&stack, SECOND_SECRET, 200).await;
    answered(&stack, &stack.number.app_secret, 200).await;

    let change = async |arguments: &[&str], stdin: &str| {
        let mut all = vec!["channel", "set-secret", SECOND];
        all.extend(arguments);
        run(&stack, &all, stdin).await;
    };
    change(&[], "the-next-secret").await;
    answered(&stack, "the-next-secret", 200).await;
    answered(&stack, SECOND_SECRET, 200).await;
    change(&["--only"], "the-next-secret").await;
    answered(&stack, SECOND_SECRET, 401).await;
    answered(&stack, "the-next-secret", 200).await;
    run(&stack, &["channel", "disable", SECOND], "").await;
    answered(&stack, "the-next-secret", 401).await;
    run(&stack, &["channel", "enable", SECOND], "").await;
    answered(&stack, "the-next-secret", 200).await;
    change(&["--remove"], "").await;
    answered(&stack, "the-next-secret", 401).await;
    answered(&stack, &stack.number.app_secret, 200).await;
    let changes = stack
        .database
        .count("audit_event where action = 'channel.changed'")
        .await;
    assert_eq!(changes, 6, "every change is in the log");
}
