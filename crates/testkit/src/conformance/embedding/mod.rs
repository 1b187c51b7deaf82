//! The kit for models that turn texts into vectors.
//!
//! A provider describes itself as an [`EmbeddingSubject`], its service's format as an [`EmbeddingWire`]; then
//! [`embedding_conformance!`](crate::embedding_conformance) makes a test of each behaviour. What models of every kind
//! promise, from refusals to executors, is examined by the same code: for it, `embed_query` is a call and `embed_documents`
//! of one text a stream.

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
