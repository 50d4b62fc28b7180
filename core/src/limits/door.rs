//! The first check on a request: how often one client address may knock, before the body is read.
//!
//! In this process only: it must cost less than what it protects. IPv6 clients count per /64, which is what one
//! customer's line gets.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use super::local::Local;
use super::{Decision, Limit};
use crate::metrics;

/// A limit per client address. Clones share their state.
#[derive(Clone)]
pub struct Door {
    limit: Limit,
    local: Arc<Local>,
}

impl fmt::Debug for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Door").field("limit", &self.limit).finish()
    }
}

impl Door {
    /// A door with its own count.
    #[must_use]
    pub fn new(limit: Limit) -> Self {
        Self {
            limit,
            local: Arc::new(Local::share_of(&limit, 1)),
        }
    }

    /// Counts one knock. For the webhook: only calls without a valid signature knock.
    #[must_use]
    pub fn knock(&self, client: IpAddr) -> Decision {
        let decision = self.local.check(&line(client), 1);
        if !decision.allowed {
            ::metrics::counter!(metrics::LIMIT_REFUSALS, "limit" => self.limit.name).increment(1);
        }
        decision
    }
}

/// The customer's line behind an address.
fn line(client: IpAddr) -> IpAddr {
    match client.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn knocks(door: &Door, client: &str) -> usize {
        (0..10)
            .filter(|_| door.knock(client.parse().unwrap()).allowed)
            .count()
    }

    #[test]
    fn each_address_has_its_own_count() {
        let door = Door::new(Limit::per_minute("test_door", 3));
        assert_eq!(knocks(&door, "192.0.2.1"), 3);
        assert_eq!(knocks(&door, "192.0.2.2"), 3);
        assert_eq!(
            knocks(&door, "::ffff:192.0.2.1"),
            0,
            "the same address, mapped"
        );
    }

    #[test]
    fn a_line_of_ipv6_is_one_client() {
        let door = Door::new(Limit::per_minute("test_door", 3));
        assert_eq!(knocks(&door, "2001:db8:1:1::1"), 3);
        assert_eq!(knocks(&door, "2001:db8:1:1:ffff::2"), 0);
        assert_eq!(knocks(&door, "2001:db8:1:2::1"), 3);
    }
}
