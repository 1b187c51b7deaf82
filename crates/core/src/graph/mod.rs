//! The structure of a runnable as a graph, for display as Mermaid, ASCII art or JSON.
//!
//! # Example
//! ```
//! use catena_core::{fakes::FakeLlm, PromptTemplate, RunnableExt};
//! let chain = PromptTemplate::new("Why {question}?")? | FakeLlm::new(["42"]);
//! let drawing = chain.graph().draw_ascii();
//! assert!(drawing.contains("| PromptTemplate |"));
//! # Ok::<(), catena_core::Error>(())
//! ```

mod ascii;
mod canvas;
mod from_outline;
mod frontmatter;
#[expect(clippy::module_inception, reason = "the file is named after the type in it")]
mod graph;
mod json;
mod layout;
mod mermaid;
mod mermaid_text;
mod node;
mod placing;
mod subgraphs;
#[cfg(test)]
mod tests;

pub use graph::Graph;
pub use mermaid::{CurveStyle, MermaidOptions, NodeStyles};
pub use node::{Edge, Node, NodeId, NodeKind};
