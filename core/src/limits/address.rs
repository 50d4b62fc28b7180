//! Who calls, behind reverse proxies: `X-Forwarded-For` is believed only from `listen.trusted_proxies`.

use std::net::IpAddr;
use std::str::FromStr;

use axum::http::HeaderMap;
use serde::Deserialize;

const FORWARDED_FOR: &str = "x-forwarded-for";

/// An address or a network such as `10.0.0.0/8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Network {
    address: IpAddr,
    prefix_bits: u8,
}

impl Network {
    /// Whether the address is in the network.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let mask = u32::MAX
                    .checked_shl(32 - u32::from(self.prefix_bits))
                    .unwrap_or(0);
                network.to_bits() & mask == address.to_bits() & mask
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let mask = u128::MAX
                    .checked_shl(128 - u32::from(self.prefix_bits))
                    .unwrap_or(0);
                network.to_bits() & mask == address.to_bits() & mask
            }
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (address, prefix) = text
            .split_once('/')
            .map_or((text, None), |(address, prefix)| (address, Some(prefix)));
        let refused = || format!("{text:?} is neither an address nor a network such as 10.0.0.0/8");
        let address: IpAddr = address.trim().parse().map_err(|_| refused())?;
        let widest = if address.is_ipv4() { 32 } else { 128 };
        let prefix_bits = match prefix {
            Some(bits) => bits
                .trim()
                .parse()
                .ok()
                .filter(|bits| *bits <= widest)
                .ok_or_else(refused)?,
            None => widest,
        };
        Ok(Self {
            address,
            prefix_bits,
        })
    }
}

impl TryFrom<String> for Network {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

/// The client's address: the peer, unless that is a trusted proxy; then the last address in `X-Forwarded-For` that is
/// not one. What an untrusted peer claims is ignored, and so is everything before the first claim that cannot be read.
#[must_use]
pub fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> IpAddr {
    let is_trusted = |address| trusted.iter().any(|network| network.contains(address));
    let mut client = peer.to_canonical();
    for value in headers.get_all(FORWARDED_FOR).into_iter().rev() {
        for claim in value.to_str().unwrap_or_default().rsplit(',') {
            if !is_trusted(client) {
                return client;
            }
            let Ok(address) = claim.trim().parse::<IpAddr>() else {
                return client;
            };
            client = address.to_canonical();
        }
    }
    client
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(peer: &str, forwarded: &[&str], trusted: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(FORWARDED_FOR, value.parse().unwrap());
        }
        let trusted: Vec<Network> = trusted
            .iter()
            .map(|network| network.parse().unwrap())
            .collect();
        client_address(peer.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn a_stranger_cannot_choose_its_address() {
        assert_eq!(seen("192.0.2.9", &["10.0.0.1"], &[]), "192.0.2.9");
        assert_eq!(
            seen("192.0.2.9", &["10.0.0.1"], &["10.0.0.0/8"]),
            "192.0.2.9"
        );
    }

    #[test]
    fn behind_proxies_the_last_untrusted_address_counts() {
        let trusted = ["10.0.0.0/8", "2001:db8::/32"];
        assert_eq!(
            seen("10.0.0.1", &["198.51.100.7"], &trusted),
            "198.51.100.7"
        );
        assert_eq!(
            seen(
                "10.0.0.1",
                &["203.0.113.1, 198.51.100.7, 10.1.1.1"],
                &trusted
            ),
            "198.51.100.7"
        );
        assert_eq!(
            seen("10.0.0.1", &["203.0.113.1", "198.51.100.7"], &trusted),
            "198.51.100.7"
        );
        assert_eq!(
            seen("2001:db8::1", &["198.51.100.7"], &trusted),
            "198.51.100.7"
        );
        assert_eq!(
            seen("::ffff:10.0.0.1", &["198.51.100.7"], &trusted),
            "198.51.100.7"
        );
    }

    #[test]
    fn a_proxy_that_says_nothing_readable_is_itself_the_client() {
        assert_eq!(seen("10.0.0.1", &[], &["10.0.0.0/8"]), "10.0.0.1");
        assert_eq!(
            seen("10.0.0.1", &["198.51.100.7, unknown"], &["10.0.0.0/8"]),
            "10.0.0.1"
        );
    }

    #[test]
    fn networks_are_checked_when_read() {
        for text in ["10.0.0.0/33", "10.0.0/8", "proxy", "::/129", ""] {
            assert!(text.parse::<Network>().is_err(), "{text:?} was accepted");
        }
        let all: Network = "0.0.0.0/0".parse().unwrap();
        assert!(all.contains("192.0.2.1".parse().unwrap()));
        assert!(!all.contains("2001:db8::1".parse().unwrap()));
    }
}
