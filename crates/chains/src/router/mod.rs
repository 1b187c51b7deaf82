//! Chains that select which chain to run.

mod embedding;
mod llm;
mod multi_prompt;
mod multi_route;
mod output_parser;

pub use embedding::EmbeddingRouterChain;
pub use llm::LlmRouterChain;
pub use multi_prompt::MultiPromptChain;
pub use multi_route::MultiRouteChain;
pub use output_parser::RouterOutputParser;

/// The router output with the name of the selected chain.
const DESTINATION: &str = "destination";
/// The router output with the inputs of the selected chain.
const NEXT_INPUTS: &str = "next_inputs";

/// LangChain's name for a [`Chain`](crate::Chain) with the outputs `destination`, the name of a chain or `Null` for the
/// default one, and `next_inputs`, the inputs of that chain.
///
/// # Example
/// See [`MultiRouteChain`].
pub type RouterChain = crate::Chain;
