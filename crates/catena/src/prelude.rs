//! All that an application needs: `use catena::prelude::*`.
//!
//! Streams are read with the `StreamExt` of futures, which is in it. Beside `use tokio_stream::StreamExt`, which has methods
//! of the same names, the compiler asks which `next` is meant. Leave that import out, and call what only tokio's has by its
//! whole name: `tokio_stream::StreamExt::timeout(stream, limit)`.

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
