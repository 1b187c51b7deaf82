//! The loop that executes a model's tool calls until it answers.

use std::sync::Arc;

use async_trait::async_trait;
use futures_util::stream::{self, StreamExt};
use serde_json::{Map, Value};

use super::final_answer::FinalAnswer;
use super::on_tool_error::OnToolError;
use super::tool::Tool;
use super::tool_choice::ToolOptions;
use super::transcript::Transcript;
use super::wish::{Wish, refusal};
use crate::chunk::merge_option;
use crate::run::step::{self, Place};
use crate::{
    AiMessage, Capability, Chunk, ChunkStream, Context, Error, ErrorKind, Message, Outline, PromptValue,
    Result, Runnable, Slot, ToolMessage, ToolStatus, gather, owning_stream,
};

const DEFAULT_ROUNDS: usize = 10;
const DEFAULT_CONCURRENCY: usize = 16;

/// The behaviour of a [`ToolLoop`] that has reached a limit when the model wants to call more tools.
///
/// # Example
/// ```
/// assert_eq!(catena_core::AtLimit::default(), catena_core::AtLimit::Fail);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum AtLimit {
    /// The call fails with [`ErrorKind::RecursionLimit`].
    #[default]
    Fail,
    /// The model is called once more, without tools, and answers with what it has.
    Answer,
}

/// A loop that calls a model and executes its tool calls until it answers. Created by
/// [`with_tools`](crate::ChatModelExt::with_tools).
///
/// In each round the model is called, its tool calls are executed concurrently, and their results are passed back in
/// the order of the calls, those with unparsable arguments last; the loop ends when the model calls no tool. The output
/// is the [`Transcript`] of all messages added; [`final_answer`](Self::final_answer) returns only the last one. A
/// stream yields the chunks of the model's answers in every round as they arrive, and each result.
///
/// Calls of unknown tools, arguments that are not valid JSON or do not match the schema, and tool errors without other
/// handling are reported to the model, which may try again. A forced [`ToolChoice`](crate::ToolChoice) applies to the
/// first round only. Each tool call is a run of its own, visible to observers.
///
/// Tools run concurrently, not in parallel: a sync function runs to completion where the loop is polled and blocks
/// everything else. Move long computations to a thread, see [`tool`](crate::tool()).
///
/// If all calls of a round went to tools that [return directly](Tool::return_direct) and none failed, the last output
/// is the answer. Otherwise such an output is passed to the model like any other result.
///
/// Calls without an id from the service are assigned one, because results are matched by id: `call_3_1` is the first
/// call of the answer that follows three messages. Truncated arguments are treated as invalid JSON, whether or not the
/// service reports why it stopped.
///
/// # Errors
/// * Errors of the model, and of tools that [raise](OnToolError::Raise) them.
/// * [`ErrorKind::RecursionLimit`] at a limit, see [`AtLimit`].
/// * [`ErrorKind::Config`] if two tools have the same name.
///
/// # Cancellation
/// Dropping the future or the stream drops the model call or all tool calls in flight.
///
/// # Example
/// ```
/// use catena_core::{fakes::FakeMessagesListChatModel, AiMessage, ChatModelExt, RunnableExt, ToolCall, tool};
/// use serde_json::{json, Value};
/// # futures_executor::block_on(async {
/// let wishes = ["Paris", "Rome"].map(|city| ToolCall::new("weather", [("city", city)]).with_id(city));
/// let model = FakeMessagesListChatModel::new([AiMessage::new("").with_tool_calls(wishes), AiMessage::new("Both are sunny.")]);
/// let weather = tool("weather", "The weather in a city.", json!({"properties": {"city": {"type": "string"}}}), |_: Value| "sunny");
///
/// let answer = model.clone().with_tools([weather]).final_answer().invoke("How is the weather in Paris and Rome?").await?;
/// assert_eq!(answer.text(), "Both are sunny.");
/// let asked = model.prompts()[1].clone().into_messages();
/// assert_eq!(asked.iter().map(|message| message.role()).collect::<Vec<_>>(), ["human", "ai", "tool", "tool"]);
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct ToolLoop<R> {
    model: R,
    tools: Arc<[Tool]>,
    options: ToolOptions,
    max_rounds: usize,
    max_calls: Option<usize>,
    max_concurrency: Option<usize>,
    at_limit: AtLimit,
}

impl<R> ToolLoop<R> {
    pub(crate) fn new(model: R, tools: impl IntoIterator<Item = Tool>) -> Self {
        Self {
            model,
            tools: tools.into_iter().map(|tool| tool.or_handling(OnToolError::Tell)).collect(),
            options: ToolOptions::new(),
            max_rounds: DEFAULT_ROUNDS,
            max_calls: None,
            max_concurrency: None,
            at_limit: AtLimit::default(),
        }
    }

    /// Sets how the model may use the tools.
    #[must_use]
    pub fn with_options(mut self, options: ToolOptions) -> Self {
        self.options = options;
        self
    }

    /// Sets the maximum number of rounds of tool calls; 10 by default.
    #[must_use]
    #[doc(alias = "max_iterations")]
    pub fn with_max_rounds(mut self, rounds: usize) -> Self {
        self.max_rounds = rounds;
        self
    }

    /// Sets the maximum number of tool calls in all rounds together; unlimited by default.
    #[must_use]
    pub fn with_max_calls(mut self, calls: usize) -> Self {
        self.max_calls = Some(calls);
        self
    }

    /// Sets the maximum number of tool calls in flight; by default that of the run's config, or 16.
    #[must_use]
    pub fn with_max_concurrency(mut self, limit: usize) -> Self {
        self.max_concurrency = Some(limit);
        self
    }

    /// Sets the behaviour at a limit.
    #[must_use]
    pub fn with_at_limit(mut self, at_limit: AtLimit) -> Self {
        self.at_limit = at_limit;
        self
    }

    /// Returns the tools.
    pub fn tools(&self) -> &[Tool] {
        &self.tools
    }

    /// Returns only the last message, for example for a parser. It does not stream: until an answer is complete, it is
    /// unknown whether it contains tool calls.
    ///
    /// # Example
    /// See [`ToolLoop`].
    pub fn final_answer(self) -> FinalAnswer<R> {
        FinalAnswer::new(self)
    }

    /// Fails if two tools have the same name.
    fn check(&self) -> Result<()> {
        let mut names: Vec<&str> = self.tools.iter().map(Tool::name).collect();
        names.sort_unstable();
        match names.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => {
                let message = format!("duplicate tool name `{:.100}`: rename one of the tools", pair[0]);
                Err(Error::new(ErrorKind::Config, message))
            }
            None => Ok(()),
        }
    }
}

/// The kind of model call.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ask {
    /// The first call.
    First,
    /// A call with the results of tools.
    Again,
    /// The last call, at a limit.
    Last,
}

/// The destination of transcript chunks as they arrive.
#[derive(Clone, Copy)]
enum Sink<'a> {
    /// None: the model is called without streaming.
    Nowhere,
    Stream(&'a Slot<Transcript>),
}

impl Sink<'_> {
    async fn put(self, index: usize, message: impl Into<Message>) {
        if let Self::Stream(slot) = self {
            slot.put(Ok(Transcript::piece(index, message))).await;
        }
    }
}

impl<R> ToolLoop<R>
where
    R: Runnable<Input = PromptValue, Output = AiMessage>,
{
    async fn converse(&self, prompt: PromptValue, cx: &Context, sink: Sink<'_>) -> Result<Transcript> {
        self.check()?;
        let mut conversation = prompt.into_messages();
        let mut transcript = Transcript::default();
        let (mut rounds, mut calls_left) = (0, self.max_calls.unwrap_or(usize::MAX));
        let mut ask = if self.max_rounds == 0 { self.at_limit_ask() } else { Ask::First };
        loop {
            let index = transcript.len();
            let answer = self.ask(&conversation, ask, index, cx, sink).await?;
            let wishes = Wish::of(&answer);
            transcript.merge(Transcript::piece(index, answer.clone()));
            if wishes.is_empty() {
                return Ok(transcript);
            }
            let over = wishes.len() > calls_left && self.at_limit == AtLimit::Fail;
            if over || rounds == self.max_rounds || ask == Ask::Last {
                return Err(self.limit_reached(over));
            }
            conversation.push(answer.into());
            let allowed = wishes.len().min(calls_left);
            calls_left -= allowed;
            rounds += 1;
            let results = self.run_tools(wishes, allowed, transcript.len(), cx, sink).await?;
            let done = results.iter().all(|result| self.is_answer(result));
            for result in results {
                transcript.merge(Transcript::piece(transcript.len(), result.clone()));
                conversation.push(result.into());
            }
            if done {
                return Ok(transcript);
            }
            let at_limit = rounds == self.max_rounds || calls_left == 0;
            ask = if at_limit { self.at_limit_ask() } else { Ask::Again };
        }
    }

    fn at_limit_ask(&self) -> Ask {
        match self.at_limit {
            AtLimit::Fail => Ask::Again,
            AtLimit::Answer => Ask::Last,
        }
    }

    /// Calls the model and returns its complete answer, sending its chunks to the sink. All tool calls in the answer
    /// are complete and have ids.
    async fn ask(
        &self,
        conversation: &[Message],
        ask: Ask,
        index: usize,
        cx: &Context,
        sink: Sink<'_>,
    ) -> Result<AiMessage> {
        let prompt = PromptValue::Messages(conversation.to_vec());
        let cx = cx.with_arguments(&Arc::new(self.arguments(ask)));
        let named = |error| step::named(error, &self.model);
        let mut answer = match sink {
            Sink::Nowhere => step::call_here(&self.model, prompt, &cx).await.map_err(named)?,
            Sink::Stream(_) => {
                let mut chunks = step::transform_here(&self.model, step::whole(prompt), cx);
                let mut answer = None;
                while let Some(chunk) = chunks.next().await {
                    let chunk = chunk.map_err(named)?;
                    sink.put(index, chunk.clone()).await;
                    merge_option(&mut answer, chunk);
                }
                answer.unwrap_or_default()
            }
        };
        if let Some(end) = answer.loose_end(|| format!("call_{}", conversation.len())) {
            sink.put(index, end.clone()).await;
            answer.merge(end);
        }
        Ok(answer.into_whole())
    }

    fn arguments(&self, ask: Ask) -> Map<String, Value> {
        if self.tools.is_empty() {
            return Map::new();
        }
        let mut options = self.options.clone();
        let can_choose =
            || self.model.outline().model_capabilities().is_none_or(|can| can.offers(Capability::ToolChoice));
        match ask {
            Ask::First => {}
            Ask::Again => options.choice = options.choice.filter(|choice| !choice.is_forced()),
            Ask::Last if can_choose() => options = options.with_choice("none"),
            Ask::Last => return Map::new(),
        }
        options.arguments(self.tools.iter().map(Tool::definition))
    }

    /// Returns the results of the calls in their order; only the first `allowed` calls are executed.
    async fn run_tools(
        &self,
        wishes: Vec<Wish>,
        allowed: usize,
        first: usize,
        cx: &Context,
        sink: Sink<'_>,
    ) -> Result<Vec<ToolMessage>> {
        let limit = self.max_concurrency.or(cx.max_concurrency()).unwrap_or(DEFAULT_CONCURRENCY).max(1);
        let calls: Vec<_> = wishes
            .into_iter()
            .enumerate()
            .map(|(number, wish)| self.grant(wish, number < allowed, cx))
            .collect();
        let mut running = std::pin::pin!(stream::iter(calls).buffered(limit));
        let mut results = Vec::new();
        while let Some(result) = running.next().await {
            let result = result?;
            sink.put(first + results.len(), result.clone()).await;
            results.push(result);
        }
        Ok(results)
    }

    async fn grant(&self, wish: Wish, allowed: bool, cx: &Context) -> Result<ToolMessage> {
        let call = match wish {
            Wish::Call(call) => call,
            Wish::Invalid { name, id, why } => return Ok(refusal(name, id, why)),
        };
        if !allowed {
            return Ok(refusal(
                call.name,
                call.id,
                "not called: the limit of tool calls was reached".to_owned(),
            ));
        }
        match self.tool(&call.name) {
            Some(tool) => step::call(tool, call, cx, Place::Plain).await,
            None => {
                let names: Vec<String> = self.tools.iter().map(|tool| format!("`{}`", tool.name())).collect();
                let why = format!("unknown tool `{:.100}`; available tools: {}", call.name, names.join(", "));
                Ok(refusal(call.name, call.id, why))
            }
        }
    }

    fn tool(&self, name: &str) -> Option<&Tool> {
        self.tools.iter().find(|tool| tool.name() == name)
    }

    /// Returns `true` for a successful output of a tool that returns directly.
    fn is_answer(&self, result: &ToolMessage) -> bool {
        result.status == ToolStatus::Success
            && result.name.as_deref().and_then(|name| self.tool(name)).is_some_and(Tool::returns_directly)
    }

    fn limit_reached(&self, over: bool) -> Error {
        let (limit, method) = match self.max_calls {
            Some(calls) if over => (format!("{calls} calls"), "with_max_calls"),
            _ => (format!("{} rounds", self.max_rounds), "with_max_rounds"),
        };
        let message = format!(
            "the model still calls tools after {limit}: raise the limit with `{method}`, or let the model answer \
             with what it has with `with_at_limit`"
        );
        Error::new(ErrorKind::RecursionLimit, message)
    }
}

#[async_trait]
impl<R> Runnable for ToolLoop<R>
where
    R: Runnable<Input = PromptValue, Output = AiMessage>,
{
    type Input = PromptValue;
    type Output = Transcript;

    async fn call(&self, prompt: PromptValue, cx: &Context) -> Result<Transcript> {
        self.converse(prompt, cx, Sink::Nowhere).await
    }

    fn transform<'a>(
        &'a self,
        prompt: ChunkStream<'a, PromptValue>,
        cx: Context,
    ) -> ChunkStream<'a, Transcript> {
        owning_stream(move |slot| async move {
            let prompt = match gather(prompt).await {
                Ok(Some(prompt)) => prompt,
                Ok(None) => return,
                Err(error) => return slot.put(Err(error)).await,
            };
            if let Err(error) = self.converse(prompt, &cx, Sink::Stream(&slot)).await {
                slot.put(Err(error)).await;
            }
        })
    }

    fn outline(&self) -> Outline {
        Outline::of(self)
    }
}

crate::impl_pipe!(impl [R: Runnable<Input = PromptValue, Output = AiMessage>] ToolLoop<R>);
