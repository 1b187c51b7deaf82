//! One layer: attention over the preceding tokens, then a feed-forward computation on each token.

use std::io::{Read, Seek};

use catena_core::Result;

use super::attention::attend;
use super::matrix::{Matrix, Tensors};
use super::rope::{Turns, turn};
use super::vectors::{add, gate, rms_norm};
use super::{Part, Shape};

/// The weights of a layer.
pub(super) struct Layer {
    attention_norm: Vec<f32>,
    query: Projection,
    key: Projection,
    value: Projection,
    output: Matrix,
    feed_forward_norm: Vec<f32>,
    gate: Matrix,
    up: Matrix,
    down: Matrix,
}

/// A matrix, and the bias that some models add to the product.
struct Projection {
    matrix: Matrix,
    bias: Option<Vec<f32>>,
}

impl Projection {
    fn read<R: Read + Seek>(
        tensors: &mut Tensors<'_, R>,
        name: &str,
        from: usize,
        to: usize,
    ) -> Result<Self> {
        let matrix = tensors.matrix(&format!("{name}.weight"), from, to)?;
        let bias = format!("{name}.bias");
        let bias = if tensors.has(&bias) { Some(tensors.vector(&bias, to)?) } else { None };
        Ok(Self { matrix, bias })
    }

    fn apply(&self, rows: Vec<f32>) -> Result<Vec<f32>> {
        let mut product = self.matrix.apply(rows)?;
        if let Some(bias) = &self.bias {
            product.chunks_exact_mut(bias.len()).for_each(|row| add(row, bias));
        }
        Ok(product)
    }
}

impl Layer {
    pub(super) fn read<R: Read + Seek>(
        tensors: &mut Tensors<'_, R>,
        shape: &Shape,
        index: usize,
    ) -> Result<Self> {
        let name = |part: &str| format!("blk.{index}.{part}");
        let (width, heads, kv) = (shape.width, shape.heads * shape.head_width, shape.kv_width());
        Ok(Self {
            attention_norm: tensors.vector(&name("attn_norm.weight"), width)?,
            query: Projection::read(tensors, &name("attn_q"), width, heads)?,
            key: Projection::read(tensors, &name("attn_k"), width, kv)?,
            value: Projection::read(tensors, &name("attn_v"), width, kv)?,
            output: tensors.matrix(&name("attn_output.weight"), heads, width)?,
            feed_forward_norm: tensors.vector(&name("ffn_norm.weight"), width)?,
            gate: tensors.matrix(&name("ffn_gate.weight"), width, shape.feed_forward)?,
            up: tensors.matrix(&name("ffn_up.weight"), width, shape.feed_forward)?,
            down: tensors.matrix(&name("ffn_down.weight"), shape.feed_forward, width)?,
        })
    }

    /// Computes all rows in place, and appends their keys and values to the caches.
    pub(super) fn forward(
        &self,
        shape: &Shape,
        index: usize,
        rows: &mut [f32],
        turns: &[Turns],
        parts: &mut [Part<'_>],
    ) -> Result<()> {
        let mut normed = rows.to_vec();
        rms_norm(&mut normed, &self.attention_norm, shape.epsilon);
        let attended = self.attention(shape, index, normed, turns, parts)?;
        add(rows, &self.output.apply(attended)?);

        let mut normed = rows.to_vec();
        rms_norm(&mut normed, &self.feed_forward_norm, shape.epsilon);
        let mut gated = self.gate.apply(normed.clone())?;
        gate(&mut gated, &self.up.apply(normed)?);
        add(rows, &self.down.apply(gated)?);
        Ok(())
    }

    fn attention(
        &self,
        shape: &Shape,
        index: usize,
        normed: Vec<f32>,
        turns: &[Turns],
        parts: &mut [Part<'_>],
    ) -> Result<Vec<f32>> {
        let mut queries = self.query.apply(normed.clone())?;
        let mut keys = self.key.apply(normed.clone())?;
        let values = self.value.apply(normed)?;
        let (width, kv_width) = (shape.heads * shape.head_width, shape.kv_width());
        for (row, turns) in turns.iter().enumerate() {
            turn(&mut queries[row * width..][..width], shape.head_width, turns);
            turn(&mut keys[row * kv_width..][..kv_width], shape.head_width, turns);
        }
        let mut out = vec![0.0; queries.len()];
        let mut row = 0;
        for part in parts {
            let (first, count) = (part.cache.len(), part.tokens.len());
            let memory = part.cache.layer(index);
            // Removes what a failed computation left behind.
            memory.keys.truncate(first * kv_width);
            memory.values.truncate(first * kv_width);
            memory.keys.extend_from_slice(&keys[row * kv_width..][..count * kv_width]);
            memory.values.extend_from_slice(&values[row * kv_width..][..count * kv_width]);
            let range = row * width..(row + count) * width;
            attend(shape, &queries[range.clone()], memory, first, &mut out[range]);
            row += count;
        }
        Ok(out)
    }
}
