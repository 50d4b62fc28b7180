//! Signed notes and checkpoints (C2SP signed-note and tlog-checkpoint), with Ed25519.
//!
//! Promises: parsing accepts the exact published form and nothing else; a note is accepted when every signature line
//! of the known key verifies and there is at least one; lines of unknown keys are ignored.
//! Does not: know other signature types; they are lines of unknown keys.

use base64::{Engine, prelude::BASE64_STANDARD};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest, Sha256};

use super::tree::Hash;
use crate::{Error, Result};

const ED25519: u8 = 1;
const NOTE: &str = "signed note";
const CHECKPOINT: &str = "checkpoint";
const VKEY: &str = "verification key";
const SIGNATURE_MARK: &str = "\u{2014} ";
/// Longest note, in bytes.
pub const MAX_NOTE_BYTES: usize = 64 * 1024;
/// Most signature lines of a note.
const MAX_SIGNATURES: usize = 100;

/// Signs checkpoints and export manifests in the name of one log. Cheap to clone.
#[derive(Clone)]
pub struct Signer {
    origin: String,
    key: SigningKey,
}

impl Signer {
    /// The signer of a log. `origin` names the log for ever, for instance `balcao.example.com.br/audit`; the seed is
    /// `provider.seed(Seed::Audit)`.
    ///
    /// # Errors
    /// [`Error::Malformed`] when the origin is empty or holds white space, control characters or `+`.
    pub fn new(origin: &str, seed: &[u8; 32]) -> Result<Self> {
        check_name(VKEY, origin)?;
        Ok(Self {
            origin: origin.to_owned(),
            key: SigningKey::from_bytes(seed),
        })
    }

    /// The name of the log, which is the name of its key.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// `name+hash+base64`: what auditors must get by another way than with the export.
    pub fn vkey(&self) -> String {
        let public = self.key.verifying_key();
        let id = hex::encode(key_id(&self.origin, &public));
        format!(
            "{}+{id}+{}",
            self.origin,
            BASE64_STANDARD.encode(typed(&public))
        )
    }

    /// What verifies this signer's notes.
    pub fn verifier(&self) -> Verifier {
        let key = self.key.verifying_key();
        Verifier {
            name: self.origin.clone(),
            id: key_id(&self.origin, &key),
            key,
        }
    }

    /// Signs a text that ends with a line feed.
    pub(super) fn sign(&self, text: &str) -> String {
        let mut signature = key_id(&self.origin, &self.key.verifying_key()).to_vec();
        signature.extend_from_slice(&self.key.sign(text.as_bytes()).to_bytes());
        format!(
            "{text}\n{SIGNATURE_MARK}{} {}\n",
            self.origin,
            BASE64_STANDARD.encode(signature)
        )
    }
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Signer({})", self.origin)
    }
}

/// A parsed verification key.
#[derive(Clone, Debug)]
pub struct Verifier {
    name: String,
    id: [u8; 4],
    key: VerifyingKey,
}

impl Verifier {
    /// The name of the log this key signs for.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Parses `name+hash+base64`.
    ///
    /// # Errors
    /// [`Error::Malformed`] saying which part is wrong.
    pub fn parse(vkey: &str) -> Result<Self> {
        let wrong = |why: &str| Error::malformed(VKEY, why);
        let mut parts = vkey.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(wrong("is not name+hash+base64"));
        };
        check_name(VKEY, name)?;
        if id.len() != 8
            || !id
                .bytes()
                .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        {
            return Err(wrong("its hash is not 8 lower-case hexadecimal digits"));
        }
        let bytes = BASE64_STANDARD
            .decode(key)
            .map_err(|_| wrong("its last part is not base64"))?;
        let (Some((&ED25519, public)), 33) = (bytes.split_first(), bytes.len()) else {
            return Err(wrong("is not an Ed25519 key (type 1, 32 bytes)"));
        };
        let public: &[u8; 32] = public.try_into().map_err(|_| wrong("is not 32 bytes"))?;
        let key = VerifyingKey::from_bytes(public)
            .ok()
            .filter(|key| !key.is_weak())
            .ok_or_else(|| wrong("is not a point of the curve that signs"))?;
        let computed = key_id(name, &key);
        if hex::encode(computed) != id {
            return Err(wrong(
                "its hash does not belong to its name and key: was it copied whole?",
            ));
        }
        Ok(Self {
            name: name.to_owned(),
            id: computed,
            key,
        })
    }

    /// Verifies a note and returns its text.
    ///
    /// # Errors
    /// [`Error::Malformed`] when the form is not exact, or no signature of this key verifies.
    pub fn open<'a>(&self, note: &'a [u8]) -> Result<&'a str> {
        let wrong = |why: String| Error::malformed(NOTE, why);
        if note.len() > MAX_NOTE_BYTES {
            return Err(wrong(format!("is longer than {MAX_NOTE_BYTES} bytes")));
        }
        let note = std::str::from_utf8(note).map_err(|_| wrong("is not UTF-8".into()))?;
        if let Some(line) = note
            .split('\n')
            .position(|line| line.chars().any(|c| c < ' '))
        {
            return Err(wrong(format!(
                "line {}: holds a control character (CRLF?)",
                line + 1
            )));
        }
        let (body, signatures) = note
            .rsplit_once("\n\n")
            .ok_or_else(|| wrong("has no empty line before its signatures".into()))?;
        let text = &note[..=body.len()];
        let signatures = signatures
            .strip_suffix('\n')
            .ok_or_else(|| wrong("its last line has no line feed".into()))?;
        let first_line = text.matches('\n').count() + 2;

        let mut verified = false;
        for (index, line) in signatures.split('\n').enumerate() {
            let wrong = |why: &str| wrong(format!("line {}: {why}", first_line + index));
            if index >= MAX_SIGNATURES {
                return Err(wrong("too many signatures"));
            }
            let (name, bytes) =
                parse_signature(line).ok_or_else(|| wrong("is not a signature line"))?;
            if name != self.name || bytes[..4] != self.id {
                continue;
            }
            let signature = Signature::from_slice(&bytes[4..])
                .map_err(|_| wrong("its signature is not 64 bytes long"))?;
            self.key
                .verify_strict(text.as_bytes(), &signature)
                .map_err(|_| wrong("the signature does not match the text"))?;
            verified = true;
        }
        if !verified {
            return Err(wrong(format!(
                "has no signature of the key {}+{}",
                self.name,
                hex::encode(self.id)
            )));
        }
        Ok(text)
    }

    /// A note as it was before others added signatures to it: cosigning is no damage. Call it on a note that opened.
    pub(super) fn without_unknown(&self, note: &[u8]) -> Vec<u8> {
        let id = &self.id[..];
        let is_unknown = |line: &[u8]| {
            std::str::from_utf8(line)
                .ok()
                .and_then(|line| parse_signature(line.trim_end_matches('\n')))
                .is_some_and(|(name, bytes)| name != self.name || &bytes[..4] != id)
        };
        let signatures = note
            .windows(2)
            .rposition(|two| two == b"\n\n")
            .map_or(note.len(), |at| at + 2);
        let (text, signatures) = note.split_at(signatures);
        let ours = signatures
            .split_inclusive(|byte| *byte == b'\n')
            .filter(|line| !is_unknown(line));
        [text].into_iter().chain(ours).flatten().copied().collect()
    }
}

fn parse_signature(line: &str) -> Option<(&str, Vec<u8>)> {
    let (name, signature) = line.strip_prefix(SIGNATURE_MARK)?.split_once(' ')?;
    check_name(NOTE, name).ok()?;
    let bytes = BASE64_STANDARD.decode(signature).ok()?;
    (bytes.len() > 4).then_some((name, bytes))
}

fn check_name(what: &'static str, name: &str) -> Result<()> {
    if name.is_empty()
        || name
            .chars()
            .any(|c| c.is_whitespace() || c.is_control() || c == '+')
    {
        return Err(Error::malformed(
            what,
            "a name must not be empty nor hold white space, control characters or +",
        ));
    }
    Ok(())
}

fn typed(key: &VerifyingKey) -> Vec<u8> {
    let mut bytes = vec![ED25519];
    bytes.extend_from_slice(key.as_bytes());
    bytes
}

fn key_id(name: &str, key: &VerifyingKey) -> [u8; 4] {
    let hash: [u8; 32] = Sha256::new()
        .chain_update(name)
        .chain_update("\n")
        .chain_update(typed(key))
        .finalize()
        .into();
    [hash[0], hash[1], hash[2], hash[3]]
}

/// What a checkpoint says: the log had this many leaves and this root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log.
    pub origin: String,
    /// Leaves in the tree.
    pub size: u64,
    /// The root of that tree.
    pub root: Hash,
}

impl Checkpoint {
    /// The text that is signed.
    pub fn text(&self) -> String {
        format!(
            "{}\n{}\n{}\n",
            self.origin,
            self.size,
            BASE64_STANDARD.encode(self.root)
        )
    }

    /// Parses the text of a note. Extension lines may follow, as the specification allows.
    ///
    /// # Errors
    /// [`Error::Malformed`] naming the line.
    pub fn parse(text: &str) -> Result<Self> {
        let wrong = |why: &str| Error::malformed(CHECKPOINT, why);
        let mut lines = text
            .strip_suffix('\n')
            .ok_or_else(|| wrong("has no line feed at its end"))?
            .split('\n');
        let origin = lines
            .next()
            .filter(|line| !line.is_empty())
            .ok_or_else(|| wrong("line 1: no origin"))?;
        let size = lines
            .next()
            .and_then(decimal)
            .ok_or_else(|| wrong("line 2: not a size in decimal without leading zeroes"))?;
        let root = lines
            .next()
            .and_then(hash_line)
            .ok_or_else(|| wrong("line 3: not 32 bytes of base64"))?;
        if lines.any(str::is_empty) {
            return Err(wrong("an extension line is empty"));
        }
        Ok(Self {
            origin: origin.to_owned(),
            size,
            root,
        })
    }
}

/// A number as the forms write it: digits, no sign, no leading zero, below 2^63.
pub(super) fn decimal(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    text.parse()
        .ok()
        .filter(|number| plain && *number <= i64::MAX.unsigned_abs())
}

/// 32 bytes of padded base64.
pub(super) fn hash_line(text: &str) -> Option<Hash> {
    BASE64_STANDARD.decode(text).ok()?.try_into().ok()
}
