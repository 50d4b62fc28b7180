//! How often somebody may try a password.
//!
//! Promises: guessing is slow per account and address, per account over all addresses, and per address over all
//! accounts; a log-in that succeeds starts the account's count anew. A stranger cannot lock an owner out: the tight
//! count is per address, and a browser that has logged in before brings a device mark with a count of its own.
//! Does not: keep addresses or e-mails: keys are MACs. Without Redis each node counts its share.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use balcao_core::config;
use balcao_core::limits::{Limit, LimitKey, Limits};
use chrono::{DateTime, Utc};
use compliance::{Mac, Mutant, Vault};

use super::device::Device;
use crate::error::Error;

/// What one address may try, compared with the whole account: so many addresses at once slow the account down.
const ADDRESSES_PER_ACCOUNT: u32 = 10;
/// Addresses that are remembered as resting; beyond it nobody new rests (the counts in Redis still hold).
const MAX_RESTING: usize = 10_000;

/// Who tries.
#[derive(Clone, Copy, Debug)]
pub struct Knock<'a> {
    /// The account, whether or not it exists.
    pub email: Mac,
    /// From where.
    pub address: IpAddr,
    /// The mark of a browser that has logged in to this account before.
    pub device: Option<&'a Device>,
    /// The account's newest log-in: a success changes the keys and so starts the counts anew.
    pub last_login_at: Option<DateTime<Utc>>,
}

/// The counts of password attempts. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Attempts {
    account: Limit,
    everywhere: Limit,
    address: Limit,
    resting: Arc<Mutex<HashMap<LimitKey, Instant>>>,
}

impl Attempts {
    /// As configured.
    #[must_use]
    pub fn new(config: &config::Session) -> Self {
        let quarter = Duration::from_secs(15 * 60);
        let per_account = config.attempts_per_account_per_15_minutes;
        Self {
            account: Limit::new("login_account", per_account, quarter),
            everywhere: Limit::new(
                "login_everywhere",
                per_account.saturating_mul(ADDRESSES_PER_ACCOUNT),
                quarter,
            ),
            address: Limit::per_minute("login_address", config.attempts_per_address_per_minute),
            resting: Arc::default(),
        }
    }

    /// Counts an attempt before the password is looked at.
    ///
    /// # Errors
    /// [`Error::RateLimited`].
    pub async fn knock(
        &self,
        limits: &Limits,
        vault: &Vault,
        knock: Knock<'_>,
    ) -> Result<(), Error> {
        self.rested(vault, knock.address)?;
        let since = knock
            .last_login_at
            .map_or(0, |at| at.timestamp_micros())
            .to_be_bytes();
        let line = line(knock.address);
        let place: &[u8] = knock.device.map_or(&line, Device::id);
        let key =
            LimitKey::mac(&vault.mac_of("login attempt", &[knock.email.as_bytes(), &since, place]));
        allowed(limits, &self.account, &key).await?;
        if knock.device.is_none() {
            let key =
                LimitKey::mac(&vault.mac_of("login attempt", &[knock.email.as_bytes(), &since]));
            allowed(limits, &self.everywhere, &key).await?;
        }
        Ok(())
    }

    /// Counts a failure against its address; at the end of its permits the address rests.
    pub async fn failed(&self, limits: &Limits, vault: &Vault, address: IpAddr) {
        let key = address_key(vault, address);
        let decision = limits.check(&self.address, &key, 1).await;
        if decision.allowed && decision.remaining > 0 {
            return;
        }
        let rest = decision
            .retry_after
            .max(self.address.period / self.address.permits);
        let now = Instant::now();
        let mut resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        resting.retain(|_, until| *until > now);
        if resting.len() < MAX_RESTING {
            resting.insert(key, now + rest);
        }
    }

    /// Refuses an address that rests. Ask again right before the work: others may have failed while one waited.
    ///
    /// # Errors
    /// [`Error::RateLimited`].
    pub fn rested(&self, vault: &Vault, address: IpAddr) -> Result<(), Error> {
        let resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        let until = resting.get(&address_key(vault, address));
        match until.and_then(|until| until.checked_duration_since(Instant::now())) {
            Some(rest) => Err(Error::RateLimited {
                retry_after_s: rest.as_secs() + 1,
            }),
            None => Ok(()),
        }
    }
}

async fn allowed(limits: &Limits, limit: &Limit, key: &LimitKey) -> Result<(), Error> {
    let decision = limits.check(limit, key, 1).await;
    if decision.allowed || Mutant::GuessingFree.lives() {
        Ok(())
    } else {
        Err(Error::RateLimited {
            retry_after_s: decision.retry_after_seconds(),
        })
    }
}

fn address_key(vault: &Vault, address: IpAddr) -> LimitKey {
    LimitKey::mac(&vault.mac_of("client address", &[&line(address)]))
}

/// The line behind an address: all of IPv4, the /64 of IPv6.
fn line(address: IpAddr) -> Vec<u8> {
    match address.to_canonical() {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets()[..8].to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use compliance::Provider;

    use super::*;

    async fn parts() -> (Attempts, Limits, Vault) {
        let config = config::Config::load(&config::Sources::default()).unwrap();
        let vault = Vault::open(Provider::development([1; 32])).await.unwrap();
        (Attempts::new(&config.session), Limits::new(None, 1), vault)
    }

    fn knock(vault: &Vault, email: &str, address: &str) -> Knock<'static> {
        let email = vault.mac_of("agent email", &[email.as_bytes()]);
        Knock {
            email,
            address: address.parse().unwrap(),
            device: None,
            last_login_at: None,
        }
    }

    #[tokio::test]
    async fn the_sixth_attempt_in_a_quarter_is_told_to_wait() {
        let (attempts, limits, vault) = parts().await;
        let who = knock(&vault, "a@isp.example", "192.0.2.1");
        for _ in 0..5 {
            attempts.knock(&limits, &vault, who).await.unwrap();
        }
        let Err(Error::RateLimited { retry_after_s }) = attempts.knock(&limits, &vault, who).await
        else {
            panic!("a sixth attempt was let in");
        };
        assert!((1..=180).contains(&retry_after_s), "{retry_after_s}");
    }

    #[tokio::test]
    async fn a_stranger_does_not_lock_the_owner_out() {
        let (attempts, limits, vault) = parts().await;
        let stranger = knock(&vault, "a@isp.example", "192.0.2.1");
        while attempts.knock(&limits, &vault, stranger).await.is_ok() {}
        let elsewhere = knock(&vault, "a@isp.example", "198.51.100.1");
        assert!(attempts.knock(&limits, &vault, elsewhere).await.is_ok());
        let device = Device::new(&vault, stranger.email).unwrap();
        let at_home = Knock {
            device: Some(&device),
            ..stranger
        };
        assert!(
            attempts.knock(&limits, &vault, at_home).await.is_ok(),
            "the same address, a known browser"
        );
    }

    #[tokio::test]
    async fn many_addresses_together_are_slowed_too() {
        let (attempts, limits, vault) = parts().await;
        let mut let_in = 0;
        for address in 1..100 {
            let who = knock(&vault, "a@isp.example", &format!("192.0.2.{address}"));
            let_in += usize::from(attempts.knock(&limits, &vault, who).await.is_ok());
        }
        assert_eq!(let_in, 50);
    }

    #[tokio::test]
    async fn a_success_starts_the_count_anew() {
        let (attempts, limits, vault) = parts().await;
        let who = knock(&vault, "a@isp.example", "192.0.2.1");
        while attempts.knock(&limits, &vault, who).await.is_ok() {}
        let later = Knock {
            last_login_at: DateTime::from_timestamp(1_800_000_000, 0),
            ..who
        };
        assert!(attempts.knock(&limits, &vault, later).await.is_ok());
    }

    #[tokio::test]
    async fn an_address_that_fails_everywhere_rests() {
        let (attempts, limits, vault) = parts().await;
        let address = "2001:db8::1".parse().unwrap();
        for _ in 0..20 {
            attempts.failed(&limits, &vault, address).await;
        }
        let neighbour = knock(&vault, "b@isp.example", "2001:db8::2");
        assert!(matches!(
            attempts.knock(&limits, &vault, neighbour).await,
            Err(Error::RateLimited { .. })
        ));
        let other = knock(&vault, "b@isp.example", "2001:db8:1::2");
        assert!(attempts.knock(&limits, &vault, other).await.is_ok());
    }
}
