//! Drives the simulator through its front door, with a small axum receiver in the gateway's place.
//!
//! Promises: waits for facts (a post arrived, a thread grew), never for time.

mod faults;
mod graph;
mod harness;
mod numbers;
mod people;
mod restart;
mod templates;
mod webhooks;
