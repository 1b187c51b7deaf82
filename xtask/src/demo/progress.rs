//! What moves on the terminal while calls are under way: a spinner, and the streamed answers as they grow.

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::record::Part;

/// More answers at once than this would not fit a small terminal.
const MOST_LINES: usize = 16;

/// Draws on the terminal, or nothing at all.
#[derive(Debug)]
pub(super) struct Progress {
    screen: MultiProgress,
    spinner: ProgressBar,
    /// The growing answer of each call, below the spinner.
    answers: BTreeMap<usize, ProgressBar>,
}

impl Progress {
    pub(super) fn new(visible: bool) -> Self {
        let target = if visible { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let screen = MultiProgress::with_draw_target(target);
        Self { screen, spinner: ProgressBar::hidden(), answers: BTreeMap::new() }
    }

    pub(super) fn part_started(&mut self, part: Part, calls: usize) {
        self.spinner = self.screen.add(ProgressBar::new(calls as u64));
        self.spinner.set_style(style("  {spinner:.cyan} {msg}: {pos} of {len} answered, {elapsed}"));
        self.spinner.set_message(part.title());
        self.spinner.enable_steady_tick(Duration::from_millis(80));
    }

    /// Shows what a call said so far.
    pub(super) fn answer(&mut self, call: usize, line: String) {
        if !self.answers.contains_key(&call) {
            if self.answers.len() == MOST_LINES {
                return;
            }
            let above = self.answers.range(..call).next_back().map_or(&self.spinner, |(_, bar)| bar);
            let bar = self.screen.insert_after(above, ProgressBar::no_length());
            bar.set_style(style("{wide_msg}"));
            self.answers.insert(call, bar);
        }
        if let Some(bar) = self.answers.get(&call) {
            bar.set_message(line);
            bar.tick();
        }
    }

    pub(super) fn call_ended(&mut self, call: usize) {
        self.spinner.inc(1);
        if let Some(bar) = self.answers.remove(&call) {
            bar.finish_and_clear();
            self.screen.remove(&bar);
        }
    }

    /// Removes all that moves.
    pub(super) fn clear(&mut self) {
        self.spinner.finish_and_clear();
        self.answers.clear();
        // What cannot be cleared is not there to be seen.
        let _ = self.screen.clear();
    }

    /// Prints above what moves.
    pub(super) fn suspend<T>(&self, print: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        self.screen.suspend(print)
    }
}

fn style(template: &str) -> ProgressStyle {
    // The templates are ours; a wrong one would show in the plain style.
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}
