//! Who is examined within the process.

use catena_core::Result;

use super::super::subject::{Answered, Model};

/// A model that runs within the process, to be examined.
///
/// # Contract
/// The model gives the same answer to the same prompt each time: with a temperature of 0, or a seed.
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
    /// What the model answers with: an [`AiMessage`](catena_core::AiMessage) or a `String`.
    type Output: Answered;

    /// The model. Each behaviour asks once; what takes long to load may be loaded once for all.
    ///
    /// # Errors
    /// What the model complains about; the behaviour fails with it.
    fn model(&self) -> Result<Model<Self::Output>>;

    /// Two texts whose answers are not the same, unless the model has but one. Each answer has several pieces.
    fn prompts(&self) -> [&str; 2] {
        ["Count from 1 to 9 in digits: 1 2 3", "Name the days of the week: Monday, Tuesday"]
    }

    /// Behaviours that it cannot show, each with the reason. They are not run, and the reason is printed.
    fn skips(&self) -> &[(&str, &str)] {
        &[]
    }
}
