//! `cargo xtask vectors`: results of LangChain, reproduced.

mod area;
mod blocks;
mod compare;
mod deliberate;
mod legacy_chains;
mod messages;
mod openai;
mod output_parsers;
mod prompts;
mod raised;
mod report;
mod runnables;
mod skip_list;
mod tagged;
mod vector;

use std::panic::{self, AssertUnwindSafe};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use catena::Data;

use area::Evaluated;
use report::{Failure, Report, Verdict};
use skip_list::SkipList;
use vector::Vector;

/// Run golden vectors: what LangChain gives for inputs that are plain data.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The folder with the vector files.
    dir: PathBuf,
    /// Run those too whose result is an accident of Python.
    #[arg(long)]
    all: bool,
    /// Run only those whose id contains this.
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// How many failures to show with what was expected and what came.
    #[arg(long, value_name = "N", default_value_t = 20)]
    show: usize,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let report = report(args)?;
    report.print(args.show)?;
    let good = report.failed() == 0 && report.neglected().is_empty();
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn report(args: &Args) -> Result<Report> {
    let skip_list = SkipList::read()?;
    let mut report = Report::default();
    for vector in vector::read_all(&args.dir)? {
        if args.filter.as_ref().is_none_or(|part| vector.id.contains(part)) {
            let verdict = verdict(&vector, &skip_list, args.all);
            report.add(&vector, verdict);
        }
    }
    Ok(report)
}

fn verdict(vector: &Vector, skip_list: &SkipList, all: bool) -> Verdict {
    if let Some(recording) = &vector.recording {
        let verdict = panic::catch_unwind(|| openai::verdict(recording));
        let verdict = verdict.unwrap_or_else(|_| {
            Verdict::Failed(failure(vector, "it panicked".to_owned(), "a panic".to_owned()))
        });
        return listed(verdict, vector, skip_list);
    }
    let Some(run) = area::runner(&vector.area) else {
        return Verdict::Skipped(format!("area `{}` is not run", vector.area));
    };
    if vector.python_specific && !all {
        return Verdict::Skipped("an accident of Python".to_owned());
    }
    let verdict = evaluate(vector, run);
    listed(verdict, vector, skip_list)
}

/// A verdict with what the lists of exceptions say about it.
fn listed(verdict: Verdict, vector: &Vector, skip_list: &SkipList) -> Verdict {
    match (verdict, skip_list.reason(&vector.id)) {
        (Verdict::Failed(_), Some(reason)) => Verdict::Skipped(reason.to_owned()),
        (Verdict::Passed, Some(_)) => Verdict::Stale,
        (Verdict::Failed(failure), None) => match deliberate::reason(vector) {
            Some(reason) => Verdict::Skipped(reason.to_owned()),
            None => Verdict::Failed(failure),
        },
        (verdict, _) => verdict,
    }
}

fn evaluate(vector: &Vector, run: area::Run) -> Verdict {
    let ran = panic::catch_unwind(AssertUnwindSafe(|| run(vector)));
    let (got, order): (_, fn(Data) -> Data) = match ran {
        Err(_) => return Verdict::Failed(failure(vector, "it panicked".to_owned(), "a panic".to_owned())),
        Ok(Evaluated::Unsupported) => {
            return Verdict::Skipped(format!("op `{}` is not run in `{}`", vector.op(), vector.area));
        }
        Ok(Evaluated::Disagree(why)) => {
            return Verdict::Failed(failure(vector, why, "two results".to_owned()));
        }
        Ok(Evaluated::Got(got)) => (got, |data| data),
        Ok(Evaluated::Ordered(got, order)) => (got, order),
    };
    let got = got.map(|got| order(tagged::canonical(tagged::encode(got))));
    let expected = match tagged::canonical(vector.expected.clone()) {
        Data::Record(expected) => {
            expected.into_iter().map(|(name, value)| (name, order(value))).collect::<catena::Record>().into()
        }
        other => other,
    };
    match compare::difference(&expected, &got) {
        None => Verdict::Passed,
        Some(why) => {
            let got = got.map_or_else(|error| format!("{error:?}"), |got| format!("{got:?}"));
            let expected = format!("{expected:?}");
            Verdict::Failed(Failure { why, expected, got })
        }
    }
}

fn failure(vector: &Vector, why: String, got: String) -> Failure {
    Failure { why, expected: format!("{:?}", vector.expected), got }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_vector_of_this_repository_passes_or_has_a_reason_not_to() {
        let dir = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/vectors"));
        let report = report(&Args { dir, all: false, filter: None, show: 0 }).expect("vectors");
        report.print(usize::MAX).expect("a report");
        assert_eq!((report.failed(), report.stale(), report.neglected()), (0, 0, Vec::new()));
    }
}
