use chrono::TimeDelta;
use serde_json::{Map, json};

use super::*;

const NUMBER: &str = "106540352242922";
const ACCOUNT: &str = "102290129340398";

fn number() -> Number {
    Number {
        phone_number_id: NUMBER.to_owned(),
        waba_id: ACCOUNT.to_owned(),
        access_token: "the-token".to_owned().into(),
    }
}

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_000_000, 0).unwrap()
}

fn well() -> Answers {
    Answers {
        token: Asked::Said(json!({"data": {
            "app_id": "1", "is_valid": true, "expires_at": 0,
            "scopes": ["whatsapp_business_messaging", "whatsapp_business_management"],
        }})),
        number: Asked::Said(json!({
            "id": NUMBER, "display_phone_number": "+55 11 4000-0000", "verified_name": "Balcão Internet",
            "name_status": "APPROVED", "quality_rating": "GREEN", "platform_type": "CLOUD_API",
            "throughput": {"level": "STANDARD"}, "status": "CONNECTED", "account_mode": "LIVE",
            "whatsapp_business_manager_messaging_limit": "TIER_10K",
            "health_status": {"can_send_message": "AVAILABLE", "entities": []},
            "webhook_configuration": {"application": "https://wa.isp.example/webhooks/whatsapp"},
        })),
        numbers: Asked::Said(json!({"data": [{"id": NUMBER}]})),
        apps: Asked::Said(json!({"data": [{"whatsapp_business_api_data": {"id": "1"}}]})),
    }
}

/// The answers about a number that is well but for these fields.
fn but(fields: &Value) -> Answers {
    let mut answers = well();
    let Asked::Said(Value::Object(number)) = &mut answers.number else {
        unreachable!()
    };
    let fields: &Map<String, Value> = fields.as_object().unwrap();
    number.extend(fields.clone());
    answers
}

fn refused(code: i64) -> Asked {
    Asked::Refused {
        http_status: 400,
        code: Some(code),
    }
}

fn line<'a>(inspection: &'a Inspection, check: &str) -> &'a Finding {
    inspection
        .findings
        .iter()
        .find(|finding| finding.check == check)
        .unwrap_or_else(|| panic!("no line {check}: {:?}", inspection.findings))
}

/// Judges, and finds exactly one line that is not ok.
fn only(answers: &Answers, check: &str, grade: Grade, words: &str) -> Inspection {
    let inspection = judge(answers, &number(), now());
    let found = line(&inspection, check);
    assert_eq!(found.grade, grade, "{found:?}");
    assert!(found.says.contains(words), "{found:?}");
    let others = inspection
        .findings
        .iter()
        .filter(|other| other.grade > Grade::Ok && other.check != check);
    assert_eq!(others.count(), 0, "{:?}", inspection.findings);
    inspection
}

#[test]
fn a_number_that_is_well_has_only_good_lines() {
    let inspection = judge(&well(), &number(), now());
    assert_eq!(inspection.grade(), Grade::Ok, "{:?}", inspection.findings);
    assert_eq!((inspection.refused, inspection.was_answered), (None, true));
    assert_eq!(
        inspection.facts.messaging_limit.as_deref(),
        Some("TIER_10K")
    );
    for check in [
        "token",
        "permissions",
        "number",
        "name",
        "quality",
        "throughput",
        "health",
        "account",
        "subscription",
    ] {
        assert_eq!(line(&inspection, check).grade, Grade::Ok);
    }
}

#[test]
fn a_dead_token_is_told_once_and_stops_the_number() {
    let dead = Asked::Refused {
        http_status: 401,
        code: Some(190),
    };
    let all_dead = Answers {
        token: dead.clone(),
        number: dead.clone(),
        numbers: dead.clone(),
        apps: dead,
    };
    let invalid = Answers {
        token: Asked::Said(json!({"data": {"is_valid": false, "scopes": []}})),
        ..well()
    };
    for answers in [all_dead, invalid] {
        let inspection = only(&answers, "token", Grade::Fail, "code 190");
        assert_eq!(inspection.findings.len(), 1);
        assert_eq!(inspection.refused, Some("code_190"));
        assert!(
            line(&inspection, "token")
                .says
                .contains(&format!("set-token {NUMBER}"))
        );
    }
}

#[test]
fn a_token_that_ends_soon_is_a_warning() {
    let ends = (now() + TimeDelta::days(3)).timestamp();
    let mut answers = well();
    let Asked::Said(token) = &mut answers.token else {
        unreachable!()
    };
    token["data"]["expires_at"] = json!(ends);
    only(&answers, "token", Grade::Warn, "ends on 2026-");
}

#[test]
fn missing_permissions_are_named() {
    let mut answers = well();
    let Asked::Said(token) = &mut answers.token else {
        unreachable!()
    };
    token["data"]["scopes"] = json!(["whatsapp_business_messaging"]);
    let management = only(
        &answers,
        "permissions",
        Grade::Fail,
        "lacks whatsapp_business_management",
    );
    assert_eq!(management.refused, None, "messages still go");
    let Asked::Said(token) = &mut answers.token else {
        unreachable!()
    };
    token["data"]["scopes"] = json!([]);
    let both = only(
        &answers,
        "permissions",
        Grade::Fail,
        "whatsapp_business_messaging and",
    );
    assert_eq!(both.refused, Some("permission"));
    let Asked::Said(token) = &mut answers.token else {
        unreachable!()
    };
    token["data"]["scopes"] = json!([
        "whatsapp_business_messaging",
        "whatsapp_business_management"
    ]);
    token["data"]["granular_scopes"] =
        json!([{"scope": "whatsapp_business_messaging", "target_ids": ["1"]}]);
    only(&answers, "permissions", Grade::Fail, "other accounts");
}

#[test]
fn every_fault_that_stops_a_number_has_its_words_and_its_reason() {
    let blocked = json!({"can_send_message": "BLOCKED"});
    for (field, value, check, words, refused) in [
        (
            "status",
            json!("PENDING"),
            "number",
            "finish its registration",
            "number_status",
        ),
        (
            "status",
            json!("BANNED"),
            "number",
            "BANNED by Meta",
            "number_status",
        ),
        (
            "platform_type",
            json!("NOT_APPLICABLE"),
            "number",
            "not registered",
            "code_133010",
        ),
        ("health_status", blocked, "health", "blocked", "blocked"),
    ] {
        let inspection = only(&but(&json!({field: value})), check, Grade::Fail, words);
        assert_eq!(inspection.refused, Some(refused), "{field} {value}");
    }
}

#[test]
fn what_meta_only_complains_about_is_a_warning() {
    let (none, limited) = (
        json!({"level": "NOT_APPLICABLE"}),
        json!({"can_send_message": "LIMITED"}),
    );
    for (field, value, check, words) in [
        ("status", json!("FLAGGED"), "number", "FLAGGED"),
        ("name_status", json!("DECLINED"), "name", "declined"),
        (
            "name_status",
            json!("PENDING_REVIEW"),
            "name",
            "still reviews",
        ),
        ("quality_rating", json!("YELLOW"), "quality", "medium"),
        ("quality_rating", json!("RED"), "quality", "low"),
        ("throughput", none, "throughput", "no throughput"),
        ("account_mode", json!("SANDBOX"), "mode", "allow-list"),
        (
            "code_verification_status",
            json!("NOT_VERIFIED"),
            "verification",
            "never verified",
        ),
        ("health_status", limited, "health", "limited"),
    ] {
        let inspection = only(&but(&json!({field: value})), check, Grade::Warn, words);
        assert_eq!(inspection.refused, None, "{field} {value}");
    }
}

#[test]
fn a_payment_problem_says_where_to_pay() {
    let error = json!({
        "error_code": 141_006, "error_description": "There is an error with the payment method.",
        "possible_solution": "Add a payment method.",
    });
    let entity = json!({"entity_type": "WABA", "id": ACCOUNT, "can_send_message": "BLOCKED", "errors": [error]});
    let answers =
        but(&json!({"health_status": {"can_send_message": "BLOCKED", "entities": [entity]}}));
    let inspection = only(&answers, "payment", Grade::Fail, "Billing");
    assert_eq!(inspection.refused, Some("payment"));
    assert!(
        line(&inspection, "payment")
            .says
            .contains("Add a payment method")
    );
}

#[test]
fn a_number_of_another_account_and_a_missing_subscription_are_found() {
    let elsewhere = Answers {
        numbers: Asked::Said(json!({"data": [{"id": "1"}]})),
        ..well()
    };
    only(&elsewhere, "account", Grade::Fail, "not one of account");
    for apps in [
        json!([]),
        json!([{"whatsapp_business_api_data": {"id": "2"}}]),
    ] {
        let unsubscribed = Answers {
            apps: Asked::Said(json!({ "data": apps })),
            ..well()
        };
        let inspection = only(&unsubscribed, "subscription", Grade::Fail, "--fix");
        assert!(inspection.is_unsubscribed);
    }
    let unknown = Answers {
        number: refused(100),
        ..well()
    };
    let inspection = only(&unknown, "number", Grade::Fail, "knows no such number");
    assert_eq!(inspection.refused, Some("unknown_number"));
}

#[test]
fn silence_and_too_many_questions_say_nothing_of_the_number() {
    let silent = Answers {
        token: Asked::Silent,
        ..well()
    };
    let inspection = only(&silent, "graph", Grade::Warn, "does not answer");
    assert_eq!((inspection.refused, inspection.was_answered), (None, false));
    let limited = Answers {
        number: refused(80_007),
        ..well()
    };
    let inspection = only(&limited, "number", Grade::Warn, "too often");
    assert_eq!((inspection.refused, inspection.was_answered), (None, false));
}

#[test]
fn the_pace_follows_metas_level_and_keeps_a_smaller_wish() {
    for (fields, current, expected) in [
        (json!({}), 80, 80),
        (json!({}), 40, 40),
        (json!({}), 1_000, 80),
        (json!({"throughput": {"level": "HIGH"}}), 80, 1_000),
        (json!({"throughput": {"level": "HIGH"}}), 40, 40),
        (json!({"is_on_biz_app": true}), 80, 20),
    ] {
        let inspection = judge(&but(&fields), &number(), now());
        assert_eq!(
            inspection.throughput_for(current),
            expected,
            "{fields} {current}"
        );
    }
}

#[test]
fn the_webhook_is_compared_and_reached() {
    let mut inspection = judge(&well(), &number(), now());
    inspection.calls(Some("https://wa.isp.example/webhooks/whatsapp"));
    assert_eq!(line(&inspection, "callback").grade, Grade::Ok);
    let mut inspection = judge(&well(), &number(), now());
    inspection.calls(Some("https://other.isp.example/webhooks/whatsapp"));
    assert_eq!(line(&inspection, "callback").grade, Grade::Fail);
    for (reached, grade) in [
        (Reached::Yes, Grade::Ok),
        (Reached::NotConfigured, Grade::Ok),
        (Reached::Wrong(403), Grade::Fail),
        (Reached::Wrong(404), Grade::Fail),
        (Reached::No, Grade::Fail),
    ] {
        let mut inspection = Inspection::default();
        inspection.reached(&reached);
        assert_eq!(line(&inspection, "webhook").grade, grade);
    }
}

#[test]
fn no_line_repeats_the_token() {
    for answers in [
        well(),
        Answers {
            token: Asked::Said(json!({"data": {"is_valid": false}})),
            ..well()
        },
    ] {
        let inspection = judge(&answers, &number(), now());
        assert!(!format!("{inspection:?}").contains("the-token"));
    }
}
