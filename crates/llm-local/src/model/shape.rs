//! The dimensions of a model, from its file.

use catena_core::Result;

use crate::failure::{bounded, malformed, unsupported};
use crate::metadata::Metadata;

/// The numbers that determine the sizes of all tensors.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Shape {
    pub(crate) layers: usize,
    /// The width of a token's row between layers.
    pub(crate) width: usize,
    pub(crate) heads: usize,
    /// Heads of keys and values; several query heads share one.
    pub(crate) kv_heads: usize,
    pub(crate) head_width: usize,
    pub(crate) feed_forward: usize,
    pub(crate) vocabulary: usize,
    /// The context length that the model was made for, in tokens.
    pub(crate) context: usize,
    pub(crate) epsilon: f32,
    /// How many components of a head are rotated by position.
    pub(crate) rope_width: usize,
    pub(crate) rope_base: f32,
    /// The factor by which positions are compressed.
    pub(crate) rope_factor: f32,
}

impl Shape {
    pub(crate) fn read(metadata: Metadata<'_>) -> Result<Self> {
        let architecture = metadata.text("general.architecture")?.unwrap_or_default();
        if architecture != "llama" {
            let architecture = bounded(architecture);
            return Err(unsupported(format!(
                "models of the `{architecture}` family are not known here, only `llama`"
            )));
        }
        if metadata.number("llama.expert_count")?.unwrap_or(0) > 1 {
            return Err(unsupported("mixtures of experts are not known here"));
        }
        let width = metadata.count("llama.embedding_length")?;
        let heads = metadata.count("llama.attention.head_count")?;
        let head_width = metadata.number("llama.attention.key_length")?.unwrap_or(width / heads);
        let tokens = metadata.texts("tokenizer.ggml.tokens")?.map_or(0, |tokens| tokens.len());
        let shape = Self {
            layers: metadata.count("llama.block_count")?,
            width,
            heads,
            kv_heads: metadata.number("llama.attention.head_count_kv")?.unwrap_or(heads),
            head_width,
            feed_forward: metadata.count("llama.feed_forward_length")?,
            vocabulary: metadata.number("llama.vocab_size")?.unwrap_or(tokens),
            context: metadata.count("llama.context_length")?,
            epsilon: metadata.float("llama.attention.layer_norm_rms_epsilon")?.unwrap_or(1e-5),
            rope_width: metadata.number("llama.rope.dimension_count")?.unwrap_or(head_width),
            rope_base: metadata.float("llama.rope.freq_base")?.unwrap_or(10_000.0),
            rope_factor: rope_factor(metadata)?,
        };
        shape.check()
    }

    fn check(self) -> Result<Self> {
        let fits = self.kv_heads > 0
            && self.heads.is_multiple_of(self.kv_heads)
            && self.head_width > 0
            && self.rope_width.is_multiple_of(2)
            && self.rope_width <= self.head_width
            && self.vocabulary > 0
            && self.rope_base > 0.0;
        if fits { Ok(self) } else { Err(malformed(format!("has sizes that do not fit together: {self:?}"))) }
    }

    /// The width of a token's keys, and of its values, in a layer.
    pub(crate) fn kv_width(&self) -> usize {
        self.kv_heads * self.head_width
    }

    /// Returns the bytes that a token takes in a KV cache.
    pub(crate) fn bytes_per_token(&self) -> usize {
        self.layers * 2 * self.kv_width() * size_of::<f32>()
    }
}

fn rope_factor(metadata: Metadata<'_>) -> Result<f32> {
    match metadata.text("llama.rope.scaling.type")? {
        None | Some("none") => Ok(1.0),
        Some("linear") => {
            let factor = metadata.float("llama.rope.scaling.factor")?.unwrap_or(1.0);
            if factor > 0.0 { Ok(factor) } else { Err(malformed("compresses positions to nothing")) }
        }
        Some(other) => {
            Err(unsupported(format!("positions scaled in the way `{}` are not known here", bounded(other))))
        }
    }
}
