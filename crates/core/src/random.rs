//! Random numbers for ids and jitter. Not cryptographically secure: not for secrets.

use std::hash::{BuildHasher, Hasher, RandomState};

/// Returns 64 random bits: every `RandomState` has new keys, seeded by the operating system.
pub(crate) fn random_bits() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// Returns a random number from 0 to 1, inclusive.
pub fn random_fraction() -> f64 {
    f64::from(u32::try_from(random_bits() >> 32).unwrap_or(0)) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_differ_and_stay_within_their_bounds() {
        let bits: std::collections::BTreeSet<u64> = (0..1000).map(|_| random_bits()).collect();
        assert_eq!(bits.len(), 1000);
        let fractions: Vec<f64> = (0..1000).map(|_| random_fraction()).collect();
        assert!(fractions.iter().all(|fraction| (0.0..=1.0).contains(fraction)));
        assert!(fractions.iter().any(|fraction| *fraction < 0.5) && fractions.iter().any(|f| *f > 0.5));
    }
}
