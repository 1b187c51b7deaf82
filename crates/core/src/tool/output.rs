//! The output of tools.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde::Serialize;
use serde_json::{Map, Value};

use crate::{Content, Data, Error, ErrorKind, Record, Result};

/// The output of a tool: content for the model, and optionally an artifact for the application.
///
/// Tool functions return it if they have an artifact, or content other than a plain text. Other values become the
/// content directly: a string as it is, anything else as JSON. See [`IntoToolOutput`].
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
    /// The content that the model reads.
    pub content: Content,
    /// Data for the application, which is not sent to the model.
    pub artifact: Option<Value>,
}

impl ToolOutput {
    /// Creates an output with this content: a text, or blocks such as images.
    pub fn new(content: impl Into<Content>) -> Self {
        Self { content: content.into(), artifact: None }
    }

    /// Creates an output from a value: a string as it is, any other value as JSON.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for a value that JSON cannot represent, such as a map whose keys are not strings.
    pub fn json<T: Serialize + ?Sized>(value: &T) -> Result<Self> {
        match serde_json::to_value(value) {
            Ok(Value::String(text)) => Ok(Self::new(text)),
            Ok(value) => Ok(Self::new(value.to_string())),
            Err(error) => {
                let message = format!("the output of the tool cannot be serialized as JSON: {error}");
                Err(Error::new(ErrorKind::InvalidInput, message))
            }
        }
    }

    /// Sets the artifact for the application.
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

/// Types that a tool may return: a [`ToolOutput`], a string, a number or another plain value, a list or map of
/// serializable values, or a `Result`.
///
/// In a `Result`, the value is a [`ToolOutput`] or any serializable value, and the error is a string, an [`Error`] or
/// anything else that converts into `Box<dyn Error + Send + Sync>`. [`OnToolError`](crate::OnToolError) determines how
/// it is handled.
///
/// To return a type of your own, wrap it in a `Result`, as [`ToolOutput::json`] does, or implement this trait for it. A
/// function with `#[tool]` may return any serializable type directly, and a type that implements this trait directly or
/// in a `Result`. A closure returns such a type directly, or as the `Result` of its `into_tool_output`, because the
/// value of any other `Result` is serialized.
///
/// # Example
/// ```
/// use catena_core::{ErrorKind, IntoToolOutput};
/// assert_eq!(vec!["a", "b"].into_tool_output()?.content.text(), r#"["a","b"]"#);
///
/// let unknown: Result<f64, String> = Err("no weather station in Oz".to_owned());
/// let error = unknown.into_tool_output().unwrap_err();
/// assert_eq!((error.kind(), error.message()), (ErrorKind::Other, "no weather station in Oz"));
/// # Ok::<(), catena_core::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "a tool cannot return `{Self}`",
    label = "not a `ToolOutput`, a plain value or a `Result`",
    note = "return a value of your own as `ToolOutput::json(&value)`, or in a `Result`"
)]
pub trait IntoToolOutput {
    /// Converts the value into the output of a tool.
    ///
    /// # Errors
    /// Errors of [`ToolOutput::json`], and the error of a `Result`.
    fn into_tool_output(self) -> Result<ToolOutput>;
}

impl IntoToolOutput for ToolOutput {
    fn into_tool_output(self) -> Result<ToolOutput> {
        Ok(self)
    }
}

impl<T, E> IntoToolOutput for Result<T, E>
where
    T: Written,
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    fn into_tool_output(self) -> Result<ToolOutput> {
        match self {
            Ok(value) => value.write(),
            Err(error) => Err(failure(error)),
        }
    }
}

/// Values that are serialized directly. Not every serializable type, because a `Result` is serializable too.
macro_rules! plain {
    ($($({$($generic:tt)+})? $type:ty,)+) => {$(
        impl$(<$($generic)+>)? IntoToolOutput for $type
        where
            Self: Serialize,
        {
            fn into_tool_output(self) -> Result<ToolOutput> {
                ToolOutput::json(&self)
            }
        }
    )+};
}
plain!(
    (), bool, char, f32, f64, i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize,
    &str, Cow<'_, str>, String, Value, Map<String, Value>, Data, Record,
    {T} Option<T>, {T} Vec<T>, {T, const N: usize} [T; N], {T} BTreeSet<T>, {T, S} HashSet<T, S>,
    {K, V} BTreeMap<K, V>, {K, V, S} HashMap<K, V, S>, {A, B} (A, B), {A, B, C} (A, B, C),
);

/// Types that the value of a `Result` may have.
pub trait Written {
    /// Converts the value into the output.
    fn write(self) -> Result<ToolOutput>;
}

impl Written for ToolOutput {
    fn write(self) -> Result<ToolOutput> {
        Ok(self)
    }
}

impl<T: Serialize> Written for T {
    fn write(self) -> Result<ToolOutput> {
        ToolOutput::json(&self)
    }
}

/// Converts the error of a tool into an [`Error`].
fn failure(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    match error.into().downcast::<Error>() {
        Ok(error) => *error,
        Err(error) => Error::other(error),
    }
}

/// The return value of a function with `#[tool]`. `value` unwraps a `Result`, and `into_result` converts what it
/// returns into the output. Method resolution selects the implementation: an inherent method takes precedence over a
/// trait method, and a method on the type over one on a reference to it.
#[doc(hidden)]
#[derive(Debug)]
pub struct Returned<T>(pub T);

impl<T, E: Into<Box<dyn std::error::Error + Send + Sync>>> Returned<Result<T, E>> {
    /// Returns the value, or the error converted into an [`Error`].
    #[doc(hidden)]
    pub fn value(self) -> Result<Returned<T>> {
        self.0.map(Returned).map_err(failure)
    }
}

/// See [`Returned`]: values that are not a `Result`.
#[doc(hidden)]
pub trait ReturnedPlain: Sized {
    /// Returns the value itself.
    fn value(self) -> Result<Self> {
        Ok(self)
    }
}

impl<T> ReturnedPlain for Returned<T> {}

/// See [`Returned`]: types that implement [`IntoToolOutput`].
#[doc(hidden)]
pub trait ReturnedOutput {
    /// Converts the value into the output.
    fn into_result(self) -> Result<ToolOutput>;
}

impl<T: IntoToolOutput> ReturnedOutput for Returned<T> {
    fn into_result(self) -> Result<ToolOutput> {
        self.0.into_tool_output()
    }
}

/// See [`Returned`]: all other serializable types.
#[doc(hidden)]
pub trait ReturnedWritten {
    /// Converts the value into the output.
    fn into_result(self) -> Result<ToolOutput>;
}

impl<T: Serialize> ReturnedWritten for &Returned<T> {
    fn into_result(self) -> Result<ToolOutput> {
        ToolOutput::json(&self.0)
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

    /// As in the code of `#[tool]`.
    macro_rules! output {
        ($returned:expr) => {
            match Returned($returned).value() {
                Ok(value) => value.into_result(),
                Err(error) => Err(error),
            }
        };
    }

    /// Serde would write another output than the type's own.
    #[derive(Serialize)]
    struct Rows(Vec<u8>);

    impl IntoToolOutput for Rows {
        fn into_tool_output(self) -> Result<ToolOutput> {
            Ok(ToolOutput::new(format!("{} rows", self.0.len())).with_artifact(self.0))
        }
    }

    /// Serde cannot write it.
    struct Done;

    impl IntoToolOutput for Done {
        fn into_tool_output(self) -> Result<ToolOutput> {
            Ok(ToolOutput::new("done"))
        }
    }

    /// Only serde can write it.
    #[derive(Serialize)]
    struct Plain {
        x: u8,
    }

    #[test]
    fn types_with_an_output_of_their_own_keep_it() {
        let rows = ToolOutput::new("2 rows").with_artifact(vec![1, 2]);
        assert_eq!(output!(Rows(vec![1, 2])).expect("an output"), rows);
        assert_eq!(output!(Ok::<_, String>(Rows(vec![1, 2]))).expect("an output"), rows);
        check(output!(Done), "done");
        check(output!(Ok::<_, Error>(Done)), "done");
        assert_eq!(output!(Err::<Done, _>("no")).expect_err("a failure").message(), "no");
        check(output!(Plain { x: 1 }), r#"{"x":1}"#);
        check(output!(Ok::<_, Error>(Plain { x: 1 })), r#"{"x":1}"#);
        check(output!(Ok::<_, Error>(vec![Plain { x: 1 }])), r#"[{"x":1}]"#);
    }

    #[test]
    fn results_are_told_from_values() {
        check(output!("x"), "x");
        check(output!(Ok::<_, String>(5)), "5");
        check(output!(Ok::<_, Error>(ToolOutput::new("x"))), "x");
        let error = output!(Err::<u8, _>("no")).expect_err("a failure");
        assert_eq!((error.kind(), error.message()), (ErrorKind::Other, "no"));
        let error = output!(Err::<u8, _>(Error::new(ErrorKind::NotFound, "no")));
        assert_eq!(error.expect_err("a failure").kind(), ErrorKind::NotFound);
    }
}
