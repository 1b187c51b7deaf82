//! The interface common to all output parsers.

use crate::{OutputFixingParser, RetryOutputParser, Runnable};

/// A step that parses a model's answer and can describe the required format.
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
    /// Returns the format instructions for the model's prompt. Empty for a parser that accepts any answer.
    #[doc(alias = "get_format_instructions")]
    fn format_instructions(&self) -> String;

    /// Repairs answers that cannot be parsed with a model: `model | parser.fixed_by(model)`. See
    /// [`OutputFixingParser`].
    #[doc(alias = "OutputFixingParser")]
    fn fixed_by<M: Runnable>(self, model: M) -> OutputFixingParser<Self, M>
    where
        Self: Sized,
    {
        OutputFixingParser::new(self, model)
    }

    /// Calls a model and parses its answer, retrying with the parsing error as feedback:
    /// `prompt | parser.retried_by(model)`. See [`RetryOutputParser`].
    #[doc(alias = "RetryWithErrorOutputParser")]
    fn retried_by<M: Runnable>(self, model: M) -> RetryOutputParser<Self, M>
    where
        Self: Sized,
    {
        RetryOutputParser::with_error(self, model)
    }
}
