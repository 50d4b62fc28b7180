//! Keys, sealing, the audit log and erasure: what makes the promises about personal data checkable.
//!
//! Promises: a sealed value opens only in the row, column and for the subject it was sealed for; a recorded access
//! becomes a leaf of an append-only, signed tree that anybody can verify offline; a shredded subject stays unreadable.
//! Does not: know contacts, channels or WhatsApp (it speaks of [`SubjectId`]), make HTTP calls, or touch Redis.

pub mod audit;
pub mod erasure;
mod error;
pub mod mask;
pub mod mutants;
mod subject;
pub mod vault;

pub use error::{Error, Result};
pub use mutants::Mutant;
pub use subject::{SubjectId, SubjectKind, create, create_many};
pub use vault::{Keys, Mac, Place, Provider, SubjectKey, Vault};
