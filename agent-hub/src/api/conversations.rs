//! `/conversations`: what people read, for programs without a socket. Who may see what, and the audit, is `views`'s.

use axum::Json as Answer;
use axum::extract::State;
use balcao_core::model::{ConversationId, Problem, TeamId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::{Path, Query, page_size};
use crate::error::Error;
use crate::people::{Caller, People};
use crate::protocol::{ConversationView, ItemView, ListScope};
use crate::views::{self, ListQuery};

/// The routes.
pub fn routes() -> OpenApiRouter<People> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(show))
        .routes(routes!(items))
        .routes(routes!(changes))
}

fn default_scope() -> ListScope {
    ListScope::All
}

/// Which conversations.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListParams {
    /// Which list; `all` when absent.
    #[serde(default = "default_scope")]
    scope: ListScope,
    /// Only this team.
    #[serde(default)]
    team_id: Option<TeamId>,
    /// Rows, 1 to 200; 50 when absent, more is 200.
    #[serde(default)]
    #[param(minimum = 1)]
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    #[serde(default)]
    cursor: Option<String>,
}

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConversationPage {
    /// The rows, in order.
    pub rows: Vec<ConversationView>,
    /// How many there are in all.
    pub total: i64,
    /// For the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// A list of conversations.
#[utoipa::path(
    get, path = "/conversations", tag = "conversations", params(ListParams),
    responses(
        (status = 200, description = "A page", body = ConversationPage),
        (status = 400, description = "invalid", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "unauthenticated", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "forbidden", body = Problem, content_type = "application/problem+json"),
    )
)]
async fn list(
    State(people): State<People>,
    caller: Caller,
    Query(params): Query<ListParams>,
) -> Result<Answer<ConversationPage>, Error> {
    let limit = page_size(params.limit)?;
    let query = ListQuery {
        scope: params.scope,
        team_id: params.team_id,
        limit,
        cursor: params.cursor,
    };
    let page = views::list(&people, &caller, &query).await?;
    Ok(Answer(ConversationPage {
        rows: page.rows,
        total: page.total,
        next_cursor: page.next_cursor,
    }))
}

/// The head of a conversation.
#[utoipa::path(
    operation_id = "show_conversation",
    get, path = "/conversations/{id}", tag = "conversations", params(("id" = ConversationId, Path)),
    responses(
        (status = 200, description = "Now", body = ConversationView),
        (status = 401, description = "unauthenticated", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "not_found", body = Problem, content_type = "application/problem+json"),
    )
)]
async fn show(
    State(people): State<People>,
    caller: Caller,
    Path(id): Path<ConversationId>,
) -> Result<Answer<ConversationView>, Error> {
    Ok(Answer(views::conversation(&people, &caller, id).await?))
}

/// Which items.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ItemParams {
    /// Items before this one; absent: the newest.
    #[serde(default)]
    #[param(minimum = 1)]
    before_seq: Option<i64>,
    /// Items, 1 to 200; 50 when absent, more is 200.
    #[serde(default)]
    #[param(minimum = 1)]
    limit: Option<i64>,
}

/// A page of a conversation.
#[derive(Debug, Serialize, ToSchema)]
pub struct ItemPage {
    /// The head now.
    pub conversation: ConversationView,
    /// The items, by seq ascending.
    pub items: Vec<ItemView>,
    /// The rev that this shows.
    pub rev: i64,
}

/// Items of a conversation, newest page first, ascending inside.
#[utoipa::path(
    get, path = "/conversations/{id}/messages", tag = "conversations", params(("id" = ConversationId, Path), ItemParams),
    responses(
        (status = 200, description = "A page", body = ItemPage),
        (status = 400, description = "invalid", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "unauthenticated", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "not_found", body = Problem, content_type = "application/problem+json"),
    )
)]
async fn items(
    State(people): State<People>,
    caller: Caller,
    Path(id): Path<ConversationId>,
    Query(params): Query<ItemParams>,
) -> Result<Answer<ItemPage>, Error> {
    let limit = page_size(params.limit)?;
    if params.before_seq.is_some_and(|seq| seq < 1) {
        return Err(Error::Malformed(
            "Query: before_seq must be 1 or more.".to_owned(),
        ));
    }
    let (conversation, items) =
        views::items(&people, &caller, id, params.before_seq, limit).await?;
    let rev = conversation.last_rev;
    Ok(Answer(ItemPage {
        conversation,
        items,
        rev,
    }))
}

/// After which rev.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ChangeParams {
    /// The rev the client has.
    #[param(minimum = 0)]
    after_rev: i64,
}

/// What changed.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChangePage {
    /// The rev that this builds on.
    pub rev_from: i64,
    /// The rev reached by applying it.
    pub rev_to: i64,
    /// The head now.
    pub conversation: ConversationView,
    /// The items touched, in their current state, by seq.
    pub items: Vec<ItemView>,
}

/// What changed in a conversation after a rev.
#[utoipa::path(
    get, path = "/conversations/{id}/changes", tag = "conversations", params(("id" = ConversationId, Path), ChangeParams),
    responses(
        (status = 200, description = "The changes", body = ChangePage),
        (status = 400, description = "invalid", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "unauthenticated", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "not_found", body = Problem, content_type = "application/problem+json"),
        (status = 410, description = "resync: read the conversation anew", body = Problem, content_type = "application/problem+json"),
    )
)]
async fn changes(
    State(people): State<People>,
    caller: Caller,
    Path(id): Path<ConversationId>,
    Query(params): Query<ChangeParams>,
) -> Result<Answer<ChangePage>, Error> {
    if params.after_rev < 0 {
        return Err(Error::Malformed(
            "Query: after_rev must be 0 or more.".to_owned(),
        ));
    }
    let found = views::changes(&people, &caller, id, params.after_rev).await?;
    let (rev_to, conversation, items) = found.ok_or(Error::Resync)?;
    Ok(Answer(ChangePage {
        rev_from: params.after_rev,
        rev_to,
        conversation,
        items,
    }))
}
