//! What the random trees have found: each once more by itself.
