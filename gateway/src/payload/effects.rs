//! What follows from what Meta tells about accounts, numbers and templates.
//!
//! Promises: an effect is named only when all that it needs was said; how much a notice matters is decided here, in one
//! table, from Meta's own words.
//! Does not: act on it.

use serde_json::Value;

use super::{Effect, Restriction, Severity, loose};

/// An event's name longer than this is not one of Meta's.
const MAX_EVENT_BYTES: usize = 64;
/// More restrictions than this in one notice are not Meta's.
const MAX_RESTRICTIONS: usize = 16;

/// What a notice amounts to.
pub(super) struct Judged {
    pub(super) event: Option<String>,
    pub(super) severity: Severity,
    pub(super) effect: Effect,
}

/// Judges the value of a change of this field.
pub(super) fn of(field: &str, value: &Value) -> Judged {
    let effect = effect(field, value);
    let event = event(field, value, &effect);
    let severity = severity(field, &effect);
    Judged {
        event: event.as_deref().and_then(word),
        severity,
        effect,
    }
}

/// A word of Meta's if it looks like one: it is shown to operators and stored in clear.
pub(super) fn word(word: &str) -> Option<String> {
    let fits = (1..=MAX_EVENT_BYTES).contains(&word.len())
        && word
            .bytes()
            .all(|byte| byte.is_ascii_alphabetic() || byte == b'_' || byte == b'-')
        || is_numbered(word);
    fits.then(|| word.to_owned())
}

/// `error_131047`, `progress_55`: a word of ours with a short number. Longer digits could be a telephone number.
fn is_numbered(word: &str) -> bool {
    word.rsplit_once('_').is_some_and(|(word, number)| {
        matches!(word, "error" | "progress")
            && (1..=7).contains(&number.len())
            && number.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// How much an error about a number or account matters: from some, nothing can be sent until a person acts.
pub(super) fn severity_of_error(code: i32) -> Severity {
    match code {
        0 | 10 | 190 | 200..=299 | 368 | 131_005 | 131_031 | 131_042 | 131_045 | 133_010 => {
            Severity::Alert
        }
        _ => Severity::Warning,
    }
}

fn effect(field: &str, value: &Value) -> Effect {
    let words = |key: &str| loose::owned(value, key);
    let understood = match field {
        "message_template_status_update" => template_status(value),
        "message_template_quality_update" => template_quality(value),
        "message_template_components_update" => {
            template(value).map(|(meta_id, name, language)| Effect::TemplateComponents {
                meta_id,
                name,
                language,
            })
        }
        "template_category_update" | "template_correct_category_detection" => {
            template_category(field, value)
        }
        "phone_number_quality_update" => Some(Effect::Quality {
            event: words("event"),
            limit: loose::first(
                value,
                &["max_daily_conversations_per_business", "current_limit"],
            ),
        }),
        "phone_number_name_update" => words("decision").map(|decision| Effect::Name {
            decision,
            name: words("requested_verified_name"),
        }),
        "account_update" => account(value),
        "account_alerts" => Some(alert(value)),
        "account_review_update" => words("decision").map(|decision| Effect::Review { decision }),
        "business_capability_update" => Some(capability(value)),
        _ => None,
    };
    understood.unwrap_or(Effect::Nothing)
}

/// Which template: Meta's id, the name, the language.
fn template(value: &Value) -> Option<(Option<String>, String, String)> {
    Some((
        loose::owned(value, "message_template_id"),
        loose::owned(value, "message_template_name")?,
        // Both `en-US` and `en_US` are seen; Meta's own lists have the underscore.
        loose::owned(value, "message_template_language")?.replace('-', "_"),
    ))
}

fn template_status(value: &Value) -> Option<Effect> {
    let (meta_id, name, language) = template(value)?;
    let told = ["rejection_info", "disable_info", "other_info"]
        .into_iter()
        .find_map(|key| {
            loose::first(
                value.get(key)?,
                &["reason", "description", "title", "disable_date"],
            )
        });
    let reason = loose::owned(value, "reason").filter(|reason| reason != "NONE");
    Some(Effect::TemplateStatus {
        meta_id,
        name,
        language,
        status: loose::owned(value, "event")?,
        category: loose::owned(value, "message_template_category"),
        reason: reason.or(told),
    })
}

fn template_quality(value: &Value) -> Option<Effect> {
    let (meta_id, name, language) = template(value)?;
    Some(Effect::TemplateQuality {
        meta_id,
        name,
        language,
        score: loose::owned(value, "new_quality_score")?,
    })
}

/// `correct_category` without `new_category` is only announced.
fn template_category(field: &str, value: &Value) -> Option<Effect> {
    let (meta_id, name, language) = template(value)?;
    let done = loose::owned(value, "new_category")
        .filter(|_| field == "template_category_update" && value.get("correct_category").is_none());
    let is_impending = done.is_none();
    let coming = || loose::first(value, &["correct_category", "new_category"]);
    Some(Effect::TemplateCategory {
        meta_id,
        name,
        language,
        new: done.or_else(coming)?,
        is_impending,
    })
}

fn account(value: &Value) -> Option<Effect> {
    let restriction = |info: &Value| {
        let until = loose::integer(info, "expiration").and_then(loose::moment);
        let kind = loose::owned(info, "restriction_type")?;
        Some(Restriction { kind, until })
    };
    let ban = value.get("ban_info").unwrap_or(&Value::Null);
    Some(Effect::Account {
        event: loose::owned(value, "event")?,
        restrictions: loose::list(value, "restriction_info")
            .iter()
            .filter_map(restriction)
            .take(MAX_RESTRICTIONS)
            .collect(),
        ban_state: loose::first(ban, &["waba_ban_state"]).or_else(|| {
            let state = ban.get("waba_ban_state")?.as_array()?.first()?;
            loose::words(state).map(std::borrow::Cow::into_owned)
        }),
    })
}

fn alert(value: &Value) -> Effect {
    let info = value.get("alert_info").filter(|info| info.is_object());
    let info = info.unwrap_or(value);
    Effect::Alert {
        kind: loose::owned(info, "alert_type"),
        severity: loose::owned(info, "alert_severity"),
        status: loose::owned(info, "alert_status"),
        description: loose::owned(info, "alert_description"),
    }
}

fn capability(value: &Value) -> Effect {
    let numbers = [
        "max_phone_numbers_per_waba",
        "max_phone_numbers_per_business",
    ];
    Effect::Capability {
        limit: loose::first(
            value,
            &[
                "max_daily_conversations_per_business",
                "max_daily_conversation_per_phone",
            ],
        ),
        numbers: numbers
            .into_iter()
            .find_map(|key| loose::integer(value, key)),
    }
}

/// The word that says what happened; each field keeps it somewhere else.
fn event(field: &str, value: &Value, effect: &Effect) -> Option<String> {
    match effect {
        Effect::TemplateQuality { score, .. } => return Some(score.clone()),
        Effect::TemplateCategory { new, .. } => return Some(new.clone()),
        Effect::Name { decision, .. } | Effect::Review { decision } => {
            return Some(decision.clone());
        }
        Effect::Alert { kind, .. } => return kind.clone(),
        _ => {}
    }
    let said = loose::owned(value, "event");
    said.or_else(|| match field {
        "messaging_handovers" => ["control_passed", "control_taken"]
            .into_iter()
            .find(|key| value.get(key).is_some())
            .map(str::to_owned),
        _ => loose::list(value, "groups")
            .first()
            .and_then(|group| loose::owned(group, "type")),
    })
}

fn severity(field: &str, effect: &Effect) -> Severity {
    match effect {
        Effect::TemplateStatus { status, .. } => match status.as_str() {
            "REJECTED" | "PAUSED" | "DISABLED" | "FLAGGED" | "LIMIT_EXCEEDED"
            | "PENDING_DELETION" | "LOCKED" => Severity::Warning,
            _ => Severity::Info,
        },
        Effect::TemplateQuality { score, .. } if score == "RED" => Severity::Warning,
        // It may cost more from now on.
        Effect::TemplateCategory { .. } => Severity::Warning,
        Effect::Quality {
            event: Some(event), ..
        } if matches!(event.as_str(), "FLAGGED" | "DOWNGRADE") => Severity::Warning,
        Effect::Name { decision, .. } if decision == "REJECTED" => Severity::Warning,
        Effect::Review { decision } if decision == "REJECTED" => Severity::Alert,
        Effect::Account {
            event, ban_state, ..
        } => match (event.as_str(), ban_state.as_deref()) {
            ("DISABLED_UPDATE", Some("REINSTATE")) => Severity::Warning,
            (
                "ACCOUNT_VIOLATION"
                | "ACCOUNT_RESTRICTION"
                | "DISABLED_UPDATE"
                | "ACCOUNT_DELETED"
                | "ACCOUNT_OFFBOARDED"
                | "PARTNER_REMOVED"
                | "PARTNER_APP_UNINSTALLED",
                _,
            ) => Severity::Alert,
            _ => Severity::Info,
        },
        Effect::Alert { severity, .. } => match severity.as_deref() {
            Some("CRITICAL") => Severity::Alert,
            Some("INFORMATIONAL") => Severity::Info,
            _ => Severity::Warning,
        },
        _ => match field {
            // Somebody else answers this customer now, or did something to the account.
            "messaging_handovers" | "security" => Severity::Warning,
            _ => Severity::Info,
        },
    }
}
