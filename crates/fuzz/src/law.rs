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
    let called = outcome(block_on(parser.call(text.to_owned().into(), &Context::default())));
    match streamed(parser, input, text) {
        Some(streamed) => {
            assert!(called == streamed, "called: {called:?}\nstreamed: {streamed:?}\nof {text:.500?}");
        }
        None => panic!("no chunk of {text:.200?}, where a call gives {called:?}"),
    }
    called
}

/// What the chunks add up to that come of an answer in pieces. `None` without any.
pub(crate) fn streamed<P>(parser: &P, input: Input<'_>, text: &str) -> Option<Outcome>
where
    P: Runnable<Input: From<String>>,
{
    let pieces = input.text_pieces(text).into_iter().map(|piece| Ok(piece.into()));
    let mut chunks = parser.transform(stream::iter(pieces).boxed(), Context::default());
    let mut whole = P::Output::empty();
    block_on(async {
        while let Some(chunk) = chunks.next().await {
            match (chunk, &mut whole) {
                (Ok(chunk), Some(whole)) => whole.merge(chunk),
                (Ok(chunk), None) => whole = Some(chunk),
                (Err(error), _) => return Some(outcome::<P::Output>(Err(error))),
            }
        }
        whole.map(|whole| outcome(Ok(whole)))
    })
}

/// What is given is in proportion to what it is made of.
pub(crate) fn in_proportion(outcome: &Outcome, text: &str, times: usize) {
    if let Ok(value) = outcome {
        let length = value.to_string().len();
        assert!(length <= 64 + times * text.len(), "{length} bytes of {}", text.len());
    }
}
