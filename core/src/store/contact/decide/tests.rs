//! Facts about the decision, one by one, and what holds for any history of events in any order.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

fn key(kind: IdentityKind, n: u32) -> Key {
    let mut mac = [0; 32];
    mac[..4].copy_from_slice(&n.to_be_bytes());
    mac[4] = kind as u8;
    Key {
        kind,
        mac: Mac(mac),
    }
}

fn bsuid(n: u32) -> Key {
    key(IdentityKind::Bsuid, n)
}

fn parent(n: u32) -> Key {
    key(IdentityKind::ParentBsuid, n)
}

fn phone(n: u32) -> Key {
    key(IdentityKind::Phone, n)
}

fn named(keys: &[Key]) -> Claims {
    Claims {
        named: keys.to_vec(),
        ..Claims::default()
    }
}

/// A book that events are told to, one after the other.
#[derive(Default)]
struct World {
    book: Book,
    made: BTreeSet<ContactId>,
}

impl World {
    fn hears(&mut self, claims: &Claims) -> ContactId {
        let decision = decide(claims, &self.book);
        let who = decision.who.unwrap_or_default();
        self.made.insert(who);
        self.book.apply(&decision, who, claims);
        self.book.root(who)
    }

    fn says(&mut self, keys: &[Key]) -> ContactId {
        self.hears(&named(keys))
    }

    fn holder(&self, key: Key) -> Option<ContactId> {
        self.book.holder(&key.mac).map(|holding| holding.contact_id)
    }
}

#[test]
fn phone_only_and_bsuid_only_become_one_once_seen_together() {
    let mut world = World::default();
    let (by_phone, by_id) = (world.says(&[phone(1)]), world.says(&[bsuid(1)]));
    assert_ne!(by_phone, by_id);
    let both = world.says(&[phone(1), bsuid(1)]);
    assert_eq!(both, by_phone.min(by_id), "the older takes the newer in");
    assert_eq!(world.says(&[phone(1)]), both);
    assert_eq!(world.says(&[bsuid(1)]), both);
}

#[test]
fn a_number_with_another_user_id_is_another_person_and_takes_the_number() {
    let mut world = World::default();
    let first = world.says(&[phone(1), bsuid(1)]);
    let second = world.says(&[phone(1), bsuid(2)]);
    assert_ne!(first, second);
    assert_eq!(world.says(&[phone(1)]), second);
    assert_eq!(world.says(&[bsuid(1)]), first, "the first is not lost");
}

#[test]
fn the_same_parent_says_that_another_user_id_is_the_same_person() {
    let mut world = World::default();
    let first = world.says(&[phone(1), bsuid(1), parent(1)]);
    assert_eq!(world.says(&[phone(1), bsuid(2), parent(1)]), first);
    assert_ne!(world.says(&[phone(1), bsuid(3), parent(2)]), first);
}

#[test]
fn a_rotation_is_one_person_in_both_orders_and_late_words_under_the_old_id_are_theirs() {
    let rotation = Claims {
        named: vec![bsuid(2), phone(2)],
        previous: vec![bsuid(1), phone(1)],
        ..Claims::default()
    };
    for new_id_first in [false, true] {
        let mut world = World::default();
        let before = world.says(&[phone(1), bsuid(1)]);
        if new_id_first {
            assert_ne!(world.says(&[phone(2), bsuid(2)]), before);
        }
        let after = world.hears(&rotation);
        assert_eq!(after, before);
        assert_eq!(
            world.hears(&rotation),
            after,
            "repeating it changes nothing"
        );
        assert_eq!(world.says(&[phone(2), bsuid(2)]), after);
        let heir = world.says(&[phone(1), bsuid(9)]);
        assert_ne!(heir, after, "the old number is somebody else's");
        assert_eq!(world.says(&[phone(1), bsuid(1)]), after, "late words");
        assert_eq!(
            world.holder(phone(1)),
            Some(heir),
            "late words do not take the number back"
        );
    }
}

#[test]
fn a_rotation_that_names_an_heirs_number_as_the_old_one_leaves_it_there() {
    let mut world = World::default();
    let person = world.says(&[phone(1), bsuid(1)]);
    let heir = world.says(&[phone(1), bsuid(9)]);
    let rotation = Claims {
        named: vec![bsuid(2), phone(2)],
        previous: vec![bsuid(1), phone(1)],
        ..Claims::default()
    };
    assert_eq!(world.hears(&rotation), person);
    assert_eq!(world.holder(phone(1)), Some(heir));
}

#[test]
fn another_spelling_finds_a_record_and_is_not_kept() {
    let mut world = World::default();
    let with_nine = world.says(&[phone(1)]);
    let without = Claims {
        spellings: vec![phone(1).mac],
        ..named(&[phone(2)])
    };
    assert_eq!(world.hears(&without), with_nine);
    let stranger = Claims {
        spellings: vec![phone(7).mac],
        ..named(&[phone(8)])
    };
    world.hears(&stranger);
    assert_eq!(world.holder(phone(7)), None);
}

#[test]
fn another_spelling_of_somebody_with_another_user_id_is_somebody_else() {
    let mut world = World::default();
    let one = world.says(&[phone(1), bsuid(1)]);
    let other = Claims {
        spellings: vec![phone(1).mac],
        ..named(&[phone(2), bsuid(2)])
    };
    assert_ne!(world.hears(&other), one);
    assert_eq!(
        world.holder(phone(1)),
        Some(one),
        "a spelling takes nothing"
    );
}

#[test]
fn a_number_without_its_nine_is_matched_only_while_nobody_wrote_from_it() {
    let stripped = Claims {
        stripped: vec![phone(1).mac],
        ..named(&[phone(2)])
    };
    let mut world = World::default();
    let landline = world.says(&[phone(1)]);
    assert_ne!(world.hears(&stripped), landline);

    let mut world = World::default();
    let typed = ContactId::new();
    world.book.note_record(typed, Record::default());
    let holding = Holding {
        contact_id: typed,
        is_superseded: false,
        is_released: false,
    };
    world.book.note(phone(1).mac, holding);
    assert_eq!(world.hears(&stripped), typed);
}

#[test]
fn a_number_given_up_long_ago_is_whoevers_writes_from_it() {
    let mut world = World::default();
    let first = world.says(&[phone(1)]);
    let released = Holding {
        contact_id: first,
        is_superseded: true,
        is_released: true,
    };
    world.book.note(phone(1).mac, released);
    let second = world.says(&[phone(1)]);
    assert_ne!(second, first);
    assert_eq!(world.holder(phone(1)), Some(second));
}

#[test]
fn what_a_person_has_put_apart_is_not_joined_again() {
    let mut world = World::default();
    let (one, other) = (world.says(&[phone(1)]), world.says(&[bsuid(1)]));
    world.book.put_apart(one, other);
    assert_eq!(world.says(&[phone(1), bsuid(1)]), other);
    assert_eq!(world.holder(phone(1)), Some(other), "the number is theirs");
}

#[test]
fn a_status_teaches_the_one_it_was_sent_to_but_not_against_another_user_id() {
    let mut world = World::default();
    let typed = world.says(&[phone(1)]);
    let told = |keys: &[Key], about| Claims {
        about: Some(about),
        ..named(keys)
    };
    assert_eq!(world.hears(&told(&[phone(2), bsuid(1)], typed)), typed);
    assert_eq!(world.says(&[bsuid(1)]), typed);
    assert_eq!(decide(&told(&[bsuid(2)], typed), &world.book).who, None);
}

#[test]
fn a_group_is_found_by_its_id_alone() {
    let mut world = World::default();
    let group = world.says(&[key(IdentityKind::Group, 1)]);
    assert_eq!(world.says(&[key(IdentityKind::Group, 1)]), group);
    assert_ne!(world.says(&[key(IdentityKind::Group, 2)]), group);
}

/// An event of a world in which it is known who everybody is.
#[derive(Clone, Debug)]
struct Event {
    person: u32,
    claims: Vec<Key>,
    previous: Vec<Key>,
}

impl Event {
    fn claims(&self) -> Claims {
        Claims {
            named: self.claims.clone(),
            previous: self.previous.clone(),
            ..Claims::default()
        }
    }
}

/// Lives of people who write, change their number and inherit those of others; every event carries a user id.
fn lives() -> impl Strategy<Value = Vec<Event>> {
    let step = (0_u32..4, 0_u32..4, any::<bool>(), prop::bool::weighted(0.3));
    prop::collection::vec(step, 1..24).prop_map(|steps| {
        // Generation of each person's user id, and the number they have.
        let mut ids: BTreeMap<u32, (u32, u32)> = BTreeMap::new();
        let mut events = Vec::new();
        for (person, number, shows_number, rotates) in steps {
            let (generation, had) = *ids.entry(person).or_insert((0, 100 + person));
            let id = |generation| bsuid(person * 1_000 + generation);
            if rotates {
                // A number of the shared pool: perhaps somebody else's before.
                ids.insert(person, (generation + 1, number));
                events.push(Event {
                    person,
                    claims: vec![id(generation + 1), phone(number)],
                    previous: vec![id(generation), phone(had)],
                });
            } else {
                let mut claims = vec![id(generation)];
                claims.extend(shows_number.then(|| phone(had)));
                events.push(Event {
                    person,
                    claims,
                    previous: Vec::new(),
                });
            }
        }
        events
    })
}

/// The people of user ids, as contacts: `None` when a contact is two people, or a person two contacts.
fn is_one_to_one(world: &World, events: &[Event]) -> Result<(), String> {
    let mut contact_of: BTreeMap<u32, BTreeSet<ContactId>> = BTreeMap::new();
    let mut person_of: BTreeMap<ContactId, BTreeSet<u32>> = BTreeMap::new();
    for event in events {
        for key in event.claims.iter().chain(&event.previous) {
            if key.kind == IdentityKind::Bsuid
                && let Some(contact) = world.holder(*key)
            {
                contact_of.entry(event.person).or_default().insert(contact);
                person_of.entry(contact).or_default().insert(event.person);
            }
        }
    }
    if let Some(two) = contact_of.values().find(|contacts| contacts.len() > 1) {
        return Err(format!("a person is {two:?}"));
    }
    match person_of.values().find(|people| people.len() > 1) {
        Some(two) => Err(format!("a contact is {two:?}")),
        None => Ok(()),
    }
}

proptest! {
    /// Whoever inherits whose number, whatever comes first and how often.
    #[test]
    fn one_person_is_one_contact_in_any_order(
        (lived, told) in lives().prop_flat_map(|events| {
            let twice: Vec<Event> = events.iter().chain(&events).cloned().collect();
            (Just(events), Just(twice).prop_shuffle())
        })
    ) {
        for order in [&lived, &told] {
            let mut world = World::default();
            for event in order {
                world.hears(&event.claims());
            }
            prop_assert_eq!(is_one_to_one(&world, &lived), Ok(()));
        }
    }

    /// Without inherited numbers and user ids that change, any mixture of shapes ends in one contact a person.
    #[test]
    fn shapes_seen_together_meet_in_any_order(
        shapes in prop::collection::vec((0_u32..3, 0_u8..3), 1..20).prop_shuffle()
    ) {
        let mut world = World::default();
        for (person, shape) in &shapes {
            let keys = match shape {
                0 => vec![phone(*person)],
                1 => vec![bsuid(*person)],
                _ => vec![phone(*person), bsuid(*person)],
            };
            world.says(&keys);
        }
        for person in 0..3 {
            let both = shapes.contains(&(person, 2));
            let (by_phone, by_id) = (world.holder(phone(person)), world.holder(bsuid(person)));
            if both {
                prop_assert_eq!(by_phone, by_id);
            }
            for other in (0..3).filter(|other| *other != person) {
                for stranger in [world.holder(phone(other)), world.holder(bsuid(other))] {
                    prop_assert!(stranger.is_none() || (stranger != by_phone && stranger != by_id));
                }
            }
        }
    }

    /// Deciding again what was just done changes nothing.
    #[test]
    fn a_decision_is_done_once(events in lives()) {
        let mut world = World::default();
        for event in &events {
            world.hears(&event.claims());
            let again = decide(&event.claims(), &world.book);
            prop_assert!(again.is_idle(), "{again:?}");
        }
    }
}
