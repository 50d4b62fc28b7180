//! One send, from its lease to the answer.

use std::time::{Duration, Instant};

use balcao_core::breaker::Permit;
use balcao_core::metrics;
use balcao_core::model::KEY_BROKEN;
use balcao_core::store;
use balcao_core::store::channel::Channel;
use balcao_core::store::outbox::{self, Leased};
use serde_json::Value;

use super::prepare::Unsent;
use super::{Sender, settle};
use crate::cloud_api::Answer;

/// A disabled or unknown number is asked for again after so long.
const NO_CHANNEL: Duration = Duration::from_secs(30);
/// A send that met a stopped number comes back after so long; until the stop is lifted the lease passes it by.
const STOPPED_NOW: Duration = Duration::from_secs(2);
/// While Meta is taken for dead, sends come back after about so long.
const BREAKER_OPEN: Duration = Duration::from_secs(5);

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
        // The lease skips stopped numbers; this one was stopped a moment ago, or its token does not open.
        if channel.is_stopped(inner.ctx.clock.now()) {
            return self.put_back(send, STOPPED_NOW, None).await;
        }
        let prepared = match self.prepare(send, &channel).await {
            Ok(prepared) => prepared,
            // It will open no better the next time.
            Err(error) if error.is_of_one() => {
                tracing::error!(%error, conversation_id = %send.conversation_id, seq = send.seq, "a send does not open; it fails");
                Err(Unsent::failed(KEY_BROKEN))
            }
            Err(error) => return Err(error),
        };
        let prepared = match prepared {
            Ok(prepared) => prepared,
            Err(Unsent::End(state, code)) => return self.end(send, state, code).await,
            Err(Unsent::Later(delay)) => return self.put_back(send, delay, None).await,
            Err(Unsent::Again(base, code)) => return self.again(send, base, code).await,
            Err(Unsent::Stop(code)) => return self.stop(send, &channel, code).await,
        };
        if let Err(delay) = inner.pace.turn(&channel, send.contact_id).await {
            return self.put_back(send, delay, None).await;
        }
        let breaker = inner.breaker(channel.id);
        let Some(permit) = breaker.permit() else {
            return self
                .put_back(send, settle::jittered(BREAKER_OPEN), None)
                .await;
        };
        let answer = self
            .call(send, &channel, &prepared.message, leased, permit)
            .await?;
        match answer {
            Some(answer) => self.settle(send, &channel, prepared, answer).await,
            None => Ok(()),
        }
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
            // If it still is, its case has moved: the next lease knows to whom.
            self.put_back(send, Duration::ZERO, None).await?;
            return Ok(None);
        }
        let began = Instant::now();
        let answer = inner.api.send(channel, message).await;
        ::metrics::histogram!(metrics::GRAPH_CALL).record(began.elapsed());
        inner.breaker(channel.id).record(permit, is_alive(&answer));
        Ok(Some(answer))
    }
}

/// Whether Meta is there: refusals are answers too, those of 500 and more when they carry a code of Meta's.
fn is_alive(answer: &Answer) -> bool {
    match answer {
        Answer::Taken(_) => true,
        Answer::Refused(refusal) => refusal.http_status < 500 || refusal.code.is_some(),
        Answer::NotCalled | Answer::Lost => false,
    }
}
