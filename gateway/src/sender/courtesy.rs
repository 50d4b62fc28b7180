//! What is polite and never counted as a send: read marks, "is typing", and what an answer tells of a customer's number.
//!
//! Promises: at most one call in 20 seconds for each conversation over all nodes, only while the window is open; nothing
//! waits for it and its failure changes nothing.

use std::time::Duration;

use balcao_core::bell::{Hint, Ring};
use balcao_core::limits::{Limit, LimitKey};
use balcao_core::model::ConversationId;
use balcao_core::shutdown::Shutdown;
use balcao_core::store::channel::Channel;
use balcao_core::store::contact::{self, IdentityKind, Person};
use balcao_core::store::outbox::Leased;
use balcao_core::store::{self, conversation};
use tokio::task::JoinSet;

use super::Sender;
use crate::cloud_api::Taken;
use crate::identity::{self, Address};

/// Meta shows it for 25 s; asked again a little sooner, it does not flicker.
const TYPING: Limit = Limit::new("typing_call", 1, Duration::from_secs(20));
/// Courtesies under way at once; what comes beyond is left out.
const MAX_AT_ONCE: usize = 16;

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
        let inner = &*self.0;
        let mut conn = inner.ctx.store.worker.acquire().await?;
        let Some(place) = conversation::glance(&mut conn, id).await? else {
            return Ok(());
        };
        let now = inner.ctx.clock.now();
        let is_open = place.window_until.is_some_and(|until| until > now);
        let Some(channel) = inner.channels.by_id(place.channel_id).await? else {
            return Ok(());
        };
        let seq = place.last_inbound_seq;
        if !is_open || seq == 0 || channel.is_stopped(now) || inner.breaker(channel.id).is_open() {
            return Ok(());
        }
        if !is_typing {
            drop(conn);
            return self.mark_read(id, &channel, seq).await;
        }
        let wamid = self.wamid(&mut conn, (id, seq)).await?;
        drop(conn);
        if let Some(wamid) = wamid
            && inner.api.typing(&channel, &wamid).await
        {
            // It marks as read too.
            inner.marked.insert(id, seq);
        }
        Ok(())
    }

    /// Shows the customer that they were read, once per newest item. Best effort, not counted as a send.
    pub(super) async fn mark_read(
        &self,
        id: ConversationId,
        channel: &Channel,
        seq: i64,
    ) -> Result<(), store::Error> {
        let inner = &*self.0;
        if seq == 0
            || inner.breaker(channel.id).is_open()
            || inner.marked.get(&id).is_some_and(|marked| marked >= seq)
        {
            return Ok(());
        }
        inner.marked.insert(id, seq);
        let mut conn = inner.ctx.store.worker.acquire().await?;
        let wamid = self.wamid(&mut conn, (id, seq)).await?;
        drop(conn);
        if let Some(wamid) = wamid
            && !inner.api.mark_read(channel, &wamid).await
        {
            tracing::debug!(conversation_id = %id, seq, "a read mark was not taken");
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
