//! Sends whose lease ended without an answer: queued again if Meta was never called, else shown as unknown after a
//! while. And the outbox's numbers for metrics.

use std::time::Duration;

use balcao_core::metrics;
use balcao_core::model::ConversationId;
use balcao_core::shutdown::Shutdown;
use balcao_core::store::{self, outbox};

use super::{Sender, seconds};

/// How often.
const SWEEP_EVERY: Duration = Duration::from_secs(5);

impl Sender {
    /// Sweeps until the drain. Every node does; the statements tolerate that.
    pub(super) async fn sweep(self, shutdown: Shutdown) {
        loop {
            if let Err(error) = self.sweep_once().await {
                tracing::warn!(%error, "the outbox could not be swept");
            }
            if let Err(error) = self.sweep_marks().await {
                tracing::warn!(%error, "read marks of a node that died could not be looked for");
            }
            tokio::select! {
                () = tokio::time::sleep(SWEEP_EVERY) => {}
                () = shutdown.draining() => return,
            }
        }
    }

    async fn sweep_once(&self) -> Result<(), store::Error> {
        let ctx = &self.0.ctx;
        let mut conn = ctx.store.worker.acquire().await?;
        let lost =
            outbox::settle_lost_leases(&mut conn, seconds(ctx.config.whatsapp.unknown_after_ms))
                .await?;
        let (queued, age_seconds, unknown) = outbox::gauge(&mut conn).await?;
        drop(conn);
        for (conversation_id, seq) in lost {
            self.mark_unknown(conversation_id, seq).await?;
        }
        for (gauge, count) in [
            (metrics::OUTBOX_QUEUED, queued),
            (metrics::OUTBOX_UNKNOWN, unknown),
        ] {
            ::metrics::gauge!(gauge).set(f64::from(i32::try_from(count).unwrap_or(i32::MAX)));
        }
        ::metrics::gauge!(metrics::OUTBOX_AGE).set(age_seconds);
        Ok(())
    }

    async fn mark_unknown(
        &self,
        conversation_id: ConversationId,
        seq: i64,
    ) -> Result<(), store::Error> {
        let mut tx = self.0.ctx.store.worker.begin().await?;
        let wake = outbox::mark_unknown(&mut tx, conversation_id, seq).await?;
        tx.commit().await?;
        if let Some(wake) = wake {
            tracing::warn!(%conversation_id, seq, "nobody knows whether this send reached the customer; its agent sees it");
            self.0.ctx.bell.ring(&[wake]);
        }
        Ok(())
    }
}
