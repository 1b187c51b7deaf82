//! Anthropic's models for Catena.
#![doc = include_str!("../README.md")]

mod chat_anthropic;
mod chat_anthropic_builder;
mod client;
mod codec;
mod connection;
mod dialect;
mod parameters;
mod saved;

pub use catena_http::service::ApiKey;
pub use catena_http::{HttpClient, Proxy};
pub use chat_anthropic::ChatAnthropic;
pub use chat_anthropic_builder::ChatAnthropicBuilder;
pub use saved::with_anthropic_classes;
pub use secrecy::SecretString;
