//! The conformance kit, which tests that a provider is interchangeable with any other.
//!
//! A provider describes itself once with a [`Subject`]: how to build its model, and its service's [`Wire`] format as
//! data. The kit simulates the service on loopback, both well-behaved and faulty, and
//! [`chat_conformance!`](crate::chat_conformance) generates a test of each behaviour that applications rely on. A
//! behaviour that needs a capability applies to the models that declare it.
//!
//! Options of a call are bound to it under the same names for every provider:
//!
//! | name | value |
//! | --- | --- |
//! | `stop` | a list of texts |
//! | `model` | the id of another model for this call |
//! | `tools` | `{"type": "function", "function": {"name", "description", "parameters"}}`, beside it `extras` for services that know them, the function alone, or a JSON Schema with a `title` |
//! | `tool_choice` | `"auto"`, `"none"`, `"required"` or `"any"`, a tool's name, or `{"type": "function", "function": {"name"}}` |
//! | `parallel_tool_calls` | `false`: at most one call in an answer |
//! | `response_format` | `{"type": "json_schema", "json_schema": {"name", "strict", "schema"}}`, `{"type": "json_object"}`, or a JSON Schema with a `title` |
//!
//! Models that run within the process implement [`InProcess`], and
//! [`in_process_conformance!`](crate::in_process_conformance) generates their tests.
//!
//! Embedding models implement [`EmbeddingSubject`], and [`embedding_conformance!`](crate::embedding_conformance)
//! generates their tests.

mod answer;
mod asked;
pub(crate) mod behaviours;
pub(crate) mod embedding;
mod examination;
pub(crate) mod in_process;
mod stage;
mod subject;
mod table;
mod verdict;
mod waits;
mod wire;
mod wrapped;

pub use answer::{Answer, Finish, ScriptedCall};
pub use asked::{Asked, AskedMessage, AskedTool, Role, ToolChoice};
pub use embedding::{
    AskedVectors, EmbeddingOption, EmbeddingSetup, EmbeddingSubject, EmbeddingWire, Encoding,
    ScriptedVectors, assert_embedding_behaviour, embedding_behaviours, examine_embeddings,
};
pub use examination::{Behaviour, assert_behaviour, examine};
pub use in_process::{InProcess, assert_in_process_behaviour, examine_in_process, in_process_behaviours};
pub use stage::Stage;
pub use subject::{Answered, Model, Setup, Subject};
pub use verdict::{Fault, Verdict};
pub use wire::{Event, EventData, Separation, Wire};
pub use wrapped::{Wrapped, as_model};
