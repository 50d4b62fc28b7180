//! Meta's hand without the simulator: bodies made by hand, signed rightly or not, posted to one node.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use balcao_core::clock::Clock;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::deadline::{PATIENCE, eventually};
use crate::http::client;
use crate::staff::{Number, random};

/// Longer than the webhook's own limits.
const ANSWERS_WITHIN: Duration = Duration::from_secs(20);

static NEXT: AtomicU64 = AtomicU64::new(1);

/// Posts to one node's webhook.
#[derive(Clone)]
pub struct Meta {
    /// For calls that are not rightly signed posts.
    pub http: reqwest::Client,
    /// The webhook, path included.
    pub url: String,
    number: Number,
}

impl Meta {
    /// Meta's hand on this webhook.
    #[must_use]
    pub fn new(url: &str, number: &Number) -> Self {
        Self {
            http: client(ANSWERS_WITHIN),
            url: url.to_owned(),
            number: number.clone(),
        }
    }

    /// An envelope around one `value` with these lists.
    #[must_use]
    pub fn envelope(&self, lists: &Value) -> Value {
        let mut value = json!({
            "messaging_product": "whatsapp",
            "metadata": {"display_phone_number": "551140000000", "phone_number_id": self.number.phone_number_id},
        });
        if let (Value::Object(value), Value::Object(lists)) = (&mut value, lists) {
            value.extend(lists.clone());
        }
        json!({
            "object": "whatsapp_business_account",
            "entry": [{"id": self.number.waba_id, "changes": [{"field": "messages", "value": value}]}],
        })
    }

    /// A body with these messages of customers.
    #[must_use]
    pub fn messages(&self, messages: &[Value]) -> String {
        let contacts: Vec<Value> = messages
            .iter()
            .filter_map(|message| message["from"].as_str())
            .map(|phone| json!({"profile": {"name": name(phone)}, "wa_id": phone, "user_id": bsuid(phone)}))
            .collect();
        self.envelope(&json!({"contacts": contacts, "messages": messages}))
            .to_string()
    }

    /// A body with these statuses of our messages.
    #[must_use]
    pub fn statuses(&self, statuses: &[Value]) -> String {
        self.envelope(&json!({"statuses": statuses})).to_string()
    }

    /// The header's value for a body.
    #[must_use]
    pub fn signature(&self, body: &[u8]) -> String {
        signed_with(&self.number.app_secret, body)
    }

    /// Posts a rightly signed body, again while the answer is 503 (unsure), as Meta does; the status of the last answer.
    pub async fn post(&self, body: &str) -> u16 {
        self.post_bytes(body.as_bytes()).await
    }

    /// The same for bytes that need not be text.
    pub async fn post_bytes(&self, body: &[u8]) -> u16 {
        let signature = self.signature(body);
        eventually("the webhook is sure", PATIENCE, async || {
            Some(self.post_signed(body, &signature).await).filter(|status| *status != 503)
        })
        .await
    }

    /// Posts a body with this signature header.
    pub async fn post_signed(&self, body: &[u8], signature: &str) -> u16 {
        let request = self
            .http
            .post(&self.url)
            .header("content-type", "application/json");
        let request = request
            .header("x-hub-signature-256", signature)
            .body(body.to_vec());
        request
            .send()
            .await
            .expect("the webhook answers")
            .status()
            .as_u16()
    }
}

/// `sha256=` and the HMAC of a body.
#[must_use]
pub fn signed_with(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes any key");
    mac.update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

/// A text message of the customer with this phone, with a fresh wamid.
#[must_use]
pub fn text(phone: &str, words: &str) -> Value {
    message(phone, json!({"type": "text", "text": {"body": words}}))
}

/// A message of the customer with this phone; `fields` say what it is and win over the usual ones.
#[must_use]
pub fn message(phone: &str, fields: Value) -> Value {
    let mut message = json!({
        "from": phone,
        "from_user_id": bsuid(phone),
        "id": wamid(phone),
        "timestamp": now().to_string(),
    });
    if let (Value::Object(message), Value::Object(fields)) = (&mut message, fields) {
        message.extend(fields);
    }
    message
}

/// A status of one of our messages.
#[must_use]
pub fn status(wamid: &str, phone: &str, word: &str) -> Value {
    let mut status =
        json!({"id": wamid, "status": word, "timestamp": now().to_string(), "recipient_id": phone});
    if word == "failed" {
        status["errors"] = json!([{"code": 131_026, "title": "Message undeliverable"}]);
    }
    status
}

/// A new message id that carries the phone, as Meta's do.
#[must_use]
pub fn wamid(phone: &str) -> String {
    let n = NEXT.fetch_add(1, Ordering::Relaxed);
    format!(
        "wamid.{}",
        BASE64_STANDARD.encode(format!("\u{1c}{phone}\u{15}{n:08}{}", random()))
    )
}

/// The name in the profile of this phone.
#[must_use]
pub fn name(phone: &str) -> String {
    format!("Cliente {phone}")
}

/// Unix seconds.
#[must_use]
pub fn now() -> i64 {
    Clock::system().now().timestamp()
}

fn bsuid(phone: &str) -> String {
    format!("BR.{phone}0001")
}
