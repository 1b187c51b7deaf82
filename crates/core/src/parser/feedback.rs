//! Feedback to a model on an answer that could not be parsed.

use super::ParseFailure;

impl ParseFailure {
    /// Formats feedback for the model: what was expected of its answer, and at which position.
    ///
    /// # Example
    /// ```
    /// use catena_core::{JsonOutputParser, RunnableExt};
    /// # futures_executor::block_on(async {
    /// let error = JsonOutputParser.invoke("[1, x]").await.unwrap_err();
    /// assert_eq!(
    ///     error.parse_failure().unwrap().feedback(),
    ///     "Your answer could not be parsed: expected a value at line 1, column 5. Answer again in the requested format."
    /// );
    /// # });
    /// ```
    #[doc(alias = "observation")]
    pub fn feedback(&self) -> String {
        let place = match (self.line(), self.column()) {
            (Some(line), Some(column)) => format!(" at line {line}, column {column}"),
            _ => String::new(),
        };
        let expected = self.expected();
        format!(
            "Your answer could not be parsed: expected {expected}{place}. Answer again in the requested format."
        )
    }
}
