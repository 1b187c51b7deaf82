//! The responses of a scripted embedding service.

use super::{AskedVectors, Encoding};

/// The default length of vectors.
const DIMENSIONS: usize = 12;

/// The vectors of a response, which an [`EmbeddingWire`](super::EmbeddingWire) encodes in its service's format.
///
/// # Example
/// ```
/// use catena_testkit::conformance::{Encoding, ScriptedVectors};
/// let scripted = ScriptedVectors::of([vec![0.5], vec![1.0]]);
/// assert_eq!(scripted.numbered, [(0, vec![0.5]), (1, vec![1.0])]);
/// assert!(scripted.encoding == Encoding::Numbers && !scripted.alone);
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct ScriptedVectors {
    /// The vectors in the order in which they are sent, each with the index of its text.
    pub numbered: Vec<(usize, Vec<f32>)>,
    /// The encoding in which they are sent.
    pub encoding: Encoding,
    /// Whether they answer a request for a single text [outside of a list](AskedVectors::alone). There may still be
    /// none, or two.
    pub alone: bool,
}

impl ScriptedVectors {
    /// Creates a response with these vectors, in order.
    pub fn of(vectors: impl IntoIterator<Item = Vec<f32>>) -> Self {
        Self { numbered: vectors.into_iter().enumerate().collect(), ..Self::default() }
    }

    /// Creates a response with the requested vectors.
    pub(super) fn answering(asked: &AskedVectors) -> Self {
        let dimensions =
            asked.dimensions.and_then(|length| usize::try_from(length).ok()).unwrap_or(DIMENSIONS);
        let vectors = asked.texts.iter().map(|text| vector_of(text, dimensions));
        Self { encoding: asked.encoding, alone: asked.alone, ..Self::of(vectors) }
    }

    /// Replaces the vectors.
    pub(super) fn with(self, numbered: Vec<(usize, Vec<f32>)>) -> Self {
        Self { numbered, ..self }
    }
}

/// Returns the vectors that the service assigns to texts.
pub(super) fn vectors_of<T: AsRef<str>>(texts: &[T]) -> Vec<Vec<f32>> {
    texts.iter().map(|text| vector_of(text.as_ref(), DIMENSIONS)).collect()
}

/// Returns a vector that is unique to the text. Its elements use the full precision.
pub(super) fn vector_of(text: &str, dimensions: usize) -> Vec<f32> {
    const BASIS: u64 = 0xcbf2_9ce4_8422_2325;
    let step = |hash: u64, byte: u64| (hash ^ byte).wrapping_mul(0x0000_0100_0000_01b3);
    let hash = text.bytes().fold(BASIS, |hash, byte| step(hash, u64::from(byte)));
    let number = |at: usize| {
        // The finalizer of SplitMix64, which spreads every bit.
        let mut bits = hash.wrapping_add((at as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        // 24 bits, the precision of a 32-bit float.
        ((bits ^ bits >> 31) >> 40) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..dimensions).map(number).collect()
}
