//! The KV cache: the keys and values of every token of a sequence, layer by layer.

use super::Shape;

/// The keys and values of the tokens so far. Grows on demand: [`Shape::bytes_per_token`] per token, at most twice that.
pub(crate) struct KvCache {
    tokens: Vec<u32>,
    layers: Vec<Memory>,
    width: usize,
}

/// The cache of one layer.
#[derive(Default)]
pub(super) struct Memory {
    pub(super) keys: Vec<f32>,
    pub(super) values: Vec<f32>,
}

impl KvCache {
    pub(crate) fn new(shape: &Shape) -> Self {
        let layers = (0..shape.layers).map(|_| Memory::default()).collect();
        Self { tokens: Vec::new(), layers, width: shape.kv_width() }
    }

    pub(crate) fn len(&self) -> usize {
        self.tokens.len()
    }

    /// Returns the length of the prompt's prefix that is cached.
    pub(crate) fn common(&self, prompt: &[u32]) -> usize {
        self.tokens.iter().zip(prompt).take_while(|(known, token)| known == token).count()
    }

    /// Discards all but the first tokens.
    pub(crate) fn truncate(&mut self, length: usize) {
        self.tokens.truncate(length);
        for layer in &mut self.layers {
            layer.keys.truncate(length * self.width);
            layer.values.truncate(length * self.width);
        }
    }

    /// Returns the positions of the next tokens.
    pub(super) fn positions(&self, count: usize) -> std::ops::Range<usize> {
        self.len()..self.len() + count
    }

    pub(super) fn layer(&mut self, index: usize) -> &mut Memory {
        &mut self.layers[index]
    }

    /// Records tokens whose keys and values are now in all layers.
    pub(super) fn keep(&mut self, tokens: &[u32]) {
        self.tokens.extend_from_slice(tokens);
    }
}
