//! What is known of the identities and records that an event touches; a decision changes it for the next event of the
//! same batch.

use std::collections::{HashMap, HashSet};

use compliance::{Mac, Mutant};

use super::{Claims, Decision, Key};
use crate::model::ContactId;
use crate::store::contact::IdentityKind;

/// Who has an identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store::contact) struct Holding {
    /// Whose it is.
    pub contact_id: ContactId,
    /// Meta has announced another in its place.
    pub is_superseded: bool,
    /// A number that was given up so long ago that whoever has it now is somebody else.
    pub is_released: bool,
}

/// What decides whether two records can be one person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::store::contact) struct Record {
    /// Known by a BSUID.
    pub has_bsuid: bool,
    /// Known by a parent BSUID.
    pub has_parent: bool,
    /// Somebody wrote to us as this record.
    pub has_written: bool,
}

/// Identities and records.
#[derive(Clone, Default)]
pub(in crate::store::contact) struct Book {
    holders: HashMap<Mac, Holding>,
    records: HashMap<ContactId, Record>,
    apart: HashSet<(ContactId, ContactId)>,
    taken_in: HashMap<ContactId, ContactId>,
}

impl Book {
    /// Notes who has an identity.
    pub fn note(&mut self, mac: Mac, holding: Holding) {
        self.holders.insert(mac, holding);
    }

    /// Notes what a record is known by.
    pub fn note_record(&mut self, id: ContactId, record: Record) {
        self.records.insert(id, record);
    }

    /// Notes that a member of staff found these two to be different people.
    pub fn put_apart(&mut self, one: ContactId, other: ContactId) {
        self.apart.insert((one.min(other), one.max(other)));
    }

    /// Who has the identity.
    pub fn holder(&self, mac: &Mac) -> Option<Holding> {
        self.holders.get(mac).copied()
    }

    /// What the record is known by.
    pub fn record(&self, id: ContactId) -> Record {
        self.records.get(&id).copied().unwrap_or_default()
    }

    /// Whether the record was put apart from one of these.
    pub fn is_apart(&self, one: ContactId, from: &[ContactId]) -> bool {
        !Mutant::PartedIsForgotten.lives()
            && from
                .iter()
                .any(|other| self.apart.contains(&(one.min(*other), one.max(*other))))
    }

    /// The record that has taken this one in, or itself.
    pub fn root(&self, mut id: ContactId) -> ContactId {
        while let Some(into) = self.taken_in.get(&id) {
            id = *into;
        }
        id
    }

    /// Makes a decision about `who` part of what is known.
    pub fn apply(&mut self, decision: &Decision, who: ContactId, claims: &Claims) {
        for from in &decision.merge {
            self.taken_in.insert(*from, who);
            for holding in self.holders.values_mut() {
                if holding.contact_id == *from {
                    holding.contact_id = who;
                }
            }
            let from = self.records.remove(from).unwrap_or_default();
            let into = self.records.entry(who).or_default();
            into.has_bsuid |= from.has_bsuid;
            into.has_parent |= from.has_parent;
            into.has_written |= from.has_written;
        }
        let record = self.records.entry(who).or_default();
        // Whoever is named wrote, but for those whom only a status names.
        record.has_written |= claims.about.is_none();
        for Key { kind, mac } in decision.link.iter().chain(&decision.take) {
            record.has_bsuid |= *kind == IdentityKind::Bsuid;
            record.has_parent |= *kind == IdentityKind::ParentBsuid;
            let holding = Holding {
                contact_id: who,
                is_superseded: false,
                is_released: false,
            };
            self.holders.insert(*mac, holding);
        }
        for key in &decision.supersede {
            if let Some(holding) = self.holders.get_mut(&key.mac) {
                holding.is_superseded = true;
            }
        }
    }
}
