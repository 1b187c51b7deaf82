//! What a model remembers of a sequence: keys and values of every token, layer by layer.

use super::Shape;

/// The keys and values of the tokens so far. Grows as they come: [`Shape::bytes_per_token`] for each, twice as much at most.
pub(crate) struct KvCache {
    tokens: Vec<u32>,
    layers: Vec<Memory>,
    width: usize,
}

/// One layer's.
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

    /// How many tokens at the beginning of a prompt it remembers already.
    pub(crate) fn common(&self, prompt: &[u32]) -> usize {
        self.tokens.iter().zip(prompt).take_while(|(known, token)| known == token).count()
    }

    /// Forgets all but the first tokens.
    pub(crate) fn truncate(&mut self, length: usize) {
        self.tokens.truncate(length);
        for layer in &mut self.layers {
            layer.keys.truncate(length * self.width);
            layer.values.truncate(length * self.width);
        }
    }

    /// Where the next tokens stand.
    pub(super) fn positions(&self, count: usize) -> std::ops::Range<usize> {
        self.len()..self.len() + count
    }

    pub(super) fn layer(&mut self, index: usize) -> &mut Memory {
        &mut self.layers[index]
    }

    /// Tokens whose keys and values are in all layers now.
    pub(super) fn keep(&mut self, tokens: &[u32]) {
        self.tokens.extend_from_slice(tokens);
    }
}
