//! What a behaviour comes to.

use std::fmt;

/// Whether a model behaves.
pub type Verdict = Result<(), Fault>;

/// Why a behaviour was not shown.
///
/// # Example
/// ```
/// use catena_testkit::conformance::Fault;
/// assert_eq!(Fault::Broken("no answer".into()).to_string(), "broken: no answer");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// It does not apply: the model does not declare the capability, or nobody wants the live service to be asked.
    NotApplicable(String),
    /// The subject [skips](crate::conformance::Subject::skips) it, for this reason.
    Skipped(String),
    /// The model does something else.
    Broken(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotApplicable(reason) => write!(f, "not applicable: {reason}"),
            Self::Skipped(reason) => write!(f, "skipped: {reason}"),
            Self::Broken(how) => write!(f, "broken: {how}"),
        }
    }
}

impl std::error::Error for Fault {}

/// An error where there should be none.
impl From<catena_core::Error> for Fault {
    fn from(error: catena_core::Error) -> Self {
        Self::Broken(format!("it fails with {error:?}"))
    }
}

/// Goes on if the condition holds, and else gives up with the message.
macro_rules! ensure {
    ($condition:expr, $($message:tt)+) => {
        if !$condition {
            return Err($crate::conformance::Fault::Broken(format!($($message)+)));
        }
    };
}
pub(super) use ensure;

/// Goes on if both are equal.
macro_rules! ensure_eq {
    ($got:expr, $expected:expr, $($what:tt)+) => {
        match (&$got, &$expected) {
            (got, expected) => {
                if *got != *expected {
                    let what = format!($($what)+);
                    let how = format!("{what}: expected {expected:?}, got {got:?}");
                    return Err($crate::conformance::Fault::Broken(how));
                }
            }
        }
    };
}
pub(super) use ensure_eq;
