//! What follows from a notice: for templates, for numbers, and in words that may be shown.

use balcao_core::store::channel_health::{self, Grade, News};
use balcao_core::store::template_news::{self, Which};
use balcao_core::store::{self, PgConnection};
use serde_json::{Value, json};

use super::Arrived;
use crate::payload::{Effect, Notice};

/// Names that a notice may carry into `detail`: of templates.
const MAX_NAME_CHARS: usize = 512;
/// Meta's words.
const MAX_WORD_CHARS: usize = 64;

/// What follows from a notice.
pub(super) async fn apply(conn: &mut PgConnection, arrived: &Arrived) -> Result<(), store::Error> {
    let (notice, ids) = (&arrived.notice, arrived.channel_ids.as_slice());
    if let Some((which, field)) = template(notice) {
        return apply_to_template(conn, which, field, &notice.effect).await;
    }
    let Some((kind, word, grade)) = news(&notice.effect) else {
        return Ok(());
    };
    let news = News {
        kind,
        word,
        at: notice.at,
        grade,
    };
    let moved = channel_health::note(&mut *conn, ids, news).await?;
    if let Some(reason) = switched_off(&notice.effect) {
        channel_health::stop_account(conn, &moved, reason).await?;
    }
    Ok(())
}

/// What a notice says of numbers: its kind, Meta's word, and how bad that is.
fn news(effect: &Effect) -> Option<(&'static str, &str, Grade)> {
    Some(match effect {
        Effect::Quality { event, limit } => {
            let kind = if event.as_deref() == Some("THROUGHPUT_UPGRADE") {
                "throughput"
            } else {
                "quality"
            };
            let event = event.as_deref().or(limit.as_deref())?;
            let is_bad = matches!(event, "FLAGGED" | "DOWNGRADE" | "RESTRICTED");
            (kind, event, if is_bad { Grade::Warn } else { Grade::Ok })
        }
        Effect::Name { decision, .. } => {
            let is_good = matches!(decision.as_str(), "APPROVED" | "PENDING");
            let grade = if is_good { Grade::Ok } else { Grade::Warn };
            ("name", decision.as_str(), grade)
        }
        Effect::Capability { limit, .. } => ("limit", limit.as_deref()?, Grade::Ok),
        Effect::Review { decision } => {
            let is_bad = decision == "REJECTED";
            (
                "review",
                decision.as_str(),
                if is_bad { Grade::Fail } else { Grade::Ok },
            )
        }
        Effect::Account { event, .. } => {
            let grade = match event.as_str() {
                "DISABLED_UPDATE" | "ACCOUNT_DELETED" | "ACCOUNT_OFFBOARDED" => Grade::Fail,
                "ACCOUNT_VIOLATION" | "ACCOUNT_RESTRICTION" => Grade::Warn,
                _ => Grade::Ok,
            };
            ("account", event.as_str(), grade)
        }
        Effect::Alert { kind, severity, .. } => {
            let is_critical = severity.as_deref() == Some("CRITICAL");
            let grade = if is_critical {
                Grade::Fail
            } else {
                Grade::Warn
            };
            ("alert", kind.as_deref().unwrap_or("ALERT"), grade)
        }
        Effect::TemplateStatus { .. }
        | Effect::TemplateQuality { .. }
        | Effect::TemplateCategory { .. }
        | Effect::TemplateComponents { .. }
        | Effect::Nothing => return None,
    })
    .filter(|(_, word, _)| self::word(word).is_some())
}

/// Why nothing can be sent any more, when the notice says so.
fn switched_off(effect: &Effect) -> Option<&'static str> {
    let Effect::Account {
        event, ban_state, ..
    } = effect
    else {
        return None;
    };
    match (event.as_str(), ban_state.as_deref()) {
        ("DISABLED_UPDATE", Some("DISABLE")) => Some("account_disabled"),
        ("ACCOUNT_DELETED", _) => Some("account_deleted"),
        ("ACCOUNT_OFFBOARDED", _) => Some("account_offboarded"),
        _ => None,
    }
}

/// The template that a notice is about, and its subscription.
fn template(notice: &Notice) -> Option<(Which<'_>, &str)> {
    let (meta_id, name, language) = match &notice.effect {
        Effect::TemplateStatus {
            meta_id,
            name,
            language,
            ..
        }
        | Effect::TemplateQuality {
            meta_id,
            name,
            language,
            ..
        }
        | Effect::TemplateCategory {
            meta_id,
            name,
            language,
            ..
        }
        | Effect::TemplateComponents {
            meta_id,
            name,
            language,
        } => (meta_id, name, language),
        _ => return None,
    };
    let which = Which {
        waba_id: &notice.waba_id,
        meta_id: meta_id.as_deref(),
        name,
        language,
        at: notice.at,
    };
    Some((which, &notice.field))
}

async fn apply_to_template(
    conn: &mut PgConnection,
    which: Which<'_>,
    field: &str,
    effect: &Effect,
) -> Result<(), store::Error> {
    let change = match effect {
        Effect::TemplateStatus {
            status,
            category,
            reason,
            ..
        } => {
            let why = (category.as_deref(), reason.as_deref());
            return template_news::status(conn, which, status, why).await;
        }
        Effect::TemplateQuality { score, .. } => template_news::Change::Quality(score),
        // What is only announced changes nothing yet.
        Effect::TemplateCategory {
            new,
            is_impending: false,
            ..
        } => template_news::Change::Category(new),
        Effect::TemplateComponents { .. } => template_news::Change::Components,
        _ => return Ok(()),
    };
    template_news::change(conn, which, field, change).await
}

/// What may be shown without opening the notice: Meta's words, names of templates, times.
pub(super) fn detail(effect: &Effect) -> Value {
    let named = |name: &str, language: &str, more: Value| {
        let mut detail = json!({
            "template": name.chars().take(MAX_NAME_CHARS).collect::<String>(),
            "language": word(language),
        });
        if let (Value::Object(detail), Value::Object(more)) = (&mut detail, more) {
            detail.extend(more);
        }
        detail
    };
    let of = |text: &Option<String>| text.as_deref().and_then(word).map(str::to_owned);
    let detail = match effect {
        Effect::TemplateStatus {
            name,
            language,
            status,
            reason,
            ..
        } => named(
            name,
            language,
            json!({"status": word(status), "reason": of(reason)}),
        ),
        Effect::TemplateQuality {
            name,
            language,
            score,
            ..
        } => named(name, language, json!({"score": word(score)})),
        Effect::TemplateCategory {
            name,
            language,
            new,
            is_impending,
            ..
        } => named(
            name,
            language,
            json!({"category": word(new), "impending": is_impending}),
        ),
        Effect::TemplateComponents { name, language, .. } => named(name, language, json!({})),
        Effect::Quality { event, limit } => json!({"event": of(event), "limit": of(limit)}),
        Effect::Name { decision, .. } => json!({"decision": word(decision)}),
        Effect::Account {
            restrictions,
            ban_state,
            ..
        } => {
            let restrictions: Vec<Value> = restrictions
                .iter()
                .map(|one| json!({"kind": word(&one.kind), "until": one.until}))
                .collect();
            json!({"restrictions": restrictions, "ban_state": of(ban_state)})
        }
        Effect::Alert {
            kind,
            severity,
            status,
            ..
        } => json!({"kind": of(kind), "severity": of(severity), "status": of(status)}),
        Effect::Review { decision } => json!({"decision": word(decision)}),
        Effect::Capability { limit, numbers } => json!({"limit": of(limit), "numbers": numbers}),
        Effect::Nothing => json!({}),
    };
    without_nulls(detail)
}

fn without_nulls(mut detail: Value) -> Value {
    if let Value::Object(map) = &mut detail {
        map.retain(|_, value| !value.is_null() && *value != json!([]));
    }
    detail
}

/// A word of Meta's vocabulary; free text is in the sealed part only.
pub(super) fn word(text: &str) -> Option<&str> {
    let is_word = (1..=MAX_WORD_CHARS).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    is_word.then_some(text)
}
