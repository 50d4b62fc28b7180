//! Installs Debian packages without creating a cluster or starting a service.
//!
//! Promises: a PostgreSQL that was not there gets no main cluster (`createcluster.conf`, only when that file does not
//! exist); units are masked while their package is installed and left disabled; nothing is removed.
//! Does not: ask for a password without a terminal. Then it prints what to type.

use std::io::IsTerminal;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use anyhow::{Result, bail};

use super::Need;
use crate::workspace::{run, shown};

const CLUSTER_CONF: &str = "/etc/postgresql-common/createcluster.conf";
const LISTS: &str = "/var/lib/apt/lists";
const LISTS_ARE_STALE_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

pub(super) fn is_debian() -> bool {
    Path::new("/etc/debian_version").exists() && super::answers("apt-get")
}

/// How we become root.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Rights {
    Root,
    Sudo,
    None,
}

/// # Errors
/// We may not install (the message holds the command), or apt fails.
pub(super) fn install(missing: &[&Need]) -> Result<()> {
    let packages: Vec<&str> = missing.iter().map(|need| need.package).collect();
    let units: Vec<&str> = missing
        .iter()
        .flat_map(|need| need.units)
        .copied()
        .collect();
    let rights = rights();
    if rights == Rights::None {
        bail!(
            "install what is missing, then try again:\n\n{}\n",
            to_type(&packages, &units)
        );
    }
    eprintln!(
        "  installing {} with apt-get (no cluster is created, no service started)",
        packages.join(", ")
    );
    if packages.contains(&"postgresql") && !Path::new(CLUSTER_CONF).exists() {
        let script = format!(
            "mkdir -p /etc/postgresql-common && echo 'create_main_cluster = false' > {CLUSTER_CONF}"
        );
        run(&mut as_root(rights, &["sh", "-c", &script]))?;
    }
    let masked = Path::new("/run/systemd/system").exists() && !units.is_empty();
    if masked {
        run(&mut as_root(
            rights,
            &[&["systemctl", "mask", "--runtime"], units.as_slice()].concat(),
        ))?;
    }
    let result = update_and_install(rights, &packages);
    if masked {
        run(&mut as_root(
            rights,
            &[&["systemctl", "unmask", "--runtime"], units.as_slice()].concat(),
        ))?;
        run(&mut as_root(
            rights,
            &[&["systemctl", "disable"], units.as_slice()].concat(),
        ))?;
    }
    result
}

fn update_and_install(rights: Rights, packages: &[&str]) -> Result<()> {
    let mut updated = false;
    if lists_are_stale(Path::new(LISTS)) {
        run(&mut apt(rights, &["update"]))?;
        updated = true;
    }
    let install = [&["install", "-y", "--no-install-recommends"], packages].concat();
    match run(&mut apt(rights, &install)) {
        Err(_) if !updated => {
            // The lists can be younger than a day and still name packages that the mirror no longer has.
            run(&mut apt(rights, &["update"]))?;
            run(&mut apt(rights, &install))
        }
        result => result,
    }
}

fn rights() -> Rights {
    let quietly = |program: &str, arguments: &[&str]| {
        let mut command = Command::new(program);
        let output = command.args(arguments).stderr(Stdio::null()).output();
        output
            .ok()
            .filter(|output| output.status.success())
            .map(|output| output.stdout)
    };
    if quietly("id", &["-u"]).is_some_and(|answer| answer == b"0\n") {
        Rights::Root
    } else if quietly("sudo", &["-n", "true"]).is_some()
        || (std::io::stdin().is_terminal() && quietly("sudo", &["--version"]).is_some())
    {
        Rights::Sudo
    } else {
        Rights::None
    }
}

fn as_root(rights: Rights, words: &[&str]) -> Command {
    let mut words = words.to_vec();
    if rights == Rights::Sudo {
        words.insert(0, "sudo");
    }
    let mut command = Command::new(words[0]);
    // What apt says is not what a script waiting for `ready` wants to read.
    command.args(&words[1..]).stdout(std::io::stderr());
    command
}

fn apt(rights: Rights, words: &[&str]) -> Command {
    // Run level 1 tells packages of systems without systemd that nothing is to be started now.
    let fixed = [
        "env",
        "DEBIAN_FRONTEND=noninteractive",
        "RUNLEVEL=1",
        "apt-get",
        "-q",
    ];
    let options = [
        "-o",
        "DPkg::Lock::Timeout=120",
        "-o",
        "Dpkg::Options::=--force-confold",
    ];
    as_root(rights, &[&fixed, &options[..], words].concat())
}

/// The commands for somebody who has the rights we lack.
fn to_type(packages: &[&str], units: &[&str]) -> String {
    let mut lines = Vec::new();
    if packages.contains(&"postgresql") && !Path::new(CLUSTER_CONF).exists() {
        lines.push("  sudo mkdir -p /etc/postgresql-common".to_owned());
        lines.push(format!("  echo 'create_main_cluster = false' | sudo tee {CLUSTER_CONF}   # no cluster of the system's own"));
    }
    lines.push(format!("  {}", shown(&apt(Rights::Sudo, &["update"]))));
    let install = [&["install", "-y", "--no-install-recommends"], packages].concat();
    lines.push(format!("  {}", shown(&apt(Rights::Sudo, &install))));
    if !units.is_empty() {
        let units = units.join(" ");
        lines.push(format!(
            "  sudo systemctl disable --now {units}   # with systemd: Balcão runs its own"
        ));
    }
    lines.join("\n")
}

/// Whether apt knows no packages, or what it knows is old.
fn lists_are_stale(folder: &Path) -> bool {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return true;
    };
    let lists = entries
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().contains("_Packages"));
    let newest = lists
        .filter_map(|entry| entry.metadata().and_then(|found| found.modified()).ok())
        .max();
    newest.is_none_or(|newest| {
        SystemTime::now()
            .duration_since(newest)
            .is_ok_and(|age| age > LISTS_ARE_STALE_AFTER)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_stale_when_there_are_none() {
        let folder = tempfile::tempdir().unwrap();
        assert!(lists_are_stale(folder.path()));
        std::fs::write(
            folder
                .path()
                .join("mirror_dists_stable_main_binary-amd64_Packages.lz4"),
            "",
        )
        .unwrap();
        assert!(!lists_are_stale(folder.path()));
    }

    #[test]
    fn the_command_to_type_names_every_package() {
        let text = to_type(&["postgresql", "redis-server"], &["redis-server.service"]);
        assert!(
            text.contains("install -y --no-install-recommends postgresql redis-server\n"),
            "{text}"
        );
        assert!(text.lines().all(|line| line.contains("sudo ")), "{text}");
    }

    #[test]
    fn with_sudo_the_whole_command_runs_under_it() {
        assert!(
            shown(&apt(Rights::Sudo, &["update"]))
                .starts_with("sudo env DEBIAN_FRONTEND=noninteractive")
        );
        assert!(shown(&apt(Rights::Root, &["update"])).starts_with("env "));
    }
}
