//! `/conversations/{id}/items/{seq}/...` and the sign that somebody writes. The rules, and the audit, are `desk`'s.

use axum::Json as Answer;
use axum::extract::State;
use axum::http::StatusCode;
use balcao_core::model::{ConversationId, Problem};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::{Json, Path};
use crate::desk;
use crate::error::Error;
use crate::people::{Caller, People};

/// The routes.
pub fn routes() -> OpenApiRouter<People> {
    OpenApiRouter::new()
        .routes(routes!(react))
        .routes(routes!(send_again))
        .routes(routes!(cancel))
        .routes(routes!(typing))
}

/// What is to stand on an item.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReactionBody {
    /// One emoji; null or absent takes ours off.
    #[serde(default)]
    #[schema(max_length = 16)]
    emoji: Option<String>,
}

/// Which item it is about.
#[derive(Debug, Serialize, ToSchema)]
pub struct Touched {
    /// Its place in the conversation.
    pub seq: i64,
}

/// Put an emoji on an item, or take ours off. It shows at once, with its ticks; a repeat sends nothing.
#[utoipa::path(
    post, path = "/conversations/{id}/items/{seq}/reaction", tag = "conversations",
    params(("id" = ConversationId, Path), ("seq" = i64, Path)), request_body = ReactionBody,
    responses(
        (status = 202, description = "Stored and queued, or there already", body = Touched),
        (status = 401, description = "unauthenticated", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "not_found", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "not_owner, window_closed", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "invalid: not one emoji, or an item that WhatsApp does not have", body = Problem, content_type = "application/problem+json"),
    )
)]
async fn react(
    State(people): State<People>,
    caller: Caller,
    Path((id, seq)): Path<(ConversationId, i64)>,
    Json(body): Json<ReactionBody>,
) -> Result<(StatusCode, Answer<Touched>), Error> {
    Box::pin(desk::react(&people, &caller, id, seq, body.emoji)).await?;
    Ok((StatusCode::ACCEPTED, Answer(Touched { seq })))
}

/// Send a message once more that failed, or whose outcome is unknown: the same item, another attempt.
#[utoipa::path(
    post, path = "/conversations/{id}/items/{seq}/send-again", tag = "conversations",
    params(("id" = ConversationId, Path), ("seq" = i64, Path)),
    responses(
        (status = 202, description = "Queued", body = Touched),
        (status = 401, description = "unauthenticated", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "not_found", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "not_ended, resolved, window_closed, not_owner", body = Problem, content_type = "application/problem+json"),
    )
)]
async fn send_again(
    State(people): State<People>,
    caller: Caller,
    Path((id, seq)): Path<(ConversationId, i64)>,
) -> Result<(StatusCode, Answer<Touched>), Error> {
    Box::pin(desk::send_again(&people, &caller, id, seq)).await?;
    Ok((StatusCode::ACCEPTED, Answer(Touched { seq })))
}

/// Take back a message that has not left yet; a repeat succeeds.
#[utoipa::path(
    post, path = "/conversations/{id}/items/{seq}/cancel", tag = "conversations",
    params(("id" = ConversationId, Path), ("seq" = i64, Path)),
    responses(
        (status = 200, description = "It will not be sent", body = Touched),
        (status = 401, description = "unauthenticated", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "not_found", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "too_late, not_owner", body = Problem, content_type = "application/problem+json"),
    )
)]
async fn cancel(
    State(people): State<People>,
    caller: Caller,
    Path((id, seq)): Path<(ConversationId, i64)>,
) -> Result<Answer<Touched>, Error> {
    Box::pin(desk::cancel(&people, &caller, id, seq)).await?;
    Ok(Answer(Touched { seq }))
}

/// Show the customer that somebody writes. At most one in 20 s reaches WhatsApp, and only while the window is open.
#[utoipa::path(
    post, path = "/conversations/{id}/typing", tag = "conversations", params(("id" = ConversationId, Path)),
    responses(
        (status = 204, description = "Noted"),
        (status = 401, description = "unauthenticated", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "not_found", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "not_owner", body = Problem, content_type = "application/problem+json"),
    )
)]
async fn typing(
    State(people): State<People>,
    caller: Caller,
    Path(id): Path<ConversationId>,
) -> Result<StatusCode, Error> {
    desk::typing(&people, &caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
