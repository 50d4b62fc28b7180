//! `/contacts`: a customer as an agent sees them, masked; the values themselves are a request of their own.

use axum::Json as Answer;
use axum::extract::State;
use balcao_core::model::{ContactId, Problem};
use balcao_core::store::contact::IdentityKind;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::Path;
use crate::error::Error;
use crate::people::{Caller, People};
use crate::protocol::{ContactView, ConversationView};
use crate::views;

/// The routes.
pub fn routes() -> OpenApiRouter<People> {
    OpenApiRouter::new()
        .routes(routes!(show))
        .routes(routes!(reveal))
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
    /// The newest 20 cases.
    pub conversations: Vec<ConversationView>,
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
    let page = views::contact(&people, &caller, id).await?;
    let identities = page
        .identities
        .into_iter()
        .map(|(kind, value_masked)| IdentityView { kind, value_masked })
        .collect();
    Ok(Answer(ContactPage {
        contact: page.contact,
        identities,
        conversations: page.conversations,
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
    let mut revealed = Revealed::default();
    for (kind, value) in views::reveal(&people, &caller, id).await? {
        let place = match kind {
            IdentityKind::Phone => &mut revealed.phone,
            IdentityKind::Bsuid => &mut revealed.bsuid,
            IdentityKind::Username => &mut revealed.username,
            IdentityKind::ParentBsuid => continue,
        };
        place.get_or_insert(value);
    }
    Ok(Answer(revealed))
}
