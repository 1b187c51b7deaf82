#![doc = include_str!("../README.md")]

// The macros come first: every module below may use them.
mod macros;

pub mod batch;
pub mod fakes;

mod chat_history;
mod chunk;
mod data;
mod error;
mod message;
mod model;
mod outline;
mod parser;
mod path;
mod prompt;
mod run;
mod runnable;
mod runnable_ext;
mod runnables;
mod service_error;
mod timer;

pub use async_trait::async_trait;
pub use chat_history::{ChatMessageHistory, InMemoryChatMessageHistory, InMemorySessions};
pub use chunk::{Chunk, ChunkStream, gather};
pub use data::{Data, FromData, Record};
pub use error::{Error, ErrorKind, Result};
pub use message::{
    AiMessage, Content, ContentBlock, HumanMessage, Message, ResponseMetadata, SystemMessage, Usage,
};
pub use model::{LanguageModel, ModelOutput};
pub use outline::{Outline, OutlineParts};
pub use parser::StrOutputParser;
pub use path::{Path, Segment};
pub use prompt::{Prompt, PromptTemplate, PromptValue};
#[cfg(feature = "tracing")]
pub use run::TracingObserver;
pub use run::{
    CancelToken, Cancelled, Context, EventFilter, EventStream, Observer, Payload, RunCollector, RunConfig,
    RunEvent, RunEventKind, RunId, RunInfo, RunRecord, RunStatus, StreamEvent, UsageTotals, observe_with,
};
#[doc(hidden)]
pub use runnable::Shape;
pub use runnable::{RunKind, Runnable};
pub use runnable_ext::RunnableExt;
pub use runnables::{
    Bound, BoxRunnable, Configurable, ConfigurableAlternatives, ConfigurableField, Delegate, DynRunnable,
    Function, Generator, Lambda, Pipe, RetryPolicy, Routed, RouterRunnable, RunnableAssign, RunnableBranch,
    RunnableEach, RunnableParallel, RunnablePassthrough, RunnablePick, WithConfig, WithFallbacks,
    WithListener, WithMessageHistory, WithRetry, configurable, delegate, generator, lambda,
};
pub use service_error::ServiceError;
pub use timer::{Sleep, SystemTimer, Timer};
