#![doc = include_str!("../README.md")]

mod chain_output;
mod llm_chain;

pub use chain_output::ChainOutput;
pub use llm_chain::LlmChain;
