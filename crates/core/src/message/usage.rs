//! How many tokens a call used.

use serde::{Deserialize, Deserializer, Serialize};
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
#[doc(alias = "UsageMetadata")]
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
    /// What the tokens of the prompt were, as far as the service says.
    #[serde(skip_serializing_if = "is_default", deserialize_with = "null_is_default")]
    pub input_token_details: InputTokenDetails,
    /// What the tokens of the answer were, as far as the service says.
    #[serde(skip_serializing_if = "is_default", deserialize_with = "null_is_default")]
    pub output_token_details: OutputTokenDetails,
}

/// Parts of the prompt's tokens. They need not add up to all of them.
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
    /// Tokens of sound.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audio: Option<u64>,
    /// Tokens written to the service's cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_creation: Option<u64>,
    /// Tokens that were read from the service's cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_read: Option<u64>,
}

/// Parts of the answer's tokens. They need not add up to all of them.
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
    /// Tokens of sound.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audio: Option<u64>,
    /// Tokens of thoughts that are not part of the text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning: Option<u64>,
}

impl Usage {
    /// The counts of a call.
    pub fn new(input_tokens: u64, output_tokens: u64) -> Self {
        let total_tokens = input_tokens.saturating_add(output_tokens);
        Self { input_tokens, output_tokens, total_tokens, ..Self::default() }
    }

    /// Sets a total that is not the plain sum.
    #[must_use]
    pub fn with_total(mut self, total_tokens: u64) -> Self {
        self.total_tokens = total_tokens;
        self
    }

    /// Both counts by `op`, number by number; a detail that only one of them has is zero in the other.
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

/// The sum of two counts, where nothing counts as none.
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

/// The difference of two counts, never below zero. Where one of them is missing, the other one.
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
