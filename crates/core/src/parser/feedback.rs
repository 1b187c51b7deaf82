//! What to tell a model about an answer that could not be read.

use super::ParseFailure;

impl ParseFailure {
    /// What to tell the model so that it can do better: what its answer should have been, and where it was not.
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
