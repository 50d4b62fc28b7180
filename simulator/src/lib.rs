//! A stand-in for Meta's WhatsApp Cloud API and for the phones of the customers.
//!
//! Promises: the wire looks like Meta's (limits, errors, signatures, escapes, redelivery); every event, delivery
//! attempt and Graph call is in a ledger that survives; faults are switched on one by one.
//! Does not: share a line of code with the product, so that it can contradict it.
//!
//! A send walks `graph::messages` -> `phone` -> `status` -> `webhook`; what a customer writes walks
//! `control::contacts` -> `phone` -> `webhook`. `agenda` is the only timer, `state` holds what they share.

mod agenda;
mod business;
mod clock;
mod control;
mod cut;
mod erp;
mod error;
mod faults;
mod graph;
mod identity;
mod ledger;
mod media;
mod options;
mod page;
mod phone;
mod restore;
mod server;
mod state;
mod status;
mod webhook;

pub use options::{Options, ReadAfter};
pub use server::{Running, start};
pub use webhook::{escape::to_meta_json, sign::signature};
