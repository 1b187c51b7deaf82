//! What a model answers with, as it lies in a store.

use catena_core::{AiMessage, ModelOutput};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// An answer that can be kept: that of a chat model or of a text completion model.
pub trait CacheableAnswer: ModelOutput + Clone + Serialize + DeserializeOwned {
    /// Says that the answer cost nothing. A plain text has no place to say so.
    fn mark_cached(&mut self);

    /// An empty chunk which says, at the end of a stream, that the answer cost nothing.
    fn cached_mark() -> Option<Self>;
}

impl CacheableAnswer for AiMessage {
    fn mark_cached(&mut self) {
        self.metadata.cached = true;
    }

    fn cached_mark() -> Option<Self> {
        let mut mark = Self::default();
        mark.mark_cached();
        Some(mark)
    }
}

impl CacheableAnswer for String {
    fn mark_cached(&mut self) {}

    fn cached_mark() -> Option<Self> {
        None
    }
}
