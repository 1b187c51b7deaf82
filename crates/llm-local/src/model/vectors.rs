//! Vector arithmetic.

/// Normalises every row to a root mean square of one, then scales each component by its weight.
pub(super) fn rms_norm(rows: &mut [f32], weights: &[f32], epsilon: f32) {
    for row in rows.chunks_exact_mut(weights.len()) {
        let scale = 1.0 / (dot(row, row) / row.len() as f32 + epsilon).sqrt();
        row.iter_mut().zip(weights).for_each(|(number, weight)| *number *= scale * weight);
    }
}

/// In lanes, so that the compiler can vectorize it.
pub(super) fn dot(left: &[f32], right: &[f32]) -> f32 {
    const LANES: usize = 16;
    let mut sums = [0.0f32; LANES];
    let (left, left_rest) = left.as_chunks::<LANES>();
    let (right, right_rest) = right.as_chunks::<LANES>();
    for (left, right) in left.iter().zip(right) {
        for lane in 0..LANES {
            sums[lane] += left[lane] * right[lane];
        }
    }
    let rest: f32 = left_rest.iter().zip(right_rest).map(|(left, right)| left * right).sum();
    sums.iter().sum::<f32>() + rest
}

/// Adds a multiple of a vector.
pub(super) fn add_scaled(sum: &mut [f32], scale: f32, vector: &[f32]) {
    sum.iter_mut().zip(vector).for_each(|(sum, number)| *sum += scale * number);
}

pub(super) fn add(sum: &mut [f32], vector: &[f32]) {
    sum.iter_mut().zip(vector).for_each(|(sum, number)| *sum += number);
}

/// Converts logits to probabilities.
pub(super) fn softmax(numbers: &mut [f32]) {
    let most = numbers.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    numbers.iter_mut().for_each(|number| *number = (*number - most).exp());
    let sum: f32 = numbers.iter().sum();
    numbers.iter_mut().for_each(|number| *number /= sum);
}

/// The feed-forward gate: SiLU of one, times the other.
pub(super) fn gate(gate: &mut [f32], up: &[f32]) {
    gate.iter_mut().zip(up).for_each(|(gate, up)| *gate = *gate / (1.0 + (-*gate).exp()) * up);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arithmetic_is_right() {
        let numbers: Vec<f32> = (1u8..=35).map(f32::from).collect();
        assert_eq!(dot(&numbers, &numbers), 14910.0);
        let mut row = [3.0, 4.0, 0.0, 0.0, 0.0, 0.0];
        rms_norm(&mut row, &[2.0, 1.0], 0.0);
        assert!((row[0] - 6.0 / 12.5f32.sqrt()).abs() < 1e-6 && (row[1] - 4.0 / 12.5f32.sqrt()).abs() < 1e-6);
        let mut numbers = [1000.0, 1000.0, f32::NEG_INFINITY];
        softmax(&mut numbers);
        assert_eq!(numbers, [0.5, 0.5, 0.0]);
        let mut gates = [0.0, 100.0];
        gate(&mut gates, &[7.0, 2.0]);
        assert_eq!(gates, [0.0, 200.0]);
    }
}
