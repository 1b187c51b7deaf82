//! The calls over time, in text.

use std::time::Duration;

use super::record::{CallRecord, Record};

/// What stands left of the bars: `concurrent   10 `.
const LABEL: usize = 16;
/// The most calls of a part that are drawn.
const MOST_ROWS: usize = 12;

/// One line per call, with a bar from its start to its end: light until the first token, dark after it.
pub(super) fn draw(record: &Record, width: usize) -> String {
    let scale = Scale::new(record.length(), width.saturating_sub(LABEL));
    let mut lines = Vec::new();
    for part in &record.parts {
        let mut title = part.part.title();
        for (number, start, call) in part.begun().take(MOST_ROWS) {
            lines.push(format!("{title:<10}{:>5} {}", number + 1, bar(&scale, start, call)));
            title = "";
        }
        let more = part.begun().count().saturating_sub(MOST_ROWS);
        if more > 0 {
            lines.push(format!("{:>LABEL$}... and {more} more", ""));
        }
    }
    lines.push(format!("{:LABEL$}{}", "", scale.axis()));
    lines.iter().map(|line| format!("{}\n", line.trim_end())).collect()
}

fn bar(scale: &Scale, start: Duration, call: &CallRecord) -> String {
    let (from, to) = (scale.column(start), scale.column(call.end).max(scale.column(start) + 1));
    let speaks = call.first.map_or(from, |first| scale.column(first).clamp(from, to));
    let mark = match (call.failed, call.ended) {
        (true, _) => " failed",
        (false, true) => "",
        (false, false) => " stopped",
    };
    format!("{:from$}{}{}{mark}", "", "░".repeat(speaks - from), "█".repeat(to - speaks))
}

/// Time to columns.
struct Scale {
    length: f64,
    columns: usize,
}

impl Scale {
    fn new(length: Duration, columns: usize) -> Self {
        // A length of zero would divide by zero.
        Self { length: length.as_secs_f64().max(1e-6), columns: columns.max(10) }
    }

    fn column(&self, time: Duration) -> usize {
        // Room at the end for the last label of the axis.
        (time.as_secs_f64() / self.length * (self.columns - 4) as f64).round() as usize
    }

    /// The labels of the axis below the columns that they name.
    fn axis(&self) -> String {
        // A label with its decimals and the space around it.
        let step = tick(self.length, (self.columns / 8).max(2) as u32);
        let mut line = String::new();
        for index in 0.. {
            let time = step * f64::from(index);
            if time > self.length * 1.0001 {
                break;
            }
            let column = self.column(Duration::from_secs_f64(time));
            let unit = if index == 0 { " s" } else { "" };
            line.push_str(&" ".repeat(column.saturating_sub(line.chars().count())));
            line.push_str(&format!("{}{unit}", label(time, step)));
        }
        line
    }
}

/// A round distance between the ticks of an axis, so that there are at most so many.
pub(super) fn tick(length: f64, most: u32) -> f64 {
    let rough = (length / f64::from(most)).max(1e-6);
    let power = 10_f64.powf(rough.log10().floor());
    let round =
        [1.0, 2.0, 5.0].map(|digit| digit * power).into_iter().find(|step| *step >= rough * 0.999_999);
    round.unwrap_or(10.0 * power)
}

/// A time with as many decimals as its axis needs.
pub(super) fn label(time: f64, step: f64) -> String {
    let decimals = (-step.log10().floor()).max(0.0) as usize;
    format!("{time:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::record::Part;
    use crate::demo::record::tests::record;

    #[test]
    fn bars_stand_where_the_calls_were() {
        let serial: (Part, &[_]) = (Part::Serial, &[(0, None, 1000), (1000, None, 2000)]);
        let concurrent: (Part, &[_]) = (Part::Concurrent, &[(0, Some(500), 1000), (0, Some(250), 1000)]);
        let expected = "\
Serial        1 ████████
              2         ████████
Concurrent    1 ░░░░████
              2 ░░██████
                0 s     1       2
";
        // At 16 columns for two seconds.
        assert_eq!(draw(&record(&[serial, concurrent]), LABEL + 20), expected);
    }

    #[test]
    fn many_calls_are_cut_short() {
        let times = [(0, None, 1000); 1000];
        let text = draw(&record(&[(Part::Concurrent, &times)]), 60);
        assert_eq!(text.lines().count(), MOST_ROWS + 2);
        assert!(text.contains("... and 988 more"), "{text}");
    }

    #[test]
    fn nothing_at_all_can_be_drawn() {
        assert!(draw(&Record::new(5, 2, false, true), 60).contains("0"));
    }

    #[test]
    fn ticks_are_round_and_few() {
        let check = |length, expected: f64| assert!((tick(length, 8) - expected).abs() < 1e-9, "{length}");
        check(6.38, 1.0);
        check(1.54, 0.2);
        check(8.0, 1.0);
        check(100.0, 20.0);
        check(0.05, 0.01);
        assert_eq!(label(1.0, 1.0), "1");
        assert_eq!(label(0.4, 0.2), "0.4");
    }
}
