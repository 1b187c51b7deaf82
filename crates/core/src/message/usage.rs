//! How many tokens a call used.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Chunk;

/// Token counts of one call, or of several added up.
///
/// As a chunk the last one wins: services report running totals.
///
/// # Example
/// ```
/// use catena_core::Usage;
/// let total: Usage = [Usage::new(10, 2), Usage::new(5, 1)].into_iter().sum();
/// assert_eq!(total, Usage::new(15, 3));
/// assert_eq!(total.total_tokens, 18);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Usage {
    /// Tokens of the prompt.
    pub input_tokens: u64,
    /// Tokens of the answer.
    pub output_tokens: u64,
    /// Both together, as the service counts them.
    pub total_tokens: u64,
}

impl Usage {
    /// The counts of a call.
    pub fn new(input_tokens: u64, output_tokens: u64) -> Self {
        Self { input_tokens, output_tokens, total_tokens: input_tokens.saturating_add(output_tokens) }
    }

    /// Sets a total that is not the plain sum.
    #[must_use]
    pub fn with_total(mut self, total_tokens: u64) -> Self {
        self.total_tokens = total_tokens;
        self
    }
}

impl std::ops::AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        self.input_tokens = self.input_tokens.saturating_add(other.input_tokens);
        self.output_tokens = self.output_tokens.saturating_add(other.output_tokens);
        self.total_tokens = self.total_tokens.saturating_add(other.total_tokens);
    }
}

impl std::iter::Sum for Usage {
    fn sum<I: Iterator<Item = Self>>(usages: I) -> Self {
        let mut total = Self::default();
        usages.for_each(|usage| total += usage);
        total
    }
}

impl Chunk for Usage {
    fn to_json(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}
