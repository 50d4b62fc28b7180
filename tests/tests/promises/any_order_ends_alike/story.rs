//! Stories, how they are told, and what Meta says of them.

use compliance::Mac;
use e2e::meta::now;
use e2e::staff::Number;
use proptest::prelude::*;
use serde_json::{Value, json};

/// What we sent in every story.
pub const SENDS: usize = 2;
/// What a story holds at most, beside the first message: as many as there are first halves of a mac's first byte.
const MAX_DEEDS: usize = 15;
/// A customer moves at most so often.
const MOVES: usize = 2;
const EMOJI: [&str; 3] = ["👍", "❤️", "😂"];

/// What happens, when by Meta's clock, and under which id.
#[derive(Clone, Debug)]
pub struct Event {
    pub n: usize,
    pub at: i64,
    /// How often the customer has moved by then.
    pub moves: usize,
    pub deed: Deed,
}

/// A message of the customer by its event, or a send of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    Said(usize),
    Sent(usize),
}

#[derive(Clone, Debug)]
pub enum Deed {
    Says {
        quotes: Option<Target>,
    },
    Reacts {
        target: Target,
        emoji: Option<usize>,
    },
    Edits {
        target: Target,
    },
    Revokes {
        target: Target,
    },
    Status {
        send: usize,
        word: &'static str,
    },
    Wishes {
        stop: bool,
    },
    Moves,
    Learns {
        send: usize,
    },
}

/// A story: the first message, then the events as they happened.
#[derive(Clone, Debug)]
pub struct Story {
    pub began: i64,
    pub first: Event,
    pub events: Vec<Event>,
}

/// A raw deed: which, and three numbers that choose among what there is.
type Raw = (u8, u8, u8, u8);

/// Any story with any way of telling it.
pub fn stories() -> impl Strategy<Value = (Story, Telling)> {
    let raws = prop::collection::vec(
        (0_u8..16, any::<u8>(), any::<u8>(), any::<u8>()),
        3..=MAX_DEEDS,
    );
    (raws, any::<u64>()).prop_map(|(raws, seed)| (Story::of(&raws), Telling { seed }))
}

impl Story {
    fn of(raws: &[Raw]) -> Self {
        let began = now() - 3_600;
        let first = Event {
            n: 0,
            at: began,
            moves: 0,
            deed: Deed::Says { quotes: None },
        };
        let says = |raw: &Raw| raw.0 < 4;
        let mut said: Vec<usize> = vec![0];
        said.extend((1..).zip(raws).filter(|(_, raw)| says(raw)).map(|(n, _)| n));
        let target = |choice: u8| {
            let choice = usize::from(choice) % (said.len() + SENDS);
            match said.get(choice) {
                Some(n) => Target::Said(*n),
                None => Target::Sent(choice - said.len()),
            }
        };
        let (mut at, mut moves) = (began, 0);
        let mut events: Vec<Event> = (0..SENDS)
            .map(|send| Event {
                n: 1_000 + send,
                at,
                moves: 0,
                deed: Deed::Learns { send },
            })
            .collect();
        for (n, raw) in (1..).zip(raws) {
            // Many at the same second: then the macs decide.
            at += i64::from(raw.3 % 3);
            let deed = match raw.0 {
                0..4 => Deed::Says {
                    quotes: (raw.1 % 2 == 0)
                        .then(|| target(raw.2))
                        .filter(|quoted| *quoted != Target::Said(n)),
                },
                4..7 => Deed::Reacts {
                    target: target(raw.1),
                    emoji: (raw.2 % 4 != 3).then(|| usize::from(raw.2) % EMOJI.len()),
                },
                7..9 => Deed::Edits {
                    target: target(raw.1),
                },
                9 => Deed::Revokes {
                    target: target(raw.1),
                },
                10..13 => Deed::Status {
                    send: usize::from(raw.1) % SENDS,
                    word: ["sent", "delivered", "read", "failed"][usize::from(raw.2) % 4],
                },
                13 => Deed::Wishes {
                    stop: raw.1 % 2 == 0,
                },
                _ if moves < MOVES => {
                    moves += 1;
                    Deed::Moves
                }
                _ => Deed::Wishes { stop: true },
            };
            events.push(Event { n, at, moves, deed });
        }
        Self {
            began,
            first,
            events,
        }
    }

    /// Every item that the story has.
    pub fn items(&self) -> Vec<Target> {
        let all = std::iter::once(&self.first).chain(&self.events);
        let said = all.filter_map(|event| match event.deed {
            Deed::Says { .. } => Some(Target::Said(event.n)),
            _ => None,
        });
        said.chain((0..SENDS).map(Target::Sent)).collect()
    }

    /// One webhook that tells these events; nothing when Meta has nothing to tell.
    pub fn body(&self, number: &Number, customer: &Customer, events: &[&Event]) -> Option<String> {
        let (mut contacts, mut messages, mut statuses, mut wishes) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for event in events {
            let who = customer.identity(event.moves);
            match &event.deed {
                Deed::Learns { .. } => continue,
                Deed::Status { send, word } => statuses.push(status(customer, *send, word, event)),
                Deed::Wishes { stop } => wishes.push(json!({
                    "wa_id": who.0, "user_id": who.1, "detail": "...", "category": "marketing_messages",
                    "value": if *stop { "stop" } else { "resume" }, "timestamp": event.at,
                })),
                Deed::Moves => messages.push(moved(customer, event)),
                _ => {
                    contacts.push(json!({"profile": {"name": "Cliente"}, "wa_id": who.0, "user_id": who.1}));
                    messages.push(message(customer, event));
                }
            }
        }
        let mut changes = Vec::new();
        let mut change = |field: &str, lists: Value| {
            let mut value = json!({
                "messaging_product": "whatsapp",
                "metadata": {"display_phone_number": "551140000000", "phone_number_id": number.phone_number_id},
            });
            if let (Value::Object(value), Value::Object(lists)) = (&mut value, lists) {
                value.extend(lists);
            }
            changes.push(json!({"field": field, "value": value}));
        };
        // An announcement of a new number comes without contacts, and each event with its own.
        if !messages.is_empty() || !statuses.is_empty() {
            change(
                "messages",
                json!({"contacts": contacts, "messages": messages, "statuses": statuses}),
            );
        }
        if !wishes.is_empty() {
            change("user_preferences", json!({"user_preferences": wishes}));
        }
        if changes.is_empty() {
            return None;
        }
        let entry = json!({"id": number.waba_id, "changes": changes});
        Some(json!({"object": "whatsapp_business_account", "entry": [entry]}).to_string())
    }
}

fn message(customer: &Customer, event: &Event) -> Value {
    let who = customer.identity(event.moves);
    let mut message = json!({
        "from": who.0, "from_user_id": who.1, "id": customer.wamid(event.n), "timestamp": event.at.to_string(),
    });
    let mut say = |kind: &str, part: Value| {
        message["type"] = json!(kind);
        message[kind] = part;
    };
    match &event.deed {
        Deed::Says { quotes } => {
            say("text", json!({"body": format!("palavras {}", event.n)}));
            if let Some(quoted) = quotes {
                message["context"] = json!({"id": customer.target(*quoted)});
            }
        }
        Deed::Reacts { target, emoji } => {
            let mut reaction = json!({"message_id": customer.target(*target)});
            if let Some(emoji) = emoji {
                reaction["emoji"] = json!(EMOJI[*emoji]);
            }
            say("reaction", reaction);
        }
        Deed::Edits { target } => {
            let new = json!({"type": "text", "text": {"body": format!("mudado {}", event.n)}});
            say(
                "edit",
                json!({"original_message_id": customer.target(*target), "message": new}),
            );
        }
        Deed::Revokes { target } => say(
            "revoke",
            json!({"original_message_id": customer.target(*target)}),
        ),
        _ => {}
    }
    message
}

fn moved(customer: &Customer, event: &Event) -> Value {
    let (before, now) = (
        customer.identity(event.moves - 1),
        customer.identity(event.moves),
    );
    json!({
        "from": before.0, "id": customer.wamid(event.n), "timestamp": event.at.to_string(), "type": "system",
        "system": {
            "type": "user_changed_number", "body": "...", "wa_id": now.0, "user_id": now.1, "previous_user_id": before.1,
        },
    })
}

fn status(customer: &Customer, send: usize, word: &str, event: &Event) -> Value {
    let who = customer.identity(event.moves);
    let mut status = json!({
        "id": customer.target(Target::Sent(send)), "status": word, "timestamp": event.at.to_string(),
        "recipient_id": who.0, "recipient_user_id": who.1,
    });
    if word == "failed" {
        status["errors"] = json!([{"code": 131_026, "title": "Message undeliverable"}]);
    }
    status
}

/// Somebody of whom a story is told.
pub struct Customer {
    n: u64,
    wamids: Vec<String>,
}

impl Customer {
    /// Of two changes at the same second the one with the larger mac holds, and a mac is a matter of chance: ids are
    /// chosen whose macs are in the order of the story, so that it can end in one way only.
    pub fn new(n: u64, mac: impl Fn(&str) -> Mac) -> Self {
        let id = |event: usize| {
            let tries = (0_u32..).map(|salt| format!("wamid.{n}.{event}.{salt}"));
            let mut fits = tries.filter(|wamid| usize::from(mac(wamid).0[0] >> 4) == event);
            fits.next().expect("one in sixteen fits")
        };
        Self {
            n,
            wamids: (0..=MAX_DEEDS).map(id).collect(),
        }
    }

    /// Telephone number and user id after so many moves.
    pub fn identity(&self, moves: usize) -> (String, String) {
        let phone = format!("55119{:07}{moves}", 6_000_000 + self.n);
        (phone, format!("BR.{}X{moves}", self.n))
    }

    pub fn identities(&self) -> Vec<(String, String)> {
        (0..=MOVES).map(|moves| self.identity(moves)).collect()
    }

    pub fn wamid(&self, n: usize) -> &str {
        &self.wamids[n]
    }

    pub fn target(&self, target: Target) -> String {
        match target {
            Target::Said(n) => self.wamid(n).to_owned(),
            Target::Sent(send) => format!("wamid.{}.sent.{send}", self.n),
        }
    }
}

/// How a story is told: shuffled, with repetitions, in webhooks of any size.
#[derive(Clone, Debug)]
pub struct Telling {
    seed: u64,
}

impl Telling {
    /// The events of each webhook.
    pub fn bodies<'a>(&self, story: &'a Story) -> Vec<Vec<&'a Event>> {
        let mut dice = Dice(self.seed | 1);
        let mut all: Vec<&Event> = story.events.iter().collect();
        let again = story.events.iter().chain([&story.first]);
        all.extend(again.filter(|_| dice.roll(3) == 0));
        for index in (1..all.len()).rev() {
            all.swap(index, dice.roll(index + 1));
        }
        let mut bodies = Vec::new();
        while !all.is_empty() {
            let size = (1 + dice.roll(4)).min(all.len());
            bodies.push(all.drain(..size).collect());
        }
        bodies
    }

    /// For the report of a failure.
    pub fn order(&self, story: &Story) -> Vec<Vec<usize>> {
        let numbers = |events: Vec<&Event>| events.iter().map(|event| event.n).collect();
        self.bodies(story).into_iter().map(numbers).collect()
    }
}

/// Xorshift: the same seed tells the same.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % sides as u64).unwrap_or(0)
    }
}
