//! What the services share: the nouns (`model`), the statements that store them (`store`), the bell that says
//! "look again", the limits, and how a node is configured, observed and stopped.
//!
//! Does not: know routes or WhatsApp, decide anything for the bot or for people.

pub mod bell;
pub mod breaker;
pub mod clock;
pub mod config;
pub mod context;
pub mod files;
pub mod limits;
pub mod listener;
pub mod metrics;
pub mod model;
pub mod object_store;
pub mod redis;
pub mod shutdown;
pub mod store;
pub mod telemetry;
pub mod work;

#[cfg(test)]
mod testing;
