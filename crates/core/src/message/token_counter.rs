//! Counting the tokens of messages.

use std::sync::Arc;

use super::like::invalid;
use super::{ApproximateTokens, Message};
use crate::Result;

/// Counts the tokens of messages, or any other quantity to be limited. Implemented for closures.
///
/// # Example
/// ```
/// use catena_core::{ApproximateTokens, Message, TokenCounter};
/// let by_count = |messages: &[Message]| messages.len();
/// assert_eq!(by_count.count_tokens(&[Message::human("Hi")]), 1);
/// assert_eq!(ApproximateTokens::new().count_tokens(&[Message::human("Hi")]), 5);
/// ```
pub trait TokenCounter: Send + Sync {
    /// Returns the total token count of these messages.
    fn count_tokens(&self, messages: &[Message]) -> usize;
}

impl<F: Fn(&[Message]) -> usize + Send + Sync> TokenCounter for F {
    fn count_tokens(&self, messages: &[Message]) -> usize {
        self(messages)
    }
}

impl TokenCounter for ApproximateTokens {
    fn count_tokens(&self, messages: &[Message]) -> usize {
        self.count(messages)
    }
}

impl TokenCounter for Arc<dyn TokenCounter> {
    fn count_tokens(&self, messages: &[Message]) -> usize {
        (**self).count_tokens(messages)
    }
}

/// Returns the token counter with this name. The only one is `approximate`.
///
/// # Errors
/// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for any other name.
///
/// # Example
/// ```
/// use catena_core::named_token_counter;
/// assert!(named_token_counter("approximate").is_ok());
/// assert!(named_token_counter("exact").is_err());
/// ```
pub fn named_token_counter(name: &str) -> Result<Arc<dyn TokenCounter>> {
    match name {
        "approximate" => Ok(Arc::new(ApproximateTokens::default())),
        other => {
            Err(invalid(format!("unknown token counter '{other:.40}': use 'approximate' or a function")))
        }
    }
}
