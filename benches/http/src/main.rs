//! Measures catena's transport beside a hand-written hyper loop and other clients, against a server of its own.
//!
//! `cargo xtask bench http` builds and runs it. Each measurement is a process of its own, so that neither the CPU time of
//! the server nor the memory of another contestant counts.

mod contestants;
mod measure;
mod report;
mod round;
mod server;
mod targets;

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};
use clap::{Parser, Subcommand, ValueEnum};
use core_affinity::CoreId;

use contestants::Who;
use measure::{Figures, What};
use round::{Round, by_contestant, calmer_half};

/// Measures catena's transport beside a hand-written hyper loop, reqwest and async-openai.
#[derive(Debug, Parser)]
struct Cli {
    #[command(subcommand)]
    command: Option<Role>,
    /// Fewer calls and rounds
    #[arg(long)]
    quick: bool,
    /// Fail if catena costs more than its targets; on a machine that does nothing else
    #[arg(long)]
    check: bool,
    /// Only these contestants
    #[arg(long, value_delimiter = ',')]
    who: Vec<Who>,
    /// Only these measurements
    #[arg(long, value_delimiter = ',')]
    what: Vec<What>,
}

/// What the program starts itself as.
#[derive(Debug, Subcommand)]
enum Role {
    #[command(hide = true)]
    Serve,
    #[command(hide = true)]
    Client {
        who: Who,
        what: What,
        server: String,
        #[arg(long)]
        quick: bool,
    },
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    // As many connections as the system allows.
    rlimit::increase_nofile_limit(u64::MAX)?;
    match &cli.command {
        Some(Role::Serve) => {
            pin(|cores| cores.first());
            server::run()
        }
        Some(Role::Client { who, what, server, quick }) => {
            pin(|cores| cores.last());
            let figures = measure::run(*who, *what, server, *quick)?;
            println!("{}", serde_json::to_string(&figures)?);
            Ok(())
        }
        None => compare(&cli),
    }
}

/// Keeps this process on one core, so that neither moving nor the other side's work counts. Not where there is only one.
fn pin(choose: fn(&[CoreId]) -> Option<&CoreId>) {
    let cores = core_affinity::get_core_ids().unwrap_or_default();
    if cores.len() > 1
        && let Some(core) = choose(&cores)
    {
        // Threads that are started later stay there too.
        core_affinity::set_for_current(*core);
    }
}

/// All contestants, measurement by measurement, in rounds that take turns.
fn compare(cli: &Cli) -> Result<()> {
    if cli.check {
        targets::can_be_checked(&chosen(&cli.who))?;
    }
    let (mut server, port) = start_server()?;
    let result = rounds(cli, port);
    server.kill()?;
    server.wait()?;
    result
}

fn rounds(cli: &Cli, port: u16) -> Result<()> {
    let who = chosen(&cli.who);
    let mut missed = Vec::new();
    let most_rounds = if cli.quick { 10 } else { 30 };
    let mut turn = 0_usize;
    for what in chosen(&cli.what) {
        let count = what.rounds(most_rounds);
        let mut rounds = Vec::with_capacity(count);
        for _ in 0..count {
            let (before, mut figures) = (server::cpu_time(port)?, Vec::with_capacity(who.len()));
            for who in &who {
                // An address of its own for each process: ten thousand ports of the last one are still being closed.
                turn += 1;
                let address = format!("127.0.{}.{}:{port}", turn / 250, turn % 250 + 1);
                figures.push(client(*who, what, &address, cli.quick)?);
            }
            rounds.push(Round { figures, server_cpu: server::cpu_time(port)? - before });
        }
        let all = by_contestant(&rounds);
        let calm = by_contestant(calmer_half(&mut rounds));
        report::print(what, &who, &calm, &all);
        missed.extend(targets::missed(what, &who, &calm));
    }
    anyhow::ensure!(!cli.check || missed.is_empty(), "above target:\n{}", missed.join("\n"));
    Ok(())
}

fn chosen<T: ValueEnum + Copy>(chosen: &[T]) -> Vec<T> {
    if chosen.is_empty() { T::value_variants().to_vec() } else { chosen.to_vec() }
}

fn start_server() -> Result<(Child, u16)> {
    let mut server = Command::new(std::env::current_exe()?).arg("serve").stdout(Stdio::piped()).spawn()?;
    let mut line = String::new();
    BufReader::new(server.stdout.take().context("no output")?).read_line(&mut line)?;
    let port = line.trim().parse().context("the server did not start")?;
    Ok((server, port))
}

fn client(who: Who, what: What, server: &str, quick: bool) -> Result<Figures> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["client", &name(who), &name(what), server]).args(quick.then_some("--quick"));
    let output = command.stderr(Stdio::inherit()).output()?;
    anyhow::ensure!(output.status.success(), "{} failed at {}", name(who), name(what));
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// As it is written on the command line.
fn name(value: impl ValueEnum) -> String {
    value.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
}
