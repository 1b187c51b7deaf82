//! The result of testing a behaviour.

use std::fmt;

/// The result of testing a behaviour.
pub type Verdict = Result<(), Fault>;

/// Why a behaviour did not pass.
///
/// # Example
/// ```
/// use catena_testkit::conformance::Fault;
/// assert_eq!(Fault::Broken("no answer".into()).to_string(), "broken: no answer");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// It does not apply: the model does not declare the capability, or tests against the live service are not enabled.
    NotApplicable(String),
    /// The subject [skips](crate::conformance::Subject::skips) it, for this reason.
    Skipped(String),
    /// The model behaves differently.
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

/// An unexpected error.
impl From<catena_core::Error> for Fault {
    fn from(error: catena_core::Error) -> Self {
        Self::Broken(format!("it fails with {error:?}"))
    }
}

/// Returns a fault with the message unless the condition holds.
macro_rules! ensure {
    ($condition:expr, $($message:tt)+) => {
        if !$condition {
            return Err($crate::conformance::Fault::Broken(format!($($message)+)));
        }
    };
}
pub(super) use ensure;

/// Returns a fault unless both values are equal.
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
