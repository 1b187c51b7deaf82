//! `fuzz-smoke`: runs targets for a bounded time each, on any toolchain.
//!
//! Inputs are made of the golden vectors, by a generator with a seed: the same seed makes the same inputs. Beside what the
//! targets check themselves, their memory and their time must be in proportion to the input.

mod corpus;
mod growth;
mod hostile;
mod mutate;
mod random;
mod runner;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use catena_fuzz_targets::{TARGETS, Target};
use clap::Parser;
use peak_alloc::PeakAlloc;

use runner::Runner;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Run what reads untrusted text on made-up inputs, and check what must hold.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask fuzz", max_term_width = 100)]
struct Args {
    /// For how many seconds each target runs
    #[arg(long, default_value_t = 2.0)]
    seconds: f64,
    /// Which inputs are made
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How long inputs may be, in bytes
    #[arg(long, default_value_t = 4_096)]
    max_len: usize,
    /// How long inputs are that are one thing, very often
    #[arg(long, default_value_t = 20_000)]
    hostile_len: usize,
    /// Keep each input in this file before it is run, to find what ends the process
    #[arg(long, value_name = "FILE")]
    keep: Option<PathBuf>,
    /// Run only this input, with the targets that are named
    #[arg(long, value_name = "FILE")]
    input: Option<PathBuf>,
    /// The targets; all of them if none is named
    targets: Vec<String>,
}

fn main() -> ExitCode {
    let args = Args::parse();
    if let Some(unknown) = args.targets.iter().find(|name| TARGETS.iter().all(|target| target.name != **name))
    {
        let known: Vec<_> = TARGETS.iter().map(|target| target.name).collect();
        say(&format!("there is no target `{unknown}`, only {}\n", known.join(", ")));
        return ExitCode::from(2);
    }
    let chosen =
        |target: &&Target| args.targets.is_empty() || args.targets.iter().any(|name| name == target.name);
    let failed = TARGETS.iter().filter(chosen).filter(|target| !passes(target, &args)).count();
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn passes(target: &Target, args: &Args) -> bool {
    // First, so that it stands there if the process ends.
    say(&format!("{:<18}", target.name));
    let result = Runner::new(target, args).run();
    match &result {
        Ok(report) => say(&format!(" {report}\n")),
        Err(failure) => say(&format!(" FAILED: {failure}\n")),
    }
    result.is_ok()
}

/// Prints at once; nothing for who no longer listens.
fn say(text: &str) {
    let mut out = std::io::stdout();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).ok();
}
