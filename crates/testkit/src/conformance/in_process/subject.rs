//! The in-process model under test.

use catena_core::Result;

use super::super::subject::{Answered, Model};

/// An in-process model to be tested.
///
/// # Contract
/// The model gives the same answer to the same prompt each time, for example with a temperature of 0 or a seed.
///
/// # Example
/// ```
/// use catena_core::{AiMessage, Result, fakes::FakeChatModel};
/// use catena_testkit::conformance::{Fault, InProcess, Model, examine_in_process};
///
/// struct Fake;
///
/// impl InProcess for Fake {
///     type Output = AiMessage;
///     fn model(&self) -> Result<Model<AiMessage>> {
///         Ok(std::sync::Arc::new(FakeChatModel::new(["three words here"])))
///     }
/// }
///
/// assert_eq!(examine_in_process(Fake, "streaming"), Ok(()));
/// assert!(matches!(examine_in_process(Fake, "stop"), Err(Fault::NotApplicable(_))));
/// ```
pub trait InProcess: Send + Sync {
    /// The output of the model: an [`AiMessage`](catena_core::AiMessage) or a `String`.
    type Output: Answered;

    /// Returns the model. Called once per behaviour; a model that is slow to load can be loaded once and shared.
    ///
    /// # Errors
    /// An error of the model; the behaviour fails with it.
    fn model(&self) -> Result<Model<Self::Output>>;

    /// Returns two prompts whose answers differ, unless the model has only one answer. Each answer must consist of
    /// several chunks.
    fn prompts(&self) -> [&str; 2] {
        ["Count from 1 to 9 in digits: 1 2 3", "Name the days of the week: Monday, Tuesday"]
    }

    /// Returns the behaviours that cannot be tested, each with the reason. They are not run, and the reason is printed.
    fn skips(&self) -> &[(&str, &str)] {
        &[]
    }
}
