//! Amounts of money.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign};

/// An amount in US dollars, exact to 10⁻¹² dollars (a single token may cost less than 10⁻⁷). Arithmetic saturates at
/// the maximum, about 18 million dollars.
///
/// # Example
/// ```
/// use catena_limits::Cost;
/// let cost = Cost::from_dollars(0.25) + Cost::from_dollars(0.001_5);
/// assert_eq!(cost.to_string(), "$0.2515");
/// assert!(cost < Cost::from_dollars(1.0));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Cost(u64);

const PER_DOLLAR: f64 = 1e12;

impl Cost {
    /// Zero dollars.
    pub const ZERO: Self = Self(0);

    /// Creates an amount from dollars; negative numbers and NaN give zero.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a cast of a float stays within bounds"
    )]
    pub fn from_dollars(dollars: f64) -> Self {
        Self((dollars * PER_DOLLAR).round() as u64)
    }

    /// Returns the amount in dollars.
    #[allow(clippy::cast_precision_loss, reason = "it is for people")]
    pub fn dollars(self) -> f64 {
        self.0 as f64 / PER_DOLLAR
    }

    pub(crate) fn times(self, count: u64) -> Self {
        Self(self.0.saturating_mul(count))
    }

    pub(crate) fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Add for Cost {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Cost {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for Cost {
    fn sum<I: Iterator<Item = Self>>(costs: I) -> Self {
        costs.fold(Self::ZERO, Self::add)
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "${}", self.dollars())
    }
}

impl fmt::Debug for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_add_up_exactly() {
        let token = Cost::from_dollars(0.0375e-6);
        assert_eq!(token.times(1_000_000), Cost::from_dollars(0.0375));
        assert_eq!(Cost::from_dollars(0.1) + Cost::from_dollars(0.2), Cost::from_dollars(0.3));
        assert_eq!([0.5, 0.25].map(Cost::from_dollars).into_iter().sum::<Cost>().dollars(), 0.75);
    }

    #[test]
    fn amounts_that_are_none_do_no_harm() {
        for dollars in [-1.0, f64::NAN, f64::NEG_INFINITY] {
            assert_eq!(Cost::from_dollars(dollars), Cost::ZERO);
        }
        let all = Cost::from_dollars(f64::INFINITY);
        assert_eq!(all + all, all);
        assert_eq!(all.times(2), all);
        assert_eq!(Cost::ZERO.minus(all), Cost::ZERO);
    }
}
