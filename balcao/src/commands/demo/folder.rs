//! The demo's data folder: what it remembers between runs, and what it tells other programs (`demo.json`, mode 0600).

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use rand::RngExt as _;
use serde::{Deserialize, Serialize};

use crate::cli::{DEMO_CONFIG, Failure};
use crate::node::Doors;
use crate::private::{Postgres, Redis};

/// What `demo.json` says; the contract that scripts rely on.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(super) struct Demo {
    pub(super) console_url: String,
    pub(super) webhook_url: String,
    pub(super) ops_url: String,
    pub(super) simulator_url: String,
    /// The owner's, for inspection.
    pub(super) database_url: String,
    pub(super) redis_url: String,
    pub(super) phone_number_id: String,
    pub(super) waba_id: String,
    pub(super) app_secret: String,
    pub(super) verify_token: String,
    pub(super) access_token: String,
    pub(super) accounts: Vec<Account>,
}

/// A member of the sample staff.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Account {
    pub(super) role: String,
    pub(super) email: String,
    pub(super) password: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) totp_secret: Option<String>,
}

/// The folder.
pub(super) struct Folder(PathBuf);

impl Folder {
    /// Makes it when it is missing; nobody else may look inside.
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        for dir in [
            path.to_owned(),
            path.join("simulator"),
            path.join("secrets"),
        ] {
            fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(&dir)
                .with_context(|| {
                    format!(
                        "{} cannot be made; choose another folder with --data",
                        dir.display()
                    )
                })?;
        }
        let path = fs::canonicalize(path)?;
        Ok(Self(path))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// What the last run used, or fresh secrets; the addresses are this run's.
    pub(super) fn demo(&self, doors: &Doors) -> Result<Demo, Failure> {
        let mut demo = match fs::read(self.0.join("demo.json")) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .context("demo.json is damaged; delete the data folder to start over")?,
            Err(_) => fresh(),
        };
        demo.console_url = format!("http://{}", doors.console.local_addr()?);
        demo.webhook_url = format!("http://{}/webhooks/whatsapp", doors.webhook.local_addr()?);
        demo.ops_url = format!("http://{}", doors.operations.local_addr()?);
        Ok(demo)
    }

    /// Writes `demo.json`, the secrets and the configuration that `--data` finds.
    pub(super) fn write(
        &self,
        demo: &Demo,
        postgres: &Postgres,
        redis: &Redis,
    ) -> Result<(), Failure> {
        for (name, secret) in [
            ("app_secret", demo.app_secret.as_str()),
            ("verify_token", &demo.verify_token),
            ("app_url", &postgres.app_url()),
            ("owner_url", &postgres.owner_url()),
            ("sequencer_url", &postgres.sequencer_url()),
            ("redis_url", &redis.url()),
        ] {
            self.put(&format!("secrets/{name}"), secret)?;
        }
        let at = |name: &str| toml_string(&self.0.join(name).display().to_string());
        let config = format!(
            r#"# Written by `balcao demo`; rewritten at each start.
profile = "development"

[database]
url_file = {app_url}
owner_url_file = {owner_url}
sequencer_url_file = {sequencer_url}

[redis]
url_file = {redis_url}

[keys]
provider = "file"
dir = {keys}

[webhook]
public_url = {webhook}
app_secrets_file = {app_secret}
verify_token_file = {verify_token}

[whatsapp]
graph_base_url = {simulator}

[media]
dir = {objects}
hosts = [{simulator_host}]
private_hosts = [{simulator_host}]

[bot]
erp_url = {simulator}

[console]
public_url = {console}

[log]
level = "warn"
format = "text"
"#,
            app_url = at("secrets/app_url"),
            owner_url = at("secrets/owner_url"),
            sequencer_url = at("secrets/sequencer_url"),
            redis_url = at("secrets/redis_url"),
            keys = at("keys"),
            app_secret = at("secrets/app_secret"),
            verify_token = at("secrets/verify_token"),
            objects = at("objects"),
            simulator = toml_string(&demo.simulator_url),
            simulator_host = toml_string(demo.simulator_url.trim_start_matches("http://")),
            console = toml_string(&demo.console_url),
            webhook = toml_string(&demo.webhook_url),
        );
        self.put(DEMO_CONFIG, &config)?;
        self.put("demo.json", &serde_json::to_string_pretty(demo)?)
    }

    /// Writes a file that only we may read, whole or not at all.
    pub(super) fn put(&self, name: &str, text: &str) -> Result<(), Failure> {
        let (path, new) = (self.0.join(name), self.0.join(format!("{name}.new")));
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&new)?;
        file.write_all(text.as_bytes())?;
        fs::rename(new, path)?;
        Ok(())
    }
}

fn toml_string(text: &str) -> String {
    // A JSON string is a TOML basic string.
    serde_json::Value::from(text).to_string()
}

fn fresh() -> Demo {
    let account = |role: &str, name: &str| Account {
        role: role.to_owned(),
        email: format!("{name}@balcao.example"),
        password: random(12),
        totp_secret: None,
    };
    Demo {
        phone_number_id: "106540352242922".to_owned(),
        waba_id: "102290129340398".to_owned(),
        app_secret: random(24),
        verify_token: random(16),
        access_token: random(32),
        accounts: vec![
            account("agent", "ana"),
            account("agent", "bruno"),
            account("supervisor", "carla"),
            account("admin", "admin"),
        ],
        ..Demo::default()
    }
}

fn random(bytes: usize) -> String {
    let mut secret = vec![0_u8; bytes];
    rand::rng().fill(secret.as_mut_slice());
    BASE64_URL_SAFE_NO_PAD.encode(secret)
}
