//! `cargo xtask test`: all tests of the workspace, and every example run once.

use std::process::ExitCode;

use anyhow::Result;

use crate::shell;
use crate::steps::{Ended, Steps};
use crate::{examples, fuzz};

/// Run all tests and examples: what every change needs green.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(_: &Args) -> Result<ExitCode> {
    let mut steps = Steps::default();
    run_in(&mut steps);
    Ok(steps.finish())
}

/// As part of a longer list of steps.
pub(crate) fn run_in(steps: &mut Steps) {
    steps.run("tests", || {
        // Unit, integration and documentation tests; all of them, so that one run shows all that is broken.
        shell::run(&mut shell::cargo(["test", "--workspace", "--no-fail-fast"]))?;
        Ok(Ended::Passed)
    });
    steps.run("fuzz", fuzz::run_briefly);
    steps.run("examples", examples::run_all);
}
