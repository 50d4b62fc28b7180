//! A throw-away PostgreSQL with the migrations applied, for checking queries.
//!
//! Promises: reachable only by this user (and root) through a socket in a folder of mode 0700; gone when dropped.
//! Why not `balcao`'s own private server: the queries it is made of do not compile until this has checked them.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::workspace::Workspace;

/// The running server.
pub(crate) struct ScratchDatabase {
    folder: PathBuf,
    programs: PathBuf,
    as_user: Option<&'static str>,
}

impl ScratchDatabase {
    /// # Errors
    /// PostgreSQL is missing or does not start, or a migration fails.
    pub(crate) fn start(workspace: &Workspace) -> Result<ScratchDatabase> {
        let as_user = is_root()?.then_some("postgres");
        let database = ScratchDatabase {
            // `/var/tmp`, because the server's user can enter it; the name is short enough for a socket.
            folder: PathBuf::from(format!("/var/tmp/balcao-generate-{}", std::process::id())),
            programs: newest_programs()?,
            as_user,
        };
        let folder = database.folder.display().to_string();
        database.run("mkdir", &["-m", "700", &folder])?;
        let files = format!("{folder}/files");
        let arguments = [
            "-D",
            &files,
            "-U",
            "balcao",
            "--auth=trust",
            "--no-sync",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
        ];
        database.run(&database.program("initdb"), &arguments)?;
        let options =
            format!("-c listen_addresses='' -c unix_socket_directories='{folder}' -c fsync=off");
        let log = format!("{folder}/log");
        database.run(
            &database.program("pg_ctl"),
            &["start", "-w", "-D", &files, "-l", &log, "-o", &options],
        )?;
        database.migrate(&workspace.root.join("migrations"))?;
        Ok(database)
    }

    /// As sqlx reads it.
    pub(crate) fn url(&self) -> String {
        format!(
            "postgres://balcao@localhost/postgres?host={}",
            self.folder.display().to_string().replace('/', "%2F")
        )
    }

    fn migrate(&self, folder: &Path) -> Result<()> {
        let mut files: Vec<PathBuf> = std::fs::read_dir(folder)?
            .flatten()
            .map(|entry| entry.path())
            .collect();
        files.retain(|file| file.extension().is_some_and(|extension| extension == "sql"));
        files.sort();
        for file in files {
            let mut psql = Command::new(self.program("psql"));
            psql.args([
                "-X",
                "-q",
                "-1",
                "-v",
                "ON_ERROR_STOP=1",
                "-U",
                "balcao",
                "-d",
                "postgres",
                "-o",
                "/dev/null",
            ]);
            finish(psql.arg("-h").arg(&self.folder).arg("-f").arg(&file))
                .with_context(|| format!("applying {}", file.display()))?;
        }
        Ok(())
    }

    fn program(&self, name: &str) -> String {
        self.programs.join(name).display().to_string()
    }

    /// Runs a program as the server's user; PostgreSQL refuses to run as root.
    fn run(&self, program: &str, arguments: &[&str]) -> Result<()> {
        let mut command = match self.as_user {
            Some(user) => {
                let mut command = Command::new("runuser");
                command.args(["-u", user, "--", program]);
                command
            }
            None => Command::new(program),
        };
        finish(command.args(arguments).current_dir("/"))
    }
}

impl Drop for ScratchDatabase {
    fn drop(&mut self) {
        let files = format!("{}/files", self.folder.display());
        let stopped = self.run(
            &self.program("pg_ctl"),
            &["stop", "-m", "immediate", "-D", &files],
        );
        let removed = std::fs::remove_dir_all(&self.folder);
        if stopped.is_err() || removed.is_err() {
            eprintln!(
                "the scratch database in {} was not cleared away",
                self.folder.display()
            );
        }
    }
}

/// Runs quietly; a failure shows what was printed. The output goes to a file of the child's own end: a server that
/// `pg_ctl` leaves running must not hold our pipe open.
fn finish(command: &mut Command) -> Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let mut said = std::env::temp_dir();
    said.push(format!("balcao-generate-{}.out", std::process::id()));
    let out = std::fs::File::create(&said)?;
    let status = command
        .stdin(std::process::Stdio::null())
        .stdout(out.try_clone()?)
        .stderr(out)
        .status();
    let text = std::fs::read_to_string(&said).unwrap_or_default();
    std::fs::remove_file(&said)?;
    let status = status.with_context(|| format!("running {name}"))?;
    ensure!(status.success(), "{name}: {status}\n{}", text.trim());
    Ok(())
}

fn is_root() -> Result<bool> {
    Ok(Command::new("id")
        .arg("-u")
        .output()
        .context("running id")?
        .stdout
        == b"0\n")
}

/// Debian keeps PostgreSQL's programs off PATH; the empty folder means PATH.
fn newest_programs() -> Result<PathBuf> {
    let root = Path::new("/usr/lib/postgresql");
    let versions = std::fs::read_dir(root).into_iter().flatten().flatten();
    let newest = versions
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        .max();
    Ok(newest.map_or_else(PathBuf::new, |version| {
        root.join(version.to_string()).join("bin")
    }))
}
