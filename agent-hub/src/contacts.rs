//! What people may know of a customer's record, and how they join two that are one person.
//!
//! Promises: whoever sees none of a customer's cases sees no customer; the audit event commits with the read or the
//! deed; a record that was taken in is shown as the one it is part of; only supervisors and administrators who see both
//! records join or part them.
//! Does not: say how records are joined (`store::contact` does).

use balcao_core::bell::{Hint, Wake};
use balcao_core::model::{ContactId, Role};
use balcao_core::store::contact::{self, IdentityKind, Merge, Merged, Split, TakenIn};
use balcao_core::store::inbox::{self, Head};
use balcao_core::store::preference::{self, Said};
use balcao_core::store::{PgConnection, Refusal};
use compliance::Mutant;
use compliance::audit::{self, Action, Event, ObjectKind};
use uuid::Uuid;

use crate::error::Error;
use crate::people::{Caller, People};
use crate::protocol::{ContactView, ConversationView};
use crate::views::{contact_view, event, eyes, mask, refused, view};

/// Past cases shown beside a contact.
const PAST_CASES: i64 = 20;

/// A contact with what an agent may know.
#[derive(Clone, Debug)]
pub struct ContactPage {
    /// The contact.
    pub contact: ContactView,
    /// Username, as the person shows it to everybody.
    pub username: Option<String>,
    /// Kinds of identities with masked values.
    pub identities: Vec<(IdentityKind, String)>,
    /// Newest cases.
    pub conversations: Vec<ConversationView>,
    /// Records that this one has taken in.
    pub merges: Vec<TakenIn>,
    /// What they said about marketing, by number.
    pub marketing: Vec<Said>,
}

/// A contact, masked, with past cases; audited as viewed.
///
/// # Errors
/// `not_found`.
pub async fn show(people: &People, caller: &Caller, id: ContactId) -> Result<ContactPage, Error> {
    let mut tx = people.ctx.store.api.begin().await?;
    let id = contact::root(&mut tx, id).await?;
    let (opened, conversations) =
        visible(people, &mut tx, caller, id, Action::ContactViewed).await?;
    let merges = contact::taken_in(&mut tx, id).await?;
    let marketing = preference::of_contact(&mut tx, id).await?;
    tx.commit().await?;
    let identities = opened
        .identities
        .iter()
        .map(|(kind, value)| (*kind, mask(*kind, value)))
        .collect();
    Ok(ContactPage {
        contact: contact_view(Some(&opened), id),
        username: opened.attributes.username,
        identities,
        conversations,
        merges,
        marketing,
    })
}

/// A contact's identities in clear; audited as revealed.
///
/// # Errors
/// `not_found`.
pub async fn reveal(
    people: &People,
    caller: &Caller,
    id: ContactId,
) -> Result<contact::Opened, Error> {
    let mut tx = people.ctx.store.api.begin().await?;
    let id = contact::root(&mut tx, id).await?;
    let (opened, _) = visible(people, &mut tx, caller, id, Action::ContactRevealed).await?;
    tx.commit().await?;
    Ok(opened)
}

/// Takes the record `other` into `id`: both are one person.
///
/// # Errors
/// `forbidden` unless the caller supervises; `not_found` unless they see both; `taken_in`, `erased`, `invalid`.
pub async fn merge(
    people: &People,
    caller: &Caller,
    id: ContactId,
    other: ContactId,
) -> Result<Merged, Error> {
    supervises(people, caller, id).await?;
    if id == other {
        return Err(Error::Invalid(
            "other_contact_id: the id of another contact.",
        ));
    }
    let mut tx = people.ctx.store.api.begin().await?;
    let mut event = event(caller, Action::ContactMerged).detail("reason", "supervisor");
    for one in [other, id] {
        let root = contact::root(&mut tx, one).await?;
        event = of_team(event, &seen(people, &mut tx, caller, root).await?);
    }
    let merge = Merge {
        from: other,
        into: id,
        by: Some(caller.agent_id),
        reason: "supervisor",
        event,
    };
    let merged = contact::merge(&people.ctx.store, &mut tx, merge).await?;
    tx.commit().await?;
    ring(people, &merged.wakes);
    Ok(merged)
}

/// Undoes a merge of this contact: what was taken in stands on its own again.
///
/// # Errors
/// `forbidden` unless the caller supervises; `not_found` unless they see the contact and it is its merge;
/// `already_split`, `taken_in`, `erased`; `busy` when much was written at this very moment. What was prepared by then
/// stays, and a repetition goes on from there; also after the caller hung up.
pub async fn split(
    people: &People,
    caller: &Caller,
    id: ContactId,
    merge_id: Uuid,
) -> Result<Merged, Error> {
    supervises(people, caller, id).await?;
    let store = &people.ctx.store;
    let mut conn = store.api.acquire().await?;
    parting(people, &mut conn, caller, (id, merge_id)).await?;
    drop(conn);
    contact::prepare_split(store, merge_id).await?;
    let mut tx = store.api.begin().await?;
    let cases = parting(people, &mut tx, caller, (id, merge_id)).await?;
    let event = event(caller, Action::ContactSplit).detail("reason", "supervisor");
    let split = Split {
        merge_id,
        by: Some(caller.agent_id),
        reason: "supervisor",
        event: of_team(event, &cases),
    };
    let parted = contact::split(store, &mut tx, split).await?;
    tx.commit().await?;
    ring(people, &parted.wakes);
    Ok(parted)
}

/// The cases that the caller sees of a contact whose merge this is.
async fn parting(
    people: &People,
    conn: &mut PgConnection,
    caller: &Caller,
    (id, merge_id): (ContactId, Uuid),
) -> Result<Vec<Head>, Error> {
    let root = contact::root(&mut *conn, id).await?;
    let cases = seen(people, &mut *conn, caller, root).await?;
    let (_, into) = contact::sides(conn, merge_id).await?;
    if into != id {
        return Err(Refusal::NotFound.into());
    }
    Ok(cases)
}

fn ring(people: &People, wakes: &[Wake]) {
    people.ctx.bell.ring(wakes);
    people.ctx.bell.hint(Hint::Floor);
}

/// Refuses, and records the refusal, unless the caller supervises.
async fn supervises(people: &People, caller: &Caller, id: ContactId) -> Result<(), Error> {
    if caller.role.supervises() || Mutant::MergeForAll.lives() {
        return Ok(());
    }
    refused(people, caller, ObjectKind::Contact, id.0).await?;
    Err(Error::Forbidden)
}

/// The cases of a contact that the caller may see; at least one, but for administrators, who see every record.
async fn seen(
    people: &People,
    conn: &mut PgConnection,
    caller: &Caller,
    id: ContactId,
) -> Result<Vec<Head>, Error> {
    let cases = inbox::of_contact(&mut *conn, id, PAST_CASES).await?;
    let heads = inbox::heads(&people.ctx.store, conn, &cases).await?;
    let sight = eyes(caller);
    let seen: Vec<Head> = heads
        .into_iter()
        .filter(|head| {
            caller.role.answers() && sight.covers(head.place.team_id, head.place.agent_id)
        })
        .collect();
    if seen.is_empty() && caller.role != Role::Admin {
        if !cases.is_empty() {
            refused(people, caller, ObjectKind::Contact, id.0).await?;
        }
        return Err(Refusal::NotFound.into());
    }
    Ok(seen)
}

fn of_team(event: Event, cases: &[Head]) -> Event {
    match cases.iter().find_map(|head| head.place.team_id) {
        Some(team) => event.team(team.0),
        None => event,
    }
}

async fn visible(
    people: &People,
    conn: &mut PgConnection,
    caller: &Caller,
    id: ContactId,
    action: Action,
) -> Result<(contact::Opened, Vec<ConversationView>), Error> {
    let cases = seen(people, &mut *conn, caller, id).await?;
    let opened = contact::open(&people.ctx.store, &mut *conn, &[id])
        .await?
        .into_iter()
        .next()
        .ok_or(Refusal::NotFound)?;
    let viewed = event(caller, action).object(ObjectKind::Contact, id.0);
    let mut viewed = of_team(viewed, &cases);
    if let Some(subject) = opened.subject_id {
        viewed = viewed.subject(subject);
    }
    audit::record(conn, &viewed).await?;
    Ok((opened, cases.into_iter().map(view).collect()))
}
