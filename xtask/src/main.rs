//! The tasks of this repository: `cargo xtask --help`.

mod bench;
mod ci;
mod demo;
mod examples;
mod fuzz;
mod local;
mod metadata;
mod shell;
mod steps;
mod test;
mod vectors;

use std::io;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The tasks of this repository.
#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    max_term_width = 100,
    arg_required_else_help = true
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::Args),
    Test(test::Args),
    Vectors(vectors::Args),
    Ci(ci::Args),
    Bench(bench::Args),
    Fuzz(fuzz::Args),
    FetchModel(local::Args),
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Demo(args) => demo::run(&args),
        Command::Test(args) => test::run(&args),
        Command::Vectors(args) => vectors::run(&args),
        Command::Ci(args) => ci::run(&args),
        Command::Bench(args) => bench::run(&args),
        Command::Fuzz(args) => fuzz::run(&args),
        Command::FetchModel(args) => local::fetch(&args),
    };
    done.unwrap_or_else(|error| fail(&error))
}

/// Tells what stopped the command. A bad argument exits with 2, as those do that clap finds itself.
fn fail(error: &anyhow::Error) -> ExitCode {
    if let Some(error) = error.downcast_ref::<clap::Error>() {
        error.exit();
    }
    // Whoever reads our output has seen enough, as in `cargo xtask demo | head -1`.
    if error.downcast_ref::<io::Error>().is_none_or(|error| error.kind() != io::ErrorKind::BrokenPipe) {
        anstream::eprintln!("\x1b[1;31merror:\x1b[0m {error:#}");
    }
    ExitCode::FAILURE
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn bad_arguments_exit_with_2() {
        let check = |arguments: &str| {
            let error = Cli::try_parse_from(arguments.split(' ')).expect_err(arguments);
            assert_eq!(error.exit_code(), 2, "{arguments}");
        };
        check("xtask");
        check("xtask dance");
        check("xtask demo --calls 0");
        check("xtask demo --calls many");
        check("xtask demo --only both");
        check("xtask demo --runtime async-std");
        check("xtask demo --chain rope");
        check("xtask demo --latency -5");
        check("xtask demo --timeline chart.png");
        check("xtask demo --product");
        check("xtask fetch-model now");
        check("xtask ci --only everything");
        check("xtask ci --only fmt --skip docs");
        check("xtask test extra");
        check("xtask vectors");
        check("xtask bench tcp");
    }

    #[test]
    fn good_arguments_are_understood() {
        let check = |arguments: &str| Cli::try_parse_from(arguments.split(' ')).map(|_| ()).expect(arguments);
        check("xtask demo");
        check("xtask demo --calls 1000 --only concurrent --latency 1000 --json");
        check("xtask demo --stream --runtime tokio-current-thread --chain lcel --timeline chart.svg");
        check("xtask demo --runtime blocking --product socks --model gpt-4o-mini");
        check("xtask test");
        check("xtask demo --model local:model.gguf --calls 2 --product socks");
        check("xtask fetch-model");
        check("xtask ci --only fmt --only layering");
        check("xtask ci --skip test");
        check("xtask ci --list");
        check("xtask bench -- --quick batch");
        check("xtask fuzz --release --seconds 60 json_stream");
        check("xtask bench http --quick");
        check("xtask bench http --check -- --what calls");
        check("xtask bench http -- --what calls,tokens --who catena");
        check("xtask vectors xtask/vectors --all --filter stream --show 3");
    }
}
