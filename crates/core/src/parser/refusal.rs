//! Answers that are refusals.

use crate::{Error, ErrorKind, ParseFailure, Result};

/// Fails with the words of a model that refused, the whole of them in the error's failure; no words are no refusal.
pub(super) fn check_not_refused(refusal: &str) -> Result<()> {
    if refusal.is_empty() {
        return Ok(());
    }
    let error = Error::new(ErrorKind::Refusal, format!("the model refused to answer: {refusal:.500}"));
    Err(error.with_parse_failure(ParseFailure::whole(refusal, "an answer")))
}
