//! PostgreSQL and Redis as child processes of our own, for the demo and the end-to-end tests.
//!
//! Promises: they speak on unix sockets only, in folders that no other user can enter; a crash is followed by a
//! restart; they end with their handle and, on Linux, also when this process is killed. As root they run as an
//! ordinary user, because PostgreSQL refuses root.
//! Does not: touch the system's clusters or services, open a port, or install anything.

mod binaries;
mod cluster;
mod home;
mod left_over;
pub mod postgres;
pub mod redis;
mod supervised;

pub use postgres::Postgres;
pub use redis::Redis;
pub(crate) use supervised::tied_to_parent;
