//! `cargo xtask bench`: the micro-benchmarks of the core, and the transport beside other clients.

use std::process::ExitCode;

use anyhow::Result;

use crate::metadata::Workspace;
use crate::shell;

/// Run the benchmarks of catena-core, or with `http` those of the transport.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    other: Option<Other>,
    /// Go to the benchmark, such as a filter or `--quick`
    #[arg(last = true, value_name = "ARGS")]
    pass_on: Vec<String>,
}

/// The other benchmarks.
#[derive(Debug, clap::Subcommand)]
enum Other {
    /// A chain over the transport, beside a hand-written hyper loop, reqwest and async-openai
    Http {
        /// Fewer calls and rounds
        #[arg(long)]
        quick: bool,
        /// Fail if catena costs more than its targets; on a machine that does nothing else
        #[arg(long)]
        check: bool,
        /// Go to the benchmark, such as `--what calls` or `--who catena,hyper`
        #[arg(last = true, value_name = "ARGS")]
        pass_on: Vec<String>,
    },
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    match &args.other {
        Some(Other::Http { quick, check, pass_on }) => http(*quick, *check, pass_on),
        None => core(&args.pass_on),
    }
}

fn core(pass_on: &[String]) -> Result<ExitCode> {
    // Not `--benches`: that is also the library, whose test harness does not know the arguments of criterion.
    let mut command = shell::cargo(["bench", "-p", "catena-core", "--bench", "*"]);
    if !pass_on.is_empty() {
        command.arg("--").args(pass_on);
    }
    shell::run(&mut command)?;
    anstream::println!("Results are in {}.", Workspace::read()?.target.join("criterion").display());
    Ok(ExitCode::SUCCESS)
}

/// A package outside of the workspace: what it compares with is not built with the project.
fn http(quick: bool, check: bool, pass_on: &[String]) -> Result<ExitCode> {
    let mut command = shell::cargo(["run", "--release", "--locked"]);
    command.args(["--manifest-path", "benches/http/Cargo.toml", "--"]);
    command.args(quick.then_some("--quick")).args(check.then_some("--check"));
    shell::run(command.args(pass_on))?;
    Ok(ExitCode::SUCCESS)
}
