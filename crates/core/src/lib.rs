#![doc = include_str!("../README.md")]

// The macros come first: every module below may use them.
mod macros;

pub mod batch;
pub mod fakes;

mod boxed;
mod chunk;
mod error;
mod lambda;
mod message;
mod model;
mod parallel;
mod parser;
mod path;
mod pipe;
mod prompt;
mod run;
mod runnable;
mod runnable_ext;
mod service_error;
mod tee;
mod timer;

pub use async_trait::async_trait;
pub use boxed::BoxRunnable;
pub use chunk::{Chunk, ChunkStream, gather};
pub use error::{Error, ErrorKind, Result};
pub use lambda::{Function, Lambda, lambda};
pub use message::{
    AiMessage, Content, ContentBlock, HumanMessage, Message, ResponseMetadata, SystemMessage, Usage,
};
pub use model::{LanguageModel, ModelOutput};
pub use parser::StrOutputParser;
pub use path::{Path, Segment};
pub use pipe::Pipe;
pub use prompt::{Prompt, PromptTemplate, PromptValue, Vars};
pub use run::{
    CancelToken, Cancelled, Context, Observer, Payload, RunConfig, RunEvent, RunEventKind, RunId, RunInfo, observe_with,
};
pub use runnable::{RunKind, Runnable};
pub use runnable_ext::RunnableExt;
pub use service_error::ServiceError;
pub use timer::{Sleep, SystemTimer, Timer};
