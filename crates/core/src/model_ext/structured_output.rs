//! A model whose answers have a form.

use std::borrow::Cow;
use std::fmt;

use async_trait::async_trait;
use serde_json::Value;

use super::StructuredMethod;
use super::asked::Asked;
use super::plan::{Plan, Settings};
use crate::parser::StructuredAnswerParser;
use crate::runnable::Shape;
use crate::{
    AiMessage, Bound, Chunk, ChunkStream, Context, Error, Outline, Pipe, PromptValue, Result, RunKind,
    Runnable, RunnableExt, WithRaw,
};

/// A model whose answers are read as values: of a type ([`Parsed`](crate::Parsed)), or JSON ([`Json`](crate::Json)). Made by
/// [`with_structured_output`](crate::ChatModelExt::with_structured_output) and its kin.
///
/// How the model is asked is up to what it [declares](crate::Capability): with a schema that the service keeps the answer
/// to, or by a tool that it has to call; [`with_method`](Self::with_method) says otherwise. It is a sequence of the model
/// and a parser, and streams: values of what there is so far, the last one counts. A type appears once what came is one.
///
/// # Errors
/// Before anything is sent: [`Unsupported`](crate::ErrorKind::Unsupported) for what the model cannot do,
/// [`Config`](crate::ErrorKind::Config) and [`InvalidInput`](crate::ErrorKind::InvalidInput) for options or a schema that
/// do not fit. Of an answer: [`Refusal`](crate::ErrorKind::Refusal) with the words of a model that refused,
/// [`OutputTruncated`](crate::ErrorKind::OutputTruncated) where it reached the limit of its length,
/// [`ContentFilter`](crate::ErrorKind::ContentFilter), and [`Parse`](crate::ErrorKind::Parse) for what cannot be read.
///
/// An answer that should be the call of a tool and is none is `null`: of a type that takes it, such as an `Option`, that is
/// the value.
///
/// # Example
/// ```
/// use catena_core::{fakes::FakeMessagesListChatModel, AiMessage, Capability, ChatModelExt, RunnableExt, ToolCall};
/// use serde_json::json;
/// # futures_executor::block_on(async {
/// let schema = json!({"title": "Person", "type": "object", "properties": {"name": {"type": "string"}}});
/// let call = AiMessage::new("").with_tool_calls([ToolCall::new("Person", [("name", "Ada")])]);
/// let model = FakeMessagesListChatModel::new([call]).without(Capability::StructuredOutput);
/// let chain = model.clone().with_structured_output_schema(schema);
/// assert_eq!(chain.invoke("Who wrote the first program?").await?["name"], "Ada");
/// assert_eq!(model.arguments()[0]["tool_choice"]["function"]["name"], "Person");
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
pub struct StructuredOutput<R, O> {
    chain: Pipe<Bound<R>, StructuredAnswerParser<O>>,
    asked: Asked<O>,
    /// Why the model cannot be asked.
    fault: Option<Error>,
}

impl<R, O> StructuredOutput<R, O>
where
    R: Runnable<Input = PromptValue, Output = AiMessage>,
    O: Chunk,
{
    pub(super) fn new(model: R, asked: Asked<O>) -> Self {
        let plan = asked.settings.plan(model.outline().model_capabilities());
        let (Plan { arguments, tool }, fault) = match plan {
            Ok(plan) => (plan, None),
            Err(error) => (Plan { arguments: serde_json::Map::new(), tool: None }, Some(error)),
        };
        Self { chain: Pipe::new(model.bind_all(arguments), asked.read_by(tool)), asked, fault }
    }

    fn set(self, set: impl FnOnce(&mut Settings)) -> Self {
        let (model, _) = self.chain.into_parts();
        Self::new(model.into_inner(), self.asked.set(set))
    }

    /// Says how the model is made to answer so.
    ///
    /// # Example
    /// See [`StructuredMethod`].
    #[must_use]
    pub fn with_method(self, method: StructuredMethod) -> Self {
        self.set(|settings| settings.method = Some(method))
    }

    /// Says whether the service holds the model to the schema to the letter. By default it does for types, whose schemas
    /// are [brought into the form](crate::strict_json_schema) that this needs, and does not for JSON.
    #[must_use]
    pub fn with_strict(self, strict: bool) -> Self {
        self.set(|settings| settings.strict = Some(strict))
    }

    /// Adds tools that the model may call instead of answering, as for
    /// [`bind_tools`](crate::ChatModelExt::bind_tools); the calls are in the raw answer, see
    /// [`include_raw`](Self::include_raw).
    #[must_use]
    pub fn with_tools<T: Into<Value>>(self, tools: impl IntoIterator<Item = T>) -> Self {
        let tools = tools.into_iter().map(Into::into);
        self.set(|settings| settings.tools.extend(tools))
    }

    /// Gives the answer itself too, and what is wrong with it instead of failing. Say it last.
    ///
    /// # Example
    /// ```
    /// use catena_core::{fakes::FakeMessagesListChatModel, AiMessage, ChatModelExt, ErrorKind, RunnableExt};
    /// use serde_json::json;
    /// # futures_executor::block_on(async {
    /// let model = FakeMessagesListChatModel::new([AiMessage::new("Who?")]);
    /// let schema = json!({"title": "Person", "type": "object"});
    /// let answer = model.with_structured_output_schema(schema).include_raw().invoke("Ada is 36.").await?;
    /// assert_eq!((answer.raw.text().as_ref(), answer.parsed), ("Who?", None));
    /// assert_eq!(answer.parsing_error.unwrap().kind(), ErrorKind::Parse);
    /// # Ok::<(), catena_core::Error>(()) }).unwrap();
    /// ```
    #[must_use]
    pub fn include_raw(self) -> StructuredOutput<R, WithRaw<O>> {
        let (model, _) = self.chain.into_parts();
        self.asked.include_raw().of(model.into_inner())
    }

    fn check(&self) -> Result<()> {
        self.fault.clone().map_or(Ok(()), Err)
    }
}

#[async_trait]
impl<R, O> Runnable for StructuredOutput<R, O>
where
    R: Runnable<Input = PromptValue, Output = AiMessage>,
    O: Chunk,
{
    type Input = PromptValue;
    type Output = O;

    async fn call(&self, prompt: PromptValue, cx: &Context) -> Result<O> {
        self.check()?;
        self.chain.call(prompt, cx).await
    }

    fn transform<'a>(&'a self, prompt: ChunkStream<'a, PromptValue>, cx: Context) -> ChunkStream<'a, O> {
        match self.check() {
            Ok(()) => self.chain.transform(prompt, cx),
            Err(error) => Box::pin(futures_util::stream::iter([Err(error)])),
        }
    }

    fn name(&self) -> Cow<'_, str> {
        self.chain.name()
    }

    fn kind(&self) -> RunKind {
        self.chain.kind()
    }

    fn outline(&self) -> Outline {
        self.chain.outline()
    }

    fn shape(&self) -> Shape {
        self.chain.shape()
    }
}

crate::impl_pipe!(impl [R: Runnable<Input = PromptValue, Output = AiMessage>, O: Chunk] StructuredOutput<R, O>);

impl<R: Clone, O> Clone for StructuredOutput<R, O> {
    fn clone(&self) -> Self {
        Self { chain: self.chain.clone(), asked: self.asked.clone(), fault: self.fault.clone() }
    }
}

impl<R: fmt::Debug, O> fmt::Debug for StructuredOutput<R, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StructuredOutput")
            .field("chain", &self.chain)
            .field("asked", &self.asked)
            .field("fault", &self.fault)
            .finish()
    }
}
