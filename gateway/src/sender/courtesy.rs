//! What is polite and never counted as a send: read marks, "is typing", and what an answer tells of a customer's number.
//!
//! Promises: "is typing" at most once in 20 seconds for each conversation over all nodes, a read mark once for each newest
//! item that somebody read, and never one for an earlier item after one for a later; only while the window is open;
//! nothing waits for them and their failure changes nothing.

use std::sync::Arc;
use std::time::{Duration, Instant};

use balcao_core::bell::{Hint, Ring};
use balcao_core::limits::{Limit, LimitKey};
use balcao_core::model::ConversationId;
use balcao_core::shutdown::Shutdown;
use balcao_core::store::channel::Channel;
use balcao_core::store::contact::{self, IdentityKind, Person};
use balcao_core::store::outbox::Leased;
use balcao_core::store::read_mark::{self, Claim};
use balcao_core::store::{self, conversation};
use tokio::task::JoinSet;

use super::{Sender, seconds};
use crate::cloud_api::Taken;
use crate::identity::{self, Address};

/// Meta shows it for 25 s; asked again a little sooner, it does not flicker.
const TYPING: Limit = Limit::new("typing_call", 1, Duration::from_secs(20));
/// While another node shows that somebody was read, "is typing" waits this often for so long.
const TYPING_TRIES: u32 = 12;
const TYPING_AGAIN: Duration = Duration::from_millis(250);
/// Conversations in which a dead node left something to show, looked at in one sweep.
const MAX_SWEPT: i64 = 100;
/// Courtesies under way at once; what comes beyond is left out.
const MAX_AT_ONCE: usize = 16;

/// A claim, and since when at the latest its lease runs.
struct Turn {
    claim: Claim,
    since: Instant,
}

impl Sender {
    /// Listens for people who write or read, until the drain.
    pub(super) async fn courtesy(self, shutdown: Shutdown) {
        let mut bell = self.0.ctx.bell.subscribe();
        let mut calls: JoinSet<()> = JoinSet::new();
        loop {
            let ring = tokio::select! {
                () = shutdown.draining() => return,
                _ = calls.join_next(), if !calls.is_empty() => continue,
                ring = bell.recv() => ring,
            };
            let Ring::Hint(hint, _) = ring else { continue };
            if calls.len() >= MAX_AT_ONCE {
                continue;
            }
            let sender = self.clone();
            match hint {
                Hint::Typing { conversation_id } => calls.spawn(async move {
                    sender.shown(conversation_id, true).await;
                }),
                Hint::Read { conversation_id } => calls.spawn(async move {
                    sender.shown(conversation_id, false).await;
                }),
                _ => continue,
            };
        }
    }

    async fn shown(&self, id: ConversationId, is_typing: bool) {
        if is_typing {
            let key = LimitKey::id(id.0);
            let turn = self.0.ctx.limits.check(&TYPING, &key, 1).await;
            if !turn.allowed {
                return;
            }
        }
        if let Err(error) = self.show(id, is_typing).await {
            tracing::debug!(%error, conversation_id = %id, "a courtesy was left out");
        }
    }

    async fn show(&self, id: ConversationId, is_typing: bool) -> Result<(), store::Error> {
        if !is_typing {
            let mut conn = self.0.ctx.store.worker.acquire().await?;
            let seq = read_mark::position(&mut conn, id).await?;
            drop(conn);
            return self.mark_read(id, seq).await;
        }
        let Some((channel, seq)) = self.reachable(id).await? else {
            return Ok(());
        };
        let Some(turn) = self.turn_to_type(id, seq).await? else {
            return Ok(());
        };
        // It marks as read too.
        self.call_once(id, &channel, turn, true).await?;
        self.serve(id).await
    }

    /// The number and the newest item of a customer who may be called now.
    async fn reachable(
        &self,
        id: ConversationId,
    ) -> Result<Option<(Arc<Channel>, i64)>, store::Error> {
        let inner = &*self.0;
        let mut conn = inner.ctx.store.worker.acquire().await?;
        let Some(place) = conversation::glance(&mut conn, id).await? else {
            return Ok(None);
        };
        drop(conn);
        let now = inner.ctx.clock.now();
        let is_open = place.window_until.is_some_and(|until| until > now);
        let Some(channel) = inner.channels.by_id(place.channel_id).await? else {
            return Ok(None);
        };
        let seq = place.last_inbound_seq;
        let may =
            is_open && seq > 0 && !channel.is_stopped(now) && !inner.breaker(channel.id).is_open();
        Ok(may.then_some((channel, seq)))
    }

    /// Waits a little for whoever shows something else at this moment.
    async fn turn_to_type(
        &self,
        id: ConversationId,
        seq: i64,
    ) -> Result<Option<Turn>, store::Error> {
        for _ in 0..TYPING_TRIES {
            let since = Instant::now();
            let mut conn = self.0.ctx.store.worker.acquire().await?;
            let claim = read_mark::claim_again(&mut conn, id, seq, self.mark_lease()).await?;
            drop(conn);
            if let Some(claim) = claim {
                return Ok(Some(Turn { claim, since }));
            }
            tokio::time::sleep(TYPING_AGAIN).await;
        }
        Ok(None)
    }

    /// Shows the customer that they were read up to here: once for each position over all nodes, and never a lower one
    /// after a higher. Best effort, not counted as a send.
    pub(super) async fn mark_read(&self, id: ConversationId, seq: i64) -> Result<(), store::Error> {
        let inner = &*self.0;
        if seq == 0 || inner.marked.get(&id).is_some_and(|marked| marked >= seq) {
            return Ok(());
        }
        let mut conn = inner.ctx.store.worker.acquire().await?;
        read_mark::want(&mut conn, id, seq).await?;
        drop(conn);
        self.serve(id).await
    }

    /// Shows what is wanted, as long as there is something and nobody else is about it. What cannot be shown now is left
    /// out for good.
    async fn serve(&self, id: ConversationId) -> Result<(), store::Error> {
        loop {
            let since = Instant::now();
            let mut conn = self.0.ctx.store.worker.acquire().await?;
            let claim = read_mark::claim(&mut conn, id, self.mark_lease()).await?;
            drop(conn);
            let Some(claim) = claim else { return Ok(()) };
            match self.reachable(id).await? {
                Some((channel, _)) => {
                    self.call_once(id, &channel, Turn { claim, since }, false)
                        .await?;
                }
                None => self.end_turn(id, claim).await?,
            }
        }
    }

    /// Makes the call of a claim, unless so much of its lease is gone that the next one could overtake it.
    async fn call_once(
        &self,
        id: ConversationId,
        channel: &Channel,
        Turn { claim, since }: Turn,
        is_typing: bool,
    ) -> Result<(), store::Error> {
        let inner = &*self.0;
        let mut conn = inner.ctx.store.worker.acquire().await?;
        let wamid = self.wamid(&mut conn, (id, claim.seq)).await?;
        drop(conn);
        let whatsapp = &inner.ctx.config.whatsapp;
        let left = Duration::from_millis(whatsapp.lease_ms).saturating_sub(since.elapsed());
        if let Some(wamid) = wamid
            && left > Duration::from_millis(whatsapp.call_timeout_ms)
        {
            let is_taken = if is_typing {
                inner.api.typing(channel, &wamid).await
            } else {
                inner.api.mark_read(channel, &wamid).await
            };
            if !is_taken {
                tracing::debug!(conversation_id = %id, seq = claim.seq, "a read mark was not taken");
            }
        }
        self.end_turn(id, claim).await
    }

    async fn end_turn(&self, id: ConversationId, claim: Claim) -> Result<(), store::Error> {
        self.0.marked.insert(id, claim.seq);
        let mut conn = self.0.ctx.store.worker.acquire().await?;
        read_mark::release(&mut conn, id, claim).await
    }

    fn mark_lease(&self) -> f64 {
        seconds(self.0.ctx.config.whatsapp.lease_ms)
    }

    /// Shows what a node that died was to show.
    pub(super) async fn sweep_marks(&self) -> Result<(), store::Error> {
        let mut conn = self.0.ctx.store.worker.acquire().await?;
        let stranded = read_mark::stranded(&mut conn, MAX_SWEPT).await?;
        drop(conn);
        for id in stranded {
            self.serve(id).await?;
        }
        Ok(())
    }

    /// Notes the number as WhatsApp spells it, when that is not how we spelled it. Best effort: each answer tells again.
    pub(super) async fn learn(
        &self,
        send: &Leased,
        channel: &Channel,
        address: &Address,
        taken: &Taken,
    ) {
        let Address::To(ours) = address else { return };
        let Some(wa_id) = taken.wa_id.as_deref() else {
            return;
        };
        let pair = (channel.id, send.contact_id);
        let is_new = wa_id != ours.trim_start_matches('+') && identity::is_phone(wa_id);
        if !is_new || self.0.learned.contains_key(&pair) {
            return;
        }
        let person = Person {
            portfolio: channel.portfolio.clone(),
            identities: vec![(IdentityKind::Phone, wa_id.to_owned())],
            phone_variants: identity::variants(wa_id),
            stripped_variants: Vec::new(),
            name: None,
            username: None,
        };
        let store = &self.0.ctx.store;
        let learned = async {
            let mut tx = store.worker.begin().await?;
            let wakes = contact::learn(store, &mut tx, &[(send.contact_id, person)]).await?;
            tx.commit().await?;
            Ok::<_, store::Error>(wakes)
        };
        match learned.await {
            Ok(wakes) => {
                self.0.learned.insert(pair, ());
                self.0.ctx.bell.ring(&wakes);
            }
            Err(error) => tracing::debug!(%error, "how WhatsApp spells a number was not noted"),
        }
    }
}
