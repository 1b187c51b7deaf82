//! A chat model with prepared messages.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use futures_util::stream;
use serde_json::{Map, Value};

use crate::{
    AiMessage, Capabilities, Capability, Chunk, ChunkStream, Context, Error, ErrorKind, LanguageModel,
    PromptValue, Result,
};

/// A chat model that returns prepared messages in turn, including tool calls, and fails once they run out.
///
/// It records the prompts and arguments of all calls. Clones share the messages and the record.
///
/// # Example
/// ```
/// use catena_core::{fakes::FakeMessagesListChatModel, AiMessage, RunnableExt, ToolCall};
/// # futures_executor::block_on(async {
/// let call = AiMessage::new("").with_tool_calls([ToolCall::new("now", [("zone", "CET")])]);
/// let model = FakeMessagesListChatModel::new([call]);
/// assert_eq!(model.clone().bind("temperature", 0).invoke("Hi").await?.tool_calls()[0].name, "now");
/// assert_eq!(model.arguments()[0]["temperature"], 0);
/// assert!(model.invoke("Hi again").await.is_err());
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct FakeMessagesListChatModel {
    shared: Arc<Shared>,
    can: Capabilities,
}

#[derive(Debug)]
struct Shared {
    answers: Vec<Vec<AiMessage>>,
    asked: Mutex<Vec<(PromptValue, Map<String, Value>)>>,
}

impl FakeMessagesListChatModel {
    /// Creates a model that answers with these messages.
    pub fn new(answers: impl IntoIterator<Item = AiMessage>) -> Self {
        Self::streaming(answers.into_iter().map(|answer| vec![answer]))
    }

    /// Creates a model that answers with messages streamed in these chunks.
    pub fn streaming(answers: impl IntoIterator<Item = Vec<AiMessage>>) -> Self {
        let shared = Shared { answers: answers.into_iter().collect(), asked: Mutex::default() };
        let can = [
            Capability::Tools,
            Capability::ParallelToolCalls,
            Capability::ToolChoice,
            Capability::SingleToolCall,
            Capability::StructuredOutput,
        ];
        Self { shared: Arc::new(shared), can: can.into() }
    }

    /// Removes a declared capability. By default, those for tools and structured output are declared.
    #[must_use]
    pub fn without(mut self, capability: Capability) -> Self {
        self.can = self.can.without(capability);
        self
    }

    /// Returns the prompts of all calls so far.
    pub fn prompts(&self) -> Vec<PromptValue> {
        self.asked().iter().map(|(prompt, _)| prompt.clone()).collect()
    }

    /// Returns the arguments of all calls so far.
    pub fn arguments(&self) -> Vec<Map<String, Value>> {
        self.asked().iter().map(|(_, arguments)| arguments.clone()).collect()
    }

    fn asked(&self) -> MutexGuard<'_, Vec<(PromptValue, Map<String, Value>)>> {
        self.shared.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next(&self, prompt: PromptValue, cx: &Context) -> Result<Vec<AiMessage>> {
        let mut asked = self.asked();
        asked.push((prompt, cx.arguments().cloned().unwrap_or_default()));
        let answer = self.shared.answers.get(asked.len() - 1).cloned();
        answer.ok_or_else(|| Error::new(ErrorKind::Other, "the fake model has no prepared message left"))
    }
}

#[async_trait]
impl LanguageModel for FakeMessagesListChatModel {
    type Output = AiMessage;

    async fn generate(&self, prompt: PromptValue, cx: &Context) -> Result<AiMessage> {
        let pieces = self.next(prompt, cx)?.into_iter();
        let whole = pieces.reduce(|mut whole, piece| {
            whole.merge(piece);
            whole
        });
        Ok(whole.unwrap_or_default())
    }

    fn generate_stream<'a>(&'a self, prompt: PromptValue, cx: Context) -> ChunkStream<'a, AiMessage> {
        match self.next(prompt, &cx) {
            Ok(pieces) => Box::pin(stream::iter(pieces.into_iter().map(Ok))),
            Err(error) => Box::pin(stream::iter([Err(error)])),
        }
    }

    fn capabilities(&self) -> Capabilities {
        self.can
    }
}

crate::impl_pipe!(FakeMessagesListChatModel);
