//! Answers that are refusals.

use crate::{Error, ErrorKind, Result};

/// Fails with the words of a model that refused; no words are no refusal.
pub(super) fn check_not_refused(refusal: &str) -> Result<()> {
    if refusal.is_empty() {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Refusal, format!("the model refused to answer: {refusal:.500}")))
}
