//! OpenAI's models for Catena.
#![doc = include_str!("../README.md")]

mod azure;
mod batches;
mod chat_api;
mod chat_openai;
mod chat_openai_builder;
mod client;
mod codec;
mod completion;
mod connection;
mod content_filter;
mod dialect;
mod disable_streaming;
mod embeddings;
mod files;
mod llm_result;
mod models;
mod openai;
mod openai_builder;
mod openai_client;
mod page;
mod parameters;
mod responses_settings;
mod saved;

pub use azure::Azure;
pub use batches::{
    Batch, BatchAnswer, BatchCounts, BatchIssue, BatchJob, BatchLine, BatchRequest, BatchResult, BatchStatus,
    BatchWait, Batches, OpenAiBatch,
};
pub use catena_core::Stop;
pub use catena_http::service::{Answer, ApiKey, Call};
pub use catena_http::{HttpClient, Proxy};
pub use chat_openai::ChatOpenAi;
pub use chat_openai_builder::ChatOpenAiBuilder;
pub use completion::Completion;
pub use disable_streaming::DisableStreaming;
pub use embeddings::{EmbeddingAnswer, EmbeddingInput, OpenAiEmbeddings, OpenAiEmbeddingsBuilder};
pub use files::{FileInfo, FileUpload, Files};
pub use llm_result::LlmResult;
pub use models::{Deleted, ModelInfo, Models};
pub use openai::OpenAi;
pub use openai_builder::OpenAiBuilder;
pub use openai_client::{OpenAiClient, OpenAiClientBuilder};
pub use page::{ListOptions, Page};
pub use saved::with_openai_classes;
pub use secrecy::SecretString;
