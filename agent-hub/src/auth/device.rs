//! The mark of a browser that has logged in to an account before: it earns a count of attempts of its own, so that a
//! stranger who guesses passwords from the same address cannot keep the owner out.
//!
//! Promises: nobody else can make one (a MAC of ours over account and 128 random bits), and it opens nothing by itself.
//! Does not: identify the person to anybody: without the account's e-mail it is random.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use compliance::{Mac, Vault};
use rand::{TryRng as _, rngs::SysRng};
use subtle::ConstantTimeEq as _;

use crate::error::Error;

const ID_BYTES: usize = 16;

/// A known browser of one account.
#[derive(Clone, Debug)]
pub struct Device {
    id: Vec<u8>,
    cookie: String,
}

impl Device {
    /// A new mark.
    ///
    /// # Errors
    /// [`Error::Internal`] without randomness.
    pub fn new(vault: &Vault, email: Mac) -> Result<Self, Error> {
        let mut id = vec![0; ID_BYTES];
        SysRng
            .try_fill_bytes(&mut id)
            .map_err(|_| Error::Internal("the operating system gave no randomness"))?;
        let mark = [id.as_slice(), mac(vault, email, &id).as_bytes()].concat();
        Ok(Self {
            id,
            cookie: URL_SAFE_NO_PAD.encode(mark),
        })
    }

    /// Reads a mark that a browser brings; `None` when it is not this account's.
    #[must_use]
    pub fn read(vault: &Vault, email: Mac, cookie: &str) -> Option<Self> {
        let mark = URL_SAFE_NO_PAD
            .decode(cookie)
            .ok()
            .filter(|mark| mark.len() == ID_BYTES + 32)?;
        let (id, given) = mark.split_at(ID_BYTES);
        let ours: bool = mac(vault, email, id).as_bytes().ct_eq(given).into();
        ours.then(|| Self {
            id: id.to_vec(),
            cookie: cookie.to_owned(),
        })
    }

    /// What tells it from other browsers.
    #[must_use]
    pub fn id(&self) -> &[u8] {
        &self.id
    }

    /// What the browser keeps.
    #[must_use]
    pub fn cookie(&self) -> &str {
        &self.cookie
    }
}

fn mac(vault: &Vault, email: Mac, id: &[u8]) -> Mac {
    vault.mac_of("login device", &[email.as_bytes(), id])
}

#[cfg(test)]
mod tests {
    use compliance::Provider;

    use super::*;

    #[tokio::test]
    async fn a_mark_is_good_for_its_own_account_only() {
        let vault = Vault::open(Provider::development([1; 32])).await.unwrap();
        let (owner, other) = (
            vault.mac_of("agent email", &[b"a"]),
            vault.mac_of("agent email", &[b"b"]),
        );
        let device = Device::new(&vault, owner).unwrap();
        assert_eq!(
            Device::read(&vault, owner, device.cookie()).unwrap().id(),
            device.id()
        );
        assert!(Device::read(&vault, other, device.cookie()).is_none());
        for forged in [
            "",
            "x",
            &URL_SAFE_NO_PAD.encode([0; 48]),
            &device.cookie().replace(char::is_alphabetic, "A"),
        ] {
            assert!(Device::read(&vault, owner, forged).is_none());
        }
    }
}
