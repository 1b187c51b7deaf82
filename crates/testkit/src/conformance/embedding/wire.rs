//! How a service of vectors puts things, as data.

use serde_json::Value;

use super::{Encoding, ScriptedVectors};
use crate::Recorded;

/// How a service is asked for vectors, and how it gives them.
///
/// # Example
/// See the guide for authors of providers, `docs/writing-a-provider.md`.
pub trait EmbeddingWire: Send + Sync {
    /// What a request asked for.
    fn read(&self, request: &Recorded) -> AskedVectors;

    /// The body of an answer with these vectors, in this order.
    fn answer(&self, vectors: &ScriptedVectors) -> Value;

    /// The forms in which the service can send vectors. The first is the one that the model asks for.
    fn encodings(&self) -> &[Encoding] {
        &[Encoding::Numbers]
    }

    /// Whether each vector says of which text it is, so that they may come in any order.
    fn numbers_vectors(&self) -> bool {
        false
    }

    /// The body of an unsuccessful answer.
    fn failure(&self, status: u16, message: &str) -> Value;

    /// Members below which every name is an application's own: no unknown members are put there.
    fn free_form(&self) -> &[&str] {
        &[]
    }

    /// The header that has the key, and what stands before the key in it; `None` for a service without keys.
    fn key_header(&self) -> Option<(&str, &str)> {
        Some(("authorization", "Bearer "))
    }
}

/// A request for vectors, as an [`EmbeddingWire`] reads it.
///
/// # Example
/// ```
/// use catena_testkit::conformance::AskedVectors;
/// let asked = AskedVectors::of(["one", "two"]);
/// assert!(asked.texts == ["one", "two"] && !asked.alone && asked.dimensions.is_none());
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AskedVectors {
    /// The texts, in order.
    pub texts: Vec<String>,
    /// Whether it is one text outside of a list, where the service answers such a request in another way.
    pub alone: bool,
    /// How long the vectors are to be.
    pub dimensions: Option<u64>,
    /// In which form they are to be sent.
    pub encoding: Encoding,
}

impl AskedVectors {
    /// A request for the vectors of these texts.
    pub fn of<T: Into<String>>(texts: impl IntoIterator<Item = T>) -> Self {
        Self { texts: texts.into_iter().map(Into::into).collect(), ..Self::default() }
    }
}
