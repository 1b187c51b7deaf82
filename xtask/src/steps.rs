//! Steps that run one after the other, whatever becomes of each, and the summary at the end.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Result;

/// How a step ended that did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    Passed,
    /// It could not run, for this reason.
    Skipped(&'static str),
}

/// The steps so far.
#[derive(Debug, Default)]
pub(crate) struct Steps(Vec<Step>);

#[derive(Debug)]
struct Step {
    name: String,
    ended: Result<Ended>,
    took: Duration,
}

impl Steps {
    /// Runs a step and keeps how it ended.
    pub(crate) fn run(&mut self, name: &str, step: impl FnOnce() -> Result<Ended>) {
        anstream::println!("\n\x1b[1;36m== {name}\x1b[0m");
        let start = Instant::now();
        let ended = step();
        if let Err(error) = &ended {
            anstream::println!("\x1b[1;31mfailed:\x1b[0m {error:#}");
        }
        self.0.push(Step { name: name.to_owned(), ended, took: start.elapsed() });
    }

    /// Prints the summary. The exit code is that of a failure if any step failed.
    pub(crate) fn finish(self) -> ExitCode {
        anstream::print!("\n{}", self.table());
        if self.0.iter().any(|step| step.ended.is_err()) { ExitCode::FAILURE } else { ExitCode::SUCCESS }
    }

    fn table(&self) -> String {
        let width = self.0.iter().map(|step| step.name.len()).max().unwrap_or(0);
        let line = |step: &Step| {
            let (color, how) = match &step.ended {
                Ok(Ended::Passed) => ("\x1b[32m", "passed".to_owned()),
                Ok(Ended::Skipped(why)) => ("\x1b[33m", format!("skipped: {why}")),
                Err(error) => ("\x1b[31m", format!("FAILED: {error}")),
            };
            format!("{:width$}  {:>7.1} s  {color}{how}\x1b[0m\n", step.name, step.took.as_secs_f64())
        };
        let total: Duration = self.0.iter().map(|step| step.took).sum();
        let lines: String = self.0.iter().map(line).collect();
        format!("\x1b[1mSummary\x1b[0m\n{lines}{:width$}  {:>7.1} s\n", "total", total.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_failure_fails_all_but_stops_none() {
        let mut steps = Steps::default();
        steps.run("first", || Ok(Ended::Passed));
        steps.run("second", || anyhow::bail!("it broke"));
        steps.run("third", || Ok(Ended::Skipped("not today")));
        let table = steps.table();
        assert!(table.contains("FAILED: it broke") && table.contains("skipped: not today"), "{table}");
        assert_eq!(format!("{:?}", steps.finish()), format!("{:?}", ExitCode::FAILURE));
    }
}
