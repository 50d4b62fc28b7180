//! `/floor`, `/presence`, `/me/locale`: colleagues, queues, and one's own settings.

use axum::Json as Answer;
use axum::extract::State;
use axum::http::StatusCode;
use balcao_core::bell::Hint;
use balcao_core::model::{Locale, Problem};
use balcao_core::store::agent;
use compliance::audit::{self, Action, ObjectKind};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::Json;
use crate::error::Error;
use crate::people::{Caller, People};
use crate::protocol::{AgentView, Presence, TeamView};
use crate::views;

/// The routes.
pub fn routes() -> OpenApiRouter<People> {
    OpenApiRouter::new()
        .routes(routes!(show))
        .routes(routes!(set_presence))
        .routes(routes!(set_locale))
}

/// Queues and colleagues.
#[derive(Serialize, ToSchema)]
pub struct Floor {
    /// Teams with their queues.
    pub teams: Vec<TeamView>,
    /// Colleagues.
    pub agents: Vec<AgentView>,
}

/// Whether one takes conversations.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PresenceBody {
    /// Online or away; offline counts as away while a socket is open.
    presence: Presence,
}

/// One's language.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LocaleBody {
    /// BCP 47 tag.
    locale: Locale,
}

/// Queues and colleagues now.
#[utoipa::path(
    operation_id = "show_floor",
    get, path = "/floor", tag = "floor",
    responses(
        (status = 200, description = "The floor", body = Floor),
        (status = 401, description = "unauthenticated", body = Problem, content_type = "application/problem+json"),
    )
)]
async fn show(State(people): State<People>, caller: Caller) -> Result<Answer<Floor>, Error> {
    let (teams, agents) = views::floor(&people, &caller).await?;
    Ok(Answer(Floor { teams, agents }))
}

/// Say whether one takes conversations.
#[utoipa::path(
    put, path = "/presence", tag = "floor", request_body = PresenceBody,
    responses(
        (status = 204, description = "Noted, while a socket is open"),
        (status = 400, description = "invalid", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "unauthenticated", body = Problem, content_type = "application/problem+json"),
    )
)]
async fn set_presence(
    State(people): State<People>,
    caller: Caller,
    Json(body): Json<PresenceBody>,
) -> StatusCode {
    people.hub.presence.choose(caller.agent_id, body.presence);
    people.ctx.bell.hint(Hint::Floor);
    StatusCode::NO_CONTENT
}

/// Set one's language.
#[utoipa::path(
    put, path = "/me/locale", tag = "floor", request_body = LocaleBody,
    responses(
        (status = 204, description = "Set"),
        (status = 400, description = "invalid", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "unauthenticated", body = Problem, content_type = "application/problem+json"),
    )
)]
async fn set_locale(
    State(people): State<People>,
    caller: Caller,
    Json(body): Json<LocaleBody>,
) -> Result<StatusCode, Error> {
    let mut tx = people.ctx.store.api.begin().await?;
    agent::set_locale(&mut tx, caller.agent_id, body.locale).await?;
    let event = caller
        .event(Action::AgentUpdated)
        .object(ObjectKind::Agent, caller.agent_id.0);
    audit::record(&mut tx, &event.detail("field", "locale")).await?;
    tx.commit().await?;
    people.directory.refresh(&people.ctx).await?;
    people.ctx.bell.hint(Hint::Floor);
    Ok(StatusCode::NO_CONTENT)
}
