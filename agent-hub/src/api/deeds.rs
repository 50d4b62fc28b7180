//! `/conversations/{id}/...`: what people do, for programs without a socket. The rules, and the audit, are `desk`'s.

use axum::Json as Answer;
use axum::extract::State;
use axum::http::StatusCode;
use balcao_core::model::{AgentId, Content, ConversationId, Problem, TeamId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::{Json, Path};
use crate::desk;
use crate::error::Error;
use crate::people::{Caller, People};
use crate::protocol::ConversationView;

/// The routes.
pub fn routes() -> OpenApiRouter<People> {
    OpenApiRouter::new()
        .routes(routes!(reply))
        .routes(routes!(note))
        .routes(routes!(claim))
        .routes(routes!(transfer))
        .routes(routes!(release))
        .routes(routes!(resolve))
        .routes(routes!(read))
}

/// Something for the customer: `text`, or `content`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplyBody {
    /// Client's own reference, unique per author and conversation; a repeat gets the first answer.
    #[schema(min_length = 1, max_length = 128)]
    client_ref: String,
    /// The ownership epoch the client knows; absent: whatever it is.
    #[serde(default)]
    epoch: Option<i32>,
    /// The words, 1 to 4,096 characters; or `content`.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 4096)]
    text: Option<String>,
    /// Anything else that WhatsApp takes, instead of `text`. Files are uploaded before (POST /media) and named by id.
    #[serde(default)]
    content: Option<Content>,
    /// The item that this one quotes.
    #[serde(default)]
    reply_to_seq: Option<i64>,
}

/// Words for colleagues.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NoteBody {
    /// Client's own reference, unique per author and conversation; a repeat gets the first answer.
    #[schema(min_length = 1, max_length = 128)]
    client_ref: String,
    /// The words, 1 to 4,096 characters.
    #[schema(min_length = 1, max_length = 4096)]
    text: String,
}

/// It is stored.
#[derive(Debug, Serialize, ToSchema)]
pub struct Accepted {
    /// The client's reference.
    pub client_ref: String,
    /// Its place in the conversation.
    pub seq: i64,
}

/// Write to the customer. Stored and queued; ticks follow as changes.
#[utoipa::path(
    post, path = "/conversations/{id}/messages", tag = "conversations", params(("id" = ConversationId, Path)),
    request_body = ReplyBody,
    responses(
        (status = 202, description = "Stored and queued; a repeat gets the same", body = Accepted),
        (status = 400, description = "invalid", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "unauthenticated", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "not_found", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "already_claimed, stale_epoch, resolved, window_closed, at_capacity", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "too_long; invalid with the field and the limit", body = Problem, content_type = "application/problem+json"),
    )
)]
async fn reply(
    State(people): State<People>,
    caller: Caller,
    Path(id): Path<ConversationId>,
    Json(body): Json<ReplyBody>,
) -> Result<(StatusCode, Answer<Accepted>), Error> {
    let client_ref = body.client_ref.clone();
    let words = desk::Reply {
        client_ref: body.client_ref,
        epoch: body.epoch,
        content: desk::one_of(body.text, body.content)?,
        reply_to_seq: body.reply_to_seq,
    };
    let seq = Box::pin(desk::reply(&people, &caller, id, words)).await?;
    Ok((StatusCode::ACCEPTED, Answer(Accepted { client_ref, seq })))
}

/// Write a note for colleagues.
#[utoipa::path(
    post, path = "/conversations/{id}/notes", tag = "conversations", params(("id" = ConversationId, Path)),
    request_body = NoteBody,
    responses(
        (status = 201, description = "Stored; a repeat gets the same", body = Accepted),
        (status = 400, description = "invalid", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "unauthenticated", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "not_found", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "too_long", body = Problem, content_type = "application/problem+json"),
    )
)]
async fn note(
    State(people): State<People>,
    caller: Caller,
    Path(id): Path<ConversationId>,
    Json(body): Json<NoteBody>,
) -> Result<(StatusCode, Answer<Accepted>), Error> {
    let client_ref = body.client_ref.clone();
    let seq = Box::pin(desk::note(&people, &caller, id, body.client_ref, body.text)).await?;
    Ok((StatusCode::CREATED, Answer(Accepted { client_ref, seq })))
}

/// What the client knows of the ownership.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EpochBody {
    /// The ownership epoch.
    epoch: i32,
}

/// Take it.
#[utoipa::path(
    post, path = "/conversations/{id}/claim", tag = "conversations", params(("id" = ConversationId, Path)),
    request_body = EpochBody,
    responses(
        (status = 200, description = "It is the caller's", body = ConversationView),
        (status = 401, description = "unauthenticated", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "not_found", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "already_claimed, stale_epoch, resolved, at_capacity", body = Problem, content_type = "application/problem+json"),
    )
)]
async fn claim(
    State(people): State<People>,
    caller: Caller,
    Path(id): Path<ConversationId>,
    Json(body): Json<EpochBody>,
) -> Result<Answer<ConversationView>, Error> {
    Ok(Answer(
        Box::pin(desk::claim(&people, &caller, id, body.epoch)).await?,
    ))
}

/// To whom: exactly one of team and agent.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TransferBody {
    /// The ownership epoch the client knows.
    epoch: i32,
    /// To this team's queue.
    #[serde(default)]
    team_id: Option<TeamId>,
    /// To this agent.
    #[serde(default)]
    agent_id: Option<AgentId>,
    /// Words for the next one, at most 4,096 characters.
    #[serde(default)]
    #[schema(max_length = 4096)]
    note: Option<String>,
}

/// Give it to another team or agent.
#[utoipa::path(
    post, path = "/conversations/{id}/transfer", tag = "conversations", params(("id" = ConversationId, Path)),
    request_body = TransferBody,
    responses(
        (status = 200, description = "It went there", body = ConversationView),
        (status = 401, description = "unauthenticated", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "not_found", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "not_owner, stale_epoch, resolved, at_capacity", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "invalid: no such target", body = Problem, content_type = "application/problem+json"),
    )
)]
async fn transfer(
    State(people): State<People>,
    caller: Caller,
    Path(id): Path<ConversationId>,
    Json(body): Json<TransferBody>,
) -> Result<Answer<ConversationView>, Error> {
    let to = desk::TransferTo {
        team_id: body.team_id,
        agent_id: body.agent_id,
        note: body.note,
    };
    Ok(Answer(
        Box::pin(desk::transfer(&people, &caller, id, body.epoch, to)).await?,
    ))
}

/// Give it back to its queue.
#[utoipa::path(
    post, path = "/conversations/{id}/release", tag = "conversations", params(("id" = ConversationId, Path)),
    request_body = EpochBody,
    responses(
        (status = 200, description = "It is in its queue", body = ConversationView),
        (status = 401, description = "unauthenticated", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "not_found", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "not_owner, stale_epoch, resolved", body = Problem, content_type = "application/problem+json"),
    )
)]
async fn release(
    State(people): State<People>,
    caller: Caller,
    Path(id): Path<ConversationId>,
    Json(body): Json<EpochBody>,
) -> Result<Answer<ConversationView>, Error> {
    Ok(Answer(
        Box::pin(desk::release(&people, &caller, id, body.epoch)).await?,
    ))
}

/// Why it is closed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResolveBody {
    /// The ownership epoch the client knows.
    epoch: i32,
    /// The closing reason, at most 64 characters.
    #[serde(default)]
    #[schema(max_length = 64)]
    reason: Option<String>,
}

/// Close it.
#[utoipa::path(
    post, path = "/conversations/{id}/resolve", tag = "conversations", params(("id" = ConversationId, Path)),
    request_body = ResolveBody,
    responses(
        (status = 200, description = "It is closed", body = ConversationView),
        (status = 401, description = "unauthenticated", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "not_found", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "not_owner, stale_epoch, resolved", body = Problem, content_type = "application/problem+json"),
    )
)]
async fn resolve(
    State(people): State<People>,
    caller: Caller,
    Path(id): Path<ConversationId>,
    Json(body): Json<ResolveBody>,
) -> Result<Answer<ConversationView>, Error> {
    Ok(Answer(
        Box::pin(desk::resolve(&people, &caller, id, body.epoch, body.reason)).await?,
    ))
}

/// How far it was read.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadBody {
    /// Up to this item.
    seq: i64,
}

/// Move the read marker.
#[utoipa::path(
    post, path = "/conversations/{id}/read", tag = "conversations", params(("id" = ConversationId, Path)),
    request_body = ReadBody,
    responses(
        (status = 204, description = "Moved, or it was there already"),
        (status = 401, description = "unauthenticated", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "not_found", body = Problem, content_type = "application/problem+json"),
    )
)]
async fn read(
    State(people): State<People>,
    caller: Caller,
    Path(id): Path<ConversationId>,
    Json(body): Json<ReadBody>,
) -> Result<StatusCode, Error> {
    desk::read(&people, &caller, id, body.seq).await?;
    Ok(StatusCode::NO_CONTENT)
}
