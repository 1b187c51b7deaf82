//! Language models, for chat and for text completion.

use std::borrow::Cow;

use async_trait::async_trait;
use futures_util::{StreamExt, future, stream};
use serde_json::{Map, Value};

use crate::run::Permit;
use crate::{
    AiMessage, Capabilities, Chunk, ChunkStream, Context, Error, ErrorKind, PromptValue, Result, RunKind,
    Runnable, gather,
};

/// The output of a model: an [`AiMessage`] for chat, a `String` for text completion.
pub trait ModelOutput: Chunk {
    /// How runs of such a model are called.
    const KIND: RunKind;
}

impl ModelOutput for AiMessage {
    const KIND: RunKind = RunKind::ChatModel;
}

impl ModelOutput for String {
    const KIND: RunKind = RunKind::Llm;
}

/// A model that answers a prompt. Every model is a [`Runnable`].
///
/// # Contract
/// `generate` and the folded chunks of `generate_stream` say the same. A stream that ends without an error is
/// complete; it has at least one chunk.
///
/// # Errors
/// Errors of a service carry its [`ServiceError`](crate::ServiceError) and say whether trying again may help.
///
/// # Cancellation
/// Dropping the future or stream ends the request.
///
/// # Wrappers
/// [`impl_pipe!`](crate::impl_pipe) gives a model the `|` operator. `Arc<dyn LanguageModel<Output = AiMessage>>` is
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
    /// What it answers with.
    type Output: ModelOutput;

    /// Answers piece by piece.
    fn generate_stream<'a>(&'a self, prompt: PromptValue, cx: Context) -> ChunkStream<'a, Self::Output>;

    /// Answers at once: by default the stream, finished.
    async fn generate(&self, prompt: PromptValue, cx: &Context) -> Result<Self::Output> {
        gather(self.generate_stream(prompt, cx.clone())).await?.ok_or_else(no_answer)
    }

    /// Whose model it is, in the word of OpenTelemetry's `gen_ai.provider.name`: `openai`, `anthropic`.
    fn provider(&self) -> Option<&str> {
        None
    }

    /// Which of the provider's models it asks for.
    fn model_id(&self) -> Option<&str> {
        None
    }

    /// What it can do beyond answering a text with a text. What is not declared is refused with
    /// [`ErrorKind::Unsupported`] when it is asked for.
    fn capabilities(&self) -> Capabilities {
        Capabilities::none()
    }

    /// Everything that is set on it and shapes an answer: the service and model asked, the temperature and so on; no
    /// secrets. Two models with equal parameters may serve each other's answers from a cache. By default it does not
    /// say, and its answers are not cached.
    fn parameters(&self) -> Option<Map<String, Value>> {
        None
    }

    /// The name shown in errors, traces and events: by default that of the type.
    fn model_name(&self) -> Cow<'_, str> {
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

    async fn call(&self, prompt: PromptValue, cx: &Context) -> Result<M::Output> {
        let (_permit, cx) = cx.admit().await;
        self.generate(prompt, &cx).await
    }

    fn transform<'a>(
        &'a self,
        prompt: ChunkStream<'a, PromptValue>,
        cx: Context,
    ) -> ChunkStream<'a, M::Output> {
        let answer = async move {
            match gather(prompt).await {
                Ok(Some(prompt)) => {
                    let (permit, cx) = cx.admit().await;
                    holding(permit, self.generate_stream(prompt, cx.into_owned()))
                }
                Ok(None) => Box::pin(stream::empty()),
                Err(error) => Box::pin(stream::once(future::ready(Err(error)))),
            }
        };
        Box::pin(stream::once(answer).flatten())
    }

    fn name(&self) -> Cow<'_, str> {
        self.model_name()
    }

    fn kind(&self) -> RunKind {
        M::Output::KIND
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

/// The stream with its permit, which is given back with the last chunk: what reads the stream may itself wait for one.
fn holding<'a, T: Send + 'a>(permit: Option<Permit>, mut chunks: ChunkStream<'a, T>) -> ChunkStream<'a, T> {
    let Some(permit) = permit else { return chunks };
    let mut permit = Some(permit);
    Box::pin(stream::poll_fn(move |task| {
        let next = std::task::ready!(chunks.as_mut().poll_next(task));
        if !matches!(next, Some(Ok(_))) {
            drop(permit.take());
        }
        std::task::Poll::Ready(next)
    }))
}
