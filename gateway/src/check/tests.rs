//! Facts about verdicts: what is a webhook, what would be lost, and that nobody is named.

use chrono::DateTime;
use serde_json::json;

use super::*;

fn judged(bytes: impl AsRef<[u8]>) -> Vec<Finding> {
    check(
        bytes.as_ref(),
        DateTime::from_timestamp(1_800_000_000, 0).unwrap(),
    )
}

fn body(value: &Value) -> Value {
    json!({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [{"field": "messages", "value": value}]}]})
}

fn message(fields: Value) -> Value {
    let mut message = json!({"id": "wamid.a", "from": "5511987654321", "timestamp": "1500000000", "type": "text", "text": {"body": "segredo"}});
    if let (Value::Object(message), Value::Object(fields)) = (&mut message, fields) {
        message.extend(fields);
    }
    message
}

fn news(messages: &Value) -> Value {
    json!({"metadata": {"phone_number_id": "1122"}, "messages": messages})
}

fn outcomes(findings: &[Finding]) -> Vec<(Outcome, &str)> {
    findings
        .iter()
        .map(|finding| (finding.item, finding.kind.as_str()))
        .collect()
}

#[test]
fn each_item_of_a_body_has_its_line_however_old_it_is() {
    let reaction = message(json!({"type": "reaction", "reaction": {"message_id": "wamid.t"}}));
    let mut value = news(&json!([message(json!({})), reaction]));
    value["statuses"] = json!([{"id": "wamid.s", "status": "failed", "timestamp": 1, "errors": [{"code": 131_026}]}]);
    let findings = judged(body(&value).to_string());
    assert_eq!(
        outcomes(&findings),
        [
            (Outcome::Message, "text"),
            (Outcome::Change, "reaction"),
            (Outcome::Status, "failed")
        ]
    );
    assert_eq!(findings[1].detail.as_deref(), Some("taken back"));
    assert_eq!(findings[2].detail.as_deref(), Some("error 131026"));
}

#[test]
fn nobody_and_nothing_personal_is_named() {
    let strange = message(
        json!({"type": "5511987654321", "interactive": {"nfm_reply": {"name": "Maria da Silva"}}}),
    );
    let form = message(
        json!({"type": "interactive", "interactive": {"type": "nfm_reply", "nfm_reply": {"name": "Maria da Silva"}}}),
    );
    let bad = message(json!({"from": "Maria da Silva"}));
    let all = format!(
        "{:?}",
        judged(body(&news(&json!([strange, form, bad, message(json!({}))]))).to_string())
    );
    for personal in ["5511987654321", "Maria", "segredo", "wamid"] {
        assert!(!all.contains(personal), "{all}");
    }
}

#[test]
fn several_payloads_in_a_file_and_parts_of_one_are_all_judged() {
    let whole = body(&news(&json!([message(json!({}))])));
    let list = json!([whole, whole]);
    assert_eq!(judged(list.to_string()).len(), 2);
    let under_keys = json!({"one": whole, "deep": {"two": [whole]}});
    assert_eq!(judged(under_keys.to_string()).len(), 2);
    let mut beside = whole.clone();
    beside["all"] = whole.clone();
    assert_eq!(judged(beside.to_string()).len(), 2);
    let change = whole["entry"][0]["changes"][0].clone();
    for part in [
        whole["entry"][0].clone(),
        change.clone(),
        change["value"].clone(),
        message(json!({})),
    ] {
        assert_eq!(
            outcomes(&judged(part.to_string())),
            [(Outcome::Message, "text")]
        );
    }
    let call = json!({"metadata": {"phone_number_id": "1"}, "calls": [{"id": "w", "from": "5511987654321", "timestamp": 1, "event": "connect"}]});
    assert_eq!(
        outcomes(&judged(call.to_string())),
        [(Outcome::Message, "call")]
    );
    let status =
        json!({"id": "w", "status": "read", "timestamp": 1, "recipient_id": "5511987654321"});
    assert_eq!(
        outcomes(&judged(status.to_string())),
        [(Outcome::Status, "read")]
    );
}

#[test]
fn answers_and_requests_of_the_api_are_no_webhooks() {
    for other in [
        json!({"messaging_product": "whatsapp", "contacts": [{"input": "1", "wa_id": "1"}], "messages": [{"id": "wamid.a"}]}),
        json!({"messaging_product": "whatsapp", "to": "1", "type": "text", "text": {"body": "x"}}),
        json!({"error": {"code": 100}}),
        json!({"data": []}),
        json!([1, "x", null]),
        json!("x"),
    ] {
        let findings = judged(other.to_string());
        assert!(
            matches!(findings.as_slice(), [finding] if finding.item == Outcome::NotAWebhook && !finding.is_lost)
        );
    }
    assert_eq!(
        outcomes(&judged("no JSON")),
        [(Outcome::NotAWebhook, "not JSON")]
    );
}

#[test]
fn a_damaged_webhook_is_named_and_is_not_our_loss() {
    let whole = body(&news(&json!([message(json!({}))]))).to_string();
    for damaged in [
        whole.clone() + "{",
        whole[..whole.len() - 2].to_owned(),
        whole.replace(r#""from":"5511987654321""#, r#""from":"1","from":"2""#),
        whole.replace("1500000000", "soon"),
        whole.replace("5511987654321", "' OR 1=1--"),
        whole.replace("whatsapp_business_account", "page"),
    ] {
        let findings = judged(&damaged);
        let is_damaged = findings
            .iter()
            .all(|finding| finding.item == Outcome::DeadLetter && !finding.is_lost)
            || damaged.contains("\"page\"");
        assert!(is_damaged && !findings.is_empty(), "{findings:?}");
    }
    let empty = json!({"object": "whatsapp_business_account", "entry": []});
    assert_eq!(
        outcomes(&judged(empty.to_string())),
        [(Outcome::Nothing, "webhook")]
    );
}

#[test]
fn a_valid_message_that_we_would_refuse_is_a_loss() {
    let large = message(json!({"text": {"body": "x".repeat(300_000)}}));
    let findings = judged(body(&news(&json!([large]))).to_string());
    assert!(
        matches!(findings.as_slice(), [finding] if finding.is_lost),
        "{findings:?}"
    );
}

#[test]
fn the_second_count_agrees_with_the_reader() {
    let mut value = news(&json!([message(json!({}))]));
    value["statuses"] = json!([{"id": "w", "status": "read", "timestamp": 1}]);
    value["errors"] = json!([{"code": 1}]);
    assert_eq!(envelope::count(&body(&value)), 3);
    assert_eq!(judged(body(&value).to_string()).len(), 3);
    assert_eq!(
        envelope::count(&body(&json!({}))),
        1,
        "a value in which nothing is"
    );
}

#[test]
fn a_letter_of_a_whole_change_stands_for_all_items_in_it() {
    let change = r#"{"field":"messages","value":{"metadata":{"phone_number_id":"1"},"statuses":[{}],"messages":[],"messages":[{},{}]}}"#;
    let body = format!(
        r#"{{"object":"whatsapp_business_account","entry":[{{"id":"1","changes":[{change}]}}]}}"#
    );
    let findings = check(body.as_bytes(), DateTime::UNIX_EPOCH);
    let kinds: Vec<&str> = findings
        .iter()
        .map(|finding| finding.kind.as_str())
        .collect();
    assert_eq!(kinds, ["duplicate_key"]);
    assert!(!findings[0].is_lost);
}
