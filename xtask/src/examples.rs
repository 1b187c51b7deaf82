//! Builds the examples and runs every one, without arguments, network or key.

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::metadata::Workspace;
use crate::steps::Ended;
use crate::{shell, test};

pub(crate) const PACKAGE: &str = "catena-examples";
/// An example that takes longer waits for something that will not come.
const LIMIT: Duration = Duration::from_secs(60);
/// How the variables begin that say where services are, and with which key.
const SERVICES: [&str; 6] = ["ANTHROPIC_", "AZURE_OPENAI_", "GEMINI_", "GOOGLE_", "OLLAMA_", "OPENAI_"];

pub(crate) fn build() -> Result<Ended> {
    shell::run(shell::cargo(["build", "--examples"]).args(test::AS_TESTED))?;
    Ok(Ended::Passed)
}

pub(crate) fn run_all() -> Result<Ended> {
    build()?;
    let workspace = Workspace::read()?;
    let names = workspace
        .packages
        .iter()
        .filter(|package| package.name == PACKAGE)
        .flat_map(|package| &package.examples);
    let mut failed = Vec::new();
    let mut count = 0;
    for name in names {
        count += 1;
        if let Err(error) = run_one(&workspace.target, name) {
            anstream::println!("\x1b[31m{error:#}\x1b[0m");
            failed.push(name.as_str());
        }
    }
    if count == 0 {
        return Ok(Ended::Skipped("there are no examples"));
    }
    if !failed.is_empty() {
        bail!("{} of {count} examples failed: {}", failed.len(), failed.join(", "));
    }
    anstream::println!("{count} examples passed");
    Ok(Ended::Passed)
}

/// Runs one, and shows its output if it fails.
fn run_one(target: &Path, name: &str) -> Result<()> {
    let program = target.join("debug/examples").join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    shell::show(&format!("cargo run -p {PACKAGE} --example {name}"));
    let output = output_path(target, name)?;
    let file = File::create(&output).with_context(|| format!("cannot write {}", output.display()))?;
    let start = Instant::now();
    let mut command = Command::new(&program);
    command.current_dir(shell::root()).stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
    offline(&mut command, std::env::vars_os().map(|(name, _)| name));
    let status = wait(&mut command, start).with_context(|| format!("cannot run {}", program.display()))?;
    let took = start.elapsed().as_secs_f64();
    let status = match status {
        Some(status) if status.success() => {
            anstream::println!("{name}: ok, {took:.2} s");
            return Ok(());
        }
        Some(status) => status.to_string(),
        None => format!("still running after {} seconds", LIMIT.as_secs()),
    };
    anstream::println!("{}", fs::read_to_string(&output).unwrap_or_default());
    bail!("{name}: failed after {took:.2} s: {status}")
}

/// Takes away what the environment says of services: with a key in it an example would ask one that is paid for.
fn offline(command: &mut Command, names: impl Iterator<Item = OsString>) {
    let of_service = |name: &OsString| {
        let name = name.to_string_lossy().to_uppercase();
        SERVICES.iter().any(|service| name.starts_with(service))
    };
    for name in names.filter(of_service) {
        command.env_remove(name);
    }
}

/// The status, or `None` when it took too long.
fn wait(command: &mut Command, start: Instant) -> Result<Option<ExitStatus>> {
    let mut child = command.spawn()?;
    while start.elapsed() < LIMIT {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        thread::sleep(Duration::from_millis(5));
    }
    child.kill()?;
    child.wait()?;
    Ok(None)
}

fn output_path(target: &Path, name: &str) -> Result<PathBuf> {
    let folder = target.join("xtask/examples");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    Ok(folder.join(format!("{name}.txt")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_learn_of_no_service() {
        let of_services = [
            "ANTHROPIC_API_KEY",
            "AZURE_OPENAI_API_KEY",
            "GEMINI_API_KEY",
            "GOOGLE_API_KEY",
            "OLLAMA_HOST",
            "OLLAMA_MODEL",
            "OPENAI_API_KEY",
            "OPENAI_BASE_URL",
        ];
        let mut command = Command::new("example");
        let all = of_services.into_iter().chain(["PATH", "HOME", "RUST_BACKTRACE"]);
        offline(&mut command, all.map(OsString::from));
        let taken: Vec<_> =
            command.get_envs().map(|(name, value)| (name.to_owned(), value.is_none())).collect();
        assert_eq!(taken, of_services.map(|name| (OsString::from(name), true)));
    }
}
