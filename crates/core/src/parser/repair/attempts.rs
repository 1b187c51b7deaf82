//! Reading answers until one can be read.

use crate::run::step::{self, Place};
use crate::{AiMessage, Context, Error, ErrorKind, PromptValue, Result, RunEventKind, Runnable};

/// Reads the answer; if that fails, asks the model with what `again` makes of answer and error, as often as `retries`
/// says, and reads what it answers.
///
/// Each reading and each call of the model is a run of its own. The error of the last reading leads to that of the
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

/// The error with that of the first attempt as its source, unless it has one.
fn after(first: Option<Error>, error: Error) -> Error {
    match first {
        Some(first) if std::error::Error::source(&error).is_none() => error.with_source(first),
        _ => error,
    }
}
