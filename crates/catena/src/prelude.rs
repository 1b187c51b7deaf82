//! All that an application needs: `use catena::prelude::*`.

pub use crate::blocking::BlockingExt as _;
#[cfg(feature = "chains")]
pub use crate::blocking::LlmChainExt as _;
pub use crate::{
    AiMessage, BoxRunnable, Chunk, ChunkStream, Context, Data, Error, ErrorKind, LanguageModel, Message, Prompt,
    PromptTemplate, PromptValue, RunConfig, Runnable, RunnableExt, StrOutputParser, Usage, lambda, vars,
};
#[cfg(feature = "chains")]
pub use crate::{ChainOutput, LlmChain};
#[cfg(feature = "openai")]
pub use crate::{ChatOpenAi, OpenAi};

pub use futures_util::StreamExt as _;
