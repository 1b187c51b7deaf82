//! Google's Gemini models for Catena.
#![doc = include_str!("../README.md")]

mod chat_gemini;
mod chat_gemini_builder;
mod client;
mod codec;
mod connection;
mod dialect;
mod embeddings;
mod gemini_client;
mod models;
mod parameters;

pub use catena_http::service::{Answer, ApiKey, Call};
pub use catena_http::{HttpClient, Proxy};
pub use chat_gemini::ChatGemini;
pub use chat_gemini_builder::ChatGeminiBuilder;
pub use embeddings::{GeminiEmbeddings, GeminiEmbeddingsBuilder};
pub use gemini_client::{GeminiClient, GeminiClientBuilder};
pub use models::{ModelInfo, Models};
pub use secrecy::SecretString;
