//! Token usage of model calls.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::Chunk;

/// The token usage of one call, or of several combined.
///
/// When chunks are merged, the last value is kept, since providers report running totals.
///
/// # Example
/// ```
/// use catena_core::Usage;
/// let total: Usage = [Usage::new(10, 2), Usage::new(5, 1)].into_iter().sum();
/// assert_eq!(total, Usage::new(15, 3));
/// assert_eq!(total.total_tokens, 18);
/// ```
#[doc(alias = "UsageMetadata")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Usage {
    /// Tokens of the input.
    pub input_tokens: u64,
    /// Tokens of the output.
    pub output_tokens: u64,
    /// The total, as reported by the provider.
    pub total_tokens: u64,
    /// A breakdown of the input tokens, as far as the provider reports it.
    #[serde(skip_serializing_if = "is_default", deserialize_with = "null_is_default")]
    pub input_token_details: InputTokenDetails,
    /// A breakdown of the output tokens, as far as the provider reports it.
    #[serde(skip_serializing_if = "is_default", deserialize_with = "null_is_default")]
    pub output_token_details: OutputTokenDetails,
}

/// A breakdown of the input tokens. The parts need not add up to the total.
///
/// # Example
/// ```
/// use catena_core::Usage;
/// let mut usage = Usage::new(100, 5);
/// usage.input_token_details.cache_read = Some(80);
/// assert_eq!(usage.input_token_details.audio, None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct InputTokenDetails {
    /// Audio tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audio: Option<u64>,
    /// Tokens written to the provider's prompt cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_creation: Option<u64>,
    /// Tokens read from the provider's prompt cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_read: Option<u64>,
}

/// A breakdown of the output tokens. The parts need not add up to the total.
///
/// # Example
/// ```
/// use catena_core::Usage;
/// let mut usage = Usage::new(100, 50);
/// usage.output_token_details.reasoning = Some(40);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct OutputTokenDetails {
    /// Audio tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audio: Option<u64>,
    /// Reasoning tokens, which are not part of the text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning: Option<u64>,
}

impl Usage {
    /// Creates the usage of a call, with the sum as the total.
    pub fn new(input_tokens: u64, output_tokens: u64) -> Self {
        let total_tokens = input_tokens.saturating_add(output_tokens);
        Self { input_tokens, output_tokens, total_tokens, ..Self::default() }
    }

    /// Sets a total other than the sum.
    #[must_use]
    pub fn with_total(mut self, total_tokens: u64) -> Self {
        self.total_tokens = total_tokens;
        self
    }

    /// Combines both with `op`, field by field; a detail that only one of them has counts as zero in the other.
    fn combine(self, other: Self, op: fn(u64, u64) -> u64) -> Self {
        let detail = |a: Option<u64>, b: Option<u64>| {
            (a.is_some() || b.is_some()).then(|| op(a.unwrap_or(0), b.unwrap_or(0)))
        };
        let (input, more_input) = (self.input_token_details, other.input_token_details);
        let (output, more_output) = (self.output_token_details, other.output_token_details);
        Self {
            input_tokens: op(self.input_tokens, other.input_tokens),
            output_tokens: op(self.output_tokens, other.output_tokens),
            total_tokens: op(self.total_tokens, other.total_tokens),
            input_token_details: InputTokenDetails {
                audio: detail(input.audio, more_input.audio),
                cache_creation: detail(input.cache_creation, more_input.cache_creation),
                cache_read: detail(input.cache_read, more_input.cache_read),
            },
            output_token_details: OutputTokenDetails {
                audio: detail(output.audio, more_output.audio),
                reasoning: detail(output.reasoning, more_output.reasoning),
            },
        }
    }
}

/// Adds two counts; `None` counts as zero.
///
/// # Example
/// ```
/// use catena_core::{add_usage, Usage};
/// assert_eq!(add_usage(Some(Usage::new(5, 3)), Some(Usage::new(2, 1))), Usage::new(7, 4));
/// assert_eq!(add_usage(None, Some(Usage::new(2, 1))), Usage::new(2, 1));
/// ```
pub fn add_usage(left: Option<Usage>, right: Option<Usage>) -> Usage {
    either(left, right, u64::saturating_add)
}

/// Subtracts `right` from `left`, saturating at zero. If either is `None`, returns the other.
///
/// # Example
/// ```
/// use catena_core::{subtract_usage, Usage};
/// let difference = subtract_usage(Some(Usage::new(5, 3)), Some(Usage::new(7, 1)));
/// assert_eq!(difference, Usage::new(0, 2).with_total(0));
/// ```
pub fn subtract_usage(left: Option<Usage>, right: Option<Usage>) -> Usage {
    either(left, right, u64::saturating_sub)
}

fn either(left: Option<Usage>, right: Option<Usage>, op: fn(u64, u64) -> u64) -> Usage {
    match (left, right) {
        (Some(left), Some(right)) => left.combine(right, op),
        (left, right) => left.or(right).unwrap_or_default(),
    }
}

impl std::ops::AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        *self = self.combine(other, u64::saturating_add);
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

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

fn null_is_default<'de, T: Default + Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn usage(value: Value) -> Usage {
        serde_json::from_value(value).expect("a usage")
    }

    #[test]
    fn details_add_up_and_stay_out_of_sight_where_there_are_none() {
        let left = usage(json!({"input_tokens": 5, "output_tokens": 1, "total_tokens": 6,
            "input_token_details": {"cache_read": 2}, "output_token_details": null}));
        let right = usage(json!({"input_tokens": 1, "output_tokens": 2, "total_tokens": 3,
            "input_token_details": {"cache_read": 1, "audio": 4}, "output_token_details": {"reasoning": 3}}));
        let sum = json!({"input_tokens": 6, "output_tokens": 3, "total_tokens": 9,
            "input_token_details": {"cache_read": 3, "audio": 4}, "output_token_details": {"reasoning": 3}});
        assert_eq!(add_usage(Some(left), Some(right)).to_json(), sum);
        let plain = json!({"input_tokens": 1, "output_tokens": 2, "total_tokens": 3});
        assert_eq!(Usage::new(1, 2).to_json(), plain);
    }
}
