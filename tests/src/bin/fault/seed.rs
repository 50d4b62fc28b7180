//! Chance that can be repeated: SplitMix64, so that a seed means the same with every version of every library.

use std::time::Duration;

use rand::RngExt as _;

/// A stream of chance.
#[derive(Clone, Debug)]
pub struct Chance(u64);

/// A new seed, short enough to be typed.
pub fn any() -> u64 {
    rand::rng().random_range(1..1_000_000)
}

impl Chance {
    /// The stream of this seed that belongs to `whose`; each has its own, so that one more draw of somebody does not
    /// change what the others do.
    pub fn of(seed: u64, whose: &str) -> Self {
        let mut state = seed;
        for byte in whose.bytes() {
            state = (state ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        Self(state)
    }

    /// The next number.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Below `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    /// A time from `least` to `most` milliseconds.
    pub fn millis(&mut self, least: u64, most: u64) -> Duration {
        Duration::from_millis(least + self.below(most - least + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_the_same_chance_again_and_another_for_each() {
        let draws = |seed, whose| {
            let mut chance = Chance::of(seed, whose);
            [(); 4].map(|()| chance.next())
        };
        assert_eq!(draws(7, "ana"), draws(7, "ana"));
        assert_ne!(draws(7, "ana"), draws(7, "bruno"));
        assert_ne!(draws(7, "ana"), draws(8, "ana"));
    }
}
