//! What each step of `cargo xtask ci` does.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use clap::ValueEnum;

use super::{layering, sizes, source_rules};
use crate::metadata::{Package, Workspace};
use crate::shell::{cargo, run};
use crate::steps::{Ended, Steps};
use crate::{examples, fuzz, local, test};

/// A step, in the order they run: what is quick to fail comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Step {
    /// The formatting is that of rustfmt
    Fmt,
    /// The crates keep their layers, their size and the rules of their sources
    Layering,
    /// No lint complains, in any package, tests and examples included
    Clippy,
    /// Every published package passes on its own, without its default features, with each feature alone and with all
    Features,
    /// The core passes its tests on its own
    Core,
    /// All tests pass and all examples run
    Test,
    /// The crate for models in files, a workspace of its own, passes its lints and tests
    Local,
    /// The examples build
    Examples,
    /// The documentation has no broken links
    Docs,
    /// Licences and sources of the dependencies are allowed (needs cargo-deny)
    Deny,
    /// The published crates can be packaged
    Package,
}

impl Step {
    pub(crate) fn run(self, workspace: &Workspace, steps: &mut Steps) {
        match self {
            Self::Fmt => steps.run("fmt", fmt),
            Self::Layering => steps.run("layering", || layers(workspace)),
            Self::Clippy => steps.run("clippy", clippy),
            Self::Features => steps.run("features", || features(workspace)),
            Self::Core => steps.run("core", core),
            Self::Test => test::run_in(steps),
            Self::Local => steps.run("models in files", local::check),
            Self::Examples => steps.run("examples build", examples::build),
            Self::Docs => steps.run("docs", || docs(workspace)),
            Self::Deny => steps.run("deny", deny),
            Self::Package => steps.run("package", || package(workspace)),
        }
    }
}

fn passes(command: &mut Command) -> Result<Ended> {
    run(command)?;
    Ok(Ended::Passed)
}

fn fmt() -> Result<Ended> {
    // rustfmt's own guess of whether to color is wrong when it writes to a file.
    passes(&mut cargo(["fmt", "--all", "--check", "--", "--color", "never"]))
}

/// The same for every run: what one has linted is good for the others.
const DENY_WARNINGS: [&str; 3] = ["--", "-D", "warnings"];

/// Without `--no-deps`: cargo holds a dependency that was not linted for one that was, and never lints it then.
fn clippy_of() -> Command {
    cargo(["clippy", "--quiet"])
}

fn clippy() -> Result<Ended> {
    passes(clippy_of().arg("--all-targets").args(test::AS_TESTED).args(DENY_WARNINGS))
}

/// One at a time, as a user builds it: the features that a neighbour turns on are missing then. Libraries without their
/// tests, whose dependencies turn features on too. Of what is never published, what people run on its own.
fn features(workspace: &Workspace) -> Result<Ended> {
    let mut selections =
        vec![vec!["-p", examples::PACKAGE, "--examples"], vec!["-p", fuzz::PACKAGE, "--bins"]];
    for package in workspace.published() {
        selections.extend(feature_sets(package, &source(workspace, package)?));
    }
    each(selections)
}

/// All that stands in the sources of a package.
fn source(workspace: &Workspace, package: &Package) -> Result<String> {
    let folder = package.manifest.parent().map(|folder| folder.join("src")).unwrap_or_default();
    let files = source_rules::rust_files(&workspace.root, vec![folder])?;
    let read = |file: &PathBuf| {
        fs::read_to_string(workspace.root.join(file))
            .with_context(|| format!("cannot read {}", file.display()))
    };
    files.iter().map(read).collect()
}

fn feature_sets<'a>(package: &'a Package, source: &str) -> Vec<Vec<&'a str>> {
    let as_it_is = vec!["-p", &*package.name];
    if package.features.is_empty() {
        return vec![as_it_is];
    }
    let without = ["-p", &package.name, "--no-default-features"];
    // A feature that the sources do not name changes only what they depend on, and that has its own turn.
    let is_named = |feature: &&String| source.contains(&format!("feature = \"{feature}\""));
    let alone = package.features.iter().filter(|feature| *feature != "default").filter(is_named);
    let alone: Vec<_> = alone.map(|feature| [&without[..], &["--features", feature]].concat()).collect();
    let all = (!alone.is_empty()).then(|| vec!["-p", &*package.name, "--all-features"]);
    [as_it_is, without.to_vec()].into_iter().chain(alone).chain(all).collect()
}

/// Lints every selection, and only then fails.
fn each(selections: Vec<Vec<&str>>) -> Result<Ended> {
    let total = selections.len();
    let lint = |selection: &Vec<&str>| {
        let done = run(clippy_of().args(selection).args(DENY_WARNINGS));
        done.inspect_err(|error| anstream::println!("\x1b[31m{error}\x1b[0m"))
    };
    match selections.iter().filter(|selection| lint(selection).is_err()).count() {
        0 => Ok(Ended::Passed),
        failed => bail!("{failed} of {total} feature sets failed"),
    }
}

/// Tests in a build where no other crate turns on features of the dependencies.
fn core() -> Result<Ended> {
    passes(&mut cargo(["test", "-p", "catena-core", "--no-default-features", "--quiet"]))
}

fn docs(workspace: &Workspace) -> Result<Ended> {
    let mut command = cargo(["doc", "--no-deps", "--all-features"]);
    for package in workspace.published() {
        command.args(["-p", &package.name]);
    }
    passes(command.env("RUSTDOCFLAGS", "-D warnings"))
}

fn layers(workspace: &Workspace) -> Result<Ended> {
    let mut found = layering::check(workspace)?;
    found.extend(source_rules::check(&workspace.root)?);
    found.extend(sizes::check()?);
    if found.is_empty() {
        return Ok(Ended::Passed);
    }
    for violation in &found {
        anstream::println!("{violation}");
    }
    bail!("{} rules broken", found.len())
}

fn deny() -> Result<Ended> {
    let installed = cargo(["deny", "--version"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !installed.is_ok_and(|status| status.success()) {
        return Ok(Ended::Skipped("cargo-deny is not installed"));
    }
    passes(&mut cargo(["deny", "check", "licenses", "bans", "sources"]))
}

/// Without building the packages again from their archives.
fn package(workspace: &Workspace) -> Result<Ended> {
    let mut command = cargo(["package", "--workspace", "--no-verify", "--allow-dirty", "--quiet"]);
    for package in workspace.packages.iter().filter(|package| !package.published) {
        command.args(["--exclude", &package.name]);
    }
    passes(&mut command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_feature_that_changes_the_package_is_tried_alone_and_with_all() {
        let features = ["chains", "default", "http", "tls-ring"].map(str::to_owned).to_vec();
        let package = Package { name: "catena".to_owned(), features, ..Package::default() };
        let source =
            "#[cfg(feature = \"chains\")]\nmod chains;\n#[cfg(any(feature = \"http\", test))]\nmod http;\n";
        let sets: Vec<String> = feature_sets(&package, source).iter().map(|set| set.join(" ")).collect();
        let expected = [
            "-p catena",
            "-p catena --no-default-features",
            "-p catena --no-default-features --features chains",
            "-p catena --no-default-features --features http",
            "-p catena --all-features",
        ];
        assert_eq!(sets, expected);
        let sets: Vec<String> = feature_sets(&package, "").iter().map(|set| set.join(" ")).collect();
        assert_eq!(sets, ["-p catena", "-p catena --no-default-features"]);
        let plain = Package { name: "catena-macros".to_owned(), ..Package::default() };
        assert_eq!(feature_sets(&plain, source), [["-p", "catena-macros"]]);
    }
}
