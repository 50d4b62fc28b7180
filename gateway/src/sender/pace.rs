//! How fast Meta lets us send: per number, and per customer of a number.

use std::sync::Arc;
use std::time::{Duration, Instant};

use balcao_core::config::Whatsapp;
use balcao_core::limits::{Limit, LimitKey, Limits};
use balcao_core::model::{ChannelId, ContactId};
use balcao_core::store::channel::Channel;
use moka::sync::Cache;
use tokio::sync::Mutex;

/// Meta counts customers in periods of 6 seconds.
const PAIR_PERIOD: Duration = Duration::from_secs(6);
/// Waiting for the number's turn is cheaper than putting a send back, up to so long.
const MAX_WAIT: Duration = Duration::from_secs(1);
/// The part of a second's messages that may leave at once.
const BURST_SHARE: u32 = 4;
/// More numbers than an installation has.
const MAX_CHANNELS: u64 = 10_000;

/// The paces of all numbers.
pub(super) struct Pace {
    limits: Limits,
    pair: Limit,
    messages_per_second: u32,
    /// First come, first served: only the first one in line asks for its number's turn.
    lines: Cache<ChannelId, Arc<Mutex<()>>>,
}

impl Pace {
    pub(super) fn new(limits: Limits, whatsapp: &Whatsapp) -> Self {
        Self {
            limits,
            pair: Limit::new("pair", whatsapp.pair_per_6s, PAIR_PERIOD)
                .with_burst(whatsapp.pair_burst),
            messages_per_second: whatsapp.messages_per_second,
            lines: Cache::new(MAX_CHANNELS),
        }
    }

    /// Takes a turn of the customer and of the number, waiting a little for the latter.
    ///
    /// # Errors
    /// How long to come back after.
    pub(super) async fn turn(
        &self,
        channel: &Channel,
        contact_id: ContactId,
    ) -> Result<(), Duration> {
        let pair = self
            .limits
            .check(&self.pair, &LimitKey::ids(channel.id.0, contact_id.0), 1)
            .await;
        if !pair.allowed {
            return Err(pair.retry_after);
        }
        let per_second = u32::try_from(channel.throughput_per_second)
            .unwrap_or(1)
            .min(self.messages_per_second);
        // A full second's worth at once would be twice the pace in the first second.
        let burst = (per_second / BURST_SHARE).max(1);
        let number = Limit::per_second("number", per_second).with_burst(burst);
        let key = LimitKey::id(channel.id.0);
        let line = self.lines.get_with(channel.id, Arc::default);
        let until = Instant::now() + MAX_WAIT;
        let Ok(_first) = tokio::time::timeout(MAX_WAIT, line.lock()).await else {
            return Err(MAX_WAIT);
        };
        loop {
            let turn = self.limits.check(&number, &key, 1).await;
            if turn.allowed {
                return Ok(());
            }
            if Instant::now() + turn.retry_after > until {
                return Err(turn.retry_after);
            }
            tokio::time::sleep(turn.retry_after).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use balcao_core::config::{Config, Sources};
    use compliance::SubjectId;
    use uuid::Uuid;

    use super::*;

    fn pace(settings: &[(&str, &str)]) -> Pace {
        let sources = settings
            .iter()
            .fold(Sources::default(), |sources, (key, value)| {
                sources.with(key, *value)
            });
        Pace::new(
            Limits::new(None, 1),
            &Config::load(&sources).unwrap().whatsapp,
        )
    }

    fn channel(throughput_per_second: i32) -> Channel {
        Channel {
            id: ChannelId::new(),
            phone_number_id: "1".into(),
            waba_id: "1".into(),
            name: "test".into(),
            portfolio: "1".into(),
            subject_id: SubjectId(Uuid::nil()),
            access_token: "token".to_owned().into(),
            throughput_per_second,
            default_team_id: None,
            display_phone_number: None,
            token_fingerprint: String::new(),
            app_secrets: Vec::new(),
            stopped: None,
        }
    }

    #[tokio::test]
    async fn a_customer_gets_a_burst_and_then_one_message_in_six_seconds() {
        let (pace, channel) = (pace(&[("whatsapp.pair_burst", "3")]), channel(80));
        let (one, other) = (ContactId::new(), ContactId::new());
        for _ in 0..3 {
            assert_eq!(pace.turn(&channel, one).await, Ok(()));
        }
        let wait = pace.turn(&channel, one).await.unwrap_err();
        assert!(
            wait > Duration::from_secs(5) && wait <= Duration::from_secs(6),
            "{wait:?}"
        );
        assert_eq!(
            pace.turn(&channel, other).await,
            Ok(()),
            "another customer is not concerned"
        );
    }

    #[tokio::test]
    async fn sends_of_a_number_wait_for_each_other() {
        let pace = pace(&[("whatsapp.messages_per_second", "4")]);
        let channel = channel(80);
        let began = Instant::now();
        for _ in 0..3 {
            assert_eq!(pace.turn(&channel, ContactId::new()).await, Ok(()));
        }
        assert!(
            began.elapsed() >= Duration::from_millis(490),
            "the smaller of both settings holds"
        );
    }
}
