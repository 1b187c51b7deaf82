//! `cargo xtask fuzz`: what reads untrusted text, on made-up inputs.

use std::process::ExitCode;

use anyhow::Result;

use crate::shell;
use crate::steps::Ended;

const PACKAGE: &str = "catena-fuzz-targets";

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
    smoke(args.release, &args.pass_on)?;
    Ok(ExitCode::SUCCESS)
}

/// One second of every target.
pub(crate) fn run_briefly() -> Result<Ended> {
    smoke(false, &["--seconds".to_owned(), "1".to_owned()])?;
    Ok(Ended::Passed)
}

fn smoke(release: bool, arguments: &[String]) -> Result<()> {
    let mut command = shell::cargo(["run", "--quiet", "-p", PACKAGE, "--bin", "fuzz-smoke"]);
    if release {
        // What cannot happen is checked all the same.
        command.arg("--release").env("CARGO_PROFILE_RELEASE_DEBUG_ASSERTIONS", "true");
        command.env("CARGO_PROFILE_RELEASE_OVERFLOW_CHECKS", "true");
    }
    shell::run(command.arg("--").args(arguments))
}
