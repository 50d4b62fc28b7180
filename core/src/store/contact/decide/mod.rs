//! Who is who: what one event says of a person, beside what is known, comes to one decision. Pure.
//!
//! Promises: a BSUID is authoritative, and so is its parent. Records that are seen together become one, unless each has
//! a user id of its own: then the telephone number has changed hands and moves to whom the event names. What a person
//! has put apart is not joined again. Other spellings of a number find a record; they never move and are never kept.
//! Does not: look at names and usernames (people choose and change them), read or write anything.

mod book;
#[cfg(test)]
mod tests;

use compliance::{Mac, Mutant};

use super::IdentityKind;
use crate::model::ContactId;

pub(super) use book::{Book, Holding, Record};

/// An identity as the blind index knows it. The mac names the kind too: no two kinds share one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key {
    /// What kind.
    pub kind: IdentityKind,
    /// Its blind index.
    pub mac: Mac,
}

/// What one event says of one person.
#[derive(Clone, Default)]
pub(super) struct Claims {
    /// The identities that Meta named.
    pub named: Vec<Key>,
    /// Those that the same event says were the person's before.
    pub previous: Vec<Key>,
    /// Other spellings of the number that are certainly the same subscriber.
    pub spellings: Vec<Mac>,
    /// Other spellings that may be somebody else's (Argentina without the 9 may be a landline).
    pub stripped: Vec<Mac>,
    /// The record that the event is known to be about (a status of something that we sent to it).
    pub about: Option<ContactId>,
}

impl Claims {
    /// A number that stands for all certain spellings of the person's telephone number, the same whichever of them was
    /// named; `None` when there is but one spelling.
    pub(super) fn subscriber(&self) -> Option<i64> {
        let phones = self
            .named
            .iter()
            .filter(|key| key.kind == IdentityKind::Phone);
        let first = phones
            .map(|key| &key.mac)
            .chain(&self.spellings)
            .map(Mac::as_bytes)
            .min()
            .filter(|_| !self.spellings.is_empty())?;
        first.first_chunk().copied().map(i64::from_be_bytes)
    }
}

/// What follows from [`Claims`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Decision {
    /// The record; `None`: nobody known, a new one.
    pub who: Option<ContactId>,
    /// Records of the same person, to be taken into `who`.
    pub merge: Vec<ContactId>,
    /// Identities that nobody has yet.
    pub link: Vec<Key>,
    /// Identities of others that are `who`'s now.
    pub take: Vec<Key>,
    /// Identities that were the person's before and no longer lead to them.
    pub supersede: Vec<Key>,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.kind.word(), &self.mac.to_hex()[..8])
    }
}

impl Decision {
    /// Nothing changes: the person is known by all of this.
    pub fn is_idle(&self) -> bool {
        self.who.is_some()
            && self.merge.is_empty()
            && self.link.is_empty()
            && self.take.is_empty()
            && self.supersede.is_empty()
    }
}

/// Decides. What is read first is the strongest: user ids, their parents, the number, its spellings, the record that
/// the event is about.
pub(super) fn decide(claims: &Claims, book: &Book) -> Decision {
    let mut same = Same::new(claims, book);
    for kind in [
        IdentityKind::Group,
        IdentityKind::Bsuid,
        IdentityKind::ParentBsuid,
    ] {
        for key in all(claims).filter(|key| key.kind == kind) {
            if let Some(holding) = book.holder(&key.mac) {
                same.join(holding.contact_id);
            }
        }
    }
    let take = phones(claims, book, &mut same);
    if same.records.is_empty() {
        for mac in &claims.stripped {
            if let Some(holding) = book.holder(mac).filter(|holding| !holding.is_released)
                && !book.record(holding.contact_id).has_written
                && same.fits(holding.contact_id)
            {
                same.join(holding.contact_id);
            }
        }
    }
    if let Some(about) = claims.about.filter(|about| same.fits(*about)) {
        same.join(about);
    }
    let who = same.records.iter().min().copied();
    let is_free = |key: &&Key| book.holder(&key.mac).is_none();
    let is_left = |key: &&Key| !claims.named.contains(key);
    let mut link: Vec<Key> = all(claims).filter(is_free).copied().collect();
    link.sort_unstable();
    link.dedup();
    let supersede = claims.previous.iter().filter(is_left).filter(|key| {
        // Another's by now, or marked before: nothing to say.
        book.holder(&key.mac).is_none_or(|holding| {
            !holding.is_superseded && same.records.contains(&holding.contact_id)
        })
    });
    Decision {
        supersede: supersede.copied().collect(),
        merge: same
            .records
            .iter()
            .copied()
            .filter(|record| Some(*record) != who)
            .collect(),
        who,
        link,
        take,
    }
}

/// Joins the records that the number leads to; what it must be taken from somebody else is returned.
fn phones(claims: &Claims, book: &Book, same: &mut Same<'_>) -> Vec<Key> {
    let mut take = Vec::new();
    // What comes late under an old user id says nothing about whose the number is today.
    let is_late = claims
        .named
        .iter()
        .filter(|key| key.kind == IdentityKind::Bsuid)
        .any(|key| book.holder(&key.mac).is_some_and(|at| at.is_superseded));
    for key in all(claims).filter(|key| key.kind == IdentityKind::Phone) {
        let Some(holding) = book.holder(&key.mac) else {
            // Nobody has the number in this spelling: perhaps in another.
            let spelt = claims.spellings.iter().filter_map(|mac| book.holder(mac));
            for holding in
                spelt.filter(|holding| !holding.is_released && !Mutant::OneSpellingOnly.lives())
            {
                if same.fits(holding.contact_id) {
                    same.join(holding.contact_id);
                }
            }
            continue;
        };
        let is_theirs = same.records.contains(&holding.contact_id);
        if !is_theirs && !holding.is_released && same.fits(holding.contact_id) {
            same.join(holding.contact_id);
        } else if !is_theirs && !is_late && claims.named.contains(key) {
            take.push(*key);
        }
    }
    take
}

fn all(claims: &Claims) -> impl Iterator<Item = &Key> {
    claims.named.iter().chain(&claims.previous)
}

/// The records found so far to be one person, and the user ids by which that person is known.
struct Same<'a> {
    book: &'a Book,
    records: Vec<ContactId>,
    has_bsuid: bool,
    has_parent: bool,
}

impl<'a> Same<'a> {
    fn new(claims: &Claims, book: &'a Book) -> Self {
        let has = |kind| all(claims).any(|key| key.kind == kind);
        Self {
            book,
            records: Vec::new(),
            has_bsuid: has(IdentityKind::Bsuid),
            has_parent: has(IdentityKind::ParentBsuid),
        }
    }

    /// Whether a record without one of the named user ids may still be this person: not when both have their own.
    fn fits(&self, record: ContactId) -> bool {
        let known = self.book.record(record);
        let own_id = known.has_bsuid && self.has_bsuid && !Mutant::NumberNamesThePerson.lives();
        let own_parent = known.has_parent && self.has_parent;
        !own_id && !own_parent && !self.book.is_apart(record, &self.records)
    }

    fn join(&mut self, record: ContactId) {
        if self.records.contains(&record) || self.book.is_apart(record, &self.records) {
            return;
        }
        if Mutant::SeenTogetherStaysApart.lives() && !self.records.is_empty() {
            return;
        }
        let known = self.book.record(record);
        self.has_bsuid |= known.has_bsuid;
        self.has_parent |= known.has_parent;
        self.records.push(record);
    }
}
