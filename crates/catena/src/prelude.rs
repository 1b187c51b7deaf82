//! Everything an application needs: `use catena::prelude::*`.
//!
//! For reading streams. `tokio_stream::StreamExt` has methods of the same names, so importing both makes `next`
//! ambiguous. Leave that import out, and call tokio's own methods by their full path:
//! `tokio_stream::StreamExt::timeout(stream, limit)`.

#[cfg(feature = "anthropic")]
pub use crate::ChatAnthropic;
pub use crate::blocking::{BlockingEmbeddingsExt as _, BlockingExt as _};
#[cfg(feature = "chains")]
pub use crate::blocking::{ChainExt as _, LlmChainExt as _};
#[cfg(feature = "macros")]
pub use crate::prompt;
pub use crate::{
    AiMessage, BoxRunnable, CancelToken, ChatModelExt as _, ChatPromptTemplate, Chunk, ChunkStream,
    ConfigurableField, Context, Data, Embeddings, Error, ErrorKind, JsonOutputParser, LanguageModel, Message,
    MessagesPlaceholder, Observer, Prompt, PromptTemplate, PromptValue, RetryPolicy, Routed, RouterRunnable,
    RunConfig, Runnable, RunnableAssign, RunnableBranch, RunnableExt, RunnableParallel, RunnablePassthrough,
    RunnablePick, StrOutputParser, Tool, Usage, UsageTotals, WithMessageHistory, delegate, generator, lambda,
    vars,
};
#[cfg(feature = "chains")]
pub use crate::{ChainOutput, LlmChain};
#[cfg(feature = "gemini")]
pub use crate::{ChatGemini, GeminiEmbeddings};
#[cfg(feature = "ollama")]
pub use crate::{ChatOllama, Ollama, OllamaEmbeddings};
#[cfg(feature = "openai")]
pub use crate::{ChatOpenAi, OpenAi, OpenAiEmbeddings};

pub use futures_util::StreamExt as _;
