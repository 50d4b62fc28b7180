//! What a database error says about the rows that were being written.

use balcao_core::store::{self, Error};

use crate::payload::Reason;

/// What to do after an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Deadlock, serialisation failure, or two nodes made the same person at once: the same again.
    Again,
    /// The database refuses the data itself: halve the batch.
    Row,
    /// A key, or a value of somebody's, does not open: halve the batch too, theirs alone is kept aside.
    Key,
    /// Not known whether anything was stored: 503.
    Unsure,
}

impl Fault {
    /// Judges an error.
    pub fn of(error: &Error) -> Self {
        if error.is_of_one() {
            return Self::Key;
        }
        let Error::Database(error) = error else {
            return Self::Unsure;
        };
        if store::is_transient(error) {
            Self::Again
        } else if store::is_bad_data(error) && !is_missing_partition(error) {
            Self::Row
        } else {
            Self::Unsure
        }
    }

    /// Why a row that is found by halving becomes a dead letter; `None` when no row is to blame.
    pub const fn reason(self) -> Option<Reason> {
        match self {
            Self::Row => Some(Reason::RefusedByDatabase),
            Self::Key => Some(Reason::KeyBroken),
            Self::Again | Self::Unsure => None,
        }
    }
}

/// PostgreSQL reports a row without partition as a check violation that names no constraint. That is our fault, for
/// every row alike: no message may become a dead letter because of it.
fn is_missing_partition(error: &balcao_core::store::DatabaseError) -> bool {
    let Some(error) = error.as_database_error() else {
        return false;
    };
    error.code().as_deref() == Some("23514") && error.constraint().is_none()
}

#[cfg(test)]
mod tests {
    use balcao_core::store::DatabaseError;

    use super::*;

    #[test]
    fn a_database_that_does_not_answer_leaves_it_open_what_was_stored() {
        for error in [
            DatabaseError::PoolTimedOut,
            DatabaseError::PoolClosed,
            DatabaseError::WorkerCrashed,
        ] {
            assert_eq!(Fault::of(&Error::Database(error)), Fault::Unsure);
        }
        assert_eq!(
            Fault::of(&Error::Vault(compliance::Error::ProviderAway)),
            Fault::Unsure
        );
    }

    #[test]
    fn one_key_that_does_not_open_is_the_fault_of_its_row() {
        let who = compliance::SubjectId(balcao_core::model::MessageId::new().0);
        let broken = Error::Vault(compliance::Error::KeyBroken(who));
        assert_eq!(Fault::of(&broken).reason(), Some(Reason::KeyBroken));
        assert_eq!(Fault::Unsure.reason(), None);
    }
}
