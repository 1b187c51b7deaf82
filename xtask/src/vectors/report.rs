//! What became of the vectors, for people.

use std::collections::BTreeMap;
use std::io::{self, Write};

use anyhow::Result;

/// What became of a vector.
pub(super) enum Verdict {
    Passed,
    Failed(Failure),
    Skipped(String),
    /// It is on the skip list and passes.
    Stale,
}

/// Why a vector failed.
pub(super) struct Failure {
    pub(super) why: String,
    pub(super) expected: String,
    pub(super) got: String,
}

#[derive(Default)]
struct Counts {
    passed: usize,
    failed: usize,
    skipped: usize,
}

/// All verdicts.
#[derive(Default)]
pub(super) struct Report {
    areas: BTreeMap<String, Counts>,
    failures: Vec<(String, Failure)>,
    stale: Vec<String>,
    /// Reasons of skipped vectors, with how many there are.
    skipped: BTreeMap<String, usize>,
}

impl Report {
    pub(super) fn add(&mut self, area: &str, id: &str, verdict: Verdict) {
        let counts = self.areas.entry(area.to_owned()).or_default();
        match verdict {
            Verdict::Passed => counts.passed += 1,
            Verdict::Failed(failure) => {
                counts.failed += 1;
                self.failures.push((id.to_owned(), failure));
            }
            Verdict::Skipped(reason) => {
                counts.skipped += 1;
                *self.skipped.entry(reason).or_default() += 1;
            }
            Verdict::Stale => {
                counts.passed += 1;
                self.stale.push(id.to_owned());
            }
        }
    }

    pub(super) fn failed(&self) -> usize {
        self.areas.values().map(|counts| counts.failed).sum()
    }

    /// How many are on the skip list for nothing.
    #[cfg(test)]
    pub(super) fn stale(&self) -> usize {
        self.stale.len()
    }

    /// Failures, at most `show` of them at length, then the tables.
    pub(super) fn print(&self, show: usize) -> Result<()> {
        let mut out = anstream::stdout().lock();
        for (index, (id, failure)) in self.failures.iter().enumerate() {
            writeln!(out, "\x1b[1;31mfailed\x1b[0m {id}: {}", failure.why)?;
            if index < show {
                writeln!(out, "    expected {}\n    got      {}", failure.expected, failure.got)?;
            }
        }
        for id in &self.stale {
            writeln!(out, "\x1b[1;33mpasses\x1b[0m {id}, though it is on the skip list")?;
        }
        self.print_tables(&mut out)?;
        Ok(())
    }

    fn print_tables(&self, out: &mut impl Write) -> io::Result<()> {
        let total = |count: fn(&Counts) -> usize| self.areas.values().map(count).sum::<usize>();
        if !self.skipped.is_empty() {
            writeln!(out, "\nskipped because")?;
        }
        for (reason, count) in &self.skipped {
            writeln!(out, "{count:>6} {reason}")?;
        }
        writeln!(out, "\n{:<16}{:>8}{:>8}{:>8}", "area", "passed", "failed", "skipped")?;
        for (area, Counts { passed, failed, skipped }) in &self.areas {
            writeln!(out, "{area:<16}{passed:>8}{failed:>8}{skipped:>8}")?;
        }
        let (passed, failed) = (total(|counts| counts.passed), total(|counts| counts.failed));
        writeln!(out, "\n{passed} passed, {failed} failed, {} skipped", total(|counts| counts.skipped))
    }
}
