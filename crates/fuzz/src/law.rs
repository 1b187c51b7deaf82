//! Laws that hold for every parser.

use catena_core::{Chunk, Context, Error, ErrorKind, Result, Runnable};
use futures_executor::block_on;
use futures_util::{StreamExt, stream};

use crate::input::Input;

/// How long the text of an error may be, whatever it is about.
const LONGEST_ERROR: usize = 8_000;

/// Errors are for people: bounded, whatever caused them.
pub(crate) fn bounded(error: &Error) {
    let mut next: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = next {
        let text = error.to_string();
        assert!(text.len() <= LONGEST_ERROR, "an error of {} bytes: {text:.300}", text.len());
        next = error.source();
    }
}

/// The value, if there is one; checks the error otherwise.
pub(crate) fn checked<T>(result: Result<T>) -> Option<T> {
    result.inspect_err(bounded).ok()
}

/// What a run came to, to compare.
pub(crate) type Outcome = Result<serde_json::Value, (ErrorKind, String)>;

pub(crate) fn outcome<T: Chunk>(result: Result<T>) -> Outcome {
    result.map(|value| value.to_json()).map_err(|error| {
        bounded(&error);
        (error.kind(), error.to_string())
    })
}

/// The chunks that come of an answer in pieces add up to what comes of the whole answer. Gives that.
pub(crate) fn same_in_pieces<P>(parser: &P, input: Input<'_>, text: &str) -> Outcome
where
    P: Runnable<Input: From<String>>,
{
    let context = Context::default();
    let called = outcome(block_on(parser.call(text.to_owned().into(), &context)));
    let pieces = input.text_pieces(text).into_iter().map(|piece| Ok(piece.into()));
    let mut chunks = parser.transform(stream::iter(pieces).boxed(), context);
    let streamed = block_on(async {
        let mut whole: Option<P::Output> = None;
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk?;
            match &mut whole {
                Some(whole) => whole.merge(chunk),
                None => whole = Some(chunk),
            }
        }
        Ok(whole.or_else(P::Output::empty))
    });
    let streamed = match streamed {
        Ok(Some(whole)) => outcome(Ok(whole)),
        Ok(None) => panic!("no chunk of {text:.200?}, where a call gives {called:?}"),
        Err(error) => outcome::<P::Output>(Err(error)),
    };
    assert!(called == streamed, "called: {called:?}\nstreamed: {streamed:?}\nof {text:.500?}");
    called
}

/// What is given is in proportion to what it is made of.
pub(crate) fn in_proportion(outcome: &Outcome, text: &str, times: usize) {
    if let Ok(value) = outcome {
        let length = value.to_string().len();
        assert!(length <= 64 + times * text.len(), "{length} bytes of {}", text.len());
    }
}
