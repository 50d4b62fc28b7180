//! `/channels`, `/notices`: the company's numbers, how they do, and what Meta told about them.
//!
//! Promises: everybody sees which numbers there are and whether they work; why, and what Meta told, is for supervisors
//! and administrators. A notice is listed in words that name nobody; its text, which may, is a request of its own and an
//! entry of the audit log.
//! Does not: change a number (`balcao channel` does), or hold secrets.

use std::collections::HashMap;

use axum::Json as Answer;
use axum::extract::State;
use balcao_core::model::{ChannelId, Problem};
use balcao_core::store::channel::Stop;
use balcao_core::store::channel_health::{
    self, ChannelState, Facts, Finding, Grade, Noticed, Overview,
};
use balcao_core::store::notice::{self, Wanted};
use balcao_core::store::template_news::{self, Halted};
use chrono::{DateTime, Utc};
use compliance::audit::{self, Action, ObjectKind, Outcome};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::extract::{Path, Query, page_size};
use crate::error::Error;
use crate::people::{Caller, People};

/// The routes.
pub fn routes() -> OpenApiRouter<People> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(notices))
        .routes(routes!(open_notice))
}

/// A number of the company.
#[derive(Serialize, ToSchema)]
pub struct ChannelView {
    /// Our id.
    pub id: ChannelId,
    /// What people call it.
    pub name: String,
    /// As people dial it, when Meta told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// How it does, in one word.
    pub state: ChannelState,
    /// Why; for supervisors and administrators.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health: Option<ChannelHealth>,
}

/// How a number does.
#[derive(Serialize, ToSchema)]
pub struct ChannelHealth {
    /// Meta's id of the number.
    pub phone_number_id: String,
    /// Meta's id of the account.
    pub waba_id: String,
    /// Why nothing is sent through it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped: Option<StopView>,
    /// Sends that wait for it.
    pub waiting: i64,
    /// Messages a second.
    pub throughput_per_second: i32,
    /// When it was checked last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checked_at: Option<DateTime<Utc>>,
    /// The worst of the findings, or of what Meta told since.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grade: Option<Grade>,
    /// The last check, a line for each thing.
    pub findings: Vec<Finding>,
    /// What Meta says of the number.
    pub facts: Facts,
    /// What Meta told by itself, the newest of each kind.
    pub noticed: std::collections::BTreeMap<String, Noticed>,
    /// Templates of its account that Meta paused, disabled or flagged.
    pub templates: Vec<Halted>,
}

/// Why nothing is sent through a number.
#[derive(Serialize, ToSchema)]
pub struct StopView {
    /// A stable word, or Meta's code as `code_190`.
    pub reason: String,
    /// A send tries again then; absent: when a check finds the number well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<DateTime<Utc>>,
}

impl From<Stop> for StopView {
    fn from(stop: Stop) -> Self {
        Self {
            reason: stop.reason,
            until: stop.until,
        }
    }
}

/// The numbers.
#[derive(Serialize, ToSchema)]
pub struct ChannelList {
    /// The oldest first.
    pub channels: Vec<ChannelView>,
}

/// The company's numbers and how they do.
#[utoipa::path(
    operation_id = "list_channels",
    get, path = "/channels", tag = "channels",
    responses(
        (status = 200, description = "The numbers", body = ChannelList),
        (status = 401, description = "unauthenticated", body = Problem, content_type = "application/problem+json"),
    )
)]
async fn list(State(people): State<People>, caller: Caller) -> Result<Answer<ChannelList>, Error> {
    let mut conn = people.ctx.store.api.acquire().await?;
    let all = channel_health::list(&mut conn).await?;
    let mut halted: HashMap<String, Vec<Halted>> = HashMap::new();
    if caller.role.supervises() {
        for template in template_news::halted(&mut conn).await? {
            halted
                .entry(template.waba_id.clone())
                .or_default()
                .push(template);
        }
    }
    let channels = all.into_iter().map(|one| {
        let templates = halted.get(&one.waba_id).cloned().unwrap_or_default();
        view(one, caller.role.supervises().then_some(templates))
    });
    Ok(Answer(ChannelList {
        channels: channels.collect(),
    }))
}

/// `templates` is given for those who may see why.
fn view(one: Overview, templates: Option<Vec<Halted>>) -> ChannelView {
    let state = one.state();
    ChannelView {
        id: one.id,
        name: one.name,
        phone: one.display_phone_number,
        state,
        health: templates.map(|templates| ChannelHealth {
            phone_number_id: one.phone_number_id,
            waba_id: one.waba_id,
            stopped: one.stopped.map(StopView::from),
            waiting: one.waiting,
            throughput_per_second: one.throughput_per_second,
            checked_at: one.health_at,
            grade: one.health.grade,
            findings: one.health.findings,
            facts: one.health.facts,
            noticed: one.health.noticed,
            templates,
        }),
    }
}

/// Which notices.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct NoticeQuery {
    /// Only `warning` and `alert`, or only `alert`; all when absent.
    #[param(inline)]
    at_least: Option<Severity>,
    /// Those before this notice: `next` of the page before.
    before: Option<Uuid>,
    /// Rows, 1 to 200; absent is 50.
    limit: Option<i64>,
}

/// How much a notice matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// For the record.
    Info,
    /// Somebody should look at it.
    Warning,
    /// Somebody must act.
    Alert,
}

impl Severity {
    /// The database knows these three words only.
    fn of(word: &str) -> Self {
        match word {
            "alert" => Self::Alert,
            "warning" => Self::Warning,
            _ => Self::Info,
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Alert => "alert",
        }
    }
}

/// Something that Meta told about accounts, numbers or templates.
#[derive(Serialize, ToSchema)]
pub struct NoticeView {
    /// Which.
    pub id: Uuid,
    /// About which number, when it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel_id: Option<ChannelId>,
    /// Meta's id of the account.
    pub waba_id: String,
    /// Meta's subscription, such as `account_alerts`.
    pub field: String,
    /// Meta's word for what happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// How much it matters.
    pub severity: Severity,
    /// What follows, in Meta's words and names of templates.
    #[schema(value_type = Object)]
    pub detail: Value,
    /// Meta's time.
    pub at: DateTime<Utc>,
    /// Ours.
    pub received_at: DateTime<Utc>,
}

/// A page of notices.
#[derive(Serialize, ToSchema)]
pub struct NoticeList {
    /// The newest first.
    pub notices: Vec<NoticeView>,
    /// `before` of the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<Uuid>,
}

/// What Meta told about accounts, numbers and templates, without texts.
#[utoipa::path(
    operation_id = "list_notices",
    get, path = "/notices", tag = "channels", params(NoticeQuery),
    responses(
        (status = 200, description = "Notices, the newest first", body = NoticeList),
        (status = 400, description = "invalid", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "unauthenticated", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "forbidden", body = Problem, content_type = "application/problem+json"),
    )
)]
async fn notices(
    State(people): State<People>,
    caller: Caller,
    Query(query): Query<NoticeQuery>,
) -> Result<Answer<NoticeList>, Error> {
    allowed(&people, &caller).await?;
    let rows = page_size(query.limit)?;
    let wanted = Wanted {
        at_least: query.at_least.map(|severity| severity.word().to_owned()),
        before: query.before,
        limit: i64::try_from(rows).unwrap_or(1) + 1,
    };
    let mut conn = people.ctx.store.api.acquire().await?;
    let mut found = notice::list(&mut conn, &wanted).await?;
    let has_more = found.len() > rows;
    found.truncate(rows);
    let next = found.last().map(|last| last.id).filter(|_| has_more);
    let notices = found.into_iter().map(|one| NoticeView {
        id: one.id,
        channel_id: one.channel_id,
        waba_id: one.waba_id,
        field: one.field,
        event: one.event,
        severity: Severity::of(&one.severity),
        detail: one.detail,
        at: one.at,
        received_at: one.received_at,
    });
    Ok(Answer(NoticeList {
        notices: notices.collect(),
        next,
    }))
}

/// The text of a notice.
#[derive(Serialize, ToSchema)]
pub struct NoticeText {
    /// As Meta sent it; absent when the day's key was destroyed, some days after it came.
    #[schema(value_type = Object)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<Value>,
}

/// The text of a notice as Meta sent it; it may name people. Recorded in the audit log.
#[utoipa::path(
    post, path = "/notices/{id}/open", tag = "channels", params(("id" = Uuid, Path)),
    responses(
        (status = 200, description = "The text", body = NoticeText),
        (status = 401, description = "unauthenticated", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "forbidden", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "not_found", body = Problem, content_type = "application/problem+json"),
    )
)]
async fn open_notice(
    State(people): State<People>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Result<Answer<NoticeText>, Error> {
    allowed(&people, &caller).await?;
    let mut tx = people.ctx.store.api.begin().await?;
    let (subject, text) = notice::open(&people.ctx.store, &mut tx, id).await?;
    let event = caller
        .event(Action::NoticeOpened)
        .object(ObjectKind::Notice, id)
        .subject(subject);
    audit::record(&mut tx, &event).await?;
    tx.commit().await?;
    let text = text.map(|text| {
        serde_json::from_slice(&text)
            .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&text).into_owned()))
    });
    Ok(Answer(NoticeText { text }))
}

/// Refuses, and records the refusal, unless the role may see what Meta told.
async fn allowed(people: &People, caller: &Caller) -> Result<(), Error> {
    if caller.role.supervises() {
        return Ok(());
    }
    let mut tx = people.ctx.store.api.begin().await?;
    let event = caller
        .event(Action::AccessRefused)
        .object_kind(ObjectKind::Notice)
        .outcome(Outcome::Refused);
    audit::record(&mut tx, &event.detail("what", "notices")).await?;
    tx.commit().await?;
    Err(Error::Forbidden)
}
