//! The account: whether the number is one of its own, whether Meta tells us what happens, and where it calls.

use balcao_core::store::channel_health::Grade;
use serde_json::Value;

use super::super::inspector::{Answers, Asked, Number};
use super::{Inspection, said};

/// Adds the lines `account` and `subscription`.
pub(super) fn judge(inspection: &mut Inspection, answers: &Answers, number: &Number) {
    let unknown = format!(
        "Meta knows no account {}, or this token may not see it: compare it with the WhatsApp Business Account id in Meta's \
         business settings",
        number.waba_id
    );
    if let Some(numbers) = said(inspection, "account", &answers.numbers, &unknown) {
        let ids: Vec<&str> = list(numbers).filter_map(|one| one["id"].as_str()).collect();
        if ids.contains(&number.phone_number_id.as_str()) {
            inspection.say("account", Grade::Ok, "the number is one of the account's");
        } else if numbers.pointer("/paging/next").is_none() {
            inspection.say(
                "account",
                Grade::Fail,
                format!(
                    "number {} is not one of account {}: compare both with WhatsApp Manager, then: balcao channel add",
                    number.phone_number_id, number.waba_id
                ),
            );
        }
    }
    if let Some(apps) = said(inspection, "subscription", &answers.apps, &unknown) {
        subscription(
            inspection,
            apps,
            app_of(&answers.token),
            &number.phone_number_id,
        );
    }
}

fn subscription(inspection: &mut Inspection, apps: &Value, ours: Option<&str>, number: &str) {
    let mut subscribed =
        list(apps).filter_map(|app| app.pointer("/whatsapp_business_api_data/id")?.as_str());
    let is_ours = match ours {
        Some(ours) => subscribed.any(|id| id == ours),
        None => subscribed.next().is_some(),
    };
    if is_ours {
        return inspection.say("subscription", Grade::Ok, "Meta tells our app what happens");
    }
    inspection.is_unsubscribed = true;
    inspection.say(
        "subscription",
        Grade::Fail,
        format!(
            "our app is not subscribed to the account, so that no message of a customer arrives: balcao channel check {number} --fix"
        ),
    );
}

/// The app that the token belongs to.
fn app_of(token: &Asked) -> Option<&str> {
    match token {
        Asked::Said(answer) => answer.pointer("/data/app_id")?.as_str(),
        Asked::Refused { .. } | Asked::Silent => None,
    }
}

/// Where Meta calls for this number: its own address before its account's before the app's.
pub(super) fn callback(number: &Asked) -> Option<&str> {
    let Asked::Said(number) = number else {
        return None;
    };
    ["phone_number", "whatsapp_business_account", "application"]
        .into_iter()
        .find_map(|level| number["webhook_configuration"][level].as_str())
}

fn list(answer: &Value) -> impl Iterator<Item = &Value> {
    answer["data"].as_array().into_iter().flatten()
}
