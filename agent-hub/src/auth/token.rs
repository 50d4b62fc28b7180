//! Access tokens: EdDSA JWTs that live five minutes and name a session.
//!
//! Promises (RFC 8725): one algorithm, one key, one type `at+jwt`, one issuer and audience; exp, nbf, iat, sub and sid
//! are required and are numbers and UUIDs, so that `"exp":"never"` (CVE-2026-25537) is not "no expiry"; headers that
//! bring or point to keys are refused; time is this node's clock.
//! Does not: know whether the session still exists; `sessions` does.

use balcao_core::clock::Clock;
use balcao_core::model::{AgentId, SessionId};
use chrono::{DateTime, Duration, Utc};
use ed25519_dalek::SigningKey;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::provider;
use crate::error::Error;

const ISSUER: &str = "balcao";
const AUDIENCE: &str = "balcao-api";
const TYPE: &str = "at+jwt";
/// How far the clocks of two nodes may differ, in seconds.
const LEEWAY_S: i64 = 5;
/// A token of ours has about 400 bytes.
const MAX_TOKEN_BYTES: usize = 2_048;

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: AgentId,
    sid: SessionId,
    iat: i64,
    nbf: i64,
    exp: i64,
}

/// What a good token says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// Whose.
    pub agent_id: AgentId,
    /// Under which log-in.
    pub session_id: SessionId,
}

/// A token just made.
#[derive(Clone)]
pub struct Issued {
    /// The token.
    pub token: String,
    /// Its life, in seconds.
    pub expires_in: i64,
}

/// Never the token.
impl std::fmt::Debug for Issued {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Issued(for {} s)", self.expires_in)
    }
}

/// Signs and reads access tokens with the installation's session key.
pub struct Tokens {
    signing: EncodingKey,
    verifying: DecodingKey,
    header: Header,
    validation: Validation,
    clock: Clock,
    life: Duration,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokens")
            .field("kid", &self.header.kid)
            .finish_non_exhaustive()
    }
}

impl Tokens {
    /// From an Ed25519 seed; `life_s` is how long a token is good, in seconds.
    #[must_use]
    pub fn new(seed: &[u8; 32], clock: Clock, life_s: u64) -> Self {
        provider::install();
        let public = SigningKey::from_bytes(seed).verifying_key().to_bytes();
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(TYPE.to_owned());
        header.kid = Some(hex::encode(&Sha256::digest(public)[..8]));
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["iss", "aud", "sub", "exp", "nbf"]);
        // The library asks the operating system what time it is; `read` asks our clock instead.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        Self {
            signing: EncodingKey::from_ed_der(seed),
            verifying: DecodingKey::from_ed_der(&public),
            header,
            validation,
            clock,
            life: Duration::seconds(i64::try_from(life_s).unwrap_or(300)),
        }
    }

    /// A token from `at` on, no longer than the session itself. The same arguments give the same token.
    ///
    /// # Errors
    /// [`Error::Internal`] when it cannot be signed.
    pub fn issue(
        &self,
        access: Access,
        at: DateTime<Utc>,
        session_ends: DateTime<Utc>,
    ) -> Result<Issued, Error> {
        let expires = (at + self.life).min(session_ends);
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: access.agent_id,
            sid: access.session_id,
            iat: at.timestamp(),
            nbf: at.timestamp(),
            exp: expires.timestamp(),
        };
        let token = jsonwebtoken::encode(&self.header, &claims, &self.signing)
            .map_err(|_| Error::Internal("the access token could not be signed"))?;
        let elapsed = (self.clock.now() - at).num_seconds();
        Ok(Issued {
            token,
            expires_in: ((expires - at).num_seconds() - elapsed).max(0),
        })
    }

    /// Reads a token that somebody presents.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`], whatever is wrong with it.
    pub fn read(&self, token: &str) -> Result<Access, Error> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(Error::Unauthenticated);
        }
        let data = jsonwebtoken::decode::<Claims>(token, &self.verifying, &self.validation)
            .map_err(|_| Error::Unauthenticated)?;
        // Exactly the header we write: nothing that names, brings or points to another key, nothing critical.
        if data.header != self.header {
            return Err(Error::Unauthenticated);
        }
        let now = self.clock.now().timestamp();
        let claims = data.claims;
        let begun = claims.nbf <= now + LEEWAY_S && claims.iat <= now + LEEWAY_S;
        if !begun || claims.exp <= now {
            return Err(Error::Unauthenticated);
        }
        Ok(Access {
            agent_id: claims.sub,
            session_id: claims.sid,
        })
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
    use ed25519_dalek::Signer as _;
    use serde_json::{Value, json};

    use super::*;

    const SEED: [u8; 32] = [7; 32];

    fn start() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).unwrap()
    }

    fn tokens() -> (Tokens, Clock) {
        let clock = Clock::manual(start());
        (Tokens::new(&SEED, clock.clone(), 300), clock)
    }

    fn access() -> Access {
        Access {
            agent_id: AgentId::new(),
            session_id: SessionId::new(),
        }
    }

    fn hours(hours: i64) -> DateTime<Utc> {
        start() + Duration::hours(hours)
    }

    fn header() -> Value {
        let kid = hex::encode(
            &Sha256::digest(SigningKey::from_bytes(&SEED).verifying_key().to_bytes())[..8],
        );
        json!({"typ": "at+jwt", "alg": "EdDSA", "kid": kid})
    }

    fn claims() -> Value {
        let now = start().timestamp();
        json!({
            "iss": "balcao", "aud": "balcao-api", "sub": AgentId::new(), "sid": SessionId::new(),
            "iat": now, "nbf": now, "exp": now + 300
        })
    }

    /// Signed with our own key, whatever it says: only the content can be wrong.
    fn signed(header: &Value, claims: &Value) -> String {
        let message = format!(
            "{}.{}",
            B64.encode(header.to_string()),
            B64.encode(claims.to_string())
        );
        let signature = SigningKey::from_bytes(&SEED)
            .sign(message.as_bytes())
            .to_bytes();
        format!("{message}.{}", B64.encode(signature))
    }

    fn with(mut value: Value, key: &str, other: Value) -> Value {
        value[key] = other;
        value
    }

    fn without(mut value: Value, key: &str) -> Value {
        value.as_object_mut().unwrap().remove(key);
        value
    }

    fn refused(token: &str) -> bool {
        matches!(tokens().0.read(token), Err(Error::Unauthenticated))
    }

    #[test]
    fn a_token_reads_back_until_it_ends() {
        let (tokens, clock) = tokens();
        let access = access();
        let issued = tokens.issue(access, start(), hours(12)).unwrap();
        assert_eq!(issued.expires_in, 300);
        assert_eq!(tokens.read(&issued.token).unwrap(), access);
        clock.set(start() + Duration::seconds(299));
        assert!(tokens.read(&issued.token).is_ok());
        clock.set(start() + Duration::seconds(300));
        assert!(tokens.read(&issued.token).is_err());
    }

    #[test]
    fn a_token_does_not_outlive_its_session() {
        let (tokens, clock) = tokens();
        let issued = tokens
            .issue(access(), start(), start() + Duration::seconds(20))
            .unwrap();
        assert_eq!(issued.expires_in, 20);
        clock.set(start() + Duration::seconds(20));
        assert!(tokens.read(&issued.token).is_err());
    }

    #[test]
    fn the_same_arguments_give_the_same_token() {
        let (tokens, _) = tokens();
        let access = access();
        let (one, two) = (
            tokens.issue(access, start(), hours(1)).unwrap(),
            tokens.issue(access, start(), hours(1)).unwrap(),
        );
        assert_eq!(one.token, two.token);
    }

    #[test]
    fn what_we_forge_with_the_right_key_and_content_is_good() {
        assert!(
            !refused(&signed(&header(), &claims())),
            "or the tests below prove nothing"
        );
    }

    #[test]
    fn another_key_is_refused() {
        let clock = Clock::manual(start());
        let other = Tokens::new(&[8; 32], clock, 300)
            .issue(access(), start(), hours(1))
            .unwrap();
        assert!(refused(&other.token));
    }

    #[test]
    fn no_algorithm_and_other_algorithms_are_refused() {
        let none = format!(
            "{}.{}.",
            B64.encode(with(header(), "alg", json!("none")).to_string()),
            B64.encode(claims().to_string())
        );
        assert!(refused(&none));
        for algorithm in [
            "none", "None", "HS256", "HS512", "RS256", "ES256", "PS256", "eddsa", "",
        ] {
            assert!(
                refused(&signed(&with(header(), "alg", json!(algorithm)), &claims())),
                "{algorithm}"
            );
        }
    }

    #[test]
    fn an_hmac_with_the_public_key_is_refused() {
        let public = SigningKey::from_bytes(&SEED).verifying_key().to_bytes();
        let header = B64.encode(with(header(), "alg", json!("HS256")).to_string());
        let message = format!("{header}.{}", B64.encode(claims().to_string()));
        // HMAC-SHA256 by hand (RFC 2104): no signer of ours makes one
        let pad = |byte: u8| -> Vec<u8> {
            let mut block = [byte; 64];
            block
                .iter_mut()
                .zip(public)
                .for_each(|(out, key)| *out ^= key);
            block.to_vec()
        };
        let inner = Sha256::digest([pad(0x36), message.clone().into_bytes()].concat());
        let mac = Sha256::digest([pad(0x5c), inner.to_vec()].concat());
        assert!(refused(&format!("{message}.{}", B64.encode(mac))));
    }

    #[test]
    fn an_expiry_that_is_no_number_is_refused() {
        for never in [
            json!("never"),
            json!(null),
            json!("1900000000"),
            json!([]),
            json!(true),
            json!(1.9e99),
        ] {
            assert!(
                refused(&signed(&header(), &with(claims(), "exp", never.clone()))),
                "{never}"
            );
        }
    }

    #[test]
    fn every_claim_is_required() {
        for claim in ["iss", "aud", "sub", "sid", "iat", "nbf", "exp"] {
            assert!(
                refused(&signed(&header(), &without(claims(), claim))),
                "{claim}"
            );
        }
    }

    #[test]
    fn another_issuer_audience_or_beginning_is_refused() {
        for (claim, value) in [
            ("iss", json!("evil")),
            ("aud", json!("other-api")),
            ("aud", json!(["balcao-api", "other-api"])),
            ("nbf", json!(start().timestamp() + 60)),
            ("iat", json!(start().timestamp() + 60)),
            ("exp", json!(start().timestamp() - 1)),
            ("sub", json!("admin")),
        ] {
            assert!(
                refused(&signed(&header(), &with(claims(), claim, value.clone()))),
                "{claim} = {value}"
            );
        }
    }

    #[test]
    fn headers_that_name_or_bring_keys_are_refused() {
        for (name, value) in [
            ("kid", json!("../../dev/null")),
            ("kid", json!("' or 1=1 --")),
            ("typ", json!("JWT")),
            ("jku", json!("https://evil.example/keys")),
            ("x5u", json!("https://evil.example/cert")),
            (
                "jwk",
                json!({"kty": "OKP", "crv": "Ed25519", "x": B64.encode([1_u8; 32])}),
            ),
            ("crit", json!(["exp"])),
            ("whatever", json!(1)),
        ] {
            assert!(
                refused(&signed(&with(header(), name, value), &claims())),
                "{name}"
            );
        }
        assert!(refused(&signed(&without(header(), "kid"), &claims())));
    }

    #[test]
    fn rubbish_is_refused() {
        let good = signed(&header(), &claims());
        let (message, _) = good.rsplit_once('.').unwrap();
        for token in [
            "",
            ".",
            "..",
            "a.b.c",
            "....",
            message,
            &format!("{good}x"),
            &"a".repeat(1 << 20),
        ] {
            assert!(refused(token));
        }
        assert!(refused(&format!("{message}.{}", B64.encode([0_u8; 64]))));
    }
}
