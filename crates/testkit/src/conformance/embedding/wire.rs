//! The wire format of an embedding service, as data.

use serde_json::Value;

use super::{Encoding, ScriptedVectors};
use crate::Recorded;

/// How an embedding service encodes requests and responses.
///
/// # Example
/// See the guide for provider authors, `docs/writing-a-provider.md`.
pub trait EmbeddingWire: Send + Sync {
    /// Decodes a request.
    fn read(&self, request: &Recorded) -> AskedVectors;

    /// Encodes the body of a response with these vectors, in this order.
    fn answer(&self, vectors: &ScriptedVectors) -> Value;

    /// Returns the encodings that the service supports. The first is the one that the model requests.
    fn encodings(&self) -> &[Encoding] {
        &[Encoding::Numbers]
    }

    /// Returns true if each vector carries the index of its text, so that they may arrive in any order.
    fn numbers_vectors(&self) -> bool {
        false
    }

    /// Encodes the body of an error response.
    fn failure(&self, status: u16, message: &str) -> Value;

    /// Returns the members whose content is up to the application: no unknown members are inserted below them.
    fn free_form(&self) -> &[&str] {
        &[]
    }

    /// Returns the header that carries the key, and the prefix of the key in it; `None` for a service without keys.
    fn key_header(&self) -> Option<(&str, &str)> {
        Some(("authorization", "Bearer "))
    }
}

/// An embedding request, as decoded by an [`EmbeddingWire`].
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
    /// Whether it is a single text outside of a list, if the service answers such a request differently.
    pub alone: bool,
    /// The requested length of the vectors.
    pub dimensions: Option<u64>,
    /// The requested encoding.
    pub encoding: Encoding,
}

impl AskedVectors {
    /// Creates a request for the vectors of these texts.
    pub fn of<T: Into<String>>(texts: impl IntoIterator<Item = T>) -> Self {
        Self { texts: texts.into_iter().map(Into::into).collect(), ..Self::default() }
    }
}
