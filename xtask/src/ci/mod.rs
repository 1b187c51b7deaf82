//! `cargo xtask ci`: everything that the build server checks.

mod layering;
mod sizes;
mod source_rules;
mod steps;

use std::process::ExitCode;

use anyhow::Result;
use clap::ValueEnum;

use crate::metadata::Workspace;
use crate::steps::Steps;
use steps::Step;

/// Check everything: tests, lints, features, docs, layering, packaging.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Run only this step; may be given several times
    #[arg(long, value_name = "STEP", conflicts_with = "skip")]
    only: Vec<Step>,

    /// Leave out this step; may be given several times
    #[arg(long, value_name = "STEP")]
    skip: Vec<Step>,

    /// List the steps
    #[arg(long)]
    list: bool,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    if args.list {
        list();
        return Ok(ExitCode::SUCCESS);
    }
    let workspace = Workspace::read()?;
    let mut done = Steps::default();
    for step in Step::value_variants().iter().filter(|step| args.wants(**step)) {
        step.run(&workspace, &mut done);
    }
    Ok(done.finish())
}

impl Args {
    fn wants(&self, step: Step) -> bool {
        (self.only.is_empty() || self.only.contains(&step)) && !self.skip.contains(&step)
    }
}

fn list() {
    for value in Step::value_variants().iter().filter_map(ValueEnum::to_possible_value) {
        let help = value.get_help().map(ToString::to_string).unwrap_or_default();
        anstream::println!("{:<10} {help}", value.get_name());
    }
}
