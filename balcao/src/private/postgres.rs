//! A private PostgreSQL with Balcão's database, roles and log-ins.
//!
//! Promises: when [`Postgres::start`] returns, the log-ins work and the database `balcao` belongs to an owner that is
//! no superuser; a crash is followed by a restart on the same files; nothing runs on after the handle is gone.
//! Does not: run migrations (the owner does), open a port, or touch another cluster.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::process::Signal;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tokio::time::Instant;

use super::binaries::{self, PostgresPrograms};
use super::cluster::{self, Passwords};
use super::home::Home;
use super::left_over;
use super::supervised::{Program, Supervised};

/// Part of the socket's name only; no port is opened.
pub(super) const PORT: &str = "5432";
const SERVER: &str = "postgres";
/// Recovery after a crash included.
const READY_LIMIT: Duration = Duration::from_secs(120);
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(10);
/// A server that ended this often before it was ready will not come up.
const MOST_STARTS: u32 = 5;

/// How to start a private PostgreSQL.
#[derive(Clone, Debug)]
pub struct Options {
    /// The folder of this installation; the cluster lies in `<data>/postgres`, or where `<data>/postgres.location` says.
    pub data: PathBuf,
    /// `false` for tests: no waiting for the disk, and the cluster is removed with the handle.
    pub durable: bool,
    /// A folder made by [`Postgres::template`], copied in place of a slow `initdb` when the cluster does not exist.
    pub template: Option<PathBuf>,
    /// Further server settings, as in `postgresql.conf`; they win over ours.
    pub extra_settings: Vec<(String, String)>,
}

impl Options {
    /// A durable cluster without extras.
    pub fn durable(data: impl Into<PathBuf>) -> Options {
        Options {
            data: data.into(),
            durable: true,
            template: None,
            extra_settings: Vec::new(),
        }
    }

    /// A cluster for one test.
    pub fn throw_away(data: impl Into<PathBuf>) -> Options {
        Options {
            durable: false,
            ..Options::durable(data)
        }
    }
}

/// A running private PostgreSQL; dropping it stops it at once, [`Postgres::stop`] in good order.
pub struct Postgres {
    // Dropped in this order: the server ends before its folders go.
    child: Supervised,
    home: Home,
    passwords: Passwords,
}

impl std::fmt::Debug for Postgres {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Postgres")
            .field("home", &self.home)
            .field("pid", &self.pid())
            .finish_non_exhaustive()
    }
}

impl Postgres {
    /// Starts the server and waits until the database, its roles and log-ins are there.
    ///
    /// # Errors
    /// PostgreSQL is not installed, another Balcão uses the folder, or the server does not come up: each error says
    /// what to do, or quotes the end of `<data>/postgres.log`.
    pub async fn start(options: Options) -> Result<Postgres> {
        let (home, program, passwords) = tokio::task::spawn_blocking(move || prepare(&options))
            .await
            .context("preparing PostgreSQL")??;
        let postgres = Postgres {
            child: Supervised::start(program)?,
            home,
            passwords,
        };
        let mut superuser = postgres.connect_when_ready().await?;
        postgres
            .set_up(&mut superuser)
            .await
            .context("setting up the database")?;
        superuser.close().await?;
        Ok(postgres)
    }

    /// A folder under `cache` to start from in much less time, made once by whoever comes first (across processes).
    ///
    /// `key` names the state that `prepare` leaves, for example a hash of the migrations; `prepare` gets the
    /// owner's URL. Templates of other keys stay: they cost some 30 MB each.
    ///
    /// # Errors
    /// As [`Postgres::start`], or `prepare` failed.
    pub async fn template<F, T>(cache: &Path, key: &str, prepare: F) -> Result<PathBuf>
    where
        F: FnOnce(String) -> T,
        T: Future<Output = Result<()>>,
    {
        std::fs::create_dir_all(cache)?;
        let cache = cache.canonicalize()?;
        let building = cache.join(format!("{key}.building"));
        let home = tokio::task::spawn_blocking({
            let building = building.clone();
            move || claim_patiently(&building)
        })
        .await??;
        let template = cache.join(key);
        let uid = home
            .user
            .as_ref()
            .map_or_else(|| rustix::process::geteuid().as_raw(), |user| user.uid);
        if cluster::template_fits(&template, &binaries::postgres(None)?, uid) {
            return Ok(template);
        }
        // The claim above makes everybody else wait; the server below gets a folder of its own.
        let inner = building.join("server");
        let options = Options {
            durable: false,
            ..Options::durable(&inner)
        };
        let postgres = Postgres::start(options).await?;
        prepare(postgres.owner_url())
            .await
            .context("preparing the template's database")?;
        postgres.child.down().await?;
        let part = cache.join(format!("{key}.part"));
        for folder in [&part, &template] {
            if folder.exists() {
                std::fs::remove_dir_all(folder)?;
            }
        }
        cluster::keep_as_template(&postgres.home, &part)?;
        std::fs::rename(&part, &template)?;
        Ok(template)
    }

    /// The owner of the database and its tables: migrations, inspection. Not a superuser.
    pub fn owner_url(&self) -> String {
        self.url("balcao_owner", &self.passwords.owner)
    }

    /// The application's log-in, a member of `balcao_app`.
    pub fn app_url(&self) -> String {
        self.url("balcao_app_login", &self.passwords.app)
    }

    /// The audit sequencer's log-in, a member of `balcao_sequencer`.
    pub fn sequencer_url(&self) -> String {
        self.url("balcao_sequencer_login", &self.passwords.sequencer)
    }

    /// The reports' log-in, a member of `balcao_reports`.
    pub fn reports_url(&self) -> String {
        self.url("balcao_reports_login", &self.passwords.reports)
    }

    /// The superuser, for faults in tests (terminating other people's connections) and repairs.
    pub fn superuser_url(&self) -> String {
        self.url("postgres", &self.passwords.superuser)
    }

    /// The postmaster's process id; `None` while it is down.
    pub fn pid(&self) -> Option<u32> {
        self.child.seen().pid
    }

    /// Stops in good order (open transactions are rolled back, a checkpoint is written).
    ///
    /// # Errors
    /// It does not end, even when killed.
    pub async fn stop(self) -> Result<()> {
        self.child.down().await
    }

    /// Kills the postmaster, as the kernel does when memory runs out; it is started again.
    pub fn kill(&self) {
        self.child.signal(Signal::KILL);
    }

    /// Stops the server in good order and keeps it down until [`Postgres::resume`].
    ///
    /// # Errors
    /// It does not end, even when killed.
    pub async fn pause(&self) -> Result<()> {
        self.child.down().await
    }

    /// Starts a paused server and waits until it answers.
    ///
    /// # Errors
    /// It does not come up.
    pub async fn resume(&self) -> Result<()> {
        self.child.up();
        self.ready().await
    }

    /// Waits until the server answers, for example after [`Postgres::kill`].
    ///
    /// # Errors
    /// It does not within two minutes.
    pub async fn ready(&self) -> Result<()> {
        self.connect_when_ready()
            .await?
            .close()
            .await
            .context("closing a probe")
    }

    /// Socket folders are made of letters, digits and dashes, so the slashes are all that needs encoding.
    fn url(&self, user: &str, password: &str) -> String {
        let sockets = self.home.sockets.display().to_string().replace('/', "%2F");
        let database = if user == "postgres" {
            "postgres"
        } else {
            "balcao"
        };
        format!("postgres://{user}:{password}@localhost/{database}?host={sockets}")
    }

    async fn connect_when_ready(&self) -> Result<PgConnection> {
        let url = self.superuser_url();
        let first_start = self.child.seen().starts;
        let deadline = Instant::now() + READY_LIMIT;
        loop {
            let error = match tokio::time::timeout(CONNECT_LIMIT, PgConnection::connect(&url)).await
            {
                Ok(Ok(connection)) => return Ok(connection),
                Ok(Err(error)) => anyhow::Error::new(error),
                Err(_) => anyhow::anyhow!("no answer within {} s", CONNECT_LIMIT.as_secs()),
            };
            let code = error
                .downcast_ref::<sqlx::Error>()
                .and_then(|error| error.as_database_error()?.code());
            if code.as_deref() == Some("28P01") {
                bail!(
                    "the database refuses the password of {}/postgres.json: start with a new data folder",
                    self.home.data.display()
                );
            }
            let seen = self.child.seen();
            if seen.starts >= first_start + MOST_STARTS || Instant::now() > deadline {
                return Err(error.context(format!(
                    "PostgreSQL does not start:\n{}",
                    end_of(&self.home.log(SERVER))
                )));
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// Makes what is missing: group roles (which the first migration expects of a superuser), log-ins, the database.
    async fn set_up(&self, superuser: &mut PgConnection) -> Result<()> {
        let made: bool =
            sqlx::query_scalar("select exists (select from pg_database where datname = 'balcao')")
                .fetch_one(&mut *superuser)
                .await?;
        if made {
            return Ok(());
        }
        for group in ["balcao_app", "balcao_sequencer", "balcao_reports"] {
            run(superuser, format!("drop role if exists {group}_login; drop role if exists {group}; create role {group} nologin")).await?;
        }
        run(superuser, "drop role if exists balcao_owner".to_owned()).await?;
        let Passwords {
            owner,
            app,
            sequencer,
            reports,
            ..
        } = &self.passwords;
        // Passwords are letters and digits of our own making, so they can stand in the statement.
        run(
            superuser,
            format!("create role balcao_owner login password '{owner}'"),
        )
        .await?;
        for (group, password) in [
            ("balcao_app", app),
            ("balcao_sequencer", sequencer),
            ("balcao_reports", reports),
        ] {
            run(
                superuser,
                format!("create role {group}_login login password '{password}' in role {group}"),
            )
            .await?;
        }
        // Last, because its presence says that all this is done.
        run(
            superuser,
            "create database balcao owner balcao_owner".to_owned(),
        )
        .await
    }
}

async fn run(connection: &mut PgConnection, sql: String) -> Result<()> {
    sqlx::raw_sql(AssertSqlSafe(sql))
        .execute(connection)
        .await?;
    Ok(())
}

fn prepare(options: &Options) -> Result<(Home, Program, Passwords)> {
    let home = Home::claim(
        &options.data,
        SERVER,
        &["postgres", "nobody"],
        options.durable,
    )?;
    let programs = binaries::postgres(cluster::major_of(&home.files))?;
    left_over::end(
        &home.files,
        &home.files.join("postmaster.pid"),
        &["postgres"],
        Signal::INT,
    )?;
    let passwords = cluster::prepare(
        &home,
        &programs,
        options.template.as_deref(),
        options.durable,
    )?;
    let program = program(&home, programs, options);
    Ok((home, program, passwords))
}

fn program(home: &Home, programs: PostgresPrograms, options: &Options) -> Program {
    let mut args: Vec<OsString> = vec!["-D".into(), home.files.clone().into()];
    for (name, value) in cluster::settings(home, options.durable, &options.extra_settings) {
        args.extend(["-c".into(), format!("{name}={value}").into()]);
    }
    Program {
        name: SERVER,
        binary: programs.postgres,
        args,
        user: home.user.clone(),
        log: home.log(SERVER),
        stop: Signal::INT,
        abort: Signal::QUIT,
        death_signal: "INT",
    }
}

/// Waits for the other process that makes the same template.
fn claim_patiently(building: &Path) -> Result<Home> {
    let deadline = std::time::Instant::now() + READY_LIMIT;
    loop {
        match Home::claim(building, "template", &["postgres", "nobody"], false) {
            Ok(home) => return Ok(home),
            Err(error) if std::time::Instant::now() > deadline => return Err(error),
            Err(_) => std::thread::sleep(POLL),
        }
    }
}

/// The last lines of a log, for an error message.
pub(super) fn end_of(log: &Path) -> String {
    let text = std::fs::read(log)
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(12)..].join("\n")
}
