//! Tools: their definitions, how models call them, and the loop that executes the calls.

mod arguments;
mod final_answer;
mod function;
mod injected;
mod on_tool_error;
mod output;
pub(crate) mod schema;
mod secrets;
#[allow(clippy::module_inception, reason = "a file is named after the one concept in it")]
mod tool;
mod tool_choice;
mod tool_loop;
mod transcript;
pub(crate) mod wire;
mod wish;

pub use final_answer::FinalAnswer;
pub use function::ToolFunction;
pub use injected::injected;
pub use on_tool_error::OnToolError;
pub use output::{IntoToolOutput, Returned, ReturnedOutput, ReturnedPlain, ReturnedWritten, ToolOutput};
pub use schema::{dereference_refs, strict_json_schema};
pub use secrets::RedactedArguments;
pub use tool::{Tool, tool};
pub use tool_choice::{ToolChoice, ToolOptions};
pub use tool_loop::{AtLimit, ToolLoop};
pub use transcript::Transcript;
pub use wire::{convert_to_openai_function, convert_to_openai_tool};
