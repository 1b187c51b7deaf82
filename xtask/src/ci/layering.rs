//! Who may depend on whom. Nothing points up.

use std::fmt;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::metadata::{Package, Workspace};

/// A rule that is broken, and where.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Violation {
    pub(crate) file: PathBuf,
    pub(crate) line: usize,
    pub(crate) why: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file.display(), self.line, self.why)
    }
}

const CORE: &str = "catena-core";
const HTTP: &str = "catena-http";
const CACHE: &str = "catena-cache";
const CHAINS: &str = "catena-chains";
const LIMITS: &str = "catena-limits";
const PIPELINE: &str = "catena-pipeline";
const TOKENS: &str = "catena-tokens";
const MACROS: &str = "catena-macros";
/// Providers: all crates whose names start so.
const LLM: &str = "catena-llm-*";

/// Which of our crates a crate may depend on outside its tests. `None` for one that this file does not know.
fn below(package: &str) -> Option<&'static [&'static str]> {
    match package {
        CORE | MACROS => Some(&[]),
        HTTP | CHAINS | PIPELINE | CACHE | LIMITS | TOKENS => Some(&[CORE]),
        "catena-testkit" => Some(&[CORE, HTTP]),
        "catena" => Some(&[CORE, HTTP, CACHE, CHAINS, LIMITS, PIPELINE, TOKENS, MACROS, LLM]),
        _ if is(package, LLM) => Some(&[CORE, HTTP]),
        _ => None,
    }
}

pub(crate) fn check(workspace: &Workspace) -> Result<Vec<Violation>> {
    let mut found = Vec::new();
    for package in workspace.published() {
        let text = fs::read_to_string(&package.manifest)
            .with_context(|| format!("cannot read {}", package.manifest.display()))?;
        let file = package.manifest.strip_prefix(&workspace.root).unwrap_or(&package.manifest);
        for (name, why) in violations(package) {
            found.push(Violation { file: file.to_owned(), line: line_of(&text, &name), why });
        }
    }
    Ok(found)
}

/// The word that stands where a rule is broken, and the reason.
fn violations(package: &Package) -> Vec<(String, String)> {
    let Some(below) = below(&package.name) else {
        let why =
            format!("{} has no place in the layers; give it one in xtask/src/ci/layering.rs", package.name);
        return vec![("name".to_owned(), why)];
    };
    let ours = package.dependencies.iter().filter(|name| *name == "catena" || name.starts_with("catena-"));
    let wrong = ours.filter(|name| !below.iter().any(|allowed| is(name, allowed)));
    let why = |name: &String| {
        format!("{} may not depend on {name}, only on {below:?}: nothing points up", package.name)
    };
    wrong.map(|name| (name.clone(), why(name))).collect()
}

fn is(name: &str, pattern: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == pattern,
    }
}

/// The line that starts with this key; the first if there is none.
fn line_of(text: &str, key: &str) -> usize {
    let is_key = |line: &str| {
        let rest = line.trim_start().strip_prefix(key);
        rest.is_some_and(|rest| rest.starts_with([' ', '.', '=']))
    };
    text.lines().position(is_key).map_or(1, |index| index + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(package: &str, dependencies: &str, wrong: &[&str]) {
        let dependencies = dependencies.split_whitespace().map(str::to_owned).collect();
        let package = Package { name: package.to_owned(), dependencies, ..Package::default() };
        let found: Vec<String> = violations(&package).into_iter().map(|(name, _)| name).collect();
        assert_eq!(found, wrong, "{package:?}");
    }

    #[test]
    fn nothing_points_up() {
        check("catena-core", "serde async-trait", &[]);
        check("catena-core", "serde catena-http", &["catena-http"]);
        check("catena-http", "catena-core hyper", &[]);
        check("catena-http", "catena-testkit", &["catena-testkit"]);
        check("catena-llm-openai", "catena-core catena-http", &[]);
        check("catena-llm-openai", "catena-llm-other catena-chains", &["catena-llm-other", "catena-chains"]);
        check("catena-chains", "catena-core catena-http", &["catena-http"]);
        check("catena-pipeline", "catena-core catena-chains", &["catena-chains"]);
        check("catena-macros", "syn catena-core", &["catena-core"]);
        check("catena-testkit", "catena-core catena-http tokio", &[]);
        check("catena-testkit", "catena", &["catena"]);
        check("catena", "catena-core catena-http catena-chains catena-llm-openai catena-llm-x", &[]);
        check("catena", "catena-testkit", &["catena-testkit"]);
        check("catena-new", "", &["name"]);
    }

    #[test]
    fn the_line_is_that_of_the_dependency() {
        let text = "[package]\nname = \"x\"\n\n[dependencies]\ncatena-http-x = \"1\"\ncatena-http.workspace = true\n";
        assert_eq!(line_of(text, "catena-http"), 6);
        assert_eq!(line_of(text, "name"), 2);
        assert_eq!(line_of(text, "absent"), 1);
        let violation = Violation { file: "a/Cargo.toml".into(), line: 6, why: "why".to_owned() };
        assert_eq!(violation.to_string(), "a/Cargo.toml:6: why");
    }
}
