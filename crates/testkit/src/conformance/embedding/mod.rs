//! The conformance kit for embedding models.
//!
//! A provider describes itself with an [`EmbeddingSubject`], and its service's wire format with an [`EmbeddingWire`];
//! then [`embedding_conformance!`](crate::embedding_conformance) generates a test of each behaviour. Behaviours common
//! to all models, from error responses to executors, are tested by the same code: there, `embed_query` takes the place
//! of a call, and `embed_documents` of one text that of a stream.

mod as_text;
pub(crate) mod behaviours;
mod encoding;
mod examination;
mod scripted;
mod stage;
mod subject;
mod table;
mod wire;

pub use encoding::Encoding;
pub use examination::{assert_embedding_behaviour, embedding_behaviours, examine_embeddings};
pub use scripted::ScriptedVectors;
pub(crate) use stage::EmbeddingStage;
pub use subject::{EmbeddingOption, EmbeddingSetup, EmbeddingSubject};
pub use wire::{AskedVectors, EmbeddingWire};
