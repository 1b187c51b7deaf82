//! What became of the vectors, for people.

use std::collections::BTreeMap;
use std::io::{self, Write};

use anyhow::Result;

use super::vector::Vector;

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

/// The largest share of an area's binding vectors that may be skipped, in percent, for whatever reason. One always may.
const MAX_SKIPPED: usize = 3;

#[derive(Default)]
struct Counts {
    passed: usize,
    failed: usize,
    skipped: usize,
    binding: usize,
    binding_skipped: usize,
}

impl Counts {
    /// So much is skipped that the rest says little about the area.
    fn skips_too_many(&self) -> bool {
        self.binding_skipped > 1 && self.binding_skipped * 100 > self.binding * MAX_SKIPPED
    }
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
    pub(super) fn add(&mut self, vector: &Vector, verdict: Verdict) {
        let counts = self.areas.entry(vector.area.clone()).or_default();
        counts.binding += usize::from(vector.binding);
        let id = &vector.id;
        match verdict {
            Verdict::Passed => counts.passed += 1,
            Verdict::Failed(failure) => {
                counts.failed += 1;
                self.failures.push((id.clone(), failure));
            }
            Verdict::Skipped(reason) => {
                counts.skipped += 1;
                counts.binding_skipped += usize::from(vector.binding);
                *self.skipped.entry(reason).or_default() += 1;
            }
            Verdict::Stale => {
                counts.passed += 1;
                self.stale.push(id.clone());
            }
        }
    }

    pub(super) fn failed(&self) -> usize {
        self.areas.values().map(|counts| counts.failed).sum()
    }

    /// The areas of which too many binding vectors are skipped.
    pub(super) fn neglected(&self) -> Vec<&str> {
        self.areas
            .iter()
            .filter(|(_, counts)| counts.skips_too_many())
            .map(|(area, _)| area.as_str())
            .collect()
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
        for area in self.neglected() {
            let Counts { binding, binding_skipped, .. } = self.areas[area];
            writeln!(
                out,
                "\x1b[1;31mfailed\x1b[0m {area}: {binding_skipped} of its {binding} binding vectors are skipped, more than \
                 {MAX_SKIPPED} %"
            )?;
        }
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
        for (area, Counts { passed, failed, skipped, .. }) in &self.areas {
            writeln!(out, "{area:<16}{passed:>8}{failed:>8}{skipped:>8}")?;
        }
        let (passed, failed) = (total(|counts| counts.passed), total(|counts| counts.failed));
        writeln!(out, "\n{passed} passed, {failed} failed, {} skipped", total(|counts| counts.skipped))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `true` if the area is found to be neglected.
    #[track_caller]
    fn check(binding: usize, skipped: usize, others_skipped: usize, neglected: bool) {
        let mut report = Report::default();
        let verdict = |skip| if skip { Verdict::Skipped("why".to_owned()) } else { Verdict::Passed };
        for index in 0..binding {
            report.add(&Vector::of_area("a", true), verdict(index < skipped));
        }
        for _ in 0..others_skipped {
            report.add(&Vector::of_area("a", false), verdict(true));
        }
        assert_eq!(!report.neglected().is_empty(), neglected, "{skipped} of {binding}");
    }

    #[test]
    fn an_area_that_is_mostly_skipped_fails() {
        check(100, 0, 0, false);
        check(100, 3, 0, false);
        check(100, 4, 0, true);
        check(66, 2, 0, true);
        check(5, 1, 0, false);
        check(5, 5, 0, true);
        check(10, 0, 10, false);
    }
}
