//! `cargo xtask bench`: the micro-benchmarks of the core.

use std::process::ExitCode;

use anyhow::Result;

use crate::metadata::Workspace;
use crate::shell;

/// Run the benchmarks of catena-core.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Go to the benchmark, such as a filter or `--quick`
    #[arg(last = true, value_name = "ARGS")]
    pass_on: Vec<String>,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    // Not `--benches`: that is also the library, whose test harness does not know the arguments of criterion.
    let mut command = shell::cargo(["bench", "-p", "catena-core", "--bench", "*"]);
    if !args.pass_on.is_empty() {
        command.arg("--").args(&args.pass_on);
    }
    shell::run(&mut command)?;
    anstream::println!("Results are in {}.", Workspace::read()?.target.join("criterion").display());
    Ok(ExitCode::SUCCESS)
}
