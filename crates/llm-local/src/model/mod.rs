//! The computation of a Llama model: rows of tokens in, rows of logits out.

mod attention;
mod kv_cache;
mod layer;
mod matrix;
mod rope;
mod shape;
mod vectors;

use std::io::{Read, Seek};

use candle_core::quantized::gguf_file::Content;
use candle_core::{Device, Tensor};
use catena_core::Result;

pub(crate) use kv_cache::KvCache;
pub(crate) use shape::Shape;

use layer::Layer;
use matrix::{Matrix, Tensors};
use rope::Rope;
use vectors::rms_norm;

use crate::failure::{computation, malformed};
use crate::metadata::Metadata;

/// A model of the Llama family, in the form of llama.cpp's converter: Llama, Mistral, SmolLM and others.
pub(crate) struct Llama {
    shape: Shape,
    embeddings: Matrix,
    layers: Vec<Layer>,
    norm: Vec<f32>,
    /// If the file has none, the embeddings are used (tied weights).
    output: Option<Matrix>,
    rope: Rope,
}

/// One sequence's part of a batch: its new tokens, and the cache of the preceding ones.
pub(crate) struct Part<'a> {
    pub(crate) cache: &'a mut KvCache,
    pub(crate) tokens: &'a [u32],
    /// Whether the logits of the next token are needed.
    pub(crate) asks: bool,
}

impl Llama {
    /// # Errors
    /// `Config` if the file lacks something or its parts do not match; `Unsupported` for other architectures.
    pub(crate) fn read<R: Read + Seek>(content: &Content, reader: &mut R) -> Result<Self> {
        let metadata = Metadata(&content.metadata);
        let shape = Shape::read(metadata)?;
        let mut tensors = Tensors { content, reader };
        let embeddings = tensors.matrix("token_embd.weight", shape.width, shape.vocabulary)?;
        let output = match tensors.has("output.weight") {
            true => Some(tensors.matrix("output.weight", shape.width, shape.vocabulary)?),
            false => None,
        };
        let norm = tensors.vector("output_norm.weight", shape.width)?;
        let stretch = match tensors.has("rope_freqs.weight") {
            true => Some(tensors.vector("rope_freqs.weight", shape.rope_width / 2)?),
            false => None,
        };
        let layers = (0..shape.layers).map(|index| Layer::read(&mut tensors, &shape, index));
        let layers = layers.collect::<Result<_>>()?;
        Ok(Self { rope: Rope::new(&shape, stretch.as_deref()), shape, embeddings, layers, norm, output })
    }

    pub(crate) fn shape(&self) -> &Shape {
        &self.shape
    }

    /// Computes the new tokens of all parts in one batch, adds them to the caches, and returns the next token's logits
    /// for each part that asks for them. A part's result does not depend on the others.
    pub(crate) fn forward(&self, parts: &mut [Part<'_>]) -> Result<Vec<Option<Vec<f32>>>> {
        let tokens: Vec<u32> = parts.iter().flat_map(|part| part.tokens).copied().collect();
        if tokens.iter().any(|token| *token as usize >= self.shape.vocabulary) {
            return Err(malformed("has tokens in its vocabulary that the model has not"));
        }
        let mut rows = self.embed(&tokens)?;
        let positions: Vec<usize> =
            parts.iter().flat_map(|part| part.cache.positions(part.tokens.len())).collect();
        let turns: Vec<_> = positions.into_iter().map(|position| self.rope.turns(position)).collect();
        for (index, layer) in self.layers.iter().enumerate() {
            layer.forward(&self.shape, index, &mut rows, &turns, parts)?;
        }
        for part in parts.iter_mut() {
            part.cache.keep(part.tokens);
        }
        self.likelihoods(&rows, parts)
    }

    fn embed(&self, tokens: &[u32]) -> Result<Vec<f32>> {
        let rows =
            Tensor::new(tokens, &Device::Cpu).and_then(|tokens| self.embeddings.weights().embedding(&tokens));
        rows.and_then(|rows| rows.flatten_all()?.to_vec1()).map_err(computation)
    }

    /// Only for each part's last row, and only where requested: the output matrix is the largest of all.
    fn likelihoods(&self, rows: &[f32], parts: &[Part<'_>]) -> Result<Vec<Option<Vec<f32>>>> {
        let width = self.shape.width;
        let mut asked = Vec::new();
        let mut end = 0;
        for part in parts {
            end += part.tokens.len() * width;
            if part.asks {
                asked.extend_from_slice(&rows[end - width..end]);
            }
        }
        rms_norm(&mut asked, &self.norm, self.shape.epsilon);
        let logits = self.output.as_ref().unwrap_or(&self.embeddings).apply(asked)?;
        let mut logits = logits.chunks_exact(self.shape.vocabulary).map(<[f32]>::to_vec);
        Ok(parts.iter().map(|part| if part.asks { logits.next() } else { None }).collect())
    }
}
