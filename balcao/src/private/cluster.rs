//! The files of a private PostgreSQL: made by `initdb`, or copied from a template.
//!
//! Promises: password log-ins only (SCRAM), random passwords in `<data>/postgres.json` (mode 0600), checksums on;
//! a half-made cluster is never taken for a whole one (it is renamed into place when done).
//! Does not: start anything, except `initdb` while it waits for it.

use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use rand::distr::{Alphanumeric, SampleString};
use serde::{Deserialize, Serialize};

use super::binaries::PostgresPrograms;
use super::home::{Home, make_private};
use super::supervised::as_user;

/// The files of a template: a stopped cluster and its passwords.
pub(super) const TEMPLATE_CLUSTER: &str = "cluster";
const PASSWORD_FILE: &str = "postgres.json";
const PASSWORD_LENGTH: usize = 32;

/// The passwords of the log-ins, letters and digits only. Not `Debug`: they must not reach a log.
#[derive(Serialize, Deserialize)]
pub(super) struct Passwords {
    pub superuser: String,
    pub owner: String,
    pub app: String,
    pub sequencer: String,
    pub reports: String,
}

impl Passwords {
    fn random() -> Passwords {
        let mut rng = rand::rng();
        let mut password = || Alphanumeric.sample_string(&mut rng, PASSWORD_LENGTH);
        Passwords {
            superuser: password(),
            owner: password(),
            app: password(),
            sequencer: password(),
            reports: password(),
        }
    }

    fn read(data: &Path) -> Result<Passwords> {
        let path = data.join(PASSWORD_FILE);
        let text = fs::read_to_string(&path).with_context(|| {
            format!("{} is missing, and the database cannot be entered without it: restore it or start with a new data folder", path.display())
        })?;
        serde_json::from_str(&text).with_context(|| format!("{} is damaged", path.display()))
    }

    fn write(&self, data: &Path) -> Result<()> {
        let path = data.join(PASSWORD_FILE);
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(true)
            .write(true)
            .mode(0o600)
            .open(&path)?;
        file.write_all(&serde_json::to_vec_pretty(self)?)
            .with_context(|| format!("writing {}", path.display()))
    }
}

/// The major version that made the cluster in `files`, when there is one.
pub(super) fn major_of(files: &Path) -> Option<u32> {
    fs::read_to_string(files.join("PG_VERSION"))
        .ok()?
        .trim()
        .parse()
        .ok()
}

/// Makes sure that a cluster exists and answers its passwords.
///
/// # Errors
/// `initdb` failed (the end of its log is quoted), the template cannot be copied, the passwords are lost.
pub(super) fn prepare(
    home: &Home,
    programs: &PostgresPrograms,
    template: Option<&Path>,
    durable: bool,
) -> Result<Passwords> {
    if major_of(&home.files).is_some() {
        return Passwords::read(&home.data);
    }
    let part = home.files.with_extension("part");
    if part.exists() {
        fs::remove_dir_all(&part)
            .with_context(|| format!("removing the half-made {}", part.display()))?;
    }
    let passwords = match template {
        Some(template) => {
            copy(&template.join(TEMPLATE_CLUSTER), &part)?;
            Passwords::read(template)?
        }
        None => {
            let passwords = Passwords::random();
            initdb(home, programs, &part, &passwords, durable)?;
            passwords
        }
    };
    passwords.write(&home.data)?;
    fs::rename(&part, &home.files)
        .with_context(|| format!("moving {} into place", part.display()))?;
    Ok(passwords)
}

/// Copies the stopped cluster of `home` to the folder `template`, for later starts.
///
/// # Errors
/// A file cannot be copied.
pub(super) fn keep_as_template(home: &Home, template: &Path) -> Result<()> {
    fs::create_dir_all(template)?;
    copy(&home.files, &template.join(TEMPLATE_CLUSTER))?;
    fs::copy(home.data.join(PASSWORD_FILE), template.join(PASSWORD_FILE))?;
    Ok(())
}

/// Whether `template` is whole and was made for the user and the version that would run it now.
pub(super) fn template_fits(template: &Path, programs: &PostgresPrograms, uid: u32) -> bool {
    let cluster = template.join(TEMPLATE_CLUSTER);
    major_of(&cluster) == Some(programs.major)
        && fs::metadata(&cluster).is_ok_and(|found| found.uid() == uid)
}

/// `cp -a` keeps owners and modes, and shares blocks where the file system can.
fn copy(from: &Path, to: &Path) -> Result<()> {
    let output = Command::new("cp")
        .arg("-a")
        .arg(from)
        .arg(to)
        .output()
        .context("running cp")?;
    ensure!(
        output.status.success(),
        "copying {}: {}",
        from.display(),
        String::from_utf8_lossy(&output.stderr).trim()
    );
    Ok(())
}

fn initdb(
    home: &Home,
    programs: &PostgresPrograms,
    folder: &Path,
    passwords: &Passwords,
    durable: bool,
) -> Result<()> {
    make_private(folder, home.user.as_ref())?;
    // In the socket folder, because only it is sure to be readable by the server's user; gone in a second.
    let password_file = home.sockets.join("password");
    let mut file = OpenOptions::new()
        .create(true)
        .truncate(true)
        .write(true)
        .mode(0o600)
        .open(&password_file)?;
    writeln!(file, "{}", passwords.superuser)?;
    if let Some(user) = &home.user {
        chown(&password_file, Some(user.uid), Some(user.gid))?;
    }
    let mut command = Command::new(&programs.initdb);
    command
        .args(initdb_arguments(folder, &password_file, durable))
        .stdin(Stdio::null());
    as_user(&mut command, home.user.as_ref());
    let output = command
        .output()
        .with_context(|| format!("running {}", programs.initdb.display()));
    fs::remove_file(&password_file)?;
    let output = output?;
    ensure!(
        output.status.success(),
        "initdb failed in {}: {}{}",
        folder.display(),
        String::from_utf8_lossy(&output.stdout).trim(),
        String::from_utf8_lossy(&output.stderr).trim()
    );
    Ok(())
}

fn initdb_arguments(folder: &Path, password_file: &Path, durable: bool) -> Vec<OsString> {
    // macOS has no C.UTF-8; with C the encoding is UTF-8 all the same, only case mapping is plainer.
    let locale = if cfg!(target_os = "macos") {
        "--locale=C"
    } else {
        "--locale=C.UTF-8"
    };
    let mut arguments: Vec<OsString> = [
        "--username=postgres",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--data-checksums",
        locale,
    ]
    .map(OsString::from)
    .to_vec();
    if !durable {
        // Tests: do not wait for the disk, and copy 4 MiB of log per stack, not 16.
        arguments.extend(["--no-sync", "--wal-segsize=4"].map(OsString::from));
    }
    let mut password = OsString::from("--pwfile=");
    password.push(password_file);
    arguments.extend([password, "-D".into(), folder.into()]);
    arguments
}

/// The settings of every start, so that a newer Balcão is not held back by an old configuration file.
pub(super) fn settings(
    home: &Home,
    durable: bool,
    extra: &[(String, String)],
) -> Vec<(String, String)> {
    let sockets: &PathBuf = &home.sockets;
    let mut settings: Vec<(String, String)> = [
        ("listen_addresses", ""),
        ("port", super::postgres::PORT),
        ("unix_socket_permissions", "0700"),
        ("max_connections", "200"),
        ("shared_buffers", "128MB"),
        ("max_wal_size", "1GB"),
        ("jit", "off"),
        ("timezone", "UTC"),
        ("log_timezone", "UTC"),
        ("log_line_prefix", "%m [%p] "),
        // The details of an error can quote a row; rows are sealed, but the log needs none of them.
        ("log_error_verbosity", "terse"),
        ("cluster_name", "balcao"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec();
    settings.push((
        "unix_socket_directories".to_owned(),
        sockets.display().to_string(),
    ));
    if !durable {
        // A killed server loses nothing by these (the kernel has the pages); a power cut would. Commits stay
        // synchronous, so that a fault test that kills PostgreSQL may count on what was committed.
        settings.extend(
            [("fsync", "off"), ("full_page_writes", "off")]
                .map(|(name, value)| (name.to_owned(), value.to_owned())),
        );
    }
    settings.extend_from_slice(extra);
    settings
}
