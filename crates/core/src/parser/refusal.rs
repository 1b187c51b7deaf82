//! Detection of refusals.

use crate::{Error, ErrorKind, ParseFailure, Result};

/// Fails with the text of a model's refusal, complete in the error's parse failure; an empty text is no refusal.
pub(super) fn check_not_refused(refusal: &str) -> Result<()> {
    if refusal.is_empty() {
        return Ok(());
    }
    let error = Error::new(ErrorKind::Refusal, format!("the model refused to answer: {refusal:.500}"));
    Err(error.with_parse_failure(ParseFailure::whole(refusal, "an answer")))
}
