//! Comparison of the outcomes of two runs.

use std::fmt;

use catena_core::{Chunk, Error, ErrorKind, Result};

use super::{LawViolation, Laws, whole};

/// How closely a call and a stream must agree when they fail.
///
/// # Example
/// ```
/// use catena_testkit::laws::{Failures, Laws};
/// let laws = Laws::new().with_failures(Failures::Any);
/// # let _ = laws;
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failures {
    /// Both errors must have the same kind and path.
    Same,
    /// Both must fail. For runnables with several failing parts, where timing determines which fails first.
    Any,
    /// A stream may fail where the call does not. For runnables that recover from failures, around one that fails after
    /// its first chunk: chunks already delivered cannot be taken back.
    Late,
}

impl Laws {
    /// Compares the result of a call with that of a stream.
    pub(super) fn agree<O>(
        &self,
        law: &'static str,
        input: String,
        called: &Result<O>,
        streamed: Result<Option<O>>,
    ) -> Result<(), LawViolation>
    where
        O: Chunk + PartialEq + fmt::Debug,
    {
        let nothing = matches!(streamed, Ok(None)) && O::empty().is_none();
        if nothing && called.as_ref().is_err_and(|error| error.kind() == ErrorKind::InvalidResponse) {
            // There are no chunks, and the type has no empty value: only the call must report this.
            return Ok(());
        }
        let agree = match (called, &streamed) {
            (_, Err(_)) if self.failures == Failures::Late => true,
            (Ok(called), Ok(streamed)) => whole(streamed.clone()).as_ref() == Some(called),
            (Err(called), Err(streamed)) => self.failures == Failures::Any || same_error(called, streamed),
            _ => false,
        };
        if agree {
            return Ok(());
        }
        let got = match streamed {
            Ok(folded) => whole(folded).map_or("no chunk".into(), |folded| format!("Ok({folded:?})")),
            Err(error) => show_error(&error),
        };
        Err(LawViolation::new(law, input, show(called), got))
    }
}

/// Returns whether two results of the same kind of run are equal.
pub(super) fn same_result<O: PartialEq>(a: &Result<O>, b: &Result<O>, failures: Failures) -> bool {
    match (a, b) {
        (Ok(a), Ok(b)) => a == b,
        (Err(a), Err(b)) => failures != Failures::Same || same_error(a, b),
        _ => false,
    }
}

fn same_error(a: &Error, b: &Error) -> bool {
    a.kind() == b.kind() && a.path() == b.path()
}

pub(super) fn show<O: fmt::Debug>(result: &Result<O>) -> String {
    match result {
        Ok(output) => format!("Ok({output:?})"),
        Err(error) => show_error(error),
    }
}

fn show_error(error: &Error) -> String {
    format!("Err({:?}, {error})", error.kind())
}
