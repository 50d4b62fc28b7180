//! Where a sealed value lives. The place is authenticated with the value, so a blob that is moved does not open.
//!
//! Promises: every sealed column of the schema has one constructor here, and nowhere else are these names spelled.
//! A row whose key is one uuid is named by it. A row with a composite or other key is named by the first 16 bytes of
//! SHA-256 over its key parts, each with its u32 big-endian length before it (integers as 8 bytes big-endian).

use sha2::{Digest, Sha256};
use uuid::Uuid;

/// A table, a column and a row. The constants never change: old blobs are bound to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// Table name as first published, even if the table is renamed later.
    pub table: &'static str,
    /// Column name as first published.
    pub column: &'static str,
    /// The row's id, or the derived id described above.
    pub row: Uuid,
}

impl Place {
    const fn of(table: &'static str, column: &'static str, row: Uuid) -> Self {
        Self { table, column, row }
    }

    /// `message.sealed`, by `message.id`.
    pub const fn message(id: Uuid) -> Self {
        Self::of("message", "sealed", id)
    }

    /// `message_version.sealed`, by its composite key.
    pub fn message_version(conversation: Uuid, seq: i64, version: i32) -> Self {
        let parts = [
            conversation.as_bytes().as_slice(),
            &seq.to_be_bytes(),
            &i64::from(version).to_be_bytes(),
        ];
        Self::of("message_version", "sealed", derived(&parts))
    }

    /// `reaction.sealed`, by the item and the author's id (author ids are unique across kinds).
    pub fn reaction(conversation: Uuid, seq: i64, author: Uuid) -> Self {
        let parts = [
            conversation.as_bytes().as_slice(),
            &seq.to_be_bytes(),
            author.as_bytes(),
        ];
        Self::of("reaction", "sealed", derived(&parts))
    }

    /// `media.sealed`, by `media.id`.
    pub const fn media(id: Uuid) -> Self {
        Self::of("media", "sealed", id)
    }

    /// `media.sealed_result`, by `media.id`.
    pub const fn media_result(id: Uuid) -> Self {
        Self::of("media", "sealed_result", id)
    }

    /// `channel_notice.sealed`, by `channel_notice.id`.
    pub const fn channel_notice(id: Uuid) -> Self {
        Self::of("channel_notice", "sealed", id)
    }

    /// `channel.sealed_app_secret`, by `channel.id`.
    pub const fn channel_app_secret(id: Uuid) -> Self {
        Self::of("channel", "sealed_app_secret", id)
    }

    /// `contact.sealed`, by `contact.id`.
    pub const fn contact(id: Uuid) -> Self {
        Self::of("contact", "sealed", id)
    }

    /// `contact_identity.sealed`, by `contact_identity.id`.
    pub const fn contact_identity(id: Uuid) -> Self {
        Self::of("contact_identity", "sealed", id)
    }

    /// `contact_channel.sealed_address`, by its composite key.
    pub fn contact_channel_address(contact: Uuid, channel: Uuid) -> Self {
        let row = derived(&[contact.as_bytes(), channel.as_bytes()]);
        Self::of("contact_channel", "sealed_address", row)
    }

    /// `channel.sealed_access_token`, by `channel.id`.
    pub const fn channel_access_token(id: Uuid) -> Self {
        Self::of("channel", "sealed_access_token", id)
    }

    /// `agent.sealed`, by `agent.id`.
    pub const fn agent(id: Uuid) -> Self {
        Self::of("agent", "sealed", id)
    }

    /// `agent.sealed_totp`, by `agent.id`.
    pub const fn agent_totp(id: Uuid) -> Self {
        Self::of("agent", "sealed_totp", id)
    }

    /// `dead_letter.sealed`, by `dead_letter.id`.
    pub const fn dead_letter(id: Uuid) -> Self {
        Self::of("dead_letter", "sealed", id)
    }

    /// `parked_event.sealed`, by `parked_event.id`.
    pub const fn parked_event(id: Uuid) -> Self {
        Self::of("parked_event", "sealed", id)
    }

    /// `refresh_token.successor_sealed`, by the token's hash.
    pub fn refresh_token_successor(hash: &[u8]) -> Self {
        Self::of("refresh_token", "successor_sealed", derived(&[hash]))
    }
}

/// `keystore.subject_key.wrapped`: bound to its own row, so that keys cannot be swapped between subjects or versions.
pub(super) fn wrapped_key(subject: Uuid, version: i32) -> Place {
    Place::of(
        "keystore.subject_key",
        "wrapped",
        derived(&[subject.as_bytes(), &i64::from(version).to_be_bytes()]),
    )
}

fn derived(parts: &[&[u8]]) -> Uuid {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(super::blob::length(part).to_be_bytes());
        hash.update(part);
    }
    let digest: [u8; 32] = hash.finalize().into();
    let mut row = [0; 16];
    row.copy_from_slice(&digest[..16]);
    Uuid::from_bytes(row)
}
