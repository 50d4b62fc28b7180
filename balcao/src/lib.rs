//! The executable: `balcao <verb>`, one file a verb in `commands`; `node` puts a process together from the services.
//!
//! Does not: hold logic of the product. What a verb does lives in the crate that it is about.

pub mod cli;
pub mod commands;
pub mod node;
pub mod operations;
pub mod private;
pub mod upkeep;
