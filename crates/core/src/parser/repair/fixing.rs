//! A parser that repairs answers with a model.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use super::attempts::read_until;
use super::feedback;
use crate::{AiMessage, Context, Data, OutputParser, Prompt, PromptValue, Result, RunKind, Runnable};

/// Parses an answer with another parser; if that fails, asks a model to rewrite the answer in the required format.
/// Created by [`fixed_by`](OutputParser::fixed_by).
///
/// The model receives the parser's format instructions, the answer and the parsing error, but not the original prompt,
/// so a small model is sufficient. Every parsing attempt and model call is a separate run.
///
/// Since an answer may have to be repaired, nothing is emitted before it is valid: a stream has a single chunk.
///
/// # Errors
/// The parsing error of the last answer, with that of the first answer as its [`source`](std::error::Error::source); or
/// the error of the model. Errors other than [`Parse`](crate::ErrorKind::Parse), such as a refusal, are not repaired.
///
/// # Example
/// ```
/// use catena_core::{fakes::FakeChatModel, JsonSchemaOutputParser, OutputParser, RunnableExt};
/// use serde_json::json;
/// # futures_executor::block_on(async {
/// let schema = json!({"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]});
/// let model = FakeChatModel::new([r#"{"company": "Socks & Co"}"#]);
/// let fixer = FakeChatModel::new([r#"{"name": "Socks & Co"}"#]);
/// let chain = model | JsonSchemaOutputParser::new(schema)?.fixed_by(fixer.clone());
/// assert_eq!(chain.invoke("A company?").await?["name"], "Socks & Co");
/// assert!(fixer.prompts()[0].to_string().contains("expected `name` (a string), which is missing"));
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[derive(Clone)]
pub struct OutputFixingParser<P, M> {
    parser: P,
    model: M,
    prompt: Option<Arc<dyn Prompt<Input = Data>>>,
    instructions: String,
    max_retries: usize,
}

impl<P: OutputParser, M: Runnable> OutputFixingParser<P, M> {
    /// Creates a parser that reads with `parser` and asks `model` for at most one repair.
    pub fn new(parser: P, model: M) -> Self {
        let instructions = parser.format_instructions();
        Self { parser, model, prompt: None, instructions, max_retries: 1 }
    }
}

impl<P, M> OutputFixingParser<P, M> {
    /// Sets the maximum number of repairs.
    #[must_use]
    pub fn with_max_retries(mut self, max_retries: usize) -> Self {
        self.max_retries = max_retries;
        self
    }

    /// Sets the prompt for the model, with the variables `instructions`, `completion` (the answer) and `error`.
    ///
    /// # Example
    /// ```
    /// use catena_core::{fakes::FakeChatModel, JsonOutputParser, OutputParser, PromptTemplate, RunnableExt};
    /// # futures_executor::block_on(async {
    /// let prompt = PromptTemplate::new("Make JSON of this: {completion}")?;
    /// let parser = JsonOutputParser.fixed_by(FakeChatModel::new(["[1]"])).with_prompt(prompt);
    /// assert_eq!(parser.invoke("one").await?[0], 1);
    /// # Ok::<(), catena_core::Error>(()) }).unwrap();
    /// ```
    #[must_use]
    pub fn with_prompt(mut self, prompt: impl Prompt<Input = Data> + 'static) -> Self {
        self.prompt = Some(Arc::new(prompt));
        self
    }

    fn ask(&self, answer: &AiMessage, error: &crate::Error) -> Result<PromptValue> {
        let (instructions, completion, error) = (&self.instructions, answer.text(), feedback(error));
        match &self.prompt {
            Some(prompt) => prompt.format_prompt(&Data::from([
                ("instructions", instructions.clone()),
                ("completion", completion.into_owned()),
                ("error", error),
            ])),
            None => Ok(format!(
                "An answer was requested in this format:\n\n{instructions}\n\nThis is the answer:\n\n{completion}\n\n\
                 It was rejected with this message: {error}\n\nWrite the answer in the requested format, and nothing else.",
            )
            .into()),
        }
    }
}

impl<P: fmt::Debug, M: fmt::Debug> fmt::Debug for OutputFixingParser<P, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutputFixingParser")
            .field("parser", &self.parser)
            .field("model", &self.model)
            .field("max_retries", &self.max_retries)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl<P, M> Runnable for OutputFixingParser<P, M>
where
    P: Runnable,
    M: Runnable,
    AiMessage: Into<P::Input>,
    PromptValue: Into<M::Input>,
    M::Output: Into<AiMessage>,
{
    type Input = AiMessage;
    type Output = P::Output;

    async fn call(&self, answer: AiMessage, cx: &Context) -> Result<P::Output> {
        let again = |answer: &AiMessage, error: &crate::Error| self.ask(answer, error);
        read_until((&self.parser, &self.model), answer, self.max_retries, &again, cx).await
    }

    fn name(&self) -> std::borrow::Cow<'_, str> {
        "OutputFixingParser".into()
    }

    fn kind(&self) -> RunKind {
        RunKind::Parser
    }
}

crate::impl_pipe!(impl [P: Runnable, M: Runnable] OutputFixingParser<P, M> where [
    AiMessage: Into<P::Input>,
    PromptValue: Into<M::Input>,
    M::Output: Into<AiMessage>,
]);

impl<P, M> OutputParser for OutputFixingParser<P, M>
where
    P: OutputParser,
    M: Runnable,
    AiMessage: Into<P::Input>,
    PromptValue: Into<M::Input>,
    M::Output: Into<AiMessage>,
{
    fn format_instructions(&self) -> String {
        self.parser.format_instructions()
    }
}
