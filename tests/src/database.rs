//! The database as its owner reads it: facts, and the invariants of every conversation.

use std::time::Duration;

use balcao_core::model::ConversationId;
use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, PgPool};
use uuid::Uuid;

use crate::deadline::eventually;
use crate::simulator::Simulator;

/// No promise: after deaths, leases end, then lost calls become unknown, then what stood behind them goes.
const QUIET_WITHIN: Duration = Duration::from_secs(60);

/// A connection as the owner.
#[derive(Clone)]
pub struct Database {
    pool: PgPool,
}

impl Database {
    pub(crate) async fn open(owner_url: &str) -> Self {
        let pool = PgPoolOptions::new()
            .max_connections(2)
            .connect(owner_url)
            .await
            .expect("the owner's log-in");
        Self { pool }
    }

    /// The connections, for a test's own questions.
    #[must_use]
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// A count.
    pub async fn count(&self, from: &str) -> i64 {
        let sql = format!("select count(*) from {from}");
        sqlx::query_scalar(AssertSqlSafe(sql.clone()))
            .fetch_one(&self.pool)
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// The seqs of messages with this mac, over all conversations.
    pub async fn stored_as(&self, mac: &[u8]) -> Vec<(Uuid, i64)> {
        sqlx::query_as("select conversation_id, seq from message where wamid_mac = $1")
            .bind(mac)
            .fetch_all(&self.pool)
            .await
            .expect("messages")
    }

    /// The newest rev of a conversation.
    pub async fn last_rev(&self, id: ConversationId) -> i64 {
        sqlx::query_scalar("select last_rev from conversation where id = $1")
            .bind(id.0)
            .fetch_one(&self.pool)
            .await
            .expect("the conversation")
    }

    /// The items of a conversation in its order: seq and id.
    pub async fn items(&self, id: ConversationId) -> Vec<(i64, Uuid)> {
        sqlx::query_as("select seq, id from message where conversation_id = $1 order by seq")
            .bind(id.0)
            .fetch_all(&self.pool)
            .await
            .expect("items")
    }

    /// Waits until nothing is under way: every webhook is acknowledged, no turn of the bot waits, no send is queued or
    /// on its way, and every send that Meta took has been reported as `delivered` or ended otherwise.
    pub async fn is_quiet(&self, simulator: &Simulator) {
        eventually("nothing is under way", QUIET_WITHIN, async || {
            let busy: i64 = sqlx::query_scalar(
                "select (select count(*) from bot_turn)
                   + (select count(*) from outbox where state in ('queued', 'sending'))
                   + (select count(*) from outbox join delivery using (conversation_id, seq, attempt)
                      where state = 'sent' and rank not in (25, 30, 40, 50))",
            )
            .fetch_one(&self.pool)
            .await
            .expect("the work lists");
            (busy == 0 && simulator.unacknowledged().await == 0).then_some(())
        })
        .await;
    }

    /// Promise 3 of every conversation: seq and rev are 1 to n, and the heads say n.
    ///
    /// # Panics
    /// When one has a gap; names it.
    pub async fn assert_dense(&self) {
        for (what, table, number) in [("seq", "message", "last_seq"), ("rev", "feed", "last_rev")] {
            let sql = format!(
                "select c.id, c.{number}, count(t.{what}), coalesce(min(t.{what}), 1), coalesce(max(t.{what}), 0)
                 from conversation c left join {table} t on t.conversation_id = c.id
                 group by c.id, c.{number}
                 having count(t.{what}) <> c.{number} or coalesce(max(t.{what}), 0) <> c.{number} or coalesce(min(t.{what}), 1) <> 1"
            );
            let gaps: Vec<(Uuid, i64, i64, i64, i64)> = sqlx::query_as(AssertSqlSafe(sql))
                .fetch_all(&self.pool)
                .await
                .expect("conversations");
            assert!(
                gaps.is_empty(),
                "{what} is not 1 to n (conversation, last, count, least, greatest): {gaps:?}"
            );
        }
    }
}
