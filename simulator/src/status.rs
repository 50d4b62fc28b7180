//! Moves a business message from tick to tick and tells the webhook.
//!
//! Promises: ticks only move forward; `delivered` after `read` is never sent; a reaction gets only `sent`.
//! Does not: wait; delays are entries in the agenda.

use crate::agenda::Job;
use crate::business::Number;
use crate::faults::Faults;
use crate::graph;
use crate::options::ReadAfter;
use crate::phone::{Contact, Direction, Entry, Phones, Ticks};
use crate::state::Sim;
use crate::webhook::{self, Event, Place, envelope::Shape};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use tokio::sync::Notify;
use tokio::time::Instant;

/// Service messages a month that cost nothing.
const FREE_SERVICE_MESSAGES: u64 = 1_000;

/// What happens to a business message next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Sent,
    Delivered,
    /// The phone reads by itself, unless told not to.
    AutoRead,
    /// Somebody looked.
    Read,
    Played,
    /// With Meta's error code.
    Failed(i64),
}

impl Step {
    fn ticks(self) -> Ticks {
        match self {
            Step::Sent => Ticks::Sent,
            Step::Delivered => Ticks::Delivered,
            Step::AutoRead | Step::Read => Ticks::Read,
            Step::Played => Ticks::Played,
            Step::Failed(_) => Ticks::Failed,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Step::Sent => "sent",
            Step::Delivered => "delivered",
            Step::AutoRead | Step::Read => "read",
            Step::Played => "played",
            Step::Failed(_) => "failed",
        }
    }
}

/// Enters the usual course of an accepted send into the agenda.
pub(crate) fn plan(sim: &Sim, wamid: &str, kind: &str, failure: Option<i64>) {
    let now = Instant::now();
    let enter = |after, step| {
        let wamid = wamid.to_owned();
        sim.agenda
            .schedule(now + after, Job::Advance { wamid, step });
    };
    if let Some(code) = failure {
        return enter(sim.ticking.delivered_after, Step::Failed(code));
    }
    enter(sim.ticking.sent_after, Step::Sent);
    if kind == "reaction" {
        return;
    }
    enter(sim.ticking.delivered_after, Step::Delivered);
    if let ReadAfter::After(delay) = sim.ticking.read_after {
        enter(delay.max(sim.ticking.delivered_after), Step::AutoRead);
    }
}

/// Takes a step, if it leads forward.
pub(crate) fn advance(sim: &Sim, wamid: &str, step: Step) {
    take(sim, wamid, step, None);
}

/// Takes the step `sent` and returns once its webhook was posted for the first time.
pub(crate) async fn announce_sent(sim: &Sim, wamid: &str) {
    let attempted = Arc::new(Notify::new());
    if take(sim, wamid, Step::Sent, Some(attempted.clone())) {
        tokio::select! {
            () = attempted.notified() => {}
            () = sim.shutdown.cancelled() => {}
        }
    }
}

fn take(sim: &Sim, wamid: &str, step: Step, attempted: Option<Arc<Notify>>) -> bool {
    let faults = sim.faults.now();
    let skipped = match step {
        Step::Delivered => faults.drop_delivered,
        Step::AutoRead => faults.no_read,
        _ => false,
    };
    if skipped {
        return false;
    }
    let Some((event, phone)) = tick(sim, wamid, step, &faults, attempted) else {
        return false;
    };
    sim.stream.ticks(&phone, wamid, step.ticks());
    if faults.no_statuses {
        return false;
    }
    webhook::publish(sim, event);
    true
}

/// Moves the tick under the lock and makes the event.
fn tick(
    sim: &Sim,
    wamid: &str,
    step: Step,
    faults: &Faults,
    attempted: Option<Arc<Notify>>,
) -> Option<(Event, String)> {
    let now = sim.clock.now();
    let mut phones = sim.phones();
    let (contact, at) = phones.find(wamid)?;
    let entry = contact.thread.get_mut(at)?;
    // The business's own telephone gets its ticks elsewhere.
    if entry.direction != Direction::Out || entry.from_app || entry.ticks >= step.ticks() {
        return None;
    }
    if let Step::Failed(code) = step {
        if entry.ticks >= Ticks::Delivered {
            return None;
        }
        entry.error_code = Some(code);
    }
    entry.ticks = step.ticks();
    let entry = entry.clone();
    let number = sim.numbers.get(&entry.number)?;
    let phone = contact.phone.clone();
    let members = contact.group.as_ref().map(|group| group.members.clone());
    let course = Course {
        entry: &entry,
        step,
        number: &number,
        unix: now.timestamp(),
    };
    let (contacts, items) = match members {
        None => {
            let shape = Shape::of(contact, faults);
            (
                course.contacts(contact, &shape),
                vec![course.item(contact, &shape)],
            )
        }
        Some(members) => course.in_group(&phones, &phone, &members, faults),
    };
    let event = Event {
        identity: format!("status:{wamid}:{}", step.word()),
        place: Place::STATUSES,
        number: number.clone(),
        phone: phone.clone(),
        wamid: wamid.to_owned(),
        contacts,
        items,
        attempted,
    };
    Some((event, phone))
}

/// One step of one message.
struct Course<'a> {
    entry: &'a Entry,
    step: Step,
    number: &'a Number,
    unix: i64,
}

impl Course<'_> {
    fn portfolio(&self) -> &str {
        &self.number.account.portfolio
    }

    fn failed(&self) -> bool {
        matches!(self.step, Step::Failed(_))
    }

    /// `failed` has none, the old shape neither; a username comes with `delivered` and `read` only.
    fn contacts(&self, contact: &Contact, shape: &Shape) -> Vec<Value> {
        if shape.legacy || self.failed() {
            return Vec::new();
        }
        let mut person = shape.recipient(contact, self.portfolio(), self.entry.sent_to_phone);
        if self.step == Step::Sent
            && let Some(profile) = person["profile"].as_object_mut()
        {
            profile.remove("username");
        }
        vec![person]
    }

    fn item(&self, contact: &Contact, shape: &Shape) -> Value {
        let mut item = self.common(shape);
        if self.entry.sent_to_phone || (!shape.phone_hidden && !self.failed()) {
            item.insert("recipient_id".into(), json!(contact.wa_id));
        }
        if !(shape.legacy || self.failed() && self.entry.sent_to_phone) {
            shape.stamp_user_ids(&mut item, contact, self.portfolio(), "recipient");
        }
        if shape.legacy && matches!(self.step, Step::Sent | Step::Delivered) {
            let id = contact
                .user_id(self.portfolio())
                .replace('.', "")
                .to_lowercase();
            item.insert(
                "conversation".into(),
                json!({"id": id, "origin": {"type": "service"}}),
            );
        }
        Value::Object(item)
    }

    /// One item for each member, in one post.
    fn in_group(
        &self,
        phones: &Phones,
        group: &str,
        members: &[String],
        faults: &Faults,
    ) -> (Vec<Value>, Vec<Value>) {
        let (mut contacts, mut items) = (Vec::new(), Vec::new());
        if self.failed() || self.step == Step::Sent {
            // The group as a whole got it, or did not.
            let mut item = self.common(&Shape::of_nobody(faults));
            item.insert("recipient_id".into(), json!(group));
            item.insert("recipient_type".into(), json!("group"));
            return (contacts, vec![Value::Object(item)]);
        }
        for member in members.iter().filter_map(|member| phones.get(member)) {
            let shape = Shape::of(member, faults);
            contacts.extend(self.contacts(member, &shape));
            let mut item = self.common(&shape);
            item.insert("recipient_id".into(), json!(group));
            item.insert("recipient_type".into(), json!("group"));
            if !shape.phone_hidden {
                item.insert("recipient_participant_id".into(), json!(member.wa_id));
            }
            shape.stamp_user_ids(&mut item, member, self.portfolio(), "recipient_participant");
            items.push(Value::Object(item));
        }
        (contacts, items)
    }

    fn common(&self, shape: &Shape) -> Map<String, Value> {
        let entry = self.entry;
        let mut item = Map::new();
        item.insert("id".into(), json!(entry.id));
        item.insert("status".into(), json!(self.step.word()));
        item.insert("timestamp".into(), json!(self.unix.to_string()));
        if let Some(data) = &entry.callback_data {
            item.insert("biz_opaque_callback_data".into(), json!(data));
        }
        match self.step {
            Step::Sent | Step::Delivered if entry.kind != "reaction" => {
                item.insert("pricing".into(), self.pricing(shape.legacy));
            }
            Step::Failed(code) => {
                item.insert("errors".into(), json!([graph::error::in_status(code)]));
            }
            _ => {}
        }
        item
    }

    fn pricing(&self, legacy: bool) -> Value {
        if legacy {
            return json!({"billable": true, "pricing_model": "CBP", "category": "service"});
        }
        if self.entry.kind == "template" {
            let category = self.entry.payload["category"]
                .as_str()
                .unwrap_or("utility")
                .to_lowercase();
            return json!({"billable": true, "pricing_model": "PMP", "category": category, "type": "regular"});
        }
        let mut state = self.number.state();
        let free = state.delivered_service < FREE_SERVICE_MESSAGES;
        if self.step == Step::Delivered {
            state.delivered_service += 1;
        }
        let kind = if free {
            "free_customer_service"
        } else {
            "regular"
        };
        json!({"billable": !free, "pricing_model": "PMP", "category": "service", "type": kind})
    }
}
