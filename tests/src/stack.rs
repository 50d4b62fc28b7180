//! A whole installation for one test: PostgreSQL, Redis, keys, staff, simulator and nodes, in a folder of its own.
//!
//! Promises: private, on free ports, gone with the value; nothing of the environment of the test reaches the children.
//! A panic prints the ends of all logs (secrets are not in them: that is a promise of the product).

use std::path::{Path, PathBuf};

use balcao::private::{Postgres, Redis, postgres, redis};
use balcao_core::config::{Config, Sources};
use balcao_core::context::key_provider;
use balcao_core::store::{MIGRATIONS, Store};
use compliance::Vault;
use sha2::{Digest as _, Sha256};

use crate::agent::Agent;
use crate::balancer::Balancer;
use crate::cli;
use crate::database::Database;
use crate::link::{Far, Link};
use crate::meta::Meta;
use crate::node::{Node, Ports, Start};
use crate::phone::Phone;
use crate::program::{cache_folder, mutant, tail};
use crate::simulator::Simulator;
use crate::staff::{Number, Staff, Who};

/// Lines of each log that a failed test shows.
const SHOWN_LINES: usize = 25;

/// What is special about a stack.
#[derive(Clone, Default)]
pub struct Plan {
    /// Nodes beside the first.
    pub more_nodes: usize,
    /// Configuration of all nodes: dotted key and value.
    pub settings: Vec<(&'static str, String)>,
    /// Roles of all nodes; `None` = all.
    pub roles: Option<&'static str>,
    /// Further flags of the simulator.
    pub simulator: Vec<&'static str>,
    /// Nodes keep their ports over their lives, and wires that can break lead from each to all that it needs.
    pub is_wired: bool,
    /// HAProxy stands before the nodes; they keep their ports.
    pub is_balanced: bool,
    /// Further settings of PostgreSQL.
    pub postgres: Vec<(String, String)>,
    /// Further environment of single nodes: which, variable, value.
    pub environment: Vec<(usize, &'static str, String)>,
}

impl Plan {
    /// With this setting.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: &str) -> Self {
        self.settings.push((key, value.to_owned()));
        self
    }

    /// With two nodes.
    #[must_use]
    pub fn two_nodes() -> Self {
        Self {
            more_nodes: 1,
            ..Self::default()
        }
        .with("node.expected_nodes", "2")
    }
}

/// The wires of a node.
pub struct Wires {
    /// To the database.
    pub postgres: Link,
    /// To Redis.
    pub redis: Link,
    /// To Meta.
    pub graph: Link,
}

impl Wires {
    async fn new(postgres: &Postgres, redis: &Redis, simulator: &str) -> Self {
        let simulator = host_of(simulator).parse().expect("an address");
        Self {
            postgres: Link::to(Far::Unix(socket_of(postgres))).await,
            redis: Link::to(Far::Unix(PathBuf::from(
                redis.url().trim_start_matches("redis+unix://"),
            )))
            .await,
            graph: Link::to(Far::Tcp(simulator)).await,
        }
    }

    fn settings(&self, postgres: &Postgres, simulator: &str) -> [(&'static str, String); 5] {
        let through = |url: String| {
            let who = url.split_once('@').map(|(who, _)| who.to_owned());
            let who = who.expect("a log-in");
            format!("{who}@{}/balcao", self.postgres.address)
        };
        [
            ("database.url", through(postgres.app_url())),
            ("database.sequencer_url", through(postgres.sequencer_url())),
            ("redis.url", format!("redis://{}", self.redis.address)),
            (
                "whatsapp.graph_base_url",
                format!("http://{}", self.graph.address),
            ),
            (
                "media.private_hosts",
                format!("{},{}", host_of(simulator), self.graph.address),
            ),
        ]
    }
}

/// The socket file of a private PostgreSQL.
#[must_use]
pub fn socket_of(postgres: &Postgres) -> PathBuf {
    let url = postgres.owner_url();
    let folder = url.split_once("?host=").expect("a socket's folder").1;
    PathBuf::from(folder.replace("%2F", "/")).join(".s.PGSQL.5432")
}

/// A running installation. Fields are dropped in this order.
pub struct Stack {
    /// HAProxy, if planned.
    pub balancer: Option<Balancer>,
    nodes: Vec<Option<Node>>,
    wires: Vec<Wires>,
    ports: Vec<Ports>,
    /// Meta and the customers.
    pub simulator: Simulator,
    /// The database as its owner sees it.
    pub database: Database,
    /// The store as the product sees it, for keys and macs.
    pub store: Store,
    /// The private Redis.
    pub redis: Redis,
    /// The private PostgreSQL.
    pub postgres: Postgres,
    /// Who works here.
    pub staff: Staff,
    /// The number.
    pub number: Number,
    plan: Plan,
    environment: Vec<(String, String)>,
    starts: usize,
    folder: tempfile::TempDir,
}

impl Stack {
    /// One node with everything.
    pub async fn start() -> Self {
        Self::of(Plan::default()).await
    }

    /// As planned, ready.
    pub async fn of(plan: Plan) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let data = folder.path();
        let logs = data.join("logs");
        std::fs::create_dir(&logs).expect("a folder of logs");
        let (postgres, redis) = tokio::join!(
            database_server(data, &plan.postgres),
            Redis::start(redis_options(data))
        );
        let (postgres, redis) = (postgres, redis.expect("a private Redis"));
        compliance::vault::keys::init(&data.join("keys")).expect("keys");
        let number = Number::fresh();
        let simulator =
            Simulator::start(&data.join("simulator"), &number, &plan.simulator, &logs).await;
        let settings = settings(data, &postgres, &redis, &number, &simulator.url);
        let mut environment = environment(&settings, &plan.settings);
        environment.extend(mutant());
        let store = open_store(&settings).await;
        let staff = Staff::seed(&store, &number).await;
        let database = Database::open(&postgres.owner_url()).await;
        let mut stack = Self {
            balancer: None,
            nodes: Vec::new(),
            wires: Vec::new(),
            ports: Vec::new(),
            simulator,
            database,
            store,
            redis,
            postgres,
            staff,
            number,
            plan,
            environment,
            starts: 0,
            folder,
        };
        for index in 0..=stack.plan.more_nodes {
            stack.nodes.push(None);
            stack.ports.push(Ports::free());
            if stack.plan.is_wired {
                let url = &stack.simulator.url;
                let wires = Wires::new(&stack.postgres, &stack.redis, url).await;
                stack.wires.push(wires);
            }
            stack.start_node(index).await;
        }
        let mut webhook = stack.node(0).webhook.clone();
        if stack.plan.is_balanced {
            let balancer = Balancer::start(stack.folder.path(), &stack.ports).await;
            webhook.clone_from(&balancer.webhook);
            stack.balancer = Some(balancer);
        }
        stack.simulator.posts_to(&webhook).await;
        stack
    }

    /// The wires of a node, if planned.
    #[must_use]
    pub fn wires(&self, index: usize) -> &Wires {
        &self.wires[index]
    }

    /// Whether a node serves.
    #[must_use]
    pub fn runs(&self, index: usize) -> bool {
        self.nodes[index].is_some()
    }

    /// A node that serves.
    ///
    /// # Panics
    /// When it was killed or stopped.
    #[must_use]
    pub fn node(&self, index: usize) -> &Node {
        self.nodes[index]
            .as_ref()
            .unwrap_or_else(|| panic!("node {index} is down"))
    }

    /// `kill -9` of a node.
    pub async fn kill_node(&mut self, index: usize) {
        self.nodes[index].take().expect("it runs").kill_nine().await;
    }

    /// SIGTERM of a node; it drains and ends well.
    pub async fn stop_node(&mut self, index: usize) {
        self.nodes[index].take().expect("it runs").stop().await;
    }

    /// A node in this place, on new ports, with the planned roles.
    pub async fn start_node(&mut self, index: usize) {
        self.start_node_as(index, self.plan.roles).await;
    }

    /// A node in this place, on new ports, with these roles.
    pub async fn start_node_as(&mut self, index: usize, roles: Option<&str>) {
        self.starts += 1;
        let name = format!("node-{index}-{}", self.starts);
        let logs = self.folder.path().join("logs");
        let plan = &self.plan;
        let mut environment = self.environment.clone();
        if let Some(wires) = self.wires.get(index) {
            let settings = wires.settings(&self.postgres, &self.simulator.url);
            environment.extend(settings.map(|(key, value)| (variable(key), value)));
        }
        let its_own = plan.environment.iter().filter(|(node, ..)| *node == index);
        environment.extend(its_own.map(|(_, name, value)| ((*name).to_owned(), value.clone())));
        let start = Start {
            name: &name,
            environment: &environment,
            roles,
            ports: (plan.is_wired || plan.is_balanced).then(|| self.ports[index]),
            logs: &logs,
        };
        self.nodes[index] = Some(Node::start(start).await);
    }

    /// A customer.
    #[must_use]
    pub fn phone(&self, digits: &str) -> Phone<'_> {
        Phone::new(&self.simulator, digits)
    }

    /// Meta's hand on a node's webhook.
    #[must_use]
    pub fn meta(&self, node: usize) -> Meta {
        Meta::new(&self.node(node).webhook, &self.number)
    }

    /// Somebody, logged in at a node.
    pub async fn agent(&self, who: Who, node: usize) -> Agent {
        Agent::log_in(&self.node(node).console, self.staff.account(who)).await
    }

    /// Runs `balcao` with the configuration of the nodes.
    pub async fn balcao(&self, arguments: &[&str], stdin: &str) -> cli::Said {
        let mut environment = self.environment.clone();
        environment.push((
            "BALCAO__DATABASE__OWNER_URL".to_owned(),
            self.postgres.owner_url(),
        ));
        cli::run(&environment, arguments, stdin).await
    }

    /// The stack's folder: keys, logs, the simulator's ledger, the servers' files or where they are.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Where a private server keeps its files.
    #[must_use]
    pub fn files_of(&self, server: &str) -> PathBuf {
        let location = self.folder.path().join(format!("{server}.location"));
        match std::fs::read_to_string(location) {
            Ok(elsewhere) => PathBuf::from(elsewhere.trim()),
            Err(_) => self.folder.path().join(server),
        }
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        let logs = std::fs::read_dir(self.folder.path().join("logs"))
            .into_iter()
            .flatten()
            .flatten();
        for log in logs
            .map(|entry| entry.path())
            .chain([self.folder.path().join("postgres.log")])
        {
            eprintln!(
                "--- {}\n{}",
                log.file_name().unwrap_or_default().display(),
                tail(&log, SHOWN_LINES)
            );
        }
    }
}

/// A server from the template that was migrated once for these migrations.
pub(crate) async fn database_server(data: &Path, settings: &[(String, String)]) -> Postgres {
    let mut key = Sha256::new();
    for migration in MIGRATIONS.iter() {
        key.update(&migration.checksum);
    }
    let key = hex::encode(&key.finalize()[..8]);
    let migrated = |owner_url: String| async move {
        balcao::commands::migrate::migrate(&owner_url).await?;
        Ok(())
    };
    let template = Postgres::template(&cache_folder().join("postgres"), &key, migrated)
        .await
        .expect("a migrated template");
    let options = postgres::Options {
        template: Some(template),
        extra_settings: settings.to_vec(),
        ..postgres::Options::throw_away(data)
    };
    Postgres::start(options)
        .await
        .expect("a private PostgreSQL")
}

fn redis_options(data: &Path) -> redis::Options {
    redis::Options {
        data: data.to_owned(),
        append_only: false,
    }
}

fn settings(
    data: &Path,
    postgres: &Postgres,
    redis: &Redis,
    number: &Number,
    simulator: &str,
) -> Vec<(&'static str, String)> {
    vec![
        ("database.url", postgres.app_url()),
        ("database.sequencer_url", postgres.sequencer_url()),
        ("redis.url", redis.url()),
        ("keys.provider", "file".to_owned()),
        ("keys.dir", data.join("keys").display().to_string()),
        ("webhook.app_secrets", number.app_secret.clone()),
        ("webhook.verify_token", number.verify_token.clone()),
        ("whatsapp.graph_base_url", simulator.to_owned()),
        ("bot.erp_url", simulator.to_owned()),
        ("media.dir", data.join("objects").display().to_string()),
        ("media.private_hosts", host_of(simulator)),
        // An unoptimised build takes a tenth of a second to log in to PostgreSQL, many times at once after a start.
        ("database.ingest.acquire_timeout_ms", "10000".to_owned()),
        ("database.api.acquire_timeout_ms", "10000".to_owned()),
    ]
}

/// Host and port of a plain address.
fn host_of(url: &str) -> String {
    url.trim_start_matches("http://").to_owned()
}

fn variable(key: &str) -> String {
    format!("BALCAO__{}", key.replace('.', "__").to_uppercase())
}

/// Of two settings with one key the later wins.
fn environment(
    settings: &[(&'static str, String)],
    planned: &[(&'static str, String)],
) -> Vec<(String, String)> {
    settings
        .iter()
        .chain(planned)
        .map(|(key, value)| (variable(key), value.clone()))
        .collect()
}

async fn open_store(settings: &[(&'static str, String)]) -> Store {
    let sources = settings
        .iter()
        .fold(Sources::default(), |sources, (key, value)| {
            sources.with(key, value)
        });
    let config = Config::load(&sources).expect("the stack's configuration");
    let provider = key_provider(&config.keys).expect("a key folder");
    let vault = Vault::open(provider).await.expect("the keys open");
    Store::open(&config.database, vault).expect("pools")
}
