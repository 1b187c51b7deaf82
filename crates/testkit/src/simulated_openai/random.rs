//! Reproducible randomness: small, and the same on every platform and toolchain.

/// A SplitMix64 sequence.
#[derive(Clone, Debug)]
pub(super) struct Random(u64);

impl Random {
    /// Creates a sequence that depends on all of the given numbers and on their order.
    pub(super) fn new(seeds: &[u64]) -> Self {
        let mut random = Self(0);
        for seed in seeds {
            random.0 = random.next() ^ seed;
        }
        random
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number from -1 to 1.
    pub(super) fn spread(&mut self) -> f64 {
        // 53 bits, the precision of a float.
        (self.next() >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    }

    /// Returns one of the choices, of which there must be at least one.
    pub(super) fn pick<'a, T: ?Sized>(&mut self, choices: &[&'a T]) -> &'a T {
        choices[(self.next() % choices.len() as u64) as usize]
    }
}

/// Returns the FNV-1a hash of a text.
pub(super) fn hash(text: &str) -> u64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    text.bytes().fold(0xcbf2_9ce4_8422_2325, step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seeds_give_the_same_numbers() {
        assert_eq!(Random::new(&[1, 2]).next(), Random::new(&[1, 2]).next());
        assert_ne!(Random::new(&[1, 2]).next(), Random::new(&[2, 1]).next());
    }

    #[test]
    fn spread_stays_in_range_and_covers_it() {
        let mut random = Random::new(&[3]);
        let values: Vec<f64> = (0..1000).map(|_| random.spread()).collect();
        assert!(values.iter().all(|value| (-1.0..=1.0).contains(value)));
        assert!(values.iter().any(|value| *value < -0.9) && values.iter().any(|value| *value > 0.9));
    }
}
