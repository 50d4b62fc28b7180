//! What the end-to-end tests stand on: a whole installation per test, driven through its front doors.
//!
//! Promises: real PostgreSQL, Redis, simulator and `balcao serve` processes, private to one [`Stack`] and gone with it;
//! a failing test shows the ends of all logs. Waiting is for an event or a state, within a deadline, never for time.
//! Does not: build the executables. `cargo xtask test` does; with them in place, one promise alone is
//! `cargo nextest run -p e2e kill_nine`. A stack wants about one core: two tests at a time on two cores.
//!
//! Panics instead of returning errors: whatever surprises a test fails it, at the line that was surprised.

pub mod agent;
pub mod balancer;
pub mod cli;
pub mod database;
pub mod deadline;
pub mod desk;
pub mod files;
pub mod gateways;
pub mod hostile;
pub mod http;
pub mod ledger;
pub mod link;
pub mod media_host;
pub mod meta;
pub mod node;
pub mod phone;
pub mod program;
pub mod samples;
pub mod scanner;
pub mod simulator;
pub mod socket;
pub mod stack;
pub mod staff;

pub use agent::{Agent, Answer};
pub use deadline::{LIVE, PATIENCE, SOON, eventually};
pub use desk::Desk;
pub use hostile::Table;
pub use http::http;
pub use phone::Phone;
pub use socket::Socket;
pub use stack::{Plan, Stack};
pub use staff::Who;
