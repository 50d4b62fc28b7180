//! Groups the business is in: made, joined, left.
//!
//! Promises: `group_lifecycle_update` and `group_participants_update` follow what happens here; what members write goes
//! through `POST /sim/contacts/{group}/messages?from=PHONE`.
//! Does not: know invitations, pictures and settings; `/sim/notices` tells those.

use super::contacts::{digits_of, number};
use crate::business::Number;
use crate::error::Error;
use crate::identity::{group_id, numeric_id};
use crate::phone::Group;
use crate::state::Sim;
use crate::webhook::{self, Event, Place};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// Meta's limit, the business not counted.
const MEMBERS_MAX: usize = 8;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewGroup {
    subject: String,
    participants: Vec<String>,
    phone_number_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Moves {
    #[serde(default)]
    add: Vec<String>,
    #[serde(default)]
    remove: Vec<String>,
}

/// `POST /sim/groups {subject, participants, phone_number_id?}`.
pub(super) async fn create(
    State(sim): State<Arc<Sim>>,
    Json(new): Json<NewGroup>,
) -> Result<(StatusCode, Json<Value>), Error> {
    let business = number(&sim, new.phone_number_id.as_deref())?;
    let members = people(&new.participants)?;
    if members.is_empty() || members.len() > MEMBERS_MAX || new.subject.trim().is_empty() {
        return Err(Error::BadInput(format!(
            "a group needs a subject and 1 to {MEMBERS_MAX} participants"
        )));
    }
    let id = group_id();
    let now = sim.clock.now();
    let group = Group {
        subject: new.subject,
        members,
        number: business.id.clone(),
    };
    sim.ledger.append(
        "group",
        now,
        json!({"id": id, "subject": group.subject, "members": group.members, "number": group.number}),
    );
    let mut item = news(&sim, &id, "group_create");
    item["subject"] = json!(group.subject);
    item["added_participants"] = told(&sim, &business, &group.members);
    let summary = sim.phones().make_group(&id, group, now).summary(now);
    sim.stream.contact(&summary);
    let place = Place::of("group_lifecycle_update", "groups");
    webhook::publish(
        &sim,
        Event {
            phone: id.clone(),
            ..Event::notice(business, place, item)
        },
    );
    Ok((StatusCode::CREATED, Json(json!({"id": id}))))
}

/// `POST /sim/groups/{id}/participants {add?, remove?}`.
pub(super) async fn change(
    State(sim): State<Arc<Sim>>,
    Path(id): Path<String>,
    Json(moves): Json<Moves>,
) -> Result<Json<Value>, Error> {
    let (added, removed) = (people(&moves.add)?, people(&moves.remove)?);
    let now = sim.clock.now();
    let (number_id, group, summary) = {
        let mut phones = sim.phones();
        let contact = phones.get_mut(&id).ok_or_else(unknown_group)?;
        let group = contact.group.as_mut().ok_or_else(unknown_group)?;
        group
            .members
            .retain(|member| !removed.contains(member) && !added.contains(member));
        group.members.extend(added.iter().cloned());
        (group.number.clone(), group.clone(), contact.summary(now))
    };
    sim.ledger.append(
        "group",
        now,
        json!({"id": id, "subject": group.subject, "members": group.members, "number": group.number}),
    );
    let business = number(&sim, Some(&number_id))?;
    for (people, kind, key) in [
        (&added, "group_participants_add", "added_participants"),
        (
            &removed,
            "group_participants_remove",
            "removed_participants",
        ),
    ] {
        if people.is_empty() {
            continue;
        }
        let mut item = news(&sim, &id, kind);
        item[key] = told(&sim, &business, people);
        let place = Place::of("group_participants_update", "groups");
        webhook::publish(
            &sim,
            Event {
                phone: id.clone(),
                ..Event::notice(business.clone(), place, item)
            },
        );
    }
    sim.stream.contact(&summary);
    Ok(Json(summary))
}

fn unknown_group() -> Error {
    Error::NotFound("there is no such group: POST /sim/groups first".to_owned())
}

fn people(phones: &[String]) -> Result<Vec<String>, Error> {
    phones.iter().map(|phone| digits_of(phone)).collect()
}

fn news(sim: &Sim, id: &str, kind: &str) -> Value {
    json!({"timestamp": sim.clock.now().timestamp().to_string(), "group_id": id, "type": kind, "request_id": numeric_id()})
}

/// The people as webhooks name them; contacts from now on.
fn told(sim: &Sim, business: &Number, members: &[String]) -> Value {
    let (mut phones, now) = (sim.phones(), sim.clock.now());
    let portfolio = &business.account.portfolio;
    let strip = sim.faults.now().strip_ninth_digit;
    members
        .iter()
        .map(|member| {
            let contact = phones.ensure(portfolio, member, strip, now);
            json!({"input": member, "wa_id": contact.wa_id, "user_id": contact.user_id(portfolio)})
        })
        .collect()
}
