//! Ollama's models for Catena.
#![doc = include_str!("../README.md")]

mod chat_ollama;
mod chat_ollama_builder;
mod client;
mod codec;
mod completion;
mod connection;
mod dialect;
mod host;
mod model_info;
mod ollama;
mod ollama_builder;
mod ollama_embeddings;
mod parameters;

pub use catena_http::service::ApiKey;
pub use catena_http::{HttpClient, Proxy};
pub use chat_ollama::ChatOllama;
pub use chat_ollama_builder::ChatOllamaBuilder;
pub use completion::Completion;
pub use model_info::ModelInfo;
pub use ollama::Ollama;
pub use ollama_builder::OllamaBuilder;
pub use ollama_embeddings::{OllamaEmbeddings, OllamaEmbeddingsBuilder};
pub use secrecy::SecretString;
