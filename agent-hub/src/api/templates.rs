//! `/templates`: what may be sent when the window is closed; supervisors write, change and delete them.
//!
//! Promises: a change is checked, audited and ordered in one transaction; the gateway carries it out, and how it ended
//! stands at the template, in Meta's words when Meta refused.
//! Does not: call Meta.

use axum::Json as Answer;
use axum::extract::State;
use axum::http::StatusCode;
use balcao_core::model::template::{self, Draft, Needs};
use balcao_core::model::{ChannelId, Problem};
use balcao_core::store::PgConnection;
use balcao_core::store::job::JobState;
use balcao_core::store::template::{self as store, NewTemplate, Template};
use chrono::{DateTime, Utc};
use compliance::audit::{self, Action, ObjectKind};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::extract::{Json, MaybeJson, Path, Query};
use crate::error::Error;
use crate::people::{Caller, People};
use crate::views::{self, refused};

/// The routes.
pub fn routes() -> OpenApiRouter<People> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(show, edit, delete))
        .routes(routes!(sync))
}

/// A template.
#[derive(Serialize, ToSchema)]
pub struct TemplateView {
    /// Our id.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// Its language, such as `pt_BR`.
    pub language: String,
    /// `MARKETING`, `UTILITY`, `AUTHENTICATION`.
    pub category: String,
    /// Meta's word: `APPROVED`, `PENDING`, `REJECTED`, `PAUSED`, `DISABLED` ...; `FAILED` when Meta did not take it.
    pub status: String,
    /// `GREEN`, `YELLOW`, `RED`, `UNKNOWN`.
    pub quality: String,
    /// Whether it may be sent now.
    pub is_sendable: bool,
    /// `POSITIONAL` or `NAMED`.
    pub parameter_format: String,
    /// As Meta defines them.
    pub components: Value,
    /// What one must fill in to send it.
    pub needs: Needs,
    /// Why Meta rejected it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rejected_reason: Option<String>,
    /// What Meta said when it refused our last change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    /// When it was last read from Meta.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub synced_at: Option<DateTime<Utc>>,
    /// When it last changed here.
    pub updated_at: DateTime<Utc>,
}

impl TemplateView {
    fn of(known: Template) -> Self {
        Self {
            id: known.id,
            is_sendable: template::check_status(&known.status).is_ok(),
            needs: Needs::of(&known.components),
            name: known.name,
            language: known.language,
            category: known.category,
            status: known.status,
            quality: known.quality,
            parameter_format: known.parameter_format,
            components: known.components,
            rejected_reason: known.rejected_reason,
            fault: known.fault,
            synced_at: known.synced_at,
            updated_at: known.updated_at,
        }
    }
}

/// A change that the gateway carries out.
#[derive(Serialize, ToSchema)]
pub struct JobView {
    /// `template.create`, `template.edit`, `template.delete`.
    pub kind: String,
    /// Where it is.
    pub state: JobState,
}

/// A template and the newest change of it.
#[derive(Serialize, ToSchema)]
pub struct TemplateDetail {
    /// The template.
    pub template: TemplateView,
    /// The newest change, as far as it is remembered.
    pub job: Option<JobView>,
}

/// Whose templates.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TemplateParams {
    /// The number that they are to be sent through.
    channel_id: ChannelId,
    /// Only those that may be sent now.
    #[serde(default)]
    sendable: bool,
}

/// Templates.
#[derive(Serialize, ToSchema)]
pub struct TemplateList {
    /// By name and language.
    pub templates: Vec<TemplateView>,
}

/// The templates of a number's account.
#[utoipa::path(
    operation_id = "list_templates",
    get, path = "/templates", tag = "templates", params(TemplateParams),
    responses(
        (status = 200, description = "By name and language", body = TemplateList),
        (status = 401, description = "unauthenticated", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "forbidden", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "not_found", body = Problem, content_type = "application/problem+json"),
    )
)]
async fn list(
    State(people): State<People>,
    caller: Caller,
    Query(params): Query<TemplateParams>,
) -> Result<Answer<TemplateList>, Error> {
    views::answers(&people, &caller).await?;
    let mut conn = people.ctx.store.api.acquire().await?;
    let account = store::account_of(&mut conn, params.channel_id).await?;
    let all = store::of_account(&mut conn, &account).await?;
    let templates = all
        .into_iter()
        .map(TemplateView::of)
        .filter(|known| known.is_sendable || !params.sendable)
        .collect();
    Ok(Answer(TemplateList { templates }))
}

/// One template, and where its newest change is.
#[utoipa::path(
    operation_id = "show_template",
    get, path = "/templates/{id}", tag = "templates", params(("id" = Uuid, Path)),
    responses(
        (status = 200, description = "Now", body = TemplateDetail),
        (status = 401, description = "unauthenticated", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "not_found", body = Problem, content_type = "application/problem+json"),
    )
)]
async fn show(
    State(people): State<People>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Result<Answer<TemplateDetail>, Error> {
    views::answers(&people, &caller).await?;
    let mut conn = people.ctx.store.api.acquire().await?;
    Ok(Answer(detail(&mut conn, id).await?))
}

async fn detail(conn: &mut PgConnection, id: Uuid) -> Result<TemplateDetail, Error> {
    let known = store::by_id(&mut *conn, id).await?;
    let job = store::newest_change(conn, id).await?;
    Ok(TemplateDetail {
        template: TemplateView::of(known),
        job: job.map(|(kind, state)| JobView { kind, state }),
    })
}

/// A new template.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTemplateBody {
    /// A number of the account that gets it.
    channel_id: ChannelId,
    /// a to z, 0 to 9 and _.
    #[schema(max_length = 512)]
    name: String,
    /// Such as `pt_BR`.
    #[schema(max_length = 16)]
    language: String,
    /// `MARKETING`, `UTILITY`, `AUTHENTICATION`.
    category: String,
    /// Whether the slots have names (`{{nome}}`) instead of numbers.
    #[serde(default)]
    named: bool,
    /// As Meta defines them.
    components: Value,
}

/// Hand a template in. Meta approves it, or not, later: its status tells.
#[utoipa::path(
    operation_id = "create_template",
    post, path = "/templates", tag = "templates", request_body = NewTemplateBody,
    responses(
        (status = 202, description = "Ordered", body = TemplateDetail),
        (status = 401, description = "unauthenticated", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "forbidden", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "not_found", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "exists, busy", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "invalid with the field and the limit", body = Problem, content_type = "application/problem+json"),
    )
)]
async fn create(
    State(people): State<People>,
    caller: Caller,
    Json(body): Json<NewTemplateBody>,
) -> Result<(StatusCode, Answer<TemplateDetail>), Error> {
    supervises(&people, &caller).await?;
    template::check_draft(&Draft {
        name: &body.name,
        language: &body.language,
        category: &body.category,
        components: &body.components,
    })?;
    let mut tx = people.ctx.store.api.begin().await?;
    let account = store::account_of(&mut tx, body.channel_id).await?;
    let new = NewTemplate {
        waba_id: &account,
        name: &body.name,
        language: &body.language,
        category: &body.category,
        parameter_format: if body.named { "NAMED" } else { "POSITIONAL" },
        components: &body.components,
    };
    let id = store::create(&mut tx, &new).await?;
    record(&mut tx, &caller, id, "create").await?;
    let detail = detail(&mut tx, id).await?;
    tx.commit().await?;
    Ok((StatusCode::ACCEPTED, Answer(detail)))
}

/// What changes of a template.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EditTemplateBody {
    /// All components anew.
    #[serde(default)]
    components: Option<Value>,
    /// Another category.
    #[serde(default)]
    category: Option<String>,
}

/// Change a template. Meta judges it again; what it said before stays until then.
#[utoipa::path(
    operation_id = "edit_template",
    put, path = "/templates/{id}", tag = "templates", params(("id" = Uuid, Path)), request_body = EditTemplateBody,
    responses(
        (status = 202, description = "Ordered", body = TemplateDetail),
        (status = 401, description = "unauthenticated", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "forbidden", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "not_found", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "busy", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "invalid with the field and the limit", body = Problem, content_type = "application/problem+json"),
    )
)]
async fn edit(
    State(people): State<People>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Json(body): Json<EditTemplateBody>,
) -> Result<(StatusCode, Answer<TemplateDetail>), Error> {
    supervises(&people, &caller).await?;
    if body.components.is_none() && body.category.is_none() {
        return Err(Error::Invalid("Give components, category or both."));
    }
    let mut tx = people.ctx.store.api.begin().await?;
    let known = store::by_id(&mut tx, id).await?;
    if known.meta_id.is_none() {
        return Err(Error::Invalid(
            "WhatsApp does not have this template yet; hand it in with POST /api/v1/templates.",
        ));
    }
    template::check_draft(&Draft {
        name: &known.name,
        language: &known.language,
        category: body.category.as_deref().unwrap_or(&known.category),
        components: body.components.as_ref().unwrap_or(&known.components),
    })?;
    let mut change = json!({});
    if let Some(components) = body.components {
        change["components"] = components;
    }
    if let Some(category) = body.category {
        change["category"] = json!(category);
    }
    store::order(&mut tx, store::EDIT, id, change).await?;
    record(&mut tx, &caller, id, "edit").await?;
    let detail = detail(&mut tx, id).await?;
    tx.commit().await?;
    Ok((StatusCode::ACCEPTED, Answer(detail)))
}

/// Delete a template, in its language only.
#[utoipa::path(
    operation_id = "delete_template",
    delete, path = "/templates/{id}", tag = "templates", params(("id" = Uuid, Path)),
    responses(
        (status = 202, description = "Ordered", body = TemplateDetail),
        (status = 401, description = "unauthenticated", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "forbidden", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "not_found", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "busy", body = Problem, content_type = "application/problem+json"),
    )
)]
async fn delete(
    State(people): State<People>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Result<(StatusCode, Answer<TemplateDetail>), Error> {
    supervises(&people, &caller).await?;
    let mut tx = people.ctx.store.api.begin().await?;
    store::by_id(&mut tx, id).await?;
    store::order(&mut tx, store::DELETE, id, json!({})).await?;
    record(&mut tx, &caller, id, "delete").await?;
    let detail = detail(&mut tx, id).await?;
    tx.commit().await?;
    Ok((StatusCode::ACCEPTED, Answer(detail)))
}

/// Which account is to be read.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SyncBody {
    /// A number of the account; absent: all accounts.
    #[serde(default)]
    channel_id: Option<ChannelId>,
}

/// Read the templates from Meta now.
#[utoipa::path(
    operation_id = "sync_templates",
    post, path = "/templates/sync", tag = "templates", request_body = Option<SyncBody>,
    responses(
        (status = 202, description = "They are read within seconds"),
        (status = 401, description = "unauthenticated", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "forbidden", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "not_found", body = Problem, content_type = "application/problem+json"),
    )
)]
async fn sync(
    State(people): State<People>,
    caller: Caller,
    MaybeJson(body): MaybeJson<SyncBody>,
) -> Result<StatusCode, Error> {
    supervises(&people, &caller).await?;
    let channel = body.and_then(|body| body.channel_id);
    let mut tx = people.ctx.store.api.begin().await?;
    if let Some(channel) = channel {
        store::account_of(&mut tx, channel).await?;
    }
    store::hurry(&mut tx, channel).await?;
    let read = views::event(&caller, Action::TemplateChanged)
        .object_kind(ObjectKind::Template)
        .detail("change", "sync");
    audit::record(&mut tx, &read).await?;
    tx.commit().await?;
    Ok(StatusCode::ACCEPTED)
}

async fn supervises(people: &People, caller: &Caller) -> Result<(), Error> {
    if caller.role.supervises() {
        return Ok(());
    }
    refused(people, caller, ObjectKind::Template, caller.agent_id.0).await?;
    Err(Error::Forbidden)
}

async fn record(
    conn: &mut PgConnection,
    caller: &Caller,
    id: Uuid,
    change: &'static str,
) -> Result<(), Error> {
    let changed = views::event(caller, Action::TemplateChanged)
        .object(ObjectKind::Template, id)
        .detail("change", change);
    audit::record(conn, &changed).await?;
    Ok(())
}
