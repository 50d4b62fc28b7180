//! What waits for a person: sends, dead letters, events that waited in vain, alerts of Meta's, numbers that do badly.
//!
//! Promises: ids, words and times only; nothing here names a customer.

use balcao_core::store::channel_health::{self, ChannelState, Overview};
use balcao_core::store::notice::{self, Wanted};
use balcao_core::store::{Store, dead_letter, outbox};
use serde_json::{Value, json};

use crate::cli::Failure;

/// Rows of each kind that are listed at most.
const LISTED: i64 = 20;

/// Everything that waits.
#[derive(Default)]
pub(super) struct Waiting {
    sends: Value,
    letters: Vec<dead_letter::Listed>,
    expired: Vec<dead_letter::ExpiredEvent>,
    alerts: Vec<notice::Listed>,
    channels: Vec<Overview>,
}

impl Waiting {
    pub(super) async fn read(store: &Store) -> Result<Self, Failure> {
        let mut conn = store.worker.acquire().await?;
        let (queued, age, unknown) = outbox::gauge(&mut conn).await?;
        let parked = dead_letter::expired_parked(&mut conn).await?;
        let wanted = Wanted {
            at_least: Some("alert".to_owned()),
            before: None,
            limit: LISTED,
        };
        Ok(Self {
            sends: json!({
                "sends_queued": queued, "oldest_due_seconds": age, "sends_unknown": unknown,
                "expired_parked_events": parked,
            }),
            letters: dead_letter::list(&mut conn, LISTED).await?,
            expired: dead_letter::list_expired_parked(&mut conn, LISTED).await?,
            alerts: notice::list(&mut conn, &wanted).await?,
            channels: channel_health::list(&mut conn).await?,
        })
    }

    /// The numbers about which somebody should do something.
    fn bad_channels(&self) -> impl Iterator<Item = &Overview> {
        self.channels.iter().filter(|one| {
            matches!(
                one.state(),
                ChannelState::Stopped | ChannelState::Failing | ChannelState::Warning
            )
        })
    }

    /// Adds the lists to an object.
    pub(super) fn json(&self, mut told: Value) -> Value {
        told["waiting"] = self.sends.clone();
        told["dead_letters"] = self
            .letters
            .iter()
            .map(|letter| {
                json!({
                    "id": letter.id, "reason": letter.reason, "detail": letter.detail,
                    "size_bytes": letter.size_bytes, "received_at": letter.received_at,
                })
            })
            .collect();
        told["expired_parked_events"] = self
            .expired
            .iter()
            .map(|event| {
                json!({
                    "kind": event.kind, "channel_id": event.channel_id,
                    "parked_at": event.parked_at, "expires_at": event.expires_at,
                })
            })
            .collect();
        told["alerts"] = self
            .alerts
            .iter()
            .map(|alert| {
                json!({
                    "id": alert.id, "waba_id": alert.waba_id, "channel_id": alert.channel_id, "field": alert.field,
                    "event": alert.event, "detail": alert.detail, "at": alert.at,
                })
            })
            .collect();
        told["bad_channels"] = self
            .bad_channels()
            .map(|one| {
                let says: Vec<&str> = complaints(one).collect();
                json!({
                    "id": one.id, "phone_number_id": one.phone_number_id, "name": one.name, "state": one.state(),
                    "stopped": one.stopped.as_ref().map(|stop| &stop.reason), "waiting": one.waiting, "says": says,
                })
            })
            .collect();
        told
    }

    /// One line for each.
    pub(super) fn print(&self) {
        println!("waiting: {}", self.sends);
        for one in self.bad_channels() {
            let stopped = one.stopped.as_ref();
            let stopped = stopped.map_or(String::new(), |stop| format!(" ({})", stop.reason));
            println!(
                "number {}  {}  {}{stopped}, {} sends wait; ask: balcao channel check {}",
                one.phone_number_id,
                one.name,
                one.state().word(),
                one.waiting,
                one.phone_number_id
            );
            for says in complaints(one) {
                println!("  {says}");
            }
        }
        for alert in &self.alerts {
            println!(
                "alert {}  {}  {} {}  account {}  {}",
                alert.id,
                alert.at.format("%Y-%m-%d %H:%M:%S"),
                alert.field,
                alert.event.as_deref().unwrap_or_default(),
                alert.waba_id,
                alert.detail
            );
        }
        for event in &self.expired {
            println!(
                "waited in vain: {}  {} to {}",
                event.kind,
                event.parked_at.format("%Y-%m-%d %H:%M:%S"),
                event.expires_at.format("%Y-%m-%d %H:%M:%S")
            );
        }
        for letter in &self.letters {
            println!(
                "dead letter {}  {}  {} ({} bytes)  {}",
                letter.id,
                letter.received_at.format("%Y-%m-%d %H:%M:%S"),
                letter.reason,
                letter.size_bytes,
                letter.detail.as_deref().unwrap_or_default()
            );
        }
        if self.letters.is_empty() {
            println!("no dead letters");
        }
    }
}

/// What the last check of a number complained about.
fn complaints(one: &Overview) -> impl Iterator<Item = &str> {
    one.health
        .findings
        .iter()
        .filter(|finding| finding.grade > channel_health::Grade::Ok)
        .map(|finding| finding.says.as_str())
}
