//! Models with structured output.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;

use super::StructuredMethod;
use super::asked::Asked;
use super::plan::{Plan, Settings};
use crate::parser::StructuredAnswerParser;
use crate::run::step;
use crate::runnable::Shape;
use crate::{
    AiMessage, Bound, Chunk, ChunkStream, Context, Error, Outline, Pipe, PromptValue, Result, RunKind,
    Runnable, RunnableExt, WithRaw, owning_stream,
};

/// A model whose answers are parsed into values of a type ([`Parsed`](crate::Parsed)) or into JSON
/// ([`Json`](crate::Json)). Created by [`with_structured_output`](crate::ChatModelExt::with_structured_output) and
/// related methods.
///
/// The method depends on what the model [declares](crate::Capability): a schema that the service enforces, or a tool
/// call; [`with_method`](Self::with_method) overrides it. For a model selected per call, such as a
/// [`ConfigurableModel`](crate::ConfigurableModel), it is decided for each call.
///
/// It is a sequence of the model and a parser, and it streams: each chunk is the value parsed so far and replaces the
/// previous one. A value of a type is emitted as soon as the partial answer deserializes into it.
///
/// # Errors
/// Before anything is sent: [`Unsupported`](crate::ErrorKind::Unsupported) if the model lacks a required capability,
/// [`Config`](crate::ErrorKind::Config) and [`InvalidInput`](crate::ErrorKind::InvalidInput) for invalid options or an
/// invalid schema. For an answer: [`Refusal`](crate::ErrorKind::Refusal) with the text of the refusal,
/// [`OutputTruncated`](crate::ErrorKind::OutputTruncated) if it hit its length limit,
/// [`ContentFilter`](crate::ErrorKind::ContentFilter), and [`Parse`](crate::ErrorKind::Parse) if it cannot be parsed.
///
/// With function calling, an answer without a tool call is parsed as `null`, which is a value for types that accept it,
/// such as an `Option`.
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
    model: Arc<R>,
    asked: Asked<O>,
    chain: Chain<R, O>,
    /// Why the request is impossible, if it is.
    fault: Option<Error>,
    /// Whether the model is selected per call: `chain` is then for a model with unknown capabilities.
    is_chosen_late: bool,
}

type Chain<R, O> = Pipe<Bound<Arc<R>>, StructuredAnswerParser<O>>;

impl<R, O> StructuredOutput<R, O>
where
    R: Runnable<Input = PromptValue, Output = AiMessage>,
    O: Chunk,
{
    pub(super) fn new(model: Arc<R>, asked: Asked<O>) -> Self {
        let can = model.outline().model_capabilities();
        let (plan, fault) = match asked.settings.plan(can) {
            Ok(plan) => (plan, None),
            Err(error) => (Plan { arguments: serde_json::Map::new(), tool: None }, Some(error)),
        };
        let chain = chain(&model, &asked, plan);
        Self { model, asked, chain, fault, is_chosen_late: can.is_none() }
    }

    /// Returns the chain for the model that a call in this context would reach, if the model is selected per call.
    fn chosen(&self, cx: &Context) -> Result<Option<Chain<R, O>>> {
        let can = if self.is_chosen_late { self.model.chosen_capabilities(cx) } else { None };
        match (can, &self.fault) {
            (Some(_), _) => {
                self.asked.settings.plan(can).map(|plan| Some(chain(&self.model, &self.asked, plan)))
            }
            (None, Some(fault)) => Err(fault.clone()),
            (None, None) => Ok(None),
        }
    }

    fn set(self, set: impl FnOnce(&mut Settings)) -> Self {
        Self::new(self.model, self.asked.set(set))
    }

    /// Sets the method. By default, it depends on the model's capabilities.
    ///
    /// # Example
    /// See [`StructuredMethod`].
    #[must_use]
    pub fn with_method(self, method: StructuredMethod) -> Self {
        self.set(|settings| settings.method = Some(method))
    }

    /// Sets whether the service strictly enforces the schema. By default it does for types, whose schemas are
    /// [converted to the required form](crate::strict_json_schema), and does not for JSON.
    #[must_use]
    pub fn with_strict(self, strict: bool) -> Self {
        self.set(|settings| settings.strict = Some(strict))
    }

    /// Binds tools that the model may call instead of answering, as [`bind_tools`](crate::ChatModelExt::bind_tools)
    /// does. They are not executed; the calls are in the raw answer, see [`include_raw`](Self::include_raw).
    #[must_use]
    #[doc(alias = "tools")]
    pub fn with_bound_tools<T: Into<Value>>(self, tools: impl IntoIterator<Item = T>) -> Self {
        let tools = tools.into_iter().map(Into::into);
        self.set(|settings| settings.tools.extend(tools))
    }

    /// Includes the raw answer in the output, and reports a parse error there instead of failing. Call it last.
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
        StructuredOutput::new(self.model, self.asked.include_raw())
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
        match self.chosen(cx)? {
            Some(chain) => chain.call(prompt, cx).await,
            None => self.chain.call(prompt, cx).await,
        }
    }

    fn transform<'a>(&'a self, prompt: ChunkStream<'a, PromptValue>, cx: Context) -> ChunkStream<'a, O> {
        step::lazily(move || match self.chosen(&cx) {
            Ok(None) => self.chain.transform(prompt, cx),
            Ok(Some(chain)) => owning_stream(move |slot| async move {
                slot.put_all(chain.transform(prompt, cx)).await;
            }),
            Err(error) => Box::pin(futures_util::stream::iter([Err(error)])),
        })
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

/// Creates the sequence of the model with the plan's arguments and the parser of its answers.
fn chain<R, O>(model: &Arc<R>, asked: &Asked<O>, plan: Plan) -> Chain<R, O>
where
    R: Runnable<Input = PromptValue, Output = AiMessage>,
    O: Chunk,
{
    Pipe::new(Arc::clone(model).bind_all(plan.arguments), asked.read_by(plan.tool))
}

impl<R, O> Clone for StructuredOutput<R, O> {
    fn clone(&self) -> Self {
        Self {
            model: Arc::clone(&self.model),
            asked: self.asked.clone(),
            chain: self.chain.clone(),
            fault: self.fault.clone(),
            is_chosen_late: self.is_chosen_late,
        }
    }
}

impl<R: fmt::Debug, O> fmt::Debug for StructuredOutput<R, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StructuredOutput")
            .field("chain", &self.chain)
            .field("asked", &self.asked)
            .field("fault", &self.fault)
            .finish_non_exhaustive()
    }
}
