//! Splits inputs into requests.

use std::ops::Range;

/// The maximum number of tokens per request.
pub(super) const MAX_REQUEST_TOKENS: usize = 300_000;

/// Tokenized texts, split into pieces that fit the model's context.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    /// The token ids of each piece.
    pub(super) tokens: Vec<Vec<u32>>,
    /// The number of pieces of each text; 0 if it has no tokens.
    pub(super) counts: Vec<usize>,
}

impl Pieces {
    /// Adds a text, split into pieces of at most `max` tokens.
    pub(super) fn add(&mut self, tokens: Vec<u32>, max: usize) {
        let before = self.tokens.len();
        if tokens.len() <= max.max(1) {
            self.tokens.extend(Some(tokens).filter(|tokens| !tokens.is_empty()));
        } else {
            self.tokens.extend(tokens.chunks(max.max(1)).map(<[u32]>::to_vec));
        }
        self.counts.push(self.tokens.len() - before);
    }

    /// Groups the pieces into requests of at most `chunk_size` pieces and [`MAX_REQUEST_TOKENS`] tokens.
    pub(super) fn requests(&self, chunk_size: usize) -> Vec<Range<usize>> {
        let mut requests = Vec::new();
        let (mut start, mut held) = (0, 0);
        for (at, piece) in self.tokens.iter().enumerate() {
            if at > start && (at - start == chunk_size.max(1) || held + piece.len() > MAX_REQUEST_TOKENS) {
                requests.push(start..at);
                (start, held) = (at, 0);
            }
            held += piece.len();
        }
        if start < self.tokens.len() {
            requests.push(start..self.tokens.len());
        }
        requests
    }

    /// Returns the vector of each text: its piece's, the mean of its pieces', or `empty` if it has no pieces.
    pub(super) fn join(&self, vectors: Vec<Vec<f32>>, empty: &[f32]) -> Vec<Vec<f32>> {
        let mut vectors = vectors.into_iter();
        let mut weights = self.tokens.iter().map(Vec::len);
        let mut joined = Vec::with_capacity(self.counts.len());
        for &count in &self.counts {
            joined.push(match count {
                0 => empty.to_vec(),
                1 => {
                    weights.next();
                    vectors.next().unwrap_or_default()
                }
                _ => mean(vectors.by_ref().zip(weights.by_ref()).take(count)),
            });
        }
        joined
    }
}

/// The mean of the vectors weighted by their token counts, normalised to length 1.
fn mean(pieces: impl Iterator<Item = (Vec<f32>, usize)>) -> Vec<f32> {
    let mut sum: Vec<f64> = Vec::new();
    for (vector, weight) in pieces {
        sum.resize(sum.len().max(vector.len()), 0.0);
        sum.iter_mut().zip(vector).for_each(|(sum, value)| *sum += f64::from(value) * weight as f64);
    }
    let length = sum.iter().map(|value| value * value).sum::<f64>().sqrt();
    // Vectors that cancel out have no direction.
    let length = if length > 0.0 { length } else { 1.0 };
    sum.into_iter().map(|value| (value / length) as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(texts: &[usize], max: usize) -> Pieces {
        let mut pieces = Pieces::default();
        texts.iter().for_each(|&tokens| pieces.add(vec![7; tokens], max));
        pieces
    }

    #[test]
    fn texts_are_cut_where_they_must_be() {
        for (tokens, max, lengths) in
            [(0, 4, vec![]), (4, 4, vec![4]), (5, 4, vec![4, 1]), (9, 4, vec![4, 4, 1]), (2, 0, vec![1, 1])]
        {
            let pieces = pieces(&[tokens], max);
            assert_eq!(pieces.tokens.iter().map(Vec::len).collect::<Vec<_>>(), lengths);
            assert_eq!(pieces.counts, [lengths.len()]);
        }
    }

    #[test]
    fn requests_are_as_large_as_they_may_be() {
        for (texts, chunk_size, requests) in [
            (vec![], 2, vec![]),
            (vec![1, 1, 1], 2, vec![0..2, 2..3]),
            (vec![1, 1], 0, vec![0..1, 1..2]),
            (vec![200_000, 100_000, 1], 10, vec![0..2, 2..3]),
            (vec![400_000, 1], 10, vec![0..1, 1..2]),
        ] {
            assert_eq!(pieces(&texts, usize::MAX).requests(chunk_size), requests, "{texts:?}");
        }
    }

    #[test]
    fn the_vectors_of_pieces_are_weighed_by_their_tokens() {
        let pieces = pieces(&[6, 0, 1], 4);
        let vectors = vec![vec![0.5, -0.25, 1.0], vec![0.125, 0.75, -2.0], vec![-0.5, 0.0, 0.25]];
        let joined = pieces.join(vectors, &[9.0]);
        assert_eq!(joined, [vec![0.976_187_06, 0.216_930_46, 0.0], vec![9.0], vec![-0.5, 0.0, 0.25]]);
    }

    #[test]
    fn vectors_that_cancel_each_other_out_give_zeros() {
        assert_eq!(pieces(&[2], 1).join(vec![vec![1.0], vec![-1.0]], &[]), [[0.0]]);
    }
}
