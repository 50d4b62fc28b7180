//! The access token: good, for how long, and for what.

use balcao_core::store::channel_health::Grade;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::super::inspector::{Asked, Number};
use super::{Inspection, Trouble, said, trouble};

/// A token that ends sooner is worth a warning.
const SOON_DAYS: i64 = 14;
/// Sends and takes messages.
const MESSAGING: &str = "whatsapp_business_messaging";
/// Everything around: health, templates, subscriptions.
const MANAGEMENT: &str = "whatsapp_business_management";

/// Adds the lines `token` and `permissions`; `false` when the token is dead and nothing else can be known.
pub(super) fn judge(
    inspection: &mut Inspection,
    asked: &Asked,
    number: &Number,
    now: DateTime<Utc>,
) -> bool {
    if trouble(asked) == Some(Trouble::Token) {
        dead(inspection, number);
        return false;
    }
    if matches!(
        trouble(asked),
        Some(Trouble::Unknown | Trouble::Permission | Trouble::Other(_))
    ) {
        inspection.say(
            "token",
            Grade::Warn,
            "Meta does not tell about the token; nothing to do unless other lines fail",
        );
        return true;
    }
    let Some(answer) = said(inspection, "token", asked, "") else {
        return true;
    };
    let data = &answer["data"];
    if data["is_valid"] == Value::Bool(false) {
        dead(inspection, number);
        return false;
    }
    life(inspection, data, number, now);
    permissions(inspection, data, number);
    true
}

fn dead(inspection: &mut Inspection, number: &Number) {
    inspection.refuse("code_190");
    inspection.say(
        "token",
        Grade::Fail,
        format!(
            "Meta does not accept the access token (code 190): it was revoked or has ended. Make a new one for a system user \
             in Meta's business settings, then: balcao channel set-token {}",
            number.phone_number_id
        ),
    );
}

fn life(inspection: &mut Inspection, data: &Value, number: &Number, now: DateTime<Utc>) {
    let ends = data["expires_at"].as_i64().filter(|seconds| *seconds > 0);
    let ends = ends.and_then(|seconds| DateTime::from_timestamp(seconds, 0));
    inspection.facts.token_expires_at = ends;
    match ends {
        Some(ends) if ends <= now + TimeDelta::days(SOON_DAYS) => inspection.say(
            "token",
            Grade::Warn,
            format!(
                "the access token ends on {}: make one that does not end for a system user, then: balcao channel set-token {}",
                ends.format("%Y-%m-%d %H:%M UTC"),
                number.phone_number_id
            ),
        ),
        Some(ends) => inspection.say(
            "token",
            Grade::Ok,
            format!("good until {}", ends.format("%Y-%m-%d")),
        ),
        None => inspection.say("token", Grade::Ok, "good, and does not end"),
    }
}

fn permissions(inspection: &mut Inspection, data: &Value, number: &Number) {
    let scopes: Vec<&str> = data["scopes"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let missing: Vec<&str> = [MESSAGING, MANAGEMENT]
        .into_iter()
        .filter(|scope| !scopes.contains(scope))
        .collect();
    if missing.contains(&MESSAGING) {
        inspection.refuse("permission");
    }
    if !missing.is_empty() {
        return inspection.say(
            "permissions",
            Grade::Fail,
            format!(
                "the token lacks {}: make a new one with both {MESSAGING} and {MANAGEMENT}, then: balcao channel set-token {}",
                missing.join(" and "),
                number.phone_number_id
            ),
        );
    }
    let elsewhere = data["granular_scopes"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|granted| granted["target_ids"].as_array())
        .any(|targets| {
            !targets.is_empty() && targets.iter().all(|id| *id != number.waba_id.as_str())
        });
    if elsewhere {
        return inspection.say(
            "permissions",
            Grade::Fail,
            format!(
                "the token is for other accounts than {}: give its system user this account, then make a new token",
                number.waba_id
            ),
        );
    }
    inspection.say("permissions", Grade::Ok, "messaging and management");
}
