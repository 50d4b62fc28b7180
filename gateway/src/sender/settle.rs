//! What an answer of Meta's means for a send, written down.

use std::time::Duration;

use balcao_core::bell::Wake;
use balcao_core::metrics;
use balcao_core::model::{Body, Rank, SendState};
use balcao_core::store::channel::Channel;
use balcao_core::store::outbox::{self, Leased, Letter};
use balcao_core::store::{self, dead_letter, status};
use compliance::{Mac, Place};

use super::Sender;
use super::pace::STOPPED_FOR;
use crate::cloud_api::{Answer, Refusal};
use crate::graph_error::{self, Verdict};

/// Calls after which a send fails instead of coming back.
const MAX_TRIES: i16 = 8;
/// The longest wait that tries of the same customer add up to: 4^5 seconds.
const MAX_PAIR_POWER: u32 = 5;
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
        letter: Letter,
        body: Body,
        answer: Answer,
    ) -> Result<(), store::Error> {
        match answer {
            Answer::Taken { wamid } => {
                count("ok");
                let mac = self
                    .0
                    .ctx
                    .store
                    .vault
                    .mac_wamid(&channel.phone_number_id, &wamid);
                self.taken(
                    send,
                    &letter,
                    &Body {
                        wamid: Some(wamid),
                        ..body
                    },
                    mac,
                )
                .await?;
                self.mark_read(send, channel, letter.last_inbound_seq).await
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
            Answer::Refused(refusal) => self.refused(send, refusal).await,
        }
    }

    async fn refused(&self, send: &Leased, refusal: Refusal) -> Result<(), store::Error> {
        let Refusal {
            http_status,
            code,
            is_transient,
        } = refusal;
        let shown = Some(code.unwrap_or_else(|| http_status.into()));
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
                tracing::error!(
                    channel_id = %send.channel_id, http_status, code,
                    "Meta refuses this number: nothing is sent through it until its token, permissions or payment are repaired"
                );
                self.0.pace.stop(send.channel_id);
                self.put_back(send, jittered(STOPPED_FOR), shown).await
            }
        }
    }

    /// Writes the message id down, again and again for a while: without it only a status can tell.
    async fn taken(
        &self,
        send: &Leased,
        letter: &Letter,
        body: &Body,
        mac: Mac,
    ) -> Result<(), store::Error> {
        let mut writes = 1;
        loop {
            match self.write_taken(send, letter, body, mac).await {
                Ok(wakes) => {
                    self.0.ctx.bell.ring(&wakes);
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
        letter: &Letter,
        body: &Body,
        mac: Mac,
    ) -> Result<Vec<Wake>, store::Error> {
        let store = &self.0.ctx.store;
        let plaintext = serde_json::to_vec(body).map_err(|_| store::Error::Damaged("content"))?;
        let mut tx = store.worker.begin().await?;
        let keys = store.vault.load(&mut tx, &[letter.subject_id]).await?;
        let sealed = match keys.require(letter.subject_id) {
            Ok(key) => key.seal(Place::message(letter.item.id.0), &plaintext)?,
            // Erased meanwhile: `outbox::sent` leaves the emptied row as it is.
            Err(compliance::Error::NoKey(_)) => Vec::new(),
            Err(error) => return Err(error.into()),
        };
        let mut wakes = vec![outbox::sent(&mut tx, send, mac, &sealed).await?];
        wakes.extend(merge_parked(&mut tx, mac).await?);
        tx.commit().await?;
        Ok(wakes)
    }

    /// Shows the customer that they were read, once per newest item. Best effort, not counted as a send.
    async fn mark_read(
        &self,
        send: &Leased,
        channel: &Channel,
        seq: i64,
    ) -> Result<(), store::Error> {
        let inner = &*self.0;
        if seq == 0
            || inner.breaker.is_open()
            || inner.marked.get(&send.conversation_id) == Some(seq)
        {
            return Ok(());
        }
        inner.marked.insert(send.conversation_id, seq);
        let mut conn = inner.ctx.store.worker.acquire().await?;
        let wamid = self.wamid(&mut conn, send, seq).await?;
        drop(conn);
        if let Some(wamid) = wamid
            && !inner.api.mark_read(channel, &wamid).await
        {
            tracing::debug!(conversation_id = %send.conversation_id, seq, "a read mark was not taken");
        }
        Ok(())
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
        let mut tx = self.0.ctx.store.worker.begin().await?;
        let wake = outbox::end(&mut tx, send, state, code).await?;
        tx.commit().await?;
        self.0.ctx.bell.ring(&[wake]);
        Ok(())
    }
}

/// Statuses that came before the message id was known.
async fn merge_parked(conn: &mut store::PgConnection, mac: Mac) -> Result<Vec<Wake>, store::Error> {
    let parked = dead_letter::unpark(&mut *conn, mac).await?;
    let reports: Vec<status::Report> = parked
        .into_iter()
        .filter_map(|(rank, at)| {
            Some(status::Report {
                mac,
                rank: rank_of(rank)?,
                at,
                error_code: None,
                callback: None,
            })
        })
        .collect();
    if reports.is_empty() {
        return Ok(Vec::new());
    }
    Ok(status::apply(conn, &reports).await?.1)
}

fn rank_of(stored: i16) -> Option<Rank> {
    let ranks = [
        Rank::Accepted,
        Rank::Sent,
        Rank::Failed,
        Rank::Delivered,
        Rank::Read,
        Rank::Played,
    ];
    ranks.into_iter().find(|rank| rank.stored() == stored)
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

    #[test]
    fn every_stored_rank_is_read_back() {
        for rank in [10, 20, 25, 30, 40, 50] {
            assert_eq!(rank_of(rank).map(Rank::stored), Some(rank));
        }
        assert_eq!(rank_of(0), None);
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
