//! One send, from its lease to the answer.

use std::time::{Duration, Instant};

use balcao_core::breaker::Permit;
use balcao_core::metrics;
use balcao_core::model::{Body, CallbackData, Content, SendState};
use balcao_core::store::channel::Channel;
use balcao_core::store::outbox::{self, Leased, Letter};
use balcao_core::store::{self, message};
use compliance::Place;
use serde_json::Value;

use super::wire::{self, Envelope};
use super::{Sender, settle};
use crate::cloud_api::Answer;
use crate::identity::Address;

/// Meta: the 24-hour window is closed.
const WINDOW_CLOSED: i32 = 131_047;
/// Meta: undeliverable.
const UNDELIVERABLE: i32 = 131_026;
/// A disabled or unknown number is asked for again after so long.
const NO_CHANNEL: Duration = Duration::from_secs(30);
/// While Meta is taken for dead, sends come back after about so long.
const BREAKER_OPEN: Duration = Duration::from_secs(5);

/// Everything a call needs.
struct Prepared {
    message: Value,
    body: Body,
    letter: Letter,
}

/// What is to be done with a send that is not called.
enum Unsent {
    /// It ended.
    End(SendState, Option<i32>),
    /// It comes back.
    Later(Duration),
}

impl Sender {
    /// Makes one leased send. Whatever fails on the way before the call leaves the lease to end by itself: the send is
    /// queued again then.
    pub(super) async fn deliver(self, send: Leased) {
        let leased = Instant::now();
        if let Err(error) = self.attempt(&send, leased).await {
            tracing::warn!(%error, conversation_id = %send.conversation_id, seq = send.seq, "a send waits for its lease to end");
        }
    }

    async fn attempt(&self, send: &Leased, leased: Instant) -> Result<(), store::Error> {
        let inner = &*self.0;
        let Some(channel) = inner.channels.by_id(send.channel_id).await? else {
            return self.put_back(send, NO_CHANNEL, None).await;
        };
        let prepared = match self.prepare(send).await? {
            Ok(prepared) => prepared,
            Err(Unsent::End(state, code)) => return self.end(send, state, code).await,
            Err(Unsent::Later(delay)) => return self.put_back(send, delay, None).await,
        };
        if let Err(delay) = inner.pace.turn(&channel, send.contact_id).await {
            return self.put_back(send, delay, None).await;
        }
        let Some(permit) = inner.breaker.permit() else {
            return self
                .put_back(send, settle::jittered(BREAKER_OPEN), None)
                .await;
        };
        let answer = self
            .call(send, &channel, &prepared.message, leased, permit)
            .await?;
        match answer {
            Some(answer) => {
                self.settle(send, &channel, prepared.letter, prepared.body, answer)
                    .await
            }
            None => Ok(()),
        }
    }

    /// Opens words and address, and checks what can be checked before a call.
    async fn prepare(&self, send: &Leased) -> Result<Result<Prepared, Unsent>, store::Error> {
        let inner = &*self.0;
        if let Some(left) = inner.pace.stopped(send.channel_id) {
            return Ok(Err(Unsent::Later(left)));
        }
        let mut conn = inner.ctx.store.worker.acquire().await?;
        let Some(letter) = outbox::letter(&inner.ctx.store, &mut conn, send).await? else {
            return Ok(Err(Unsent::End(SendState::Cancelled, None)));
        };
        // Erased meanwhile: there is nothing left to say.
        let Some(body) = letter.item.body.clone() else {
            return Ok(Err(Unsent::End(SendState::Cancelled, None)));
        };
        let is_closed = send
            .window_until
            .is_none_or(|until| until <= inner.ctx.clock.now());
        if is_closed && !wire::is_template(&body.content) {
            return Ok(Err(Unsent::End(SendState::Expired, Some(WINDOW_CLOSED))));
        }
        let Some(address) = self.address(&mut conn, send, &letter).await? else {
            return Ok(Err(Unsent::End(SendState::Failed, Some(UNDELIVERABLE))));
        };
        let quotes = match letter.item.reply_to_seq {
            Some(seq) => self.wamid(&mut conn, send, seq).await?,
            None => None,
        };
        Ok(
            match self.message(send, &body.content, &address, quotes.as_deref()) {
                Ok(message) => Ok(Prepared {
                    message,
                    body,
                    letter,
                }),
                Err(code) => Err(Unsent::End(SendState::Failed, Some(code))),
            },
        )
    }

    fn message(
        &self,
        send: &Leased,
        content: &Content,
        address: &Address,
        quotes: Option<&str>,
    ) -> Result<Value, i32> {
        let callback = CallbackData {
            conversation_id: send.conversation_id,
            seq: send.seq,
            attempt: send.attempt,
        };
        wire::message(
            content,
            Envelope {
                address,
                quotes,
                callback,
            },
        )
    }

    async fn address(
        &self,
        conn: &mut store::PgConnection,
        send: &Leased,
        letter: &Letter,
    ) -> Result<Option<Address>, store::Error> {
        let Some((subject_id, blob)) = &letter.address else {
            return Ok(None);
        };
        let keys = self.0.ctx.store.vault.load(conn, &[*subject_id]).await?;
        let Some(key) = keys.get(*subject_id) else {
            return Ok(None);
        };
        let plaintext = key.open(
            Place::contact_channel_address(send.contact_id.0, send.channel_id.0),
            blob,
        )?;
        let address: Address =
            serde_json::from_slice(&plaintext).map_err(|_| store::Error::Damaged("address"))?;
        Ok(Some(address).filter(Address::is_sound))
    }

    /// Meta's id of an item of the same conversation.
    pub(super) async fn wamid(
        &self,
        conn: &mut store::PgConnection,
        send: &Leased,
        seq: i64,
    ) -> Result<Option<String>, store::Error> {
        let items = message::items(&self.0.ctx.store, conn, &[(send.conversation_id, seq)]).await?;
        Ok(items.into_iter().next().and_then(|item| item.body?.wamid))
    }

    /// Calls Meta, if the lease still leaves time for it. `None`: not called, the lease is another's or too old.
    async fn call(
        &self,
        send: &Leased,
        channel: &Channel,
        message: &Value,
        leased: Instant,
        permit: Permit,
    ) -> Result<Option<Answer>, store::Error> {
        let inner = &*self.0;
        let whatsapp = &inner.ctx.config.whatsapp;
        let time_left = Duration::from_millis(whatsapp.lease_ms).saturating_sub(leased.elapsed());
        if time_left <= Duration::from_millis(whatsapp.call_timeout_ms) {
            self.put_back(send, Duration::ZERO, None).await?;
            return Ok(None);
        }
        let mut conn = inner.ctx.store.worker.acquire().await?;
        let is_ours = outbox::begin_call(&mut conn, send).await?;
        drop(conn);
        if !is_ours {
            return Ok(None);
        }
        let began = Instant::now();
        let answer = inner.api.send(channel, message).await;
        ::metrics::histogram!(metrics::GRAPH_CALL).record(began.elapsed());
        inner.breaker.record(permit, is_alive(&answer));
        Ok(Some(answer))
    }
}

/// Whether Meta is there: refusals are answers too.
fn is_alive(answer: &Answer) -> bool {
    match answer {
        Answer::Taken { .. } => true,
        Answer::Refused(refusal) => refusal.http_status < 500,
        Answer::NotCalled | Answer::Lost => false,
    }
}
