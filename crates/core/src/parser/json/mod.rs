//! Incremental parsing of JSON in the answers of models.

mod answer;
mod build;
mod changes;
mod diff_parser;
mod mark;
mod number;
mod output_parser;
mod partial;
mod patch;
mod reader;
mod scanner;
#[cfg(test)]
mod tests;
mod text;
mod tolerance;
mod value;

pub(super) use answer::{Answer, Piece};
pub use diff_parser::JsonDiffParser;
pub use output_parser::JsonOutputParser;
pub(super) use output_parser::json_snapshots;
pub(super) use partial::json_fault;
pub use partial::{parse_and_check_json_markdown, parse_json_markdown, parse_partial_json};
pub(crate) use partial::{parse_markdown_data, parse_partial_data};
pub use patch::{JsonPatch, JsonPatchOperation};
pub use value::Json;
