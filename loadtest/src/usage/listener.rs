//! Which process listens behind a URL.

use std::collections::HashSet;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// What a URL says about where its server listens.
#[derive(Debug, PartialEq)]
enum Door {
    Port(SocketAddr),
    /// A socket's file; PostgreSQL's URLs name its folder.
    File(String),
}

/// The process that listens there, when it is on this machine and we may look.
pub(super) fn pid_behind(url: &str) -> Option<u32> {
    let inodes = match door(url)? {
        Door::Port(address) => ["/proc/net/tcp", "/proc/net/tcp6"]
            .iter()
            .filter_map(|file| fs::read_to_string(file).ok())
            .flat_map(|table| tcp_inodes(&table, address))
            .collect(),
        Door::File(path) => unix_inodes(&fs::read_to_string("/proc/net/unix").ok()?, &path),
    };
    holder(&inodes)
}

/// Reads `http://HOST:PORT...`, `redis+unix:///PATH`, `redis://HOST:PORT`, `postgres://...@HOST/...?host=%2FFOLDER`.
fn door(url: &str) -> Option<Door> {
    if let Some(path) = url.strip_prefix("redis+unix://") {
        let path = path.split('?').next().unwrap_or(path);
        return Some(Door::File(path.to_owned()));
    }
    if let Some((_, folder)) = url.split_once("host=%2F") {
        let folder = folder.split('&').next().unwrap_or(folder);
        let folder = folder.replace("%2F", "/").replace("%2f", "/");
        return Some(Door::File(format!("/{folder}/.s.PGSQL.")));
    }
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?']).next()?;
    let place = authority.rsplit('@').next()?;
    let usual = match scheme {
        "http" => 80,
        "postgres" | "postgresql" => 5432,
        _ => 6379,
    };
    let (host, port) = match place.rsplit_once(':') {
        Some((host, port)) => (host, port.parse().ok()?),
        None => (place, usual),
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let ip = if host == "localhost" {
        IpAddr::V4(Ipv4Addr::LOCALHOST)
    } else {
        host.parse().ok()?
    };
    Some(Door::Port(SocketAddr::new(ip, port)))
}

/// Listening sockets of `/proc/net/tcp` or `tcp6` that answer at `address`.
fn tcp_inodes(table: &str, address: SocketAddr) -> HashSet<u64> {
    let rows = table.lines().skip(1).filter_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let (ip, port) = fields.get(1)?.split_once(':')?;
        let (ip, port) = (hex_ip(ip)?, u16::from_str_radix(port, 16).ok()?);
        let is_here = port == address.port() && (ip == address.ip() || ip.is_unspecified());
        (*fields.get(3)? == "0A" && is_here).then(|| fields.get(9)?.parse().ok())?
    });
    rows.collect()
}

/// Addresses are in the machine's byte order, four bytes at a time.
fn hex_ip(hex: &str) -> Option<IpAddr> {
    let words: Vec<[u8; 4]> = (0..hex.len() / 8)
        .map(|at| u32::from_str_radix(hex.get(at * 8..at * 8 + 8)?, 16).ok())
        .map(|word| word.map(u32::to_ne_bytes))
        .collect::<Option<_>>()?;
    match words.as_slice() {
        [v4] => Some(Ipv4Addr::from(*v4).into()),
        [_, _, _, _] => {
            let bytes: [u8; 16] = words.concat().try_into().ok()?;
            let ip = Ipv6Addr::from(bytes);
            Some(ip.to_ipv4_mapped().map_or(IpAddr::V6(ip), IpAddr::V4))
        }
        _ => None,
    }
}

/// Listening sockets of `/proc/net/unix` whose file begins with `path`.
fn unix_inodes(table: &str, path: &str) -> HashSet<u64> {
    let rows = table.lines().skip(1).filter_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        // Flag 0x10000: it accepts connections.
        let flags = u32::from_str_radix(fields.get(3)?, 16).ok()?;
        let is_ours = flags & 0x1_0000 != 0 && fields.get(7)?.starts_with(path);
        is_ours.then(|| fields.get(6)?.parse().ok())?
    });
    rows.collect()
}

/// The first process that holds one of these sockets: a server comes before the children that inherit from it.
fn holder(inodes: &HashSet<u64>) -> Option<u32> {
    if inodes.is_empty() {
        return None;
    }
    let mut pids: Vec<u32> = fs::read_dir("/proc")
        .ok()?
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect();
    pids.sort_unstable();
    pids.into_iter().find(|pid| holds(*pid, inodes))
}

fn holds(pid: u32, inodes: &HashSet<u64>) -> bool {
    let files = fs::read_dir(format!("/proc/{pid}/fd"))
        .into_iter()
        .flatten()
        .flatten();
    files
        .filter_map(|file| fs::read_link(file.path()).ok())
        .filter_map(|target| {
            let name = target.to_str()?.strip_prefix("socket:[")?;
            name.strip_suffix(']')?.parse::<u64>().ok()
        })
        .any(|inode| inodes.contains(&inode))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_name_ports_and_files() {
        let port = |text: &str| Some(Door::Port(text.parse().unwrap()));
        assert_eq!(
            door("http://127.0.0.1:8081/webhooks/whatsapp"),
            port("127.0.0.1:8081")
        );
        assert_eq!(
            door("redis://:secret@localhost:6380/1"),
            port("127.0.0.1:6380")
        );
        assert_eq!(door("http://[::1]:80"), port("[::1]:80"));
        assert_eq!(
            door("postgres://u:p@127.0.0.1/balcao"),
            port("127.0.0.1:5432")
        );
        assert_eq!(
            door("redis+unix:///tmp/x/redis.sock"),
            Some(Door::File("/tmp/x/redis.sock".into()))
        );
        assert_eq!(
            door("postgres://u:p@localhost/balcao?host=%2Ftmp%2Fx&port=5432"),
            Some(Door::File("/tmp/x/.s.PGSQL.".into()))
        );
        assert_eq!(door("ignored"), None);
    }

    #[test]
    fn a_listener_of_this_process_is_found_and_a_closed_one_is_not() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        assert_eq!(pid_behind(&url), Some(std::process::id()));
        drop(listener);
        assert_eq!(pid_behind(&url), None);
    }

    #[test]
    fn a_socket_file_of_this_process_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("redis.sock");
        let _listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
        let url = format!("redis+unix://{}", path.display());
        assert_eq!(pid_behind(&url), Some(std::process::id()));
    }
}
