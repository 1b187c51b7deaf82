//! `cargo xtask test`: all tests of the workspace, and every example run once.

use std::process::{Command, ExitCode, Stdio};

use anyhow::Result;

use crate::shell;
use crate::steps::{Ended, Steps};
use crate::{examples, fuzz};

/// What is tested: all packages, with the features that no other package turns on, and without which their code has no
/// tests. What is built otherwise has dependencies with other features, which are built again.
pub(crate) const AS_TESTED: [&str; 3] =
    ["--workspace", "--features", "catena-cache/redis,catena-cache/sqlite"];

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
        shell::run(shell::cargo(["test", "--no-fail-fast"]).args(AS_TESTED))?;
        Ok(Ended::Passed)
    });
    if !has_redis() {
        steps.run("tests of the Redis store", || Ok(Ended::Skipped("there is no redis-server")));
    }
    steps.run("fuzz", fuzz::run_briefly);
    steps.run("examples", examples::run_all);
}

/// True if the tests of the Redis store find a server to start. They pass without having run otherwise.
fn has_redis() -> bool {
    let mut server = Command::new("redis-server");
    server.arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}
