//! The promises of this crate, stated through its public front door on a real PostgreSQL (and a real Python).

#[cfg(test)]
mod damage;
#[cfg(test)]
mod erasure;
#[cfg(test)]
mod export;
#[cfg(test)]
mod fsck;
#[cfg(test)]
mod key_folder;
#[cfg(test)]
mod note;
#[cfg(test)]
mod roles;
#[cfg(test)]
mod sequencer;
#[cfg(test)]
mod support;
#[cfg(test)]
mod tree;
#[cfg(test)]
mod vault;
