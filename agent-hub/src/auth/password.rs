//! Passwords: argon2id, one computation a core, the same time for those who do not exist.
//!
//! Promises: a password is compared byte for byte (no trimming, no Unicode folding); what waits too long for a core is
//! told to come back instead of queueing up; a hash made with weaker parameters is renewed at the next log-in.
//! Does not: judge how good a password is, nor store anything.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version};
use compliance::mask::Secret;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::Error;

/// Memory of one computation, in KiB (OWASP's minimum for t = 2).
const MEMORY_KIB: u32 = 19_456;
/// Passes over the memory.
const PASSES: u32 = 2;
/// Lanes.
const LANES: u32 = 1;
/// Longest password, in characters: beyond it the work, not the secret, grows.
pub const MAX_PASSWORD_CHARS: usize = 128;
/// How long a log-in waits for a core, in milliseconds.
const WAIT_MS: u64 = 3_000;
/// Log-ins that wait at once; the next is told to come back.
const MAX_WAITING: usize = 64;

fn argon2() -> Argon2<'static> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).unwrap_or_default();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// Hashes a password for storing: argon2id in PHC form with a random salt. Takes tens of milliseconds.
///
/// # Errors
/// [`Error::TooLong`] over [`MAX_PASSWORD_CHARS`]; [`Error::Invalid`] when empty; [`Error::Internal`] without
/// randomness.
pub fn hash(password: &str) -> Result<String, Error> {
    check(password)?;
    let hash: PasswordHash = argon2()
        .hash_password(password.as_bytes())
        .map_err(|_| Error::Internal("the password could not be hashed"))?;
    Ok(hash.to_string())
}

/// Refuses what is no password at all.
///
/// # Errors
/// [`Error::TooLong`], [`Error::Invalid`].
pub fn check(password: &str) -> Result<(), Error> {
    if password.is_empty() {
        return Err(Error::Invalid("password: must not be empty"));
    }
    if password.chars().count() > MAX_PASSWORD_CHARS {
        return Err(Error::TooLong {
            field: "password",
            max_chars: MAX_PASSWORD_CHARS,
        });
    }
    Ok(())
}

/// What a comparison found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It does not fit, or there is nobody to fit.
    Wrong,
    /// It fits.
    Right,
    /// It fits; the hash was made with other parameters, here is a new one.
    RightRenewed(String),
}

/// The cores that may hash. Cheap to clone.
#[derive(Clone)]
pub struct Passwords {
    cores: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    /// Compared with when there is nobody, so that it takes as long.
    nobody: Arc<str>,
}

impl std::fmt::Debug for Passwords {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Passwords")
            .field("free_cores", &self.cores.available_permits())
            .finish_non_exhaustive()
    }
}

impl Passwords {
    /// As many computations at once as there are cores. Hashes once.
    ///
    /// # Errors
    /// [`Error::Internal`] without randomness.
    pub fn new() -> Result<Self, Error> {
        let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        Ok(Self {
            cores: Arc::new(Semaphore::new(cores)),
            waiting: Arc::new(Semaphore::new(cores + MAX_WAITING)),
            nobody: hash("nobody has this password")?.into(),
        })
    }

    /// Waits for a core.
    ///
    /// # Errors
    /// [`Error::RateLimited`] when they are busy for too long, or too many wait.
    pub async fn core(&self) -> Result<Core, Error> {
        let busy = || Error::RateLimited { retry_after_s: 2 };
        let place = Arc::clone(&self.waiting)
            .try_acquire_owned()
            .map_err(|_| busy())?;
        let core = tokio::time::timeout(
            Duration::from_millis(WAIT_MS),
            Arc::clone(&self.cores).acquire_owned(),
        )
        .await
        .map_err(|_| busy())?
        .map_err(|_| Error::Internal("the password cores are closed"))?;
        Ok(Core {
            held: (place, core),
            nobody: Arc::clone(&self.nobody),
        })
    }
}

/// A core that one comparison may use.
pub struct Core {
    held: (OwnedSemaphorePermit, OwnedSemaphorePermit),
    nobody: Arc<str>,
}

impl Core {
    /// Compares a password with a stored hash, or with nobody's: the same work either way.
    ///
    /// # Errors
    /// [`Error::Internal`] when the computation broke.
    pub async fn verify(self, password: Secret, stored: Option<String>) -> Result<Verdict, Error> {
        tokio::task::spawn_blocking(move || {
            // held until the work is done, even when nobody waits for the answer any more
            let _held = self.held;
            match &stored {
                Some(stored) => compare(password.expose(), stored),
                None => {
                    compare(password.expose(), &self.nobody);
                    Verdict::Wrong
                }
            }
        })
        .await
        .map_err(|_| Error::Internal("a password comparison panicked"))
    }
}

fn compare(password: &str, stored: &str) -> Verdict {
    let Ok(parsed) = PasswordHash::new(stored) else {
        tracing::error!("a stored password hash cannot be read; set a new password");
        return Verdict::Wrong;
    };
    if argon2()
        .verify_password(password.as_bytes(), &parsed)
        .is_err()
    {
        return Verdict::Wrong;
    }
    let current = parsed.algorithm.as_str() == "argon2id"
        && Params::try_from(&parsed).is_ok_and(|params| {
            (params.m_cost(), params.t_cost(), params.p_cost()) == (MEMORY_KIB, PASSES, LANES)
        });
    if current {
        return Verdict::Right;
    }
    hash(password).map_or(Verdict::Right, Verdict::RightRenewed)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn verdict(password: &str, stored: Option<String>) -> Verdict {
        Passwords::new()
            .unwrap()
            .core()
            .await
            .unwrap()
            .verify(Secret::new(password), stored)
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn only_the_password_itself_fits() {
        let stored = hash("batata-frita 42").unwrap();
        assert!(
            stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{stored}"
        );
        assert_eq!(
            verdict("batata-frita 42", Some(stored.clone())).await,
            Verdict::Right
        );
        for other in ["batata-frita 42 ", "Batata-frita 42", "", "x"] {
            assert_eq!(verdict(other, Some(stored.clone())).await, Verdict::Wrong);
        }
    }

    #[tokio::test]
    async fn a_composed_and_a_decomposed_letter_are_two_passwords() {
        let stored = hash("caf\u{e9}").unwrap();
        assert_eq!(
            verdict("caf\u{e9}", Some(stored.clone())).await,
            Verdict::Right
        );
        assert_eq!(verdict("cafe\u{301}", Some(stored)).await, Verdict::Wrong);
    }

    #[tokio::test]
    async fn nobody_has_a_password() {
        assert_eq!(
            verdict("nobody has this password", None).await,
            Verdict::Wrong
        );
        assert_eq!(verdict("x", Some("rubbish".into())).await, Verdict::Wrong);
    }

    #[tokio::test]
    async fn a_weaker_hash_is_renewed_when_the_password_fits() {
        let params = Params::new(8_192, 1, 1, None).unwrap();
        let weak: PasswordHash = Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password(b"old one")
            .unwrap();
        let Verdict::RightRenewed(renewed) = verdict("old one", Some(weak.to_string())).await
        else {
            panic!("not renewed");
        };
        assert_eq!(verdict("old one", Some(renewed)).await, Verdict::Right);
        assert_eq!(
            verdict("wrong", Some(weak.to_string())).await,
            Verdict::Wrong
        );
    }

    #[test]
    fn a_password_has_1_to_128_characters() {
        assert!(check(&"é".repeat(128)).is_ok());
        assert!(matches!(
            check(&"é".repeat(129)),
            Err(Error::TooLong {
                field: "password",
                max_chars: 128
            })
        ));
        assert!(matches!(check(""), Err(Error::Invalid(_))));
    }

    #[tokio::test]
    async fn who_would_wait_too_long_is_told_to_come_back() {
        let passwords = Passwords::new().unwrap();
        let free = passwords.waiting.available_permits();
        let _all = Arc::clone(&passwords.waiting)
            .acquire_many_owned(u32::try_from(free).unwrap())
            .await
            .unwrap();
        assert!(matches!(
            passwords.core().await,
            Err(Error::RateLimited { .. })
        ));
    }
}
