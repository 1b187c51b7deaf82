//! Calling a model until its answer can be parsed.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use super::attempts::read_until;
use super::feedback;
use crate::run::step::{self, Place};
use crate::{AiMessage, Context, Data, Error, Message, Prompt, PromptValue, Result, Runnable};

/// The feedback on an answer if the error is not reported.
const AGAIN: &str = "Your answer could not be parsed. Answer again in the requested format.";

/// Calls a model and parses its answer; if that fails, calls it again with the prompt, its answer and feedback on it.
/// Created by [`retried_by`](crate::OutputParser::retried_by).
///
/// It takes the place of both model and parser: `prompt | parse::<Company>().retried_by(model)`. For an existing
/// answer, use [`parse_with_prompt`](RetryOutputParser::parse_with_prompt). Every parsing attempt and model call is a
/// separate run. Retries continue the conversation started by the prompt.
///
/// Only a valid answer is emitted: a stream has a single chunk.
///
/// # Errors
/// The parsing error of the last answer, with that of the first answer as its [`source`](std::error::Error::source); or
/// the error of the model. Errors other than [`Parse`](crate::ErrorKind::Parse), such as a refusal, are not retried.
///
/// # Example
/// ```
/// use catena_core::{fakes::FakeChatModel, JsonOutputParser, OutputParser, PromptTemplate, RunnableExt};
/// # futures_executor::block_on(async {
/// let model = FakeChatModel::new(["red, green", r#"["red", "green"]"#]);
/// let prompt = PromptTemplate::new("Name {count} colors as a JSON list.")?;
/// let chain = prompt | JsonOutputParser.retried_by(model.clone());
/// assert_eq!(chain.invoke("two").await?[0], "red");
/// assert_eq!(
///     model.prompts()[1].to_string(),
///     "Human: Name two colors as a JSON list.\nAI: red, green\nHuman: Your answer could not be parsed: \
///      expected a value at line 1, column 1. Answer again in the requested format."
/// );
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[doc(alias = "RetryWithErrorOutputParser")]
#[derive(Clone)]
pub struct RetryOutputParser<P, M> {
    parser: P,
    model: M,
    prompt: Option<Arc<dyn Prompt<Input = Data>>>,
    tell_error: bool,
    max_retries: usize,
}

impl<P: Runnable, M: Runnable> RetryOutputParser<P, M> {
    /// Creates a parser that calls `model` and retries once, without telling it what was wrong with its answer.
    pub fn new(parser: P, model: M) -> Self {
        Self { parser, model, prompt: None, tell_error: false, max_retries: 1 }
    }

    /// Creates a parser that calls `model` and retries once, telling it what was wrong with its answer.
    pub fn with_error(parser: P, model: M) -> Self {
        Self { tell_error: true, ..Self::new(parser, model) }
    }

    /// Parses an existing answer to a prompt, and retries with that prompt if it is invalid.
    ///
    /// # Errors
    /// Those of the runnable.
    ///
    /// # Example
    /// ```
    /// use catena_core::{fakes::FakeChatModel, JsonOutputParser, OutputParser};
    /// # futures_executor::block_on(async {
    /// let parser = JsonOutputParser.retried_by(FakeChatModel::new(["[1]"]));
    /// assert_eq!(parser.parse_with_prompt("one", "A list of numbers?").await?[0], 1);
    /// # Ok::<(), catena_core::Error>(()) }).unwrap();
    /// ```
    pub async fn parse_with_prompt(
        &self,
        completion: impl Into<AiMessage>,
        prompt: impl Into<PromptValue>,
    ) -> Result<P::Output>
    where
        AiMessage: Into<P::Input>,
        PromptValue: Into<M::Input>,
        M::Output: Into<AiMessage>,
    {
        self.read(completion.into(), &prompt.into(), &Context::default()).await
    }

    async fn read(&self, answer: AiMessage, prompt: &PromptValue, cx: &Context) -> Result<P::Output>
    where
        AiMessage: Into<P::Input>,
        PromptValue: Into<M::Input>,
        M::Output: Into<AiMessage>,
    {
        let again = |answer: &AiMessage, error: &Error| self.ask(prompt, answer, error);
        read_until((&self.parser, &self.model), answer, self.max_retries, &again, cx).await
    }
}

impl<P, M> RetryOutputParser<P, M> {
    /// Sets the maximum number of retries.
    #[must_use]
    pub fn with_max_retries(mut self, max_retries: usize) -> Self {
        self.max_retries = max_retries;
        self
    }

    /// Sets the prompt for retries, with the variables `prompt` (the text of the original prompt), `completion` (the
    /// answer) and `error`.
    #[must_use]
    pub fn with_prompt(mut self, prompt: impl Prompt<Input = Data> + 'static) -> Self {
        self.prompt = Some(Arc::new(prompt));
        self
    }

    fn ask(&self, prompt: &PromptValue, answer: &AiMessage, error: &Error) -> Result<PromptValue> {
        let why = if self.tell_error { feedback(error) } else { AGAIN.to_owned() };
        if let Some(template) = &self.prompt {
            return template.format_prompt(&Data::from([
                ("prompt", prompt.to_string()),
                ("completion", answer.text().into_owned()),
                ("error", why),
            ]));
        }
        let mut messages = prompt.clone().into_messages();
        messages.extend([Message::ai(answer.text().into_owned()), Message::human(why)]);
        Ok(messages.into())
    }
}

impl<P: fmt::Debug, M: fmt::Debug> fmt::Debug for RetryOutputParser<P, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryOutputParser")
            .field("parser", &self.parser)
            .field("model", &self.model)
            .field("tell_error", &self.tell_error)
            .field("max_retries", &self.max_retries)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl<P, M> Runnable for RetryOutputParser<P, M>
where
    P: Runnable,
    M: Runnable,
    AiMessage: Into<P::Input>,
    PromptValue: Into<M::Input>,
    M::Output: Into<AiMessage>,
{
    type Input = PromptValue;
    type Output = P::Output;

    async fn call(&self, prompt: PromptValue, cx: &Context) -> Result<P::Output> {
        let answer = step::call(&self.model, prompt.clone().into(), cx, Place::Attempt(1)).await?;
        self.read(answer.into(), &prompt, cx).await
    }

    fn name(&self) -> std::borrow::Cow<'_, str> {
        "RetryOutputParser".into()
    }
}

crate::impl_pipe!(impl [P: Runnable, M: Runnable] RetryOutputParser<P, M> where [
    AiMessage: Into<P::Input>,
    PromptValue: Into<M::Input>,
    M::Output: Into<AiMessage>,
]);
