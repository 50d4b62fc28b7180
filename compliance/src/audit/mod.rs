//! The audit log: who saw or did what, in an append-only tree that anybody can verify offline.
//!
//! Promises: an event is written in the transaction of the action it records ([`record`]); one sequencer gives it a
//! position and exact bytes; signed checkpoints commit to everything before them; an export verifies without us.
//! Does not: hold personal data. Ids, enum words and integers only; a subject is opaque and its key can be destroyed.

mod action;
mod event;
mod export;
mod filter;
mod fsck;
mod leaf;
mod note;
mod sequencer;
mod sink;
pub mod tree;
pub mod verify;

pub use action::{Action, ObjectKind};
pub use event::{ActorKind, DetailValue, Event, Outcome, record};
pub use export::{Request, Summary, export};
pub use filter::Filter;
pub use fsck::{Finding, FsckReport, fsck};
pub use note::{Checkpoint, Signer, Verifier};
pub use sequencer::{Bell, Sequencer, Step};
