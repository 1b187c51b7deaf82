//! Language models for chat and text completion.

use std::borrow::Cow;
use std::pin::Pin;
use std::task::Poll;

use async_trait::async_trait;
use futures_util::{future, stream};
use serde_json::{Map, Value};

use crate::load::Constructor;
use crate::model_ext::refuse_unsupported;
use crate::run::{ModelPass, deferred, has_begun};
use crate::{
    AiMessage, Capabilities, Chunk, ChunkStream, Context, Demand, Error, ErrorKind, Outline, PromptValue,
    Result, RunKind, Runnable, Usage, gather,
};

/// The output of a model: an [`AiMessage`] for chat, a `String` for text completion.
pub trait ModelOutput: Chunk {
    /// The kind of the runs of such a model.
    const KIND: RunKind;

    /// Returns the token usage that the output reports, which is zero for a cached answer, or `None` if it reports
    /// none.
    fn usage(&self) -> Option<Usage> {
        None
    }

    /// Returns the number of characters that the model wrote in this output or chunk, or `None` if unknown (the
    /// default). A run whose admissions count tokens adds them up, and estimates the output tokens of a call whose
    /// service reports no usage.
    fn written_chars(&self) -> Option<u64> {
        None
    }
}

impl ModelOutput for AiMessage {
    const KIND: RunKind = RunKind::ChatModel;

    fn usage(&self) -> Option<Usage> {
        if self.metadata.cached { Some(Usage::default()) } else { self.usage }
    }

    /// Counts texts, reasoning, refusals, and the names and arguments of tool calls.
    fn written_chars(&self) -> Option<u64> {
        Some(self.count_written() as u64)
    }
}

impl ModelOutput for String {
    const KIND: RunKind = RunKind::Llm;

    fn written_chars(&self) -> Option<u64> {
        Some(self.chars().count() as u64)
    }
}

/// A model that answers a prompt. Every model is a [`Runnable`].
///
/// # Contract
/// `generate` returns what the folded chunks of `generate_stream` give. A stream that ends without an error is complete
/// and has yielded at least one chunk.
///
/// # Errors
/// Errors of a service carry its [`ServiceError`](crate::ServiceError) and state whether retrying may help.
///
/// # Cancellation
/// Dropping the future or stream aborts the request.
///
/// # Wrappers
/// [`impl_pipe!`](crate::impl_pipe) gives a model the `|` operator. `Arc<dyn LanguageModel<Output = AiMessage>>` holds
/// any chat model.
///
/// # Example
/// ```
/// use catena_core::{async_trait, AiMessage, ChunkStream, Context, LanguageModel, PromptValue, RunnableExt};
///
/// struct Parrot;
///
/// #[async_trait]
/// impl LanguageModel for Parrot {
///     type Output = AiMessage;
///     fn generate_stream<'a>(&'a self, prompt: PromptValue, _cx: Context) -> ChunkStream<'a, AiMessage> {
///         Box::pin(futures_util::stream::iter([Ok(AiMessage::new(prompt.into_text()))]))
///     }
/// }
///
/// # futures_executor::block_on(async {
/// assert_eq!(Parrot.invoke("Hello").await?.text(), "Hello");
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[async_trait]
pub trait LanguageModel: Send + Sync {
    /// The type of its answers.
    type Output: ModelOutput;

    /// Streams the answer in chunks.
    fn generate_stream<'a>(&'a self, prompt: PromptValue, cx: Context) -> ChunkStream<'a, Self::Output>;

    /// Returns the complete answer. By default, it gathers [`generate_stream`](Self::generate_stream).
    async fn generate(&self, prompt: PromptValue, cx: &Context) -> Result<Self::Output> {
        gather(self.generate_stream(prompt, cx.clone())).await?.ok_or_else(no_answer)
    }

    /// Returns the answer to a prompt if it is available at no cost, for example from a cache. `None` by default.
    ///
    /// If the run limits model calls, this is consulted first: such an answer needs no concurrency permit, and an
    /// exhausted budget does not reject it.
    async fn ready_answer(&self, prompt: &PromptValue, cx: &Context) -> Option<Self::Output> {
        let _ = (prompt, cx);
        None
    }

    /// Returns the provider, as a value of OpenTelemetry's `gen_ai.provider.name`: `openai`, `anthropic`.
    fn provider(&self) -> Option<&str> {
        None
    }

    /// Returns the identifier of the provider's model that it requests.
    fn model_id(&self) -> Option<&str> {
        None
    }

    /// Returns what it supports beyond answering a text with a text. A call that requests an undeclared capability
    /// fails with [`ErrorKind::Unsupported`].
    fn capabilities(&self) -> Capabilities {
        Capabilities::none()
    }

    /// Returns all settings that influence an answer: service, model, temperature and so on, without secrets.
    ///
    /// Two models with equal parameters may share cached answers. By default `None`: its answers are not cached.
    fn parameters(&self) -> Option<Map<String, Value>> {
        None
    }

    /// Returns the constructor for [saving](crate::load) it, if it can be saved; API keys appear by name only. `None`
    /// by default.
    fn constructor(&self) -> Option<Constructor> {
        None
    }

    /// Returns the name shown in errors, traces and events; by default, that of the type.
    fn display_name(&self) -> Cow<'_, str> {
        Cow::Borrowed(crate::runnable::short_type_name::<Self>())
    }
}

fn no_answer() -> Error {
    Error::new(ErrorKind::InvalidResponse, "the model's stream ended without a single chunk")
}

#[async_trait]
impl<M: LanguageModel + ?Sized> Runnable for M {
    type Input = PromptValue;
    type Output = M::Output;

    // Not an `async fn`: without permits or admissions, the model's own future is returned as it is.
    fn call<'s, 'c, 'f>(
        &'s self,
        prompt: PromptValue,
        cx: &'c Context,
    ) -> Pin<Box<dyn Future<Output = Result<M::Output>> + Send + 'f>>
    where
        's: 'f,
        'c: 'f,
        Self: 'f,
    {
        if let Err(error) = refuse(self, cx) {
            return Box::pin(future::ready(Err(error)));
        }
        if !cx.is_guarded() {
            return self.generate(prompt, cx);
        }
        Box::pin(async move {
            if let Some(answer) = self.ready_answer(&prompt, cx).await {
                return Ok(answer);
            }
            let (pass, cx) = cx.admit(|| Demand::of_prompt(self, &prompt, cx)).await?;
            let answer = self.generate(prompt, &cx).await;
            if let Some(pass) = pass {
                let (said, error) = (answer.as_ref().ok(), answer.as_ref().err());
                let usage = said.and_then(ModelOutput::usage);
                pass.leave(error, usage, has_begun(error), || said.and_then(ModelOutput::written_chars));
            }
            answer
        })
    }

    fn transform<'a>(
        &'a self,
        prompt: ChunkStream<'a, PromptValue>,
        cx: Context,
    ) -> ChunkStream<'a, M::Output> {
        deferred(async move {
            refuse(self, &cx)?;
            let Some(prompt) = gather(prompt).await? else { return Ok(Box::pin(stream::empty()) as _) };
            if cx.is_guarded()
                && let Some(answer) = self.ready_answer(&prompt, &cx).await
            {
                return Ok(Box::pin(stream::iter([Ok(answer)])) as _);
            }
            let (pass, cx) = cx.admit(|| Demand::of_prompt(self, &prompt, &cx)).await?;
            Ok(holding(pass, self.generate_stream(prompt, cx.into_owned())))
        })
    }

    fn name(&self) -> Cow<'_, str> {
        self.display_name()
    }

    fn kind(&self) -> RunKind {
        M::Output::KIND
    }

    fn outline(&self) -> Outline {
        let mut outline = Outline::of(self).with_constructor(self.constructor());
        outline.capabilities = Some(self.capabilities());
        outline
    }

    fn run_metadata(&self) -> Map<String, Value> {
        let facts = [("ls_provider", self.provider()), ("ls_model_name", self.model_id())];
        let mut facts: Map<String, Value> =
            facts.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?.into()))).collect();
        if !facts.is_empty() {
            let model_type = if M::Output::KIND == RunKind::ChatModel { "chat" } else { "llm" };
            facts.insert("ls_model_type".to_owned(), model_type.into());
        }
        facts
    }
}

/// Fails if the call's arguments request a capability that the model does not declare.
fn refuse<M: LanguageModel + ?Sized>(model: &M, cx: &Context) -> Result<()> {
    let Some(arguments) = cx.arguments() else { return Ok(()) };
    refuse_unsupported(model.capabilities(), arguments, &model.display_name())
}

/// Returns the stream holding its pass, which is released with the last chunk: the consumer may itself be waiting for
/// one.
fn holding<'a, T: ModelOutput + 'a>(
    pass: Option<ModelPass>,
    mut chunks: ChunkStream<'a, T>,
) -> ChunkStream<'a, T> {
    let Some(pass) = pass else { return chunks };
    let is_counted = pass.is_reported();
    let mut reading =
        Reading { pass: Some(pass), usage: None, chars: None, is_counted, answer_started: false };
    Box::pin(stream::poll_fn(move |task| {
        let next = chunks.as_mut().poll_next(task);
        match &next {
            Poll::Pending => {}
            Poll::Ready(Some(Ok(chunk))) => reading.see(chunk),
            Poll::Ready(ended) => reading.leave(ended.as_ref().and_then(|error| error.as_ref().err())),
        }
        next
    }))
}

/// The pass of a stream, and what has arrived of its answer.
struct Reading {
    /// `None` once the stream has ended.
    pass: Option<ModelPass>,
    usage: Option<Usage>,
    /// `None` if the model's output does not say.
    chars: Option<u64>,
    /// Whether anybody wants to know the number of characters.
    is_counted: bool,
    answer_started: bool,
}

impl Reading {
    fn see<T: ModelOutput>(&mut self, chunk: &T) {
        self.answer_started = true;
        if self.is_counted {
            self.usage = chunk.usage().or(self.usage);
            let more = chunk.written_chars();
            self.chars = more.map_or(self.chars, |more| Some(self.chars.unwrap_or(0).saturating_add(more)));
        }
    }

    fn leave(&mut self, error: Option<&Error>) {
        if let Some(pass) = self.pass.take() {
            pass.leave(error, self.usage, self.answer_started || has_begun(error), || self.chars);
        }
    }
}

/// The service bills what the reader of the stream no longer wanted.
impl Drop for Reading {
    fn drop(&mut self) {
        if self.pass.is_some() && self.is_counted && self.answer_started {
            let message = "the stream was dropped before its end";
            self.leave(Some(&Error::new(ErrorKind::Cancelled, message)));
        }
    }
}
