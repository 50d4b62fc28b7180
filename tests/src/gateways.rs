//! Gateways of two nodes in the test's own process, on a private PostgreSQL, without staff, bot, hub, Redis or simulator:
//! for facts about what webhooks become, many times over.
//!
//! Promises: the real listener, writer and statements, as a node runs them. Does not: send anything.

use std::net::SocketAddr;
use std::sync::Arc;

use balcao::private::Postgres;
use balcao_core::bell::Bell;
use balcao_core::clock::Clock;
use balcao_core::config::{Config, Sources};
use balcao_core::context::{Context, key_provider};
use balcao_core::limits::Limits;
use balcao_core::model::ChannelId;
use balcao_core::shutdown::Shutdown;
use balcao_core::store::Store;
use compliance::Vault;
use tokio::net::TcpListener;

use crate::database::Database;
use crate::meta::Meta;
use crate::stack::database_server;
use crate::staff::{Number, Staff};

/// Two nodes' gateways.
pub struct Gateways {
    /// Meta's hand on each.
    pub doors: Vec<Meta>,
    /// The store as the product sees it.
    pub store: Store,
    /// The database as its owner sees it.
    pub database: Database,
    /// The number.
    pub number: Number,
    /// The number's id here.
    pub channel: ChannelId,
    shutdown: Shutdown,
    _postgres: Postgres,
    _folder: tempfile::TempDir,
}

impl Gateways {
    /// Starts them.
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let data = folder.path();
        let postgres = database_server(data, &[]).await;
        compliance::vault::keys::init(&data.join("keys")).expect("keys");
        let number = Number::fresh();
        let config = Arc::new(config(data, &postgres, &number));
        let store = store(&config).await;
        let channel = Staff::seed(&store, &number).await.channel;
        let shutdown = Shutdown::new();
        let mut doors = Vec::new();
        for _ in 0..2 {
            let url = gateway(&config, self::store(&config).await, &shutdown).await;
            doors.push(Meta::new(&url, &number));
        }
        Self {
            doors,
            database: Database::open(&postgres.owner_url()).await,
            store,
            number,
            channel,
            shutdown,
            _postgres: postgres,
            _folder: folder,
        }
    }
}

impl Drop for Gateways {
    fn drop(&mut self) {
        self.shutdown.drain();
    }
}

fn config(data: &std::path::Path, postgres: &Postgres, number: &Number) -> Config {
    let settings = [
        ("database.url", postgres.app_url()),
        ("database.sequencer_url", postgres.sequencer_url()),
        ("database.ingest.acquire_timeout_ms", "10000".to_owned()),
        ("keys.provider", "file".to_owned()),
        ("keys.dir", data.join("keys").display().to_string()),
        ("media.dir", data.join("objects").display().to_string()),
        ("webhook.app_secrets", number.app_secret.clone()),
        ("webhook.verify_token", number.verify_token.clone()),
        // Nobody is there: nothing may leave this machine.
        ("whatsapp.graph_base_url", "http://127.0.0.1:1".to_owned()),
    ];
    let sources = settings
        .iter()
        .fold(Sources::default(), |sources, (key, value)| {
            sources.with(key, value)
        });
    Config::load(&sources).expect("a configuration")
}

async fn store(config: &Config) -> Store {
    let provider = key_provider(&config.keys).expect("a key folder");
    let vault = Vault::open(provider).await.expect("the keys open");
    Store::open(&config.database, vault).expect("pools")
}

/// A node's gateway; its webhook's URL.
async fn gateway(config: &Arc<Config>, store: Store, shutdown: &Shutdown) -> String {
    // Whatever makes an HTTP client needs it, and another test of this process may have installed it.
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok();
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0)))
        .await
        .expect("a free port");
    let address = listener.local_addr().expect("an address");
    let ctx = Context {
        config: Arc::clone(config),
        store,
        bell: Bell::local(),
        redis: None,
        limits: Limits::new(None, 1),
        clock: Clock::system(),
        node_id: uuid::Uuid::now_v7(),
    };
    let running = gateway::run(ctx, listener, shutdown.clone());
    tokio::spawn(async move { running.await.expect("the gateway runs") });
    let path = config.webhook.paths().next().unwrap_or_default();
    format!("http://{address}{path}")
}
