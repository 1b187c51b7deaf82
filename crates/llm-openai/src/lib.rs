//! OpenAI's models for catena.
#![doc = include_str!("../README.md")]

mod azure;
mod chat_openai;
mod chat_openai_builder;
mod client;
mod codec;
mod completion;
mod connection;
mod content_filter;
mod dialect;
mod environment;
mod llm_result;
mod openai;
mod openai_builder;
mod parameters;

pub use azure::Azure;
pub use catena_http::service::ApiKey;
pub use catena_http::{HttpClient, Proxy};
pub use chat_openai::ChatOpenAi;
pub use chat_openai_builder::ChatOpenAiBuilder;
pub use completion::Completion;
pub use llm_result::LlmResult;
pub use openai::OpenAi;
pub use openai_builder::OpenAiBuilder;
pub use parameters::Stop;
pub use secrecy::SecretString;
