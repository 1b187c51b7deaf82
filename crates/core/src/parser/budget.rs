//! A limit on re-reading an answer while it is streamed.

/// The number of bytes that may be re-read regardless of the length of the answer. Answers of a few thousand bytes are
/// read after every chunk.
const FREE: usize = 1 << 21;
/// How many times the length of the answer may be read beyond that.
const TIMES: usize = 8;

/// Limits how often an answer is re-read after new chunks, so that the total work is linear in its length.
#[derive(Debug, Default)]
pub(super) struct Budget {
    length: usize,
    spent: usize,
}

impl Budget {
    /// Records that the answer has grown by this many bytes.
    pub(super) fn grow(&mut self, bytes: usize) {
        self.length += bytes;
    }

    /// Returns whether the answer may be read now, and if so charges its length.
    pub(super) fn allows(&mut self) -> bool {
        let spent = self.spent.saturating_add(self.length);
        let allows = spent <= self.length.saturating_mul(TIMES).saturating_add(FREE);
        if allows {
            self.spent = spent;
        }
        allows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_answers_are_read_after_each_piece_and_long_ones_a_bounded_number_of_times() {
        let mut budget = Budget::default();
        for _ in 0..400 {
            budget.grow(5);
            assert!(budget.allows());
        }
        let mut read = 0;
        for length in 0..1_000_000 {
            budget.grow(1);
            read += if budget.allows() { 2000 + length } else { 0 };
        }
        assert!((8_000_000..11_000_000).contains(&read), "{read}");
    }
}
