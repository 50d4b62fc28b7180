//! PostgreSQL: the truth. One file per noun; `ingest` and `status` are the two hot statements.
//!
//! Promises: every function that writes takes a connection inside the caller's transaction, and locks ascend in this
//! order everywhere: dedupe, contact, conversation, then what belongs to it (contact_channel, outbox, delivery).
//! Does not: ring the bell (callers do, after COMMIT), talk to Redis, or decide who may do what.

pub mod agent;
pub mod bot_state;
pub mod bot_turn;
pub mod call;
pub mod change;
pub mod channel;
pub mod channel_health;
pub mod contact;
pub mod conversation;
pub mod dead_letter;
pub mod dedupe;
pub mod echo;
pub mod erasure;
pub mod feed;
pub mod history;
pub mod inbox;
pub mod ingest;
mod items;
pub mod job;
pub mod lease;
pub mod media;
pub mod message;
pub mod notice;
pub mod outbox;
pub mod parked;
pub mod preference;
pub mod read_mark;
pub mod refresh_token;
pub mod retention;
pub mod session;
pub mod status;
pub mod team;
pub mod template;
pub mod template_news;
pub mod whereabouts;
pub mod ws_ticket;

use std::str::FromStr;
use std::time::Duration;

use compliance::Vault;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{PgPool, Postgres, Transaction};

/// What a function that reads or writes is given, and what a pool answers: for crates that run transactions without
/// speaking SQL.
pub use sqlx::{Error as DatabaseError, PgConnection};

use crate::config;

/// The migrations, compiled in.
pub static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("../migrations");

/// What went wrong in the store.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// 503: PostgreSQL refused or did not answer; the caller tries again.
    #[error("the database did not answer: {0}")]
    Database(#[from] sqlx::Error),
    /// 503 when the key provider is away, 500 when a blob cannot be opened.
    #[error("sealing or opening failed: {0}")]
    Vault(#[from] compliance::Error),
    /// 4xx: the rules say no; nothing changed.
    #[error("refused: {0:?}")]
    Refused(Refusal),
    /// 500: a stored value cannot be what it is.
    #[error("stored data is damaged: {0}")]
    Damaged(&'static str),
}

impl Error {
    /// Whether it is the fault of one row: a key or a value of it that does not open. Others are none the worse, and
    /// trying again does not help.
    #[must_use]
    pub const fn is_of_one(&self) -> bool {
        match self {
            Self::Vault(error) => error.is_of_one(),
            Self::Damaged(_) => true,
            Self::Database(_) | Self::Refused(_) => false,
        }
    }
}

/// Why a command on a conversation was refused. Nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// 404: no such thing, or not for this person to know.
    NotFound,
    /// 409: somebody else owns it.
    AlreadyClaimed,
    /// 409: it changed hands since the client looked.
    StaleEpoch,
    /// 409: only its owner may do that.
    NotOwner,
    /// 409: it is closed.
    Resolved,
    /// 409: Meta's 24-hour window is closed; only a template may be sent.
    WindowClosed,
    /// 409: the agent has as many conversations as they may have.
    AtCapacity,
    /// 422: the target team or agent does not exist, or is not available.
    BadTarget,
    /// 409: it is leaving or has left.
    TooLate,
    /// 409: it is under way, or it arrived: it is not sent again.
    NotEnded,
    /// 409: there is one already.
    Exists,
    /// 409: another change of it is under way.
    Busy,
    /// 409: this record is part of another.
    TakenIn,
    /// 409: this record was erased.
    Erased,
    /// 409: this merge was undone before.
    AlreadySplit,
    /// 422: only two different records of persons can be one person.
    NotAlike,
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// A transaction.
pub type Tx = Transaction<'static, Postgres>;

/// The pools by who uses them, so that a flood in one cannot starve another, and the vault that opens what they read.
#[derive(Clone)]
pub struct Store {
    /// Webhook writers; direct connections with the plan pinned.
    pub ingest: PgPool,
    /// Requests and sockets of people.
    pub api: PgPool,
    /// The bot.
    pub bot: PgPool,
    /// Sender, tailer, pruning.
    pub worker: PgPool,
    /// Keys.
    pub vault: Vault,
}

impl Store {
    /// Opens the pools; connections are made when first needed.
    ///
    /// # Errors
    /// [`Error::Database`] when a URL cannot be read.
    pub fn open(config: &config::Database, vault: Vault) -> Result<Self, Error> {
        let pooled = PgConnectOptions::from_str(config.url())?;
        let direct = PgConnectOptions::from_str(config.direct_url())?;
        Ok(Self {
            // Prepared on empty tables, a custom plan turns into a sequential scan for good; see docs/architecture.md.
            ingest: pool(
                &config.ingest,
                direct.clone().options([
                    ("plan_cache_mode", "force_generic_plan"),
                    ("enable_seqscan", "off"),
                    // Compiling a statement that touches a few hundred rows costs more than running it.
                    ("jit", "off"),
                ]),
                "balcao-ingest",
            ),
            api: pool(&config.api, pooled.clone(), "balcao-api"),
            bot: pool(&config.bot, pooled, "balcao-bot"),
            worker: pool(&config.worker, direct, "balcao-worker"),
            vault,
        })
    }

    /// Identity of this store; another one after a restore.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn epoch(&self) -> Result<uuid::Uuid, Error> {
        Ok(
            sqlx::query_scalar!("select store_epoch from store_identity")
                .fetch_one(&self.api)
                .await?,
        )
    }

    /// The pools by name.
    #[must_use]
    pub fn pools(&self) -> [(&'static str, &PgPool); 4] {
        [
            ("ingest", &self.ingest),
            ("api", &self.api),
            ("bot", &self.bot),
            ("worker", &self.worker),
        ]
    }

    /// Closes the pools.
    pub async fn close(&self) {
        for (_, pool) in self.pools() {
            pool.close().await;
        }
    }
}

fn pool(size: &config::Pool, options: PgConnectOptions, name: &'static str) -> PgPool {
    let statement_timeout = format!("{}ms", size.statement_timeout_ms);
    let options = options.application_name(name).options([
        ("statement_timeout", statement_timeout.as_str()),
        // An open write transaction hides everybody's feed rows from the safety-net cursor.
        ("idle_in_transaction_session_timeout", "5s"),
        ("lock_timeout", "5s"),
    ]);
    PgPoolOptions::new()
        .max_connections(size.connections)
        .acquire_timeout(Duration::from_millis(size.acquire_timeout_ms))
        .idle_timeout(Duration::from_millis(size.idle_timeout_ms))
        .connect_lazy_with(options)
}

/// Whether running the same work again may succeed: deadlock, serialisation failure, or two nodes that made the same
/// row at once.
#[must_use]
pub fn is_transient(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    matches!(code.as_deref(), Some("40P01" | "40001" | "23505"))
}

/// Whether the database refuses the data itself (SQLSTATE classes 22 and 23): repeating it cannot help.
#[must_use]
pub fn is_bad_data(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    code.is_some_and(|code| code.starts_with("22") || code.starts_with("23"))
}
