//! Attention of each new token to the preceding ones.

use rayon::prelude::*;

use super::Shape;
use super::kv_cache::Memory;
use super::vectors::{add_scaled, dot, softmax};

/// The number of multiplications below which distributing them to other threads costs more than it saves.
const WORTH_SHARING: usize = 1 << 18;

/// For each query, computes the weighted values of the tokens up to its own. `first` is the position of the first
/// query; the keys and values of all queries are already in the memory.
pub(super) fn attend(shape: &Shape, queries: &[f32], memory: &Memory, first: usize, out: &mut [f32]) {
    let width = shape.heads * shape.head_width;
    let count = queries.len() / width;
    let one = |(index, (query, out)): (usize, (&[f32], &mut [f32]))| {
        attend_one(shape, query, memory, first + index + 1, out);
    };
    if count > 1 && count * (first + count) * width > WORTH_SHARING {
        queries.par_chunks_exact(width).zip(out.par_chunks_exact_mut(width)).enumerate().for_each(one);
    } else {
        queries.chunks_exact(width).zip(out.chunks_exact_mut(width)).enumerate().for_each(one);
    }
}

/// Computes one query over the first `length` tokens.
fn attend_one(shape: &Shape, query: &[f32], memory: &Memory, length: usize, out: &mut [f32]) {
    let (head_width, kv_width) = (shape.head_width, shape.kv_width());
    let sharing = shape.heads / shape.kv_heads;
    let scale = 1.0 / (head_width as f32).sqrt();
    let mut weights = vec![0.0; length];
    for (head, (query, out)) in
        query.chunks_exact(head_width).zip(out.chunks_exact_mut(head_width)).enumerate()
    {
        let offset = head / sharing * head_width;
        let range = |index: usize| index * kv_width + offset..index * kv_width + offset + head_width;
        for (index, weight) in weights.iter_mut().enumerate() {
            *weight = scale * dot(query, &memory.keys[range(index)]);
        }
        softmax(&mut weights);
        out.fill(0.0);
        for (index, weight) in weights.iter().enumerate() {
            add_scaled(out, *weight, &memory.values[range(index)]);
        }
    }
}
