//! Repeated parsing until an answer is valid.

use crate::run::step::{self, Place};
use crate::{AiMessage, Context, Error, ErrorKind, PromptValue, Result, RunEventKind, Runnable};

/// Parses the answer. If that fails, calls the model with the prompt that `again` makes of the answer and the error,
/// and parses the new answer, up to `retries` times.
///
/// Every parsing attempt and model call is a separate run. The error of the last attempt has that of the first one as
/// its source.
/// first one as its source.
pub(super) async fn read_until<P, M>(
    (parser, model): (&P, &M),
    mut answer: AiMessage,
    retries: usize,
    again: &(dyn Fn(&AiMessage, &Error) -> Result<PromptValue> + Send + Sync),
    cx: &Context,
) -> Result<P::Output>
where
    P: Runnable,
    M: Runnable,
    AiMessage: Into<P::Input>,
    PromptValue: Into<M::Input>,
    M::Output: Into<AiMessage>,
{
    let mut first: Option<Error> = None;
    let mut attempt = 1;
    loop {
        let error = match step::call(parser, answer.clone().into(), cx, Place::Attempt(attempt)).await {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        if error.kind() != ErrorKind::Parse || attempt > retries {
            return Err(after(first, error));
        }
        attempt += 1;
        cx.notify(RunEventKind::Retry { attempt, error: &error });
        let prompt = again(&answer, &error)?;
        first.get_or_insert(error);
        answer = match step::call(model, prompt.into(), cx, Place::Attempt(attempt)).await {
            Ok(answer) => answer.into(),
            Err(error) => return Err(after(first, error)),
        };
    }
}

/// Sets the error of the first attempt as the source, unless the error already has one.
fn after(first: Option<Error>, error: Error) -> Error {
    match first {
        Some(first) if std::error::Error::source(&error).is_none() => error.with_source(first),
        _ => error,
    }
}
