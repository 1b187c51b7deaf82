//! The Responses API: `POST /responses`.

mod call;
mod echo;
mod input;
mod item;
mod output;
mod parts;
mod request;
mod route;
mod server_tool;
mod stream;
mod tool_output;
mod tools;
mod usage;

pub(crate) use output::decode_response;
pub(crate) use request::{ResponsesCall, encode_responses};
pub(crate) use route::prefers_responses;
pub(crate) use stream::ResponsesStream;
