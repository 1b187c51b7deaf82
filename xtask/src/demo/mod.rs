//! `cargo xtask demo`: LangChain's "Async API" page as a program. Five calls in series, then five at once.
//!
//! `chain.rs` builds the chain and `run.rs` calls it; these two are what there is to learn about catena. The rest
//! shows what happens: `news.rs` carries it here, `record.rs` keeps it, and the others draw it.

mod chain;
mod json;
mod news;
mod progress;
mod record;
mod report;
mod run;
mod svg;
mod timeline;

use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;

use anyhow::{Context, Result, anyhow};
use clap::ValueEnum;
use clap::error::ErrorKind as Usage;

use crate::local;
use chain::ChainKind;
use news::{Log, News};
use record::{Part, Record};
use report::Report;
use run::{Calls, Runtime};

/// Ask a model for company names: five times in series, then five times at once.
///
/// Without OPENAI_API_KEY a local server simulates the model. With it, the demo talks to OpenAI, or to the service at
/// OPENAI_BASE_URL. With a model in a file, `--model local:PATH.gguf`, it talks to nobody; of the options only --calls and
/// --product apply then.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// How many calls each part makes
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    calls: u16,

    /// Run only this part
    #[arg(long, value_name = "PART")]
    only: Option<Part>,

    /// How long the simulated server takes per call, exactly [default: 1270, give or take a fifth]
    #[arg(long, value_name = "MS")]
    latency: Option<u64>,

    /// What the company makes
    #[arg(long, value_name = "TEXT", default_value = "toothpaste")]
    product: String,

    /// The completion model to ask, or local:PATH.gguf for one in a file [default: that of the OpenAI crate]
    #[arg(long, value_name = "NAME")]
    model: Option<String>,

    /// Show the answers token by token as they come (whole lines when not on a terminal)
    #[arg(long)]
    stream: bool,

    /// What the calls run on; `blocking` uses no async at all [default: tokio]
    #[arg(long, value_name = "NAME", value_enum)]
    runtime: Option<Runtime>,

    /// How the chain is written: LangChain's LLMChain, or prompt | llm | parser [default: llm-chain]
    #[arg(long, value_name = "KIND", value_enum)]
    chain: Option<ChainKind>,

    /// Print nothing but the figures, as one JSON object
    #[arg(long)]
    json: bool,

    /// Draw when each call began and ended
    #[arg(long, value_name = "FILE.svg", value_parser = svg_path)]
    timeline: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    if let Some(path) = args.model.as_deref().and_then(|model| model.strip_prefix("local:")) {
        check_local(args)?;
        return local::demo(path, &args.product, args.calls);
    }
    check_timeline(args)?;
    make_room_for_connections();
    let service = chain::Service::find(args)?;
    let llm = service.llm(args.model.as_deref())?;
    let model = llm.model().to_owned();
    let calls = Calls {
        chain: chain::build(args.chain.unwrap_or(ChainKind::LlmChain), llm)?,
        product: args.product.clone(),
        count: args.calls.into(),
        stream: args.stream,
        parts: Part::value_variants()
            .iter()
            .copied()
            .filter(|part| args.only.is_none_or(|only| only == *part))
            .collect(),
    };
    let mut record = Record::new(calls.count, calls.parts.len(), args.stream, service.is_simulated());
    let mut report = Report::new(args.json, args.stream);
    report.opening(&service, &model)?;

    let (log, news) = news::channel();
    stop_on_ctrl_c(&log)?;
    let runtime = args.runtime.unwrap_or(Runtime::Tokio);
    let worker = thread::spawn(move || run::run(runtime, &calls, &log));
    // Ends when the worker is done, or with the news that someone pressed Ctrl-C.
    for item in news {
        record.add(&item);
        report.show(&item, &record)?;
        if matches!(item.news, News::Stopped) {
            break;
        }
    }
    if !record.stopped {
        worker.join().map_err(|_| anyhow!("the calls panicked"))??;
    }
    report.closing(&record)?;
    if let Some(path) = &args.timeline {
        svg::draw(&record, path)?;
        report.drawn(path)?;
    }
    Ok(exit_code(&record))
}

fn exit_code(record: &Record) -> ExitCode {
    match (record.stopped, record.errors()) {
        (true, _) => ExitCode::from(130),
        (false, 0) => ExitCode::SUCCESS,
        (false, _) => ExitCode::FAILURE,
    }
}

fn stop_on_ctrl_c(log: &Arc<Log>) -> Result<()> {
    // Weak, because the news end when nobody is left who could report any.
    let log = Arc::downgrade(log);
    let stop = move || {
        if let Some(log) = log.upgrade() {
            log.say(News::Stopped);
        }
    };
    ctrlc::set_handler(stop).context("cannot listen for Ctrl-C")
}

/// A call needs a connection, and with the simulated server both its ends are ours.
fn make_room_for_connections() {
    // If this fails, the calls themselves say what they lack.
    #[cfg(unix)]
    let _ = rlimit::increase_nofile_limit(u64::MAX);
}

/// A model in a file has a program of its own, which knows less.
fn check_local(args: &Args) -> Result<()> {
    let given = [
        ("--only", args.only.is_some()),
        ("--latency", args.latency.is_some()),
        ("--stream", args.stream),
        ("--runtime", args.runtime.is_some()),
        ("--chain", args.chain.is_some()),
        ("--json", args.json),
        ("--timeline", args.timeline.is_some()),
    ];
    let Some((option, _)) = given.into_iter().find(|(_, given)| *given) else { return Ok(()) };
    let complain = format!(
        "{option} does not apply to a model in a file: only --calls and --product do, with --model\n"
    );
    Err(clap::Error::raw(Usage::ArgumentConflict, complain).into())
}

/// Says now, and not after all the calls, that the chart cannot be written.
fn check_timeline(args: &Args) -> Result<()> {
    let Some(path) = &args.timeline else { return Ok(()) };
    let opened = std::fs::OpenOptions::new().append(true).create(true).open(path);
    let complain = |error| format!("--timeline: cannot write {}: {error}\n", path.display());
    opened.map_err(|error| clap::Error::raw(Usage::ValueValidation, complain(error)))?;
    Ok(())
}

/// True when a person watches the output: then it may move.
fn on_terminal() -> bool {
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    std::io::stdout().is_terminal() && std::io::stderr().is_terminal() && !dumb
}

fn svg_path(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("svg")) {
        return Ok(path);
    }
    Err("the chart is drawn as SVG: give a name that ends in .svg".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        args: Args,
    }

    fn local(options: &str) -> Result<()> {
        let line = format!("demo --model local:model.gguf {options}");
        check_local(&Cli::parse_from(line.split_whitespace()).args)
    }

    #[test]
    fn a_model_in_a_file_takes_what_applies_and_refuses_the_rest_by_name() {
        local("").expect("nothing to refuse");
        local("--calls 300 --product socks").expect("both apply");
        let check = |options: &str| {
            let error = local(options).expect_err(options);
            let error = error.downcast_ref::<clap::Error>().expect("an error in the arguments");
            let option = options.split(' ').next().unwrap_or_default();
            let names_it = error.to_string().contains(&format!("{option} does not apply"));
            assert!(names_it && error.exit_code() == 2, "{error}");
        };
        check("--only serial");
        check("--latency 5");
        check("--stream");
        // Those too that say what the demo does anyway.
        check("--runtime tokio");
        check("--runtime blocking");
        check("--chain llm-chain");
        check("--chain lcel");
        check("--json");
        check("--timeline chart.svg");
    }
}
