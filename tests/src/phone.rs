//! A customer with a phone: writes, taps, and reads what the business sent, through the simulator's control API.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::deadline::PATIENCE;
use crate::simulator::Simulator;

/// A customer's phone.
pub struct Phone<'a> {
    simulator: &'a Simulator,
    /// Digits, country code first.
    pub digits: String,
    /// Profile name.
    pub name: String,
}

/// A message on the phone.
#[derive(Clone, Debug)]
pub struct Bubble {
    /// Meta's id.
    pub wamid: String,
    /// From the business.
    pub ours: bool,
    /// Cloud API type.
    pub kind: String,
    /// What a person would read aloud.
    pub text: String,
    /// `sent`, `delivered`, `read`, `failed`.
    pub ticks: String,
    /// Ids of the buttons and rows it offers.
    pub offers: Vec<String>,
    /// Our key.
    pub callback_data: Option<String>,
    /// What the type names, as Meta was given it.
    pub payload: Value,
    /// The message that it quotes.
    pub quotes: Option<String>,
    /// Emojis that stand on it.
    pub reactions: Vec<String>,
}

impl Bubble {
    fn of(entry: &Value) -> Self {
        let word = |key: &str| entry[key].as_str().unwrap_or_default().to_owned();
        let action = &entry["payload"]["action"];
        let buttons = action["buttons"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|button| &button["reply"]["id"]);
        let rows = action["sections"].as_array().into_iter().flatten();
        let rows = rows
            .flat_map(|section| section["rows"].as_array().into_iter().flatten())
            .map(|row| &row["id"]);
        Self {
            wamid: word("id"),
            ours: entry["direction"] == "out",
            kind: word("type"),
            text: word("text"),
            ticks: word("ticks"),
            offers: buttons
                .chain(rows)
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect(),
            callback_data: entry["callback_data"].as_str().map(str::to_owned),
            payload: entry["payload"].clone(),
            quotes: entry["context"]["message_id"].as_str().map(str::to_owned),
            reactions: entry["reactions"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|reaction| reaction["emoji"].as_str().map(str::to_owned))
                .collect(),
        }
    }
}

impl<'a> Phone<'a> {
    pub(crate) fn new(simulator: &'a Simulator, digits: &str) -> Self {
        let last_four = &digits[digits.len() - 4..];
        Self {
            simulator,
            digits: digits.to_owned(),
            name: format!("Cliente {last_four}"),
        }
    }

    /// The customer's profile name is this.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    /// The customer writes; returns the wamid.
    pub async fn says(&self, text: &str) -> String {
        self.sends(&json!({"type": "text", "text": {"body": text}}))
            .await
    }

    /// The customer taps the button or row with this id, of the newest message that offers it.
    ///
    /// # Panics
    /// When no message offers it.
    pub async fn taps(&self, id: &str) -> String {
        let thread = self.thread().await;
        let asked = thread
            .iter()
            .rev()
            .find(|bubble| bubble.offers.iter().any(|offer| offer == id));
        let asked = asked.unwrap_or_else(|| panic!("nothing on the phone offers {id}: {thread:?}"));
        let reply = if asked.kind == "interactive" && self.is_list(&asked.wamid).await {
            "list_reply"
        } else {
            "button_reply"
        };
        self.sends(&json!({"type": "interactive", "interactive": {"type": reply, reply: {"id": id, "title": id}}})).await
    }

    /// The customer sends any Cloud API message.
    pub async fn sends(&self, message: &Value) -> String {
        let path = format!(
            "/sim/contacts/{}/messages?name={}",
            self.digits,
            self.name.replace(' ', "%20")
        );
        let sent = self.simulator.post(&path, message).await;
        sent["id"].as_str().expect("a wamid").to_owned()
    }

    /// The customer looks at the phone.
    pub async fn reads(&self) {
        self.simulator
            .post(&format!("/sim/contacts/{}/read", self.digits), &json!({}))
            .await;
    }

    /// What the phone shows, oldest first.
    pub async fn thread(&self) -> Vec<Bubble> {
        self.longer_than(None, Duration::ZERO).await
    }

    /// What the business sent, oldest first.
    pub async fn received(&self) -> Vec<Bubble> {
        self.thread()
            .await
            .into_iter()
            .filter(|bubble| bubble.ours)
            .collect()
    }

    /// Waits until the phone shows a message of the business that `fits`, at place `after` or later among them.
    ///
    /// # Panics
    /// When it does not.
    pub async fn shows(&self, what: &str, after: usize, fits: impl Fn(&Bubble) -> bool) -> Bubble {
        let deadline = Instant::now() + PATIENCE;
        let mut seen = None;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let thread = self.longer_than(seen, left).await;
            let mut ours = thread.iter().filter(|bubble| bubble.ours).skip(after);
            if let Some(found) = ours.find(|bubble| fits(bubble)) {
                return found.clone();
            }
            let texts: Vec<&str> = thread.iter().map(|bubble| bubble.text.as_str()).collect();
            assert!(!left.is_zero(), "the phone does not show {what}: {texts:?}");
            seen = Some(thread.len());
        }
    }

    /// Waits until the phone shows a message of the business with these words.
    pub async fn shows_text(&self, text: &str) -> Bubble {
        self.shows(text, 0, |bubble| bubble.text.contains(text))
            .await
    }

    async fn is_list(&self, wamid: &str) -> bool {
        let thread = self
            .simulator
            .get(&format!("/sim/contacts/{}/messages", self.digits))
            .await;
        let messages = thread["messages"].as_array().cloned().unwrap_or_default();
        messages
            .iter()
            .any(|entry| entry["id"] == wamid && entry["payload"]["type"] == "list")
    }

    async fn longer_than(&self, seen: Option<usize>, wait: Duration) -> Vec<Bubble> {
        let waiting = seen.map_or(String::new(), |seen| {
            format!("?more_than={seen}&wait_ms={}", wait.as_millis())
        });
        let thread = self
            .simulator
            .get(&format!("/sim/contacts/{}/messages{waiting}", self.digits))
            .await;
        thread["messages"]
            .as_array()
            .into_iter()
            .flatten()
            .map(Bubble::of)
            .collect()
    }
}
