//! A character grid to draw on.

/// Rows of characters. Anything outside is clipped.
#[derive(Debug)]
pub(super) struct Canvas {
    rows: Vec<Vec<char>>,
}

impl Canvas {
    pub(super) fn new(width: usize, height: usize) -> Self {
        Self { rows: vec![vec![' '; width]; height] }
    }

    fn point(&mut self, x: i64, y: i64, letter: char) {
        let (Ok(x), Ok(y)) = (usize::try_from(x), usize::try_from(y)) else { return };
        if let Some(place) = self.rows.get_mut(y).and_then(|row| row.get_mut(x)) {
            *place = letter;
        }
    }

    /// Draws a straight line, with one character per step along its longer dimension.
    pub(super) fn line(&mut self, from: (i64, i64), to: (i64, i64), letter: char) {
        let along_x = (to.0 - from.0).abs() >= (to.1 - from.1).abs();
        let turn = |(x, y): (i64, i64)| if along_x { (x, y) } else { (y, x) };
        let (start, end) = (turn(from).min(turn(to)), turn(from).max(turn(to)));
        let (length, rise) = ((end.0 - start.0) as f64, (end.1 - start.1) as f64);
        for step in start.0..=end.0 {
            let share = (step - start.0) as f64;
            let across = if length == 0.0 { 0.0 } else { (share * rise / length).round_ties_even() };
            let (x, y) = turn((step, start.1 + across as i64));
            self.point(x, y, letter);
        }
    }

    /// Draws a box of three rows around a text.
    pub(super) fn text_box(&mut self, x: i64, y: i64, text: &str) {
        let border = format!("+{}+", "-".repeat(text.chars().count() + 2));
        for (row, line) in [(y, &border), (y + 1, &format!("| {text} |")), (y + 2, &border)] {
            for (column, letter) in (x..).zip(line.chars()) {
                self.point(column, row, letter);
            }
        }
    }

    pub(super) fn into_text(self) -> String {
        let lines: Vec<String> = self.rows.into_iter().map(|row| row.into_iter().collect()).collect();
        lines.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(from: (i64, i64), to: (i64, i64), expected: &[&str]) {
        for (from, to) in [(from, to), (to, from)] {
            let mut canvas = Canvas::new(5, 3);
            canvas.line(from, to, '*');
            assert_eq!(canvas.into_text(), expected.join("\n"));
        }
    }

    #[test]
    fn lines() {
        check((0, 0), (4, 2), &["**   ", "  *  ", "   **"]);
        check((0, 2), (4, 0), &["   **", "  *  ", "**   "]);
        check((1, 0), (1, 2), &[" *   ", " *   ", " *   "]);
        check((2, 1), (2, 1), &["     ", "  *  ", "     "]);
        check((-3, 1), (9, 1), &["     ", "*****", "     "]);
    }
}
