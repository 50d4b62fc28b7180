//! What an answer of Meta's means for a send, written down.

use std::time::Duration;

use balcao_core::bell::Wake;
use balcao_core::metrics;
use balcao_core::model::SendState;
use balcao_core::store::channel::Channel;
use balcao_core::store::outbox::{self, Leased};
use balcao_core::store::{self, parked};
use compliance::Mac;

use super::Sender;
use super::prepare::Prepared;
use crate::cloud_api::{Answer, Refusal, Taken};
use crate::graph_error::{self, Verdict};

/// Calls and uploads after which a send fails instead of coming back.
const MAX_TRIES: i16 = 8;
/// The longest wait that tries of the same customer add up to: 4^5 seconds.
const MAX_PAIR_POWER: u32 = 5;
/// A send that stopped its number comes back after so long: when the stop is lifted, it goes.
const STOPPED_AFTER: Duration = Duration::from_secs(1);
/// The longest pause between two tries.
const MAX_PAUSE: Duration = Duration::from_secs(300);
/// Tries to write down that Meta took a message, and the pause between them in milliseconds. What is not written by
/// then is settled by the first status.
const MAX_WRITES: u32 = 5;
const WRITE_AGAIN_MS: u64 = 1_000;

impl Sender {
    /// Writes down what became of a call.
    pub(super) async fn settle(
        &self,
        send: &Leased,
        channel: &Channel,
        prepared: Prepared,
        answer: Answer,
    ) -> Result<(), store::Error> {
        match answer {
            Answer::Taken(taken) => {
                count("ok");
                self.works(channel).await;
                let address = prepared.address.clone();
                self.taken(send, channel, &taken).await?;
                self.learn(send, channel, &address, &taken).await;
                self.mark_read(send.conversation_id, prepared.last_inbound_seq)
                    .await
            }
            Answer::NotCalled => {
                count("failed");
                // Bounded by the window: a send that waits out an outage expires, it does not fail.
                self.put_back(send, backoff(Duration::from_secs(1), send.tries), None)
                    .await
            }
            Answer::Lost => {
                count("unknown");
                Ok(())
            }
            Answer::Refused(refusal) => self.refused(send, channel, refusal).await,
        }
    }

    /// Lifts a stop that this answer disproves.
    async fn works(&self, channel: &Channel) {
        if channel.stopped.is_some()
            && let Err(error) = self.0.channels.resume(channel).await
        {
            tracing::warn!(%error, "the end of a stop could not be written down; the next send tries again");
        }
    }

    async fn refused(
        &self,
        send: &Leased,
        channel: &Channel,
        refusal: Refusal,
    ) -> Result<(), store::Error> {
        let Refusal {
            http_status,
            code,
            is_transient,
        } = refusal;
        let told = code.unwrap_or_else(|| http_status.into());
        let shown = Some(told);
        let verdict = graph_error::verdict(code, http_status, is_transient);
        tracing::info!(
            conversation_id = %send.conversation_id, seq = send.seq, http_status, code, ?verdict, "Meta refused a send"
        );
        // This call counts too.
        let is_last = send.tries + 1 >= MAX_TRIES;
        match verdict {
            Verdict::Ambiguous => {
                count("unknown");
                Ok(())
            }
            Verdict::Fail => {
                count("refused");
                self.end(send, SendState::Failed, shown).await
            }
            Verdict::Retry(_) | Verdict::PairWait if is_last => {
                count("limited");
                self.end(send, SendState::Failed, shown).await
            }
            Verdict::Retry(base) => {
                count("limited");
                self.put_back(send, backoff(base, send.tries), shown).await
            }
            Verdict::PairWait => {
                count("limited");
                self.put_back(send, pair_wait(send.tries), shown).await
            }
            Verdict::StopChannel => {
                count("refused");
                self.stop(send, channel, told).await
            }
        }
    }

    /// Stops a number that Meta refuses with this code (or HTTP status); the send waits.
    pub(super) async fn stop(
        &self,
        send: &Leased,
        channel: &Channel,
        code: i32,
    ) -> Result<(), store::Error> {
        let reason = format!("code_{code}");
        if self.0.channels.stop(channel, &reason).await? {
            tracing::error!(
                channel_id = %send.channel_id, code,
                "Meta refuses this number: nothing is sent through it until it is repaired; ask: balcao channel check"
            );
        }
        self.put_back(send, STOPPED_AFTER, Some(code)).await
    }

    /// Counts a try that ended before the call, and puts the send back unless it was the last one.
    pub(super) async fn again(
        &self,
        send: &Leased,
        base: Duration,
        code: i32,
    ) -> Result<(), store::Error> {
        if send.tries + 1 >= MAX_TRIES {
            return self.end(send, SendState::Failed, Some(code)).await;
        }
        let mut conn = self.0.ctx.store.worker.acquire().await?;
        outbox::count_try(&mut conn, send).await?;
        drop(conn);
        self.put_back(send, backoff(base, send.tries), Some(code))
            .await
    }

    /// Writes the message id down, again and again for a while: without it only a status can tell.
    async fn taken(
        &self,
        send: &Leased,
        channel: &Channel,
        taken: &Taken,
    ) -> Result<(), store::Error> {
        let vault = &self.0.ctx.store.vault;
        let mac = vault.mac_wamid(&channel.phone_number_id, &taken.wamid);
        let mut writes = 1;
        loop {
            match self.write_taken(send, mac, taken).await {
                Ok(wake) => {
                    self.0.ctx.bell.ring(&[wake]);
                    // What Meta told of it before it was known.
                    match self.release(mac).await {
                        Ok(wakes) => self.0.ctx.bell.ring(&wakes),
                        Err(error) => {
                            tracing::warn!(%error, "what waited for a message id is released later");
                        }
                    }
                    return Ok(());
                }
                Err(error) if writes >= MAX_WRITES => return Err(error),
                Err(error) => {
                    tracing::warn!(%error, writes, "a message id could not be written; trying again");
                    writes += 1;
                    tokio::time::sleep(Duration::from_millis(WRITE_AGAIN_MS)).await;
                }
            }
        }
    }

    async fn write_taken(
        &self,
        send: &Leased,
        mac: Mac,
        taken: &Taken,
    ) -> Result<Wake, store::Error> {
        let store = &self.0.ctx.store;
        let mut tx = store.worker.begin().await?;
        let taken = outbox::Taken {
            mac,
            wamid: &taken.wamid,
            message_status: taken.held.as_deref(),
        };
        let wake = outbox::sent(store, &mut tx, send, taken).await?;
        tx.commit().await?;
        Ok(wake)
    }

    async fn release(&self, mac: Mac) -> Result<Vec<Wake>, store::Error> {
        let store = &self.0.ctx.store;
        let mut tx = store.worker.begin().await?;
        let wakes = parked::release(store, &mut tx, &[mac]).await?;
        tx.commit().await?;
        Ok(wakes)
    }

    pub(super) async fn put_back(
        &self,
        send: &Leased,
        delay: Duration,
        code: Option<i32>,
    ) -> Result<(), store::Error> {
        let mut conn = self.0.ctx.store.worker.acquire().await?;
        outbox::put_back(&mut conn, send, delay.as_secs_f64(), code).await
    }

    pub(super) async fn end(
        &self,
        send: &Leased,
        state: SendState,
        code: Option<i32>,
    ) -> Result<(), store::Error> {
        let ctx = &self.0.ctx;
        let mut tx = ctx.store.worker.begin().await?;
        let wake = outbox::end(&mut tx, send, state, code).await?;
        if let (Some(code), SendState::Failed) = (code, state) {
            outbox::of_send(&mut tx, send, code, ctx.clock.now()).await?;
        }
        tx.commit().await?;
        if let Some(wake) = wake {
            ctx.bell.ring(&[wake]);
        }
        Ok(())
    }
}

/// Exponential with full jitter: anything up to `base` times 2^tries, at most five minutes, at least half of `base`.
fn backoff(base: Duration, tries: i16) -> Duration {
    let doublings = u32::try_from(tries).unwrap_or(0).min(16);
    let ceiling = base.saturating_mul(1 << doublings).min(MAX_PAUSE.max(base));
    base / 2 + (ceiling - base / 2).mul_f64(rand::random_range(0.0..=1.0))
}

/// 4^tries seconds, as Meta asks, and a little more so that nobody comes back at the same instant.
fn pair_wait(tries: i16) -> Duration {
    let power = u32::try_from(tries).unwrap_or(0).min(MAX_PAIR_POWER);
    jittered(Duration::from_secs(4_u64.pow(power)))
}

/// `base` and up to a quarter more.
pub(super) fn jittered(base: Duration) -> Duration {
    base + base.mul_f64(rand::random_range(0.0..=0.25))
}

fn count(outcome: &'static str) {
    ::metrics::counter!(metrics::GRAPH_CALLS, "outcome" => outcome).increment(1);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn waiting_for_a_customer_grows_by_powers_of_four() {
        for (tries, seconds) in [(0, 1), (1, 4), (2, 16), (5, 1_024), (9, 1_024)] {
            let wait = pair_wait(tries);
            let exact = Duration::from_secs(seconds);
            assert!(
                (exact..=exact.mul_f64(1.25)).contains(&wait),
                "{tries}: {wait:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn a_pause_is_never_nothing_and_never_endless(base_ms in 100_u64..60_000, tries in 0_i16..200) {
            let base = Duration::from_millis(base_ms);
            let pause = backoff(base, tries);
            prop_assert!(pause >= base / 2);
            prop_assert!(pause <= MAX_PAUSE.max(base));
        }
    }
}
