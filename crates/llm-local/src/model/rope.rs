//! Rotary position embeddings: each pair of a head's components is rotated, later pairs more slowly.

use super::Shape;

/// The cosine and sine for each pair of a head.
pub(super) type Turns = Vec<(f32, f32)>;

/// The rotation speed of each pair.
pub(super) struct Rope {
    frequencies: Vec<f64>,
}

impl Rope {
    /// `stretch` slows down individual pairs, as Llama 3.1 does for longer texts.
    pub(super) fn new(shape: &Shape, stretch: Option<&[f32]>) -> Self {
        let frequency = |pair: usize| {
            let exponent = 2.0 * pair as f64 / shape.rope_width as f64;
            let stretch = stretch.map_or(1.0, |stretch| f64::from(stretch[pair]));
            f64::from(shape.rope_base).powf(-exponent) / (f64::from(shape.rope_factor) * stretch)
        };
        Self { frequencies: (0..shape.rope_width / 2).map(frequency).collect() }
    }

    pub(super) fn turns(&self, position: usize) -> Turns {
        let turn = |frequency: &f64| {
            let (sine, cosine) = (position as f64 * frequency).sin_cos();
            (cosine as f32, sine as f32)
        };
        self.frequencies.iter().map(turn).collect()
    }
}

/// Rotates the pairs of every head in a row. Llama's pairs are adjacent components.
pub(super) fn turn(row: &mut [f32], head_width: usize, turns: &Turns) {
    for head in row.chunks_exact_mut(head_width) {
        for (pair, (cosine, sine)) in head.chunks_exact_mut(2).zip(turns) {
            let (x, y) = (pair[0], pair[1]);
            pair[0] = x * cosine - y * sine;
            pair[1] = x * sine + y * cosine;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quarter_turn_turns_by_a_quarter_and_the_rest_of_a_head_stays() {
        let mut row = [1.0, 0.0, 5.0, 0.0, 1.0, 6.0];
        turn(&mut row, 3, &vec![(0.0, 1.0)]);
        assert_eq!(row, [0.0, 1.0, 5.0, -1.0, 0.0, 6.0]);
    }
}
