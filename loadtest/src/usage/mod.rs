//! What the programs of a demo cost: CPU time and memory, as the kernel counts them.
//!
//! Promises: a program is found by what it listens on (an address or a socket's file of `demo.json`), so that any way of
//! starting it counts; a server's children and those it has buried count with it.
//! Does not: see programs of other machines, or of other users unless we are root.

mod listener;

use crate::demo::Demo;
use serde::Serialize;
use std::collections::HashMap;
use std::fs;
use std::time::Duration;
use tokio::time::Instant;

/// Process ids of what is measured; `None`: not found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Programs {
    pub(crate) balcao: Option<u32>,
    postgres: Option<u32>,
    redis: Option<u32>,
    simulator: Option<u32>,
}

/// CPU seconds since each program began.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spent {
    at: Instant,
    balcao: Option<f64>,
    postgres: Option<f64>,
    redis: Option<f64>,
    simulator: Option<f64>,
    loadtest: Option<f64>,
}

/// Cores used between two moments.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(crate) struct Cores {
    pub(crate) balcao: Option<f64>,
    pub(crate) postgres: Option<f64>,
    pub(crate) redis: Option<f64>,
    pub(crate) simulator: Option<f64>,
    pub(crate) loadtest: Option<f64>,
}

impl Programs {
    /// Looks for the programs of a demo.
    pub(crate) fn find(demo: &Demo) -> Self {
        let by = |url: &Option<String>| url.as_deref().and_then(listener::pid_behind);
        let found = Self {
            balcao: listener::pid_behind(&demo.webhook_url),
            postgres: by(&demo.database_url),
            redis: by(&demo.redis_url),
            simulator: by(&demo.simulator_url),
        };
        if found.balcao.is_none() {
            eprintln!(
                "loadtest: the server's process was not found (another machine, or another user's): no CPU and memory figures"
            );
        }
        found
    }

    /// What they have used until now.
    pub(crate) fn spent(&self) -> Spent {
        let stats = Stats::read();
        let alone = |pid: Option<u32>| pid.and_then(|pid| stats.alone(pid));
        let tree = |pid: Option<u32>| pid.and_then(|pid| stats.tree(pid));
        Spent {
            at: Instant::now(),
            // A demo's servers are its children: they are counted by themselves.
            balcao: alone(self.balcao),
            postgres: tree(self.postgres),
            redis: tree(self.redis),
            simulator: alone(self.simulator),
            loadtest: stats.alone(std::process::id()),
        }
    }

    /// The server's share of memory: private pages, and its part of the shared ones.
    pub(crate) fn pss_kib(&self) -> Option<f64> {
        self.balcao.and_then(pss_kib)
    }
}

impl Spent {
    /// Average cores since an earlier moment.
    pub(crate) fn since(&self, earlier: &Spent) -> Cores {
        let time = (self.at - earlier.at)
            .max(Duration::from_millis(1))
            .as_secs_f64();
        let cores = |now: Option<f64>, then: Option<f64>| Some(((now? - then?) / time).max(0.0));
        Cores {
            balcao: cores(self.balcao, earlier.balcao),
            postgres: cores(self.postgres, earlier.postgres),
            redis: cores(self.redis, earlier.redis),
            simulator: cores(self.simulator, earlier.simulator),
            loadtest: cores(self.loadtest, earlier.loadtest),
        }
    }
}

impl Cores {
    /// The product with what it stands on; not the outside world that is simulated.
    pub(crate) fn product(&self) -> Option<f64> {
        Some(self.balcao? + self.postgres? + self.redis?)
    }
}

impl std::fmt::Display for Cores {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let named = [
            ("balcao", self.balcao),
            ("PostgreSQL", self.postgres),
            ("Redis", self.redis),
            ("simulator", self.simulator),
            ("loadtest", self.loadtest),
        ];
        let seen: Vec<String> = named
            .iter()
            .filter_map(|(name, cores)| Some(format!("{name} {:.2}", (*cores)?)))
            .collect();
        f.write_str(&seen.join(", "))
    }
}

/// Any process's share of memory.
pub(crate) fn pss_kib(pid: u32) -> Option<f64> {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// CPU seconds of one process.
pub(crate) fn cpu_seconds(pid: u32) -> Option<f64> {
    Stats::read().alone(pid)
}

/// One reading of all processes.
struct Stats {
    by_pid: HashMap<u32, Stat>,
    ticks_per_second: f64,
}

/// What `/proc/<pid>/stat` says.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Stat {
    parent: u32,
    own_ticks: u64,
    buried_ticks: u64,
}

impl Stats {
    fn read() -> Self {
        let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
        let by_pid = entries.filter_map(|entry| {
            let pid: u32 = entry.file_name().to_str()?.parse().ok()?;
            let text = fs::read_to_string(entry.path().join("stat")).ok()?;
            Some((pid, Stat::parse(&text)?))
        });
        Self {
            by_pid: by_pid.collect(),
            ticks_per_second: rustix::param::clock_ticks_per_second() as f64,
        }
    }

    fn alone(&self, pid: u32) -> Option<f64> {
        let stat = self.by_pid.get(&pid)?;
        Some(stat.own_ticks as f64 / self.ticks_per_second)
    }

    /// A process with all below it, the ended ones included.
    fn tree(&self, root: u32) -> Option<f64> {
        self.by_pid.get(&root)?;
        let (mut waiting, mut ticks) = (vec![root], 0);
        while let Some(pid) = waiting.pop() {
            if let Some(stat) = self.by_pid.get(&pid) {
                ticks += stat.own_ticks + stat.buried_ticks;
            }
            let children = self.by_pid.iter().filter(|(_, stat)| stat.parent == pid);
            waiting.extend(children.map(|(child, _)| *child));
        }
        Some(ticks as f64 / self.ticks_per_second)
    }
}

impl Stat {
    /// The name may hold spaces and parentheses; everything after the last `)` has fixed places.
    fn parse(text: &str) -> Option<Self> {
        let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
        let number = |at: usize| fields.get(at)?.parse::<u64>().ok();
        Some(Self {
            parent: u32::try_from(number(1)?).ok()?,
            own_ticks: number(11)? + number(12)?,
            buried_ticks: number(13)? + number(14)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_does_not_shift_the_fields() {
        let text = "42 (a) b (c)) S 7 42 42 0 -1 4194304 1 2 3 4 50 60 8 9 20 0 1 0 100 0 0";
        assert_eq!(
            Stat::parse(text),
            Some(Stat {
                parent: 7,
                own_ticks: 110,
                buried_ticks: 17
            })
        );
        assert_eq!(Stat::parse("nonsense"), None);
    }

    #[test]
    fn a_tree_is_counted_with_children_and_buried_ones() {
        let stat = |parent, own_ticks, buried_ticks| Stat {
            parent,
            own_ticks,
            buried_ticks,
        };
        let stats = Stats {
            by_pid: HashMap::from([
                (1, stat(0, 1_000, 0)),
                (2, stat(1, 100, 20)),
                (3, stat(2, 30, 0)),
                (4, stat(3, 5, 0)),
                (5, stat(1, 7, 0)),
            ]),
            ticks_per_second: 100.0,
        };
        assert_eq!(stats.alone(2), Some(1.0));
        assert_eq!(stats.tree(2), Some(1.55));
        assert_eq!(stats.tree(9), None);
    }

    #[test]
    fn our_own_process_has_used_memory() {
        assert!(pss_kib(std::process::id()).unwrap() > 100.0);
        assert!(cpu_seconds(std::process::id()).is_some());
    }
}
