//! What all output parsers have in common.

use crate::Runnable;

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
}
