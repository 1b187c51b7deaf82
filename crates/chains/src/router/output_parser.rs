//! A parser for a model's choice of a chain.

use async_trait::async_trait;
use catena_core::{
    Context, Data, Error, ErrorKind, Record, Result, RunKind, Runnable, impl_pipe,
    parse_and_check_json_markdown,
};
use serde_json::Value;

use super::{DESTINATION, NEXT_INPUTS};

/// Parses a model's choice of a chain: JSON with the texts `destination` and `next_inputs`, optionally in a code fence.
///
/// Returns a record of `destination`, `Null` for the default chain, and `next_inputs`, a record with the text as
/// `input`.
///
/// # Errors
/// [`Parse`](ErrorKind::Parse) when the answer has another form.
///
/// # Example
/// ```
/// use catena_chains::RouterOutputParser;
/// use catena_core::{vars, Data, RunnableExt};
/// # futures_executor::block_on(async {
/// let answer = r#"{"destination": "math", "next_inputs": "2 + 2"}"#;
/// let route = RouterOutputParser::new().invoke(answer).await?;
/// assert_eq!(Data::from(route), vars! { destination: "math", next_inputs: vars! { input: "2 + 2" } });
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct RouterOutputParser {
    default: String,
    input_key: String,
}

impl RouterOutputParser {
    /// Creates a parser in which `DEFAULT`, in any case, is the name of the default chain.
    pub fn new() -> Self {
        Self { default: "DEFAULT".to_owned(), input_key: "input".to_owned() }
    }

    /// Sets the name of the default chain.
    #[must_use]
    #[doc(alias = "default_destination")]
    pub fn with_default(mut self, name: impl Into<String>) -> Self {
        self.default = name.into();
        self
    }

    /// Sets the name of the text for the selected chain; `input` by default.
    #[must_use]
    #[doc(alias = "next_inputs_inner_key")]
    pub fn with_input_key(mut self, key: impl Into<String>) -> Self {
        self.input_key = key.into();
        self
    }

    fn parse(&self, answer: &str) -> Result<Record> {
        let mut members = parse_and_check_json_markdown(answer, &[DESTINATION, NEXT_INPUTS])?;
        let mut text = |name: &str| match members.remove(name) {
            Some(Value::String(text)) => Ok(text),
            _ => {
                let message = format!("`{name}` in the model's choice must be a string");
                Err(Error::new(ErrorKind::Parse, message))
            }
        };
        let (destination, input) = (text(DESTINATION)?, text(NEXT_INPUTS)?);
        let destination = destination.trim();
        let is_default = destination.to_lowercase() == self.default.to_lowercase();
        let mut route = Record::new();
        route.insert(DESTINATION, (!is_default).then_some(destination));
        route.insert(NEXT_INPUTS, Data::from([(self.input_key.clone(), input)]));
        Ok(route)
    }
}

impl Default for RouterOutputParser {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Runnable for RouterOutputParser {
    type Input = String;
    type Output = Record;

    async fn call(&self, answer: String, _cx: &Context) -> Result<Record> {
        self.parse(&answer)
    }

    fn kind(&self) -> RunKind {
        RunKind::Parser
    }
}

impl_pipe!(RouterOutputParser);

#[cfg(test)]
mod tests {
    use super::*;
    use catena_core::vars;

    #[track_caller]
    fn check(answer: &str, expected: Option<Data>) {
        let route = RouterOutputParser::new().parse(answer);
        assert!(route.as_ref().err().is_none_or(|error| error.kind() == ErrorKind::Parse), "{route:?}");
        assert_eq!(route.ok().map(Data::from), expected, "{answer}");
    }

    #[test]
    fn choices() {
        let to = |name: Option<&str>| Some(vars! { destination: name, next_inputs: vars! { input: "x" } });
        check(r#"{"destination": " math ", "next_inputs": "x"}"#, to(Some("math")));
        check("```json\n{\"destination\": \"default\", \"next_inputs\": \"x\"}\n```", to(None));
        check(r#"{"destination": "", "next_inputs": "x"}"#, to(Some("")));
        check(r#"{"destination": 1, "next_inputs": "x"}"#, None);
        check(r#"{"destination": "a", "next_inputs": {"q": "x"}}"#, None);
        check(r#"{"destination": "a"}"#, None);
        check("no idea", None);
    }
}
