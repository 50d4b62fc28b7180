//! The number: registered, its name, quality, limits, and whether Meta lets it send.

use balcao_core::store::channel_health::Grade;
use serde_json::Value;

use super::super::inspector::Asked;
use super::{Inspection, said, word};

/// Words of a health error that are shown.
const MAX_ERROR_CHARS: usize = 300;

/// Adds the lines about the number.
pub(super) fn judge(inspection: &mut Inspection, asked: &Asked) {
    let unknown = "Meta knows no such number, or this token may not see it: compare the phone number id with the one in \
                   WhatsApp Manager > API setup, and give the token's system user its account";
    if matches!(super::trouble(asked), Some(super::Trouble::Unknown)) {
        inspection.refuse("unknown_number");
    }
    let Some(number) = said(inspection, "number", asked, unknown) else {
        return;
    };
    inspection.display_phone_number = number["display_phone_number"]
        .as_str()
        .filter(|shown| shown.len() <= 32)
        .map(str::to_owned);
    let facts = &mut inspection.facts;
    facts.status = word(number, "status");
    facts.quality = word(number, "quality_rating");
    facts.messaging_limit = word(number, "whatsapp_business_manager_messaging_limit");
    facts.name_status = word(number, "name_status");
    facts.verified_name = number["verified_name"]
        .as_str()
        .map(|name| name.chars().take(80).collect());
    facts.throughput = word(&number["throughput"], "level");
    facts.can_send = word(&number["health_status"], "can_send_message");
    inspection.is_on_telephone = number["is_on_biz_app"] == Value::Bool(true);
    status(inspection, number);
    name(inspection);
    quality(inspection);
    throughput(inspection);
    health(inspection, &number["health_status"]);
}

fn status(inspection: &mut Inspection, number: &Value) {
    let is_registered =
        word(number, "platform_type").is_none_or(|platform| platform == "CLOUD_API");
    let status = inspection.facts.status.clone().unwrap_or_default();
    let (grade, says) = match status.as_str() {
        _ if !is_registered => (
            Grade::Fail,
            "not registered with the Cloud API: register it with its six-digit PIN (WhatsApp Manager, or POST /{phone_number_id}/register)".to_owned(),
        ),
        "CONNECTED" | "" => (Grade::Ok, "connected".to_owned()),
        "PENDING" | "MIGRATED" | "UNVERIFIED" | "DISCONNECTED" => (
            Grade::Fail,
            format!("{status}: finish its registration in WhatsApp Manager > Phone numbers"),
        ),
        "BANNED" | "RESTRICTED" | "DELETED" => (
            Grade::Fail,
            format!("{status} by Meta: read the reason in WhatsApp Manager > Account quality and ask for a review there"),
        ),
        "FLAGGED" | "RATE_LIMITED" => (
            Grade::Warn,
            format!("{status}: customers block or report it; send less of what they did not ask for"),
        ),
        other => (
            Grade::Warn,
            format!("its status is {other}, which we do not know; look at WhatsApp Manager > Phone numbers"),
        ),
    };
    if grade == Grade::Fail {
        inspection.refuse(if is_registered {
            "number_status"
        } else {
            "code_133010"
        });
    }
    inspection.say("number", grade, says);
    if word(number, "account_mode").as_deref() == Some("SANDBOX") {
        inspection.say(
            "mode",
            Grade::Warn,
            "a test number: only numbers of its allow-list are reached",
        );
    }
    if word(number, "code_verification_status").as_deref() == Some("NOT_VERIFIED") {
        inspection.say(
            "verification",
            Grade::Warn,
            "the number was never verified by code: do it in WhatsApp Manager > Phone numbers",
        );
    }
}

fn name(inspection: &mut Inspection) {
    let shown = inspection.facts.verified_name.clone().unwrap_or_default();
    let (grade, says) = match inspection.facts.name_status.as_deref() {
        None | Some("APPROVED" | "AVAILABLE_WITHOUT_REVIEW" | "NONE" | "NON_EXISTS") => {
            (Grade::Ok, format!("customers see {shown:?}"))
        }
        Some("PENDING_REVIEW") => (
            Grade::Warn,
            "Meta still reviews the display name; until then few people can be written to first".to_owned(),
        ),
        Some("DECLINED" | "EXPIRED") => (
            Grade::Warn,
            "Meta declined the display name: choose another in WhatsApp Manager > Phone numbers, else sending ends (code 131037)".to_owned(),
        ),
        Some(other) => (Grade::Warn, format!("the display name is {other}")),
    };
    inspection.say("name", grade, says);
}

fn quality(inspection: &mut Inspection) {
    let (grade, says) = match inspection.facts.quality.as_deref() {
        Some("GREEN") => (Grade::Ok, "high".to_owned()),
        None | Some("UNKNOWN" | "NA") => (Grade::Ok, "not rated yet".to_owned()),
        Some("YELLOW") => (
            Grade::Warn,
            "medium: customers block or report the number more often; look at what is sent without being asked for".to_owned(),
        ),
        Some("RED") => (
            Grade::Warn,
            "low: Meta will lower its limits; stop campaigns and look at which messages customers block".to_owned(),
        ),
        Some(other) => (Grade::Warn, format!("{other}, which we do not know")),
    };
    let limit = inspection.facts.messaging_limit.clone();
    let limit = limit.map_or(String::new(), |limit| {
        format!("; limit for first messages {limit}")
    });
    inspection.say("quality", grade, format!("{says}{limit}"));
}

fn throughput(inspection: &mut Inspection) {
    let (grade, says) = match inspection.facts.throughput.as_deref() {
        _ if inspection.is_on_telephone => (
            Grade::Ok,
            "20 messages a second: the number is used in the WhatsApp Business app too".to_owned(),
        ),
        Some("HIGH") => (Grade::Ok, "1,000 messages a second".to_owned()),
        Some("STANDARD") | None => (Grade::Ok, "80 messages a second".to_owned()),
        Some("NOT_APPLICABLE") => (
            Grade::Warn,
            "none: Meta lists no throughput for it, as for numbers that are not registered"
                .to_owned(),
        ),
        Some(other) => (Grade::Warn, format!("{other}, which we do not know")),
    };
    inspection.say("throughput", grade, says);
}

/// `health_status`: the number's, its account's, the business's and the app's, payment included.
fn health(inspection: &mut Inspection, health: &Value) {
    let (grade, can) = match inspection.facts.can_send.as_deref() {
        None => return,
        Some("AVAILABLE") => (Grade::Ok, "messages can be sent"),
        Some("LIMITED") => (Grade::Warn, "sending is limited"),
        Some("BLOCKED") => (Grade::Fail, "sending is blocked"),
        Some(_) => (
            Grade::Warn,
            "Meta says something of sending that we do not know",
        ),
    };
    let mut says = can.to_owned();
    let mut is_payment = false;
    for entity in health["entities"].as_array().into_iter().flatten() {
        let what = word(entity, "entity_type").unwrap_or_default();
        for error in entity["errors"].as_array().into_iter().flatten() {
            let code = error["error_code"].as_i64().unwrap_or_default();
            let text = |key: &str| {
                error[key]
                    .as_str()
                    .unwrap_or_default()
                    .trim_end_matches('.')
            };
            let (wrong, remedy) = (text("error_description"), text("possible_solution"));
            is_payment |= is_about_payment(code, wrong);
            says.push_str(&format!("; {what} (code {code}): {wrong}. {remedy}"));
        }
    }
    if is_payment {
        says.push_str(". Repair the payment method in Meta's business settings > Billing");
    }
    if grade == Grade::Fail {
        inspection.refuse(if is_payment { "payment" } else { "blocked" });
    }
    let says = says.chars().take(MAX_ERROR_CHARS).collect::<String>();
    let check = if is_payment { "payment" } else { "health" };
    inspection.say(check, grade, says);
}

fn is_about_payment(code: i64, description: &str) -> bool {
    matches!(code, 131_042 | 131_044 | 141_006) || description.to_lowercase().contains("payment")
}
