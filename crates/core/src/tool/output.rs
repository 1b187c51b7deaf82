//! What a tool gives.

use serde::Serialize;
use serde_json::Value;

use crate::{Content, Error, ErrorKind, Result};

/// What a tool gives: content for the model, and beside it an artifact for the application.
///
/// Functions that are tools return it where they have an artifact, or content that is more than a text. All else that
/// serde can write is content as it is: a text as itself, anything else as JSON.
///
/// # Example
/// ```
/// use catena_core::ToolOutput;
/// use serde_json::json;
/// let output = ToolOutput::new("3 rows").with_artifact(json!([1, 2, 3]));
/// assert_eq!(output.content.text(), "3 rows");
/// assert_eq!(ToolOutput::json(&vec![1, 2])?.content.text(), "[1,2]");
/// # Ok::<(), catena_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct ToolOutput {
    /// What the model reads.
    pub content: Content,
    /// What the application gets beside it. It is not sent to the model.
    pub artifact: Option<Value>,
}

impl ToolOutput {
    /// An output with this content: a text, or blocks such as images.
    pub fn new(content: impl Into<Content>) -> Self {
        Self { content: content.into(), artifact: None }
    }

    /// A text as it is, any other value as JSON.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for a value that JSON cannot hold, such as a map whose keys are no texts.
    pub fn json<T: Serialize + ?Sized>(value: &T) -> Result<Self> {
        match serde_json::to_value(value) {
            Ok(Value::String(text)) => Ok(Self::new(text)),
            Ok(value) => Ok(Self::new(value.to_string())),
            Err(error) => {
                let message = format!("what the tool gave cannot be written as JSON: {error}");
                Err(Error::new(ErrorKind::InvalidInput, message))
            }
        }
    }

    /// Adds what the application gets beside the content.
    #[must_use]
    #[doc(alias = "content_and_artifact")]
    pub fn with_artifact(mut self, artifact: impl Into<Value>) -> Self {
        self.artifact = Some(artifact.into());
        self
    }
}

impl From<&str> for ToolOutput {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for ToolOutput {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

/// What a tool may return: a [`ToolOutput`], or whatever serde can write.
///
/// # Example
/// ```
/// use catena_core::IntoToolOutput;
/// assert_eq!(vec!["a", "b"].into_tool_output()?.content.text(), r#"["a","b"]"#);
/// # Ok::<(), catena_core::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "a tool cannot return `{Self}`",
    label = "is no `ToolOutput` and does not implement `serde::Serialize`"
)]
pub trait IntoToolOutput {
    /// The output.
    ///
    /// # Errors
    /// Those of [`ToolOutput::json`].
    fn into_tool_output(self) -> Result<ToolOutput>;
}

impl IntoToolOutput for ToolOutput {
    fn into_tool_output(self) -> Result<ToolOutput> {
        Ok(self)
    }
}

impl<T: Serialize> IntoToolOutput for T {
    fn into_tool_output(self) -> Result<ToolOutput> {
        ToolOutput::json(&self)
    }
}

/// What a function with `#[tool]` returned: a value or a `Result`, which the compiler tells apart because a method of the
/// type itself goes before one of a trait.
#[doc(hidden)]
#[derive(Debug)]
pub struct Returned<T>(pub T);

impl<T, E> Returned<Result<T, E>> {
    /// The value, or the error as one of ours.
    #[doc(hidden)]
    pub fn into_result(self) -> Result<ToolOutput>
    where
        T: IntoToolOutput,
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        match self.0 {
            Ok(value) => value.into_tool_output(),
            Err(error) => Err(match error.into().downcast::<Error>() {
                Ok(error) => *error,
                Err(error) => Error::other(error),
            }),
        }
    }
}

/// See [`Returned`].
#[doc(hidden)]
pub trait ReturnedPlain {
    /// The value.
    fn into_result(self) -> Result<ToolOutput>;
}

impl<T: IntoToolOutput> ReturnedPlain for Returned<T> {
    fn into_result(self) -> Result<ToolOutput> {
        self.0.into_tool_output()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(output: Result<ToolOutput>, expected: &str) {
        assert_eq!(output.expect("an output").content.text(), expected);
    }

    #[test]
    fn texts_stay_texts_and_the_rest_is_json() {
        check("a \"b\"".into_tool_output(), "a \"b\"");
        check(5.into_tool_output(), "5");
        check(().into_tool_output(), "null");
        check(Some("x").into_tool_output(), "x");
        check([("a", 1)].into_tool_output(), r#"[["a",1]]"#);
        check(ToolOutput::new("x").into_tool_output(), "x");
        let map = std::collections::HashMap::from([((1, 2), 3)]);
        assert_eq!(map.into_tool_output().expect_err("no keys").kind(), ErrorKind::InvalidInput);
    }

    #[test]
    fn results_are_told_from_values() {
        check(Returned("x").into_result(), "x");
        check(Returned(Ok::<_, String>(5)).into_result(), "5");
        check(Returned(Ok::<_, Error>(ToolOutput::new("x"))).into_result(), "x");
        let error = Returned(Err::<u8, _>("no")).into_result().expect_err("a failure");
        assert_eq!((error.kind(), error.message()), (ErrorKind::Other, "no"));
        let error = Returned(Err::<u8, _>(Error::new(ErrorKind::NotFound, "no"))).into_result();
        assert_eq!(error.expect_err("a failure").kind(), ErrorKind::NotFound);
    }
}
