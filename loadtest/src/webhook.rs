//! Distinct, rightly signed webhooks with one or more text messages each.
//!
//! Promises: no two messages of a run, or of two runs, share an id; the shape is Meta's after 2026-04; bodies are ASCII.
//! Does not: look anything up; the k-th webhook is a function of the run's salt and k.

use crate::demo::Demo;
use crate::mark::Mark;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

/// What customers write; escapes show up in real bodies too.
const TEXTS: [&str; 6] = [
    "Oi, bom dia!",
    "Minha internet caiu de novo",
    "Quero a segunda via da fatura, por favor",
    "Não consigo acessar o roteador em http://192.168.0.1/",
    "Já paguei ontem pelo Pix 🙏",
    "Qual é a previsão de retorno do sinal?",
];

/// What WhatsApp lets people write, less the words above.
const TEXT_MAX: usize = 4_000;

/// Makes the webhooks of one run.
pub(crate) struct Factory {
    phone_number_id: String,
    waba_id: String,
    key: Hmac<Sha256>,
    salt: u64,
    contacts: u64,
    messages_per_webhook: u64,
    /// Number of the first customer.
    first_contact: u64,
    /// What they write, in turn.
    texts: &'static [&'static str],
    /// Theirs, when Meta's stand-in has given them some.
    user_ids: Vec<String>,
    mark: Mark,
    /// Characters added to every text.
    filler: usize,
}

/// A body and its signature header.
pub(crate) struct Webhook {
    pub(crate) body: Bytes,
    pub(crate) signature: String,
}

impl Factory {
    /// `contacts` customers take turns; `salt` tells runs apart.
    ///
    /// # Errors
    /// Never in practice: HMAC takes keys of any length.
    pub(crate) fn new(
        demo: &Demo,
        contacts: u64,
        messages_per_webhook: u64,
        salt: u64,
    ) -> anyhow::Result<Self> {
        Ok(Factory {
            phone_number_id: demo.phone_number_id.clone(),
            waba_id: demo.waba_id.clone(),
            key: Hmac::new_from_slice(demo.app_secret.as_bytes())
                .map_err(|_| anyhow::anyhow!("the app secret cannot be used as a key"))?,
            salt,
            contacts,
            messages_per_webhook,
            first_contact: 0,
            texts: &TEXTS,
            user_ids: Vec::new(),
            mark: Mark::new(salt),
            filler: 0,
        })
    }

    /// The same for customers from this number on.
    pub(crate) fn with_contacts_from(mut self, first: u64) -> Self {
        self.first_contact = first;
        self
    }

    /// The same with other words.
    pub(crate) fn with_texts(mut self, texts: &'static [&'static str]) -> Self {
        self.texts = texts;
        self
    }

    /// The same with these user ids, one for each customer.
    pub(crate) fn with_user_ids(mut self, user_ids: Vec<String>) -> Self {
        self.user_ids = user_ids;
        self
    }

    /// How the texts of this run are marked.
    pub(crate) fn mark(&self) -> &Mark {
        &self.mark
    }

    /// The phone of the n-th customer of this run.
    pub(crate) fn phone(&self, n: u64) -> String {
        format!("55119{:08}", 10_000_000 + self.first_contact + n)
    }

    fn user_id(&self, n: u64) -> String {
        let known = usize::try_from(n).ok().and_then(|n| self.user_ids.get(n));
        known
            .cloned()
            .unwrap_or_else(|| format!("BR.{:020}", 90_000_000_000 + self.first_contact + n))
    }

    /// The profile name of the n-th customer of this run.
    pub(crate) fn name(&self, n: u64) -> String {
        format!("Cliente {}", self.first_contact + n)
    }

    /// The same with longer texts, so that a body has about this many bytes.
    pub(crate) fn with_bodies_of(mut self, bytes: usize, unix_seconds: i64) -> Self {
        let bare = self.make(0, unix_seconds).body.len();
        let each = usize::try_from(self.messages_per_webhook).unwrap_or(1);
        self.filler = (bytes.saturating_sub(bare) / each).min(TEXT_MAX);
        self
    }

    /// The k-th webhook of the run.
    pub(crate) fn make(&self, k: u64, unix_seconds: i64) -> Webhook {
        let first = k * self.messages_per_webhook;
        let numbers = first..first + self.messages_per_webhook;
        let (contacts, messages): (Vec<Value>, Vec<Value>) =
            numbers.map(|n| self.message(n, unix_seconds)).unzip();
        let envelope = json!({
            "object": "whatsapp_business_account",
            "entry": [{"id": self.waba_id, "changes": [{"field": "messages", "value": {
                "messaging_product": "whatsapp",
                "metadata": {"display_phone_number": "551140000000", "phone_number_id": self.phone_number_id},
                "contacts": contacts,
                "messages": messages,
            }}]}],
        });
        let body = Bytes::from(ascii(&envelope.to_string()));
        let digest = self.key.clone().chain_update(&body).finalize().into_bytes();
        Webhook {
            signature: format!("sha256={}", hex::encode(digest)),
            body,
        }
    }

    fn message(&self, n: u64, unix_seconds: i64) -> (Value, Value) {
        let contact = n % self.contacts;
        let (phone, user_id) = (self.phone(contact), self.user_id(contact));
        let text = self.texts[usize::try_from(n).unwrap_or(0) % self.texts.len()];
        let person =
            json!({"profile": {"name": self.name(contact)}, "wa_id": phone, "user_id": user_id});
        let message = json!({
            "from": phone,
            "from_user_id": user_id,
            "id": self.wamid(&phone, n),
            "timestamp": unix_seconds.to_string(),
            "type": "text",
            "text": {"body": format!("{text} {}{}", self.mark.stamp(n), ".".repeat(self.filler))},
        });
        (person, message)
    }

    /// Like Meta's: the phone's digits, a mark, and twenty hex digits of our own.
    fn wamid(&self, phone: &str, n: u64) -> String {
        let mut raw = vec![0x1c, 0x18, 13];
        raw.extend_from_slice(phone.as_bytes());
        raw.extend_from_slice(&[0x15, 0x02, 0x00, 0x12, 0x18, 0x14]);
        raw.extend_from_slice(format!("{:010X}{n:010X}", self.salt & 0xff_ffff_ffff).as_bytes());
        raw.push(0);
        format!("wamid.{}", STANDARD.encode(raw))
    }
}

/// `\u` escapes for everything beyond ASCII and `\/` for slashes, as Meta sends.
fn ascii(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len() + 64);
    for character in json.chars() {
        if character == '/' {
            escaped.push_str("\\/");
        } else if character.is_ascii() {
            escaped.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                escaped.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn factory(per_webhook: u64) -> Factory {
        let demo = Demo {
            webhook_url: String::new(),
            phone_number_id: "1".into(),
            waba_id: "2".into(),
            app_secret: "test_app_secret".into(),
            ..Demo::default()
        };
        Factory::new(&demo, 10, per_webhook, 7).unwrap()
    }

    #[test]
    fn messages_are_distinct_and_bodies_are_ascii() {
        let factory = factory(3);
        let mut ids = HashSet::new();
        for k in 0..20 {
            let webhook = factory.make(k, 1_800_000_000);
            assert!(webhook.body.is_ascii());
            let body: Value = serde_json::from_slice(&webhook.body).unwrap();
            let messages = body["entry"][0]["changes"][0]["value"]["messages"]
                .as_array()
                .cloned()
                .unwrap();
            assert_eq!(messages.len(), 3);
            ids.extend(messages.iter().map(|message| message["id"].to_string()));
        }
        assert_eq!(ids.len(), 60);
    }

    #[test]
    fn the_signature_is_over_the_bytes() {
        let factory = factory(1);
        let empty = factory
            .key
            .clone()
            .chain_update(br#"{"object":"whatsapp_business_account","entry":[]}"#);
        assert_eq!(
            hex::encode(empty.finalize().into_bytes()),
            "dec6a680679a968e7e0319355b23599cbfc54502c0784668e9618baa0c633756"
        );
        assert_ne!(factory.make(0, 1).signature, factory.make(1, 1).signature);
    }

    #[test]
    fn bodies_grow_to_the_size_asked_for() {
        let body = factory(1_000).with_bodies_of(3_000_000, 1).make(1, 1).body;
        assert!(
            (2_900_000..=3_010_000).contains(&body.len()),
            "{}",
            body.len()
        );
    }

    #[test]
    fn escapes_keep_the_value() {
        let value = json!({"text": "não 🙏 http://x/"});
        assert_eq!(
            serde_json::from_str::<Value>(&ascii(&value.to_string())).unwrap(),
            value
        );
    }
}
