//! Which addresses files may be fetched from.
//! Source of the ranges: IANA, "IPv4 / IPv6 Special-Purpose Address Registry" (RFC 6890 and successors).
//!
//! Promises: pure. Only hosts that are named in the configuration, with their port, over https; only addresses of the
//! public internet. What is listed as private may be both plain and private, and nothing else may.

use compliance::Mutant;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use balcao_core::config::Config;
use reqwest::Url;

/// The URL or the address behind it may not be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this address may not be called")]
pub struct Blocked;

/// The hosts, as configured.
#[derive(Clone, Debug)]
pub struct Hosts {
    allowed: Vec<(String, u16)>,
    private: Vec<(String, u16)>,
}

const HTTPS: u16 = 443;

impl Hosts {
    /// Those of `[media]` and the Graph API's own.
    #[must_use]
    pub fn configured(config: &Config) -> Self {
        let named = |hosts: &[String]| hosts.iter().map(|host| named(host)).collect::<Vec<_>>();
        let mut allowed = named(&config.media.hosts);
        let graph = Url::parse(&config.whatsapp.graph_base_url).ok();
        allowed.extend(graph.as_ref().and_then(place));
        Self {
            allowed,
            private: named(&config.media.private_hosts),
        }
    }

    /// Refuses a URL that may not be called. A host that is an address is judged here; a name when it is looked up.
    ///
    /// # Errors
    /// [`Blocked`].
    pub fn check(&self, url: &Url) -> Result<(), Blocked> {
        let place = place(url).ok_or(Blocked)?;
        if Mutant::MediaHostsUnchecked.lives() {
            return Ok(());
        }
        let is_private = self.private.contains(&place);
        let is_plain = url.scheme() == "http";
        let has_credentials = !url.username().is_empty() || url.password().is_some();
        if !self.allowed.contains(&place) || (is_plain && !is_private) || has_credentials {
            return Err(Blocked);
        }
        // The parser has written whatever stands for an address in its plain form.
        let literal = place.0.trim_start_matches('[').trim_end_matches(']');
        let literal = literal.parse::<IpAddr>().ok();
        match literal {
            Some(address) if !is_private && !is_public(address) => Err(Blocked),
            _ => Ok(()),
        }
    }

    /// Whether a name may stand for private addresses.
    #[must_use]
    pub fn may_be_private(&self, name: &str) -> bool {
        Mutant::MediaHostsUnchecked.lives()
            || self
                .private
                .iter()
                .any(|(host, _)| host.eq_ignore_ascii_case(name))
    }
}

/// Host and port of an http(s) URL.
fn place(url: &Url) -> Option<(String, u16)> {
    if !matches!(url.scheme(), "http" | "https") {
        return None;
    }
    let host = url.host_str()?.trim_end_matches('.').to_ascii_lowercase();
    Some((host, url.port_or_known_default()?))
}

/// `host` or `host:port`; an IPv6 address stands in brackets.
fn named(text: &str) -> (String, u16) {
    let text = text.trim().to_ascii_lowercase();
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host.to_owned(), port.parse().ok()),
        _ => (text.clone(), Some(HTTPS)),
    };
    (host, port.unwrap_or(HTTPS))
}

/// Whether an address is one of the public internet.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    const RESERVED: [(Ipv4Addr, u32); 15] = [
        (Ipv4Addr::new(0, 0, 0, 0), 8),
        (Ipv4Addr::new(10, 0, 0, 0), 8),
        (Ipv4Addr::new(100, 64, 0, 0), 10),
        (Ipv4Addr::new(127, 0, 0, 0), 8),
        (Ipv4Addr::new(169, 254, 0, 0), 16),
        (Ipv4Addr::new(172, 16, 0, 0), 12),
        (Ipv4Addr::new(192, 0, 0, 0), 24),
        (Ipv4Addr::new(192, 0, 2, 0), 24),
        (Ipv4Addr::new(192, 88, 99, 0), 24),
        (Ipv4Addr::new(192, 168, 0, 0), 16),
        (Ipv4Addr::new(198, 18, 0, 0), 15),
        (Ipv4Addr::new(198, 51, 100, 0), 24),
        (Ipv4Addr::new(203, 0, 113, 0), 24),
        (Ipv4Addr::new(224, 0, 0, 0), 4),
        (Ipv4Addr::new(240, 0, 0, 0), 4),
    ];
    !RESERVED
        .iter()
        .any(|(network, bits)| (address.to_bits() ^ network.to_bits()) >> (32 - bits) == 0)
}

/// Global unicast (2000::/3) without what is reserved inside it. Addresses that carry an IPv4 address (mapped, NAT64,
/// 6to4, Teredo) are outside or listed: none of them is public.
fn is_public_v6(address: Ipv6Addr) -> bool {
    const RESERVED: [(Ipv6Addr, u32); 4] = [
        (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
        (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
        (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
        (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
    ];
    let is_global = address.segments()[0] & 0xe000 == 0x2000;
    is_global
        && !RESERVED
            .iter()
            .any(|(network, bits)| (address.to_bits() ^ network.to_bits()) >> (128 - bits) == 0)
}

#[cfg(test)]
mod tests {
    use balcao_core::config::Sources;

    use super::*;

    fn hosts(settings: &[(&str, &str)]) -> Hosts {
        let sources = settings
            .iter()
            .fold(Sources::default(), |sources, (key, value)| {
                sources.with(key, *value)
            });
        Hosts::configured(&Config::load(&sources).unwrap())
    }

    fn passes(hosts: &Hosts, url: &str) -> bool {
        Url::parse(url).is_ok_and(|url| hosts.check(&url).is_ok())
    }

    #[test]
    fn only_the_named_hosts_over_https() {
        let hosts = hosts(&[]);
        assert!(passes(&hosts, "https://lookaside.fbsbx.com/a?b=c"));
        assert!(passes(&hosts, "https://LOOKASIDE.fbsbx.com./a"));
        assert!(passes(&hosts, "https://graph.facebook.com/v26.0/1"));
        for url in [
            "http://lookaside.fbsbx.com/a",
            "https://lookaside.fbsbx.com:8443/a",
            "https://lookaside.fbsbx.com.evil.example/a",
            "https://evil.example/lookaside.fbsbx.com",
            "https://lookaside.fbsbx.com@evil.example/",
            "https://user:word@lookaside.fbsbx.com/",
            "https://127.0.0.1/",
            "https://[::1]/",
            "ftp://lookaside.fbsbx.com/a",
            "file:///etc/passwd",
        ] {
            assert!(!passes(&hosts, url), "{url}");
        }
    }

    #[test]
    fn an_address_that_is_named_is_still_judged() {
        let open = hosts(&[(
            "media.hosts",
            "10.0.0.1:443,[::ffff:10.0.0.1]:443,0x7f.1:443",
        )]);
        for url in [
            "https://10.0.0.1/",
            "https://[::ffff:10.0.0.1]/",
            "https://0x7f.1/",
            "https://2130706433/",
        ] {
            assert!(!passes(&open, url), "{url}");
        }
        let private = hosts(&[
            ("media.hosts", "127.0.0.1:8083"),
            ("media.private_hosts", "127.0.0.1:8083"),
        ]);
        assert!(passes(&private, "http://127.0.0.1:8083/media/1"));
        assert!(
            !passes(&private, "http://127.0.0.1:8084/media/1"),
            "another port"
        );
        assert!(!private.may_be_private("localhost"));
    }

    #[test]
    fn every_reserved_range_is_refused_at_both_ends() {
        for address in [
            "0.0.0.0",
            "0.255.255.255",
            "10.0.0.0",
            "10.255.255.255",
            "100.64.0.0",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.255",
            "169.254.169.254",
            "172.16.0.0",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.0.0",
            "192.168.255.255",
            "198.18.0.0",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.9",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:8.8.8.8",
            "::8.8.8.8",
            "64:ff9b::808:808",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
        for address in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.167.255.255",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2606:4700::1111",
            "2a03:2880:f003::1",
            "2003::1",
        ] {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
    }
}
