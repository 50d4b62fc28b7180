//! The sections as types. What each key means is said in `core/config.default.toml`, once.

mod machine;
mod media;
mod product;

use std::path::PathBuf;

use serde::{Deserialize, Deserializer};

pub use machine::{
    Database, KeyProvider, Keys, Listen, Log, LogFormat, Node, NodeRole, Pool, Profile, RedisServer,
};
pub use media::{Media, MediaStore};
pub use product::{
    Bot, Compliance, Console, Conversation, Limits, Retention, Session, Webhook, Whatsapp,
};

fn optional_path<'de, D: Deserializer<'de>>(from: D) -> Result<Option<PathBuf>, D::Error> {
    let path = PathBuf::deserialize(from)?;
    Ok((!path.as_os_str().is_empty()).then_some(path))
}

fn optional_text<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    let text = String::deserialize(from)?;
    Ok((!text.trim().is_empty()).then_some(text))
}
