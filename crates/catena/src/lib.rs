#![doc = include_str!("../README.md")]

pub mod blocking;
mod loader;
mod models;
pub mod prelude;

pub use catena_core::*;

#[cfg(feature = "cache")]
pub use catena_cache as cache;
#[cfg(feature = "chains")]
pub use catena_chains as chains;
#[cfg(feature = "chains")]
pub use catena_chains::{ChainOutput, LlmChain};
#[cfg(feature = "http")]
pub use catena_http as http;
#[cfg(feature = "limits")]
pub use catena_limits as limits;
#[cfg(feature = "anthropic")]
pub use catena_llm_anthropic as anthropic;
#[cfg(feature = "anthropic")]
pub use catena_llm_anthropic::ChatAnthropic;
#[cfg(feature = "gemini")]
pub use catena_llm_gemini as gemini;
#[cfg(feature = "gemini")]
pub use catena_llm_gemini::{ChatGemini, GeminiEmbeddings};
#[cfg(feature = "ollama")]
pub use catena_llm_ollama as ollama;
#[cfg(feature = "ollama")]
pub use catena_llm_ollama::{ChatOllama, Ollama, OllamaEmbeddings};
#[cfg(feature = "openai")]
pub use catena_llm_openai as openai;
#[cfg(feature = "openai")]
pub use catena_llm_openai::{ChatOpenAi, OpenAi, OpenAiBatch, OpenAiClient, OpenAiEmbeddings};
#[cfg(all(feature = "macros", feature = "schemars"))]
pub use catena_macros::tool;
#[cfg(feature = "macros")]
pub use catena_macros::{Chunk, Prompt, prompt};
#[cfg(feature = "pipeline")]
pub use catena_pipeline as pipeline;
#[cfg(feature = "tokens")]
pub use catena_tokens as tokens;
pub use loader::loader;
pub use models::models;

/// For reading streams: `while let Some(chunk) = stream.next().await`.
pub use futures_util::StreamExt;

/// The code in the top-level README, compiled and run with the other examples.
#[cfg(all(doctest, feature = "macros", feature = "openai", feature = "schemars"))]
#[doc = include_str!("../../../README.md")]
struct FrontPage;
