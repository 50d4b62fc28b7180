//! What the services share: the nouns (`model`), the statements that store them (`store`), the bell that says
//! "look again", the limits, and how a node is configured, observed and stopped.
//!
//! Does not: speak HTTP, know WhatsApp, decide anything for the bot or for people.

pub mod bell;
pub mod breaker;
pub mod clock;
pub mod config;
pub mod context;
pub mod limits;
pub mod metrics;
pub mod model;
pub mod redis;
pub mod shutdown;
pub mod store;
pub mod telemetry;

#[cfg(test)]
mod testing;
