//! What all output parsers have in common.

use crate::{OutputFixingParser, RetryOutputParser, Runnable};

/// A step that reads the answer of a model, and can say how that answer should look.
///
/// # Example
/// ```
/// use catena_core::{MarkdownListOutputParser, OutputParser};
/// fn ask(question: &str, parser: &impl OutputParser) -> String {
///     format!("{question}\n\n{}", parser.format_instructions())
/// }
/// assert!(ask("Name three colors.", &MarkdownListOutputParser).contains("Markdown list"));
/// ```
#[doc(alias = "BaseOutputParser")]
pub trait OutputParser: Runnable {
    /// What to tell the model about its answer. Empty for a parser that reads anything.
    #[doc(alias = "get_format_instructions")]
    fn format_instructions(&self) -> String;

    /// Has this model repair the answers that cannot be read: `model | parser.fixed_by(model)`. See
    /// [`OutputFixingParser`].
    #[doc(alias = "OutputFixingParser")]
    fn fixed_by<M: Runnable>(self, model: M) -> OutputFixingParser<Self, M>
    where
        Self: Sized,
    {
        OutputFixingParser::new(self, model)
    }

    /// Asks this model, and asks it again, with what is wrong, about answers that cannot be read:
    /// `prompt | parser.retried_by(model)`. See [`RetryOutputParser`].
    #[doc(alias = "RetryWithErrorOutputParser")]
    fn retried_by<M: Runnable>(self, model: M) -> RetryOutputParser<Self, M>
    where
        Self: Sized,
    {
        RetryOutputParser::with_error(self, model)
    }
}
