//! Chains that choose which chain goes on.

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

/// The name of the chosen chain among a router's outputs.
const DESTINATION: &str = "destination";
/// The name of what the chosen chain gets.
const NEXT_INPUTS: &str = "next_inputs";

/// A [`Chain`](crate::Chain) with the outputs `destination`, the name of a chain or `Null` for the default one, and
/// `next_inputs`, what that chain gets: LangChain's name for it.
///
/// # Example
/// See [`MultiRouteChain`].
pub type RouterChain = crate::Chain;
