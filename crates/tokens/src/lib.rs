#![doc = include_str!("../README.md")]

mod encoding;
mod image_size;
mod image_tokens;
mod messages;
mod openai_tokens;

pub use encoding::Encoding;
pub use openai_tokens::OpenAiTokens;
