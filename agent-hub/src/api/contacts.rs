//! `/contacts`: a customer as an agent sees them, masked; the values themselves are a request of their own. Two records
//! of one person are joined here, and parted again.

use axum::Json as Answer;
use axum::extract::State;
use balcao_core::model::{AgentId, ContactId, Problem};
use balcao_core::store::contact::{IdentityKind, Merged, TakenIn};
use balcao_core::store::preference::Said;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::extract::{Json, Path};
use crate::contacts;
use crate::error::Error;
use crate::people::{Caller, People};
use crate::protocol::{ContactView, ConversationView};

/// The routes.
pub fn routes() -> OpenApiRouter<People> {
    OpenApiRouter::new()
        .routes(routes!(show))
        .routes(routes!(reveal))
        .routes(routes!(merge))
        .routes(routes!(split))
}

/// An identity of a customer, masked.
#[derive(Serialize, ToSchema)]
pub struct IdentityView {
    /// What kind.
    pub kind: IdentityKind,
    /// Enough of it to recognise.
    pub value_masked: String,
}

/// A customer and their newest cases.
#[derive(Serialize, ToSchema)]
pub struct ContactPage {
    /// The customer.
    pub contact: ContactView,
    /// How WhatsApp knows them.
    pub identities: Vec<IdentityView>,
    /// What others find them by on WhatsApp, without `@`. It changes hands: two contacts may show the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// The newest 20 cases.
    pub conversations: Vec<ConversationView>,
    /// Records that were found to be the same person and can be parted again; newest first, at most 100.
    pub merges: Vec<MergeView>,
    /// What they said about marketing messages, a line for each number they wrote to.
    pub marketing: Vec<Said>,
}

/// A record that this one has taken in.
#[derive(Serialize, ToSchema)]
pub struct MergeView {
    /// What undoes it: `POST /contacts/{id}/split`.
    pub merge_id: Uuid,
    /// The record that was taken in.
    pub contact_id: ContactId,
    /// When.
    pub at: DateTime<Utc>,
    /// By whom; absent when WhatsApp itself said that they are one person, or the operator did it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<AgentId>,
    /// Why: `supervisor`, `seen_together`, `rotated`, or the operator's word.
    pub reason: String,
    /// How many cases came with it.
    pub conversations: i32,
}

impl From<TakenIn> for MergeView {
    fn from(merge: TakenIn) -> Self {
        Self {
            merge_id: merge.merge_id,
            contact_id: merge.from,
            at: merge.at,
            by: merge.by,
            reason: merge.reason,
            conversations: merge.conversations,
        }
    }
}

/// A customer's identities in clear.
#[derive(Default, Serialize, ToSchema)]
pub struct Revealed {
    /// Digits, with the country's code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// Business-scoped user id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bsuid: Option<String>,
    /// Username.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
}

/// A customer, masked, with past cases.
#[utoipa::path(
    operation_id = "show_contact",
    get, path = "/contacts/{id}", tag = "contacts", params(("id" = ContactId, Path)),
    responses(
        (status = 200, description = "The customer", body = ContactPage),
        (status = 401, description = "unauthenticated", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "not_found", body = Problem, content_type = "application/problem+json"),
    )
)]
async fn show(
    State(people): State<People>,
    caller: Caller,
    Path(id): Path<ContactId>,
) -> Result<Answer<ContactPage>, Error> {
    let page = contacts::show(&people, &caller, id).await?;
    let identities = page
        .identities
        .into_iter()
        .map(|(kind, value_masked)| IdentityView { kind, value_masked })
        .collect();
    Ok(Answer(ContactPage {
        contact: page.contact,
        identities,
        username: page.username,
        conversations: page.conversations,
        merges: page.merges.into_iter().map(MergeView::from).collect(),
        marketing: page.marketing,
    }))
}

/// A customer's identities in clear; recorded in the audit log.
#[utoipa::path(
    post, path = "/contacts/{id}/reveal", tag = "contacts", params(("id" = ContactId, Path)),
    responses(
        (status = 200, description = "In clear", body = Revealed),
        (status = 401, description = "unauthenticated", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "not_found", body = Problem, content_type = "application/problem+json"),
    )
)]
async fn reveal(
    State(people): State<People>,
    caller: Caller,
    Path(id): Path<ContactId>,
) -> Result<Answer<Revealed>, Error> {
    let opened = contacts::reveal(&people, &caller, id).await?;
    let mut revealed = Revealed {
        username: opened.attributes.username,
        ..Revealed::default()
    };
    for (kind, value) in opened.identities {
        let place = match kind {
            IdentityKind::Phone => &mut revealed.phone,
            IdentityKind::Bsuid => &mut revealed.bsuid,
            IdentityKind::Username => &mut revealed.username,
            IdentityKind::ParentBsuid | IdentityKind::Group => continue,
        };
        place.get_or_insert(value);
    }
    Ok(Answer(revealed))
}

/// Which record is the same person.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MergeBody {
    /// The record that is taken in; the one in the path remains.
    other_contact_id: ContactId,
}

/// Which merge is undone.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SplitBody {
    /// As `merges` of the contact names it.
    merge_id: Uuid,
}

/// What moved.
#[derive(Serialize, ToSchema)]
pub struct MovedView {
    /// The merge.
    pub merge_id: Uuid,
    /// How many cases moved.
    pub conversations: usize,
    /// How many identities moved.
    pub identities: usize,
}

impl From<Merged> for MovedView {
    fn from(merged: Merged) -> Self {
        Self {
            merge_id: merged.merge_id,
            conversations: merged.conversations,
            identities: merged.identities,
        }
    }
}

/// Join two records of one person: cases, history and identities of the other move to this one. Of two open cases of one
/// number the one with a person goes on. For supervisors and administrators who see both; can be undone.
#[utoipa::path(
    operation_id = "merge_contact",
    post, path = "/contacts/{id}/merge", tag = "contacts", params(("id" = ContactId, Path)),
    request_body = MergeBody,
    responses(
        (status = 200, description = "They are one", body = MovedView),
        (status = 401, description = "unauthenticated", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "forbidden: only supervisors and administrators", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "not_found: one of them, or not for you to see", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "taken_in, erased", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "invalid: the same record, or a group", body = Problem, content_type = "application/problem+json"),
    )
)]
async fn merge(
    State(people): State<People>,
    caller: Caller,
    Path(id): Path<ContactId>,
    Json(body): Json<MergeBody>,
) -> Result<Answer<MovedView>, Error> {
    let merged = Box::pin(contacts::merge(&people, &caller, id, body.other_contact_id));
    Ok(Answer(merged.await?.into()))
}

/// Undo a merge: what was taken in stands on its own again. What was written since stays where it was written, and the
/// two are not joined again by themselves.
#[utoipa::path(
    operation_id = "split_contact",
    post, path = "/contacts/{id}/split", tag = "contacts", params(("id" = ContactId, Path)),
    request_body = SplitBody,
    responses(
        (status = 200, description = "They are two", body = MovedView),
        (status = 401, description = "unauthenticated", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "forbidden: only supervisors and administrators", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "not_found: no such merge of this contact, or not for you to see", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "already_split, taken_in, erased; busy: much was written at this moment, repeat it", body = Problem, content_type = "application/problem+json"),
    )
)]
async fn split(
    State(people): State<People>,
    caller: Caller,
    Path(id): Path<ContactId>,
    Json(body): Json<SplitBody>,
) -> Result<Answer<MovedView>, Error> {
    let parted = Box::pin(contacts::split(&people, &caller, id, body.merge_id));
    Ok(Answer(parted.await?.into()))
}
