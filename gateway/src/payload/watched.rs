//! What another business app answers, which we only watch (`standby`), and the word that a conversation changed hands
//! (`messaging_handovers`): a notice for each person that it is about.
//!
//! Promises: whoever is named is named in the notice, so that it can be kept as theirs; nothing of it becomes a message,
//! a status or a wish. Two people in one change are two notices.
//! Does not: open a case, or tell what was said.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::news::Site;
use super::sender::{self, Contact, Sender};
use super::{Reader, effects, loose, strict, wire};

/// The subscriptions that are only watched.
pub(super) const WATCHED: [&str; 2] = ["standby", "messaging_handovers"];

/// Something of a change that is about one person, or about nobody that is named.
struct About<'a> {
    raw: &'a RawValue,
    who: Option<Sender>,
}

impl<'a> Reader<'a> {
    /// Keeps a watched change: as a whole when it is about one person, else piece by piece.
    pub(super) fn watched(&mut self, site: &Site<'a>, value: &'a RawValue) {
        let whole = match strict::read(value) {
            Ok(whole) => whole,
            Err(reason) => return self.odd_raw(reason, &site.field, None, site.raw),
        };
        let (pieces, contacts) = pieces(value, &whole);
        let is_of_one = pieces.windows(2).all(|pair| pair[0].who == pair[1].who);
        if is_of_one {
            let who = pieces.into_iter().find_map(|piece| piece.who);
            let who = who.or_else(|| named(&whole, &contacts));
            return self.keep_watched(site, &whole, site.raw, who);
        }
        for piece in pieces {
            self.keep_watched(site, &whole, piece.raw, piece.who);
        }
    }

    fn keep_watched(
        &mut self,
        site: &Site<'a>,
        whole: &Value,
        raw: &'a RawValue,
        who: Option<Sender>,
    ) {
        let judged = effects::of(&site.field, whole);
        self.push_notice(site, judged, Some(whole), (raw, who));
    }
}

/// The messages, echoes and statuses in a value and the people beside them, wherever Meta puts them: in it, or in its part of the same name.
fn pieces<'a>(value: &'a RawValue, whole: &Value) -> (Vec<About<'a>>, Vec<Contact>) {
    let Ok(outer) = wire::Watched::deserialize(value) else {
        return (Vec::new(), Vec::new());
    };
    let mut parts: Vec<wire::Watched<'a>> = outer
        .standby
        .iter()
        .filter_map(|raw| wire::Watched::deserialize(*raw).ok())
        .collect();
    parts.push(outer);
    let contacts: Vec<Contact> = parts
        .iter()
        .flat_map(|part| &part.contacts)
        .filter_map(|contact| Contact::read(contact))
        .collect();
    let ours = our_number(whole);
    let mut pieces = Vec::new();
    for part in &parts {
        for (list, read) in [
            (&part.messages, Side::Theirs),
            (&part.message_echoes, Side::Ours),
            (&part.statuses, Side::Status),
        ] {
            pieces.extend(list.iter().map(|raw| {
                About {
                    raw,
                    who: strict::read(raw)
                        .ok()
                        .and_then(|item| read.person(&item, &contacts, ours.as_deref())),
                }
            }));
        }
    }
    (pieces, contacts)
}

/// Who wrote, which says where the person is named.
#[derive(Clone, Copy)]
enum Side {
    Theirs,
    Ours,
    Status,
}

impl Side {
    fn person(self, item: &Value, contacts: &[Contact], ours: Option<&str>) -> Option<Sender> {
        match self {
            Self::Theirs => sender::of(item, contacts).ok(),
            Self::Ours => sender::addressee(item, contacts, ours).ok(),
            Self::Status => sender::recipient(item, contacts),
        }
    }
}

fn our_number(whole: &Value) -> Option<String> {
    let shown = |part: &str| loose::text(whole.get(part)?, "display_phone_number");
    let number = shown("metadata").or_else(|| shown("recipient"))?;
    loose::digits(&number)
}

/// Whom a change names that has no list: the other side of the conversation that changed hands, or the only contact.
fn named(whole: &Value, contacts: &[Contact]) -> Option<Sender> {
    let side = whole.get("sender").filter(|side| side.is_object());
    let of_side = side.and_then(|side| sender::of_side(side).ok());
    of_side.or_else(|| match contacts {
        [only] => only.sender().ok(),
        _ => None,
    })
}
