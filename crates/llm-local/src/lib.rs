//! Models in GGUF files, run in this process without a service or network.
#![doc = include_str!("../README.md")]

mod answer_text;
mod chat_local;
mod chat_template;
mod engine;
mod failure;
mod generation;
mod local_builder;
mod local_model;
mod metadata;
mod model;
mod provider;
mod sampler;
mod settings;
mod tokenizer;
mod worker;

pub use chat_local::ChatLocal;
pub use local_builder::LocalBuilder;
pub use local_model::LocalModel;
pub use provider::provider;
