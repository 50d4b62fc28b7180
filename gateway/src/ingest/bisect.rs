//! Finds the rows that make a batch fail, by halving.
//!
//! Promises: every index is stored once or named a culprit; a batch with few culprits costs few tries. Pure: the caller
//! tries a range and says how it went.
//! Does not: go on for ever: so many culprits in one batch are not the rows' fault.

use std::ops::Range;

use crate::payload::Reason;

/// More culprits than this in one batch mean that the fault is ours (a missing migration, say): nothing is set aside.
pub const MAX_CULPRITS: usize = 32;

/// The search through one batch.
#[derive(Debug)]
pub struct Bisection {
    waiting: Vec<Range<usize>>,
    culprits: Vec<(usize, Reason)>,
}

impl Bisection {
    /// A search through `len` rows, all at once first.
    pub fn new(len: usize) -> Self {
        let waiting = if len == 0 {
            Vec::new()
        } else {
            std::iter::once(0..len).collect()
        };
        Self {
            waiting,
            culprits: Vec::new(),
        }
    }

    /// The next range to try; `None` at the end. In order, so that what was written first is stored first.
    pub fn next_range(&mut self) -> Option<Range<usize>> {
        self.waiting.pop()
    }

    /// This range holds a culprit, for this reason if it is only one. `false`: there are too many, give up.
    #[must_use]
    pub fn failed(&mut self, range: Range<usize>, reason: Reason) -> bool {
        if range.len() == 1 {
            self.culprits.push((range.start, reason));
            return self.culprits.len() <= MAX_CULPRITS;
        }
        let middle = range.start + range.len() / 2;
        self.waiting.push(middle..range.end);
        self.waiting.push(range.start..middle);
        true
    }

    /// The rows that were found to be at fault, and why.
    pub fn into_culprits(self) -> Vec<(usize, Reason)> {
        self.culprits
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    /// Runs a search over rows of which `bad` cannot be stored: stored rows, culprits, tries; `None` when it gave up.
    fn search(len: usize, bad: &BTreeSet<usize>) -> Option<(Vec<usize>, BTreeSet<usize>, usize)> {
        let mut bisection = Bisection::new(len);
        let (mut stored, mut tries) = (Vec::new(), 0);
        while let Some(range) = bisection.next_range() {
            tries += 1;
            if range.clone().any(|row| bad.contains(&row)) {
                if !bisection.failed(range, Reason::KeyBroken) {
                    return None;
                }
            } else {
                stored.extend(range);
            }
        }
        Some((
            stored,
            bisection
                .into_culprits()
                .into_iter()
                .map(|(row, _)| row)
                .collect(),
            tries,
        ))
    }

    #[test]
    fn a_good_batch_is_tried_once() {
        assert_eq!(
            search(256, &BTreeSet::new()),
            Some(((0..256).collect(), BTreeSet::new(), 1))
        );
        assert_eq!(
            search(0, &BTreeSet::new()),
            Some((Vec::new(), BTreeSet::new(), 0))
        );
    }

    #[test]
    fn one_culprit_among_many_costs_two_tries_a_halving() {
        let (stored, culprits, tries) = search(256, &BTreeSet::from([77])).unwrap();
        assert_eq!((stored.len(), culprits), (255, BTreeSet::from([77])));
        assert_eq!(tries, 1 + 2 * 8);
    }

    #[test]
    fn a_batch_that_fails_everywhere_is_not_the_rows_fault() {
        assert_eq!(search(256, &(0..256).collect()), None);
    }

    proptest! {
        #[test]
        fn the_culprits_are_exactly_the_bad_rows_and_all_others_are_stored_once_in_order(
            len in 0_usize..300,
            bad in prop::collection::btree_set(0_usize..300, 0..MAX_CULPRITS),
        ) {
            let bad: BTreeSet<usize> = bad.into_iter().filter(|row| *row < len).collect();
            let (stored, culprits, _) = search(len, &bad).unwrap();
            let good: Vec<usize> = (0..len).filter(|row| !bad.contains(row)).collect();
            prop_assert_eq!(stored, good);
            prop_assert_eq!(culprits, bad);
        }
    }
}
