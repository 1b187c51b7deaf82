//! Model answers that can be cached.

use catena_core::{AiMessage, ModelOutput};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// An answer that can be cached: that of a chat model or of a text completion model.
pub trait CacheableAnswer: ModelOutput + Clone + Serialize + DeserializeOwned {
    /// Marks the answer as served from the cache, without cost. A plain text cannot carry the mark.
    fn mark_cached(&mut self);

    /// Returns an empty chunk that carries the mark, for the end of a stream, or `None` if the type cannot carry it.
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
