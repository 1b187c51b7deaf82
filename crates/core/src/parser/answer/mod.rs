//! Structured answers, in the text of a message or in the arguments of a tool call.

mod finished;
mod form;
mod json_answer;
mod raw;
mod typed_answer;

pub(crate) use form::{AnswerForm, StructuredAnswerParser};
pub(crate) use json_answer::JsonAnswer;
pub(crate) use raw::RawForm;
pub use raw::WithRaw;
pub(crate) use typed_answer::TypedAnswer;
