//! `cargo xtask fuzz`: what reads untrusted text, on made-up inputs.

use std::process::{Command, ExitCode};

use anyhow::Result;

use crate::metadata::Workspace;
use crate::steps::Ended;
use crate::{shell, test};

pub(crate) const PACKAGE: &str = "catena-fuzz-targets";
const PROGRAM: &str = "fuzz-smoke";

/// Run what reads untrusted text on made-up inputs, and check what must hold.
#[derive(Debug, clap::Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Args {
    /// Optimized: for more than a few seconds
    #[arg(long)]
    release: bool,
    /// Go to the driver: targets, `--seconds 60`, `--seed 2`, `--input FILE`, `--help`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGS")]
    pass_on: Vec<String>,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let mut command = shell::cargo(["run", "--quiet", "-p", PACKAGE, "--bin", PROGRAM]);
    if args.release {
        // What cannot happen is checked all the same.
        command.arg("--release").env("CARGO_PROFILE_RELEASE_DEBUG_ASSERTIONS", "true");
        command.env("CARGO_PROFILE_RELEASE_OVERFLOW_CHECKS", "true");
    }
    shell::run(command.arg("--").args(&args.pass_on))?;
    Ok(ExitCode::SUCCESS)
}

/// One second of every target.
pub(crate) fn run_briefly() -> Result<Ended> {
    // With the examples: only then do dev-dependencies turn on the features that they have in the tests.
    shell::run(shell::cargo(["build", "--examples", "--bin", PROGRAM]).args(test::AS_TESTED))?;
    let folder = Workspace::read()?.target.join("debug");
    let mut program = Command::new(folder.join(format!("{PROGRAM}{}", std::env::consts::EXE_SUFFIX)));
    shell::run(program.args(["--seconds", "1"]).current_dir(shell::root()))?;
    Ok(Ended::Passed)
}
