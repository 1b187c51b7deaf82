//! What the crates pull in: how many crates, and which they must not. And how long a file may be that shows how little it
//! takes.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context, Result};

use super::layering::Violation;
use crate::shell::{self, cargo, read};

/// A crate with its manifest, the only feature to turn on if not the default ones, the most crates that it may be (itself
/// included), and those it must not reach.
struct Rule {
    package: &'static str,
    manifest: &'static str,
    only: Option<&'static str>,
    most: usize,
    never: &'static [&'static str],
}

/// What needs a runtime, a network or a while to compile. Crates that extend one of them count as it.
const HEAVY: &[&str] = &["tokio", "hyper", "rustls", "reqwest", "regex"];

const RULES: [Rule; 3] = [
    Rule { package: "catena-core", manifest: "crates/core/Cargo.toml", only: None, most: 20, never: HEAVY },
    Rule {
        package: "catena-chains",
        manifest: "crates/chains/Cargo.toml",
        only: None,
        most: usize::MAX,
        never: HEAVY,
    },
    Rule {
        package: "catena",
        manifest: "crates/catena/Cargo.toml",
        only: None,
        most: 85,
        never: &["reqwest", "regex"],
    },
];

/// Each provider's feature of the facade brings its own crate, and none of the others.
const PROVIDERS: [Rule; 4] = [
    alone("anthropic", &["catena-llm-gemini", "catena-llm-ollama", "catena-llm-openai"]),
    alone("gemini", &["catena-llm-anthropic", "catena-llm-ollama", "catena-llm-openai"]),
    alone("ollama", &["catena-llm-anthropic", "catena-llm-gemini", "catena-llm-openai"]),
    alone("openai", &["catena-llm-anthropic", "catena-llm-gemini", "catena-llm-ollama"]),
];

const fn alone(feature: &'static str, never: &'static [&'static str]) -> Rule {
    Rule { package: "catena", manifest: "crates/catena/Cargo.toml", only: Some(feature), most: 85, never }
}

/// Files of which it is said how long they are, and the most lines that they may have.
const SHORT: [(&str, usize); 1] = [("examples/tiny_provider/provider.rs", 150)];

/// The trees differ by platform; this one is compared everywhere.
const TARGET: &str = "x86_64-unknown-linux-gnu";

pub(crate) fn check() -> Result<Vec<Violation>> {
    let mut found = Vec::new();
    for rule in RULES.iter().chain(&PROVIDERS) {
        let arguments = ["tree", "-p", rule.package, "-e", "normal", "--prefix", "none", "--format", "{p}"];
        let mut command = cargo(arguments);
        if let Some(feature) = rule.only {
            command.args(["--no-default-features", "--features", feature]);
        }
        let crates = crates(&read(command.args(["--target", TARGET]))?);
        let only = rule.only.map(|feature| format!(" with `{feature}` alone")).unwrap_or_default();
        anstream::println!("{}{only}: {} crates", rule.package, crates.len());
        found.extend(violations(rule, &crates));
    }
    for (file, most) in SHORT {
        let path = shell::root().join(file);
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        found.extend(too_long(file, &text, most));
    }
    Ok(found)
}

fn too_long(file: &str, text: &str, most: usize) -> Option<Violation> {
    let lines = text.lines().count();
    let why = format!("{lines} lines; at most {most}, as the guide for authors of providers says");
    (lines > most).then(|| Violation { file: file.into(), line: most + 1, why })
}

/// The crates of a tree, each version once: `serde v1.0.229`.
fn crates(tree: &str) -> BTreeSet<String> {
    // Behind the version stand the path of a crate of ours and the mark of a repetition.
    let crates = tree.lines().map(|line| line.split(' ').take(2).collect::<Vec<_>>().join(" "));
    crates.filter(|line| !line.is_empty()).collect()
}

fn violations(rule: &Rule, crates: &BTreeSet<String>) -> Vec<Violation> {
    let name = |line: &str| line.split(' ').next().unwrap_or_default().to_owned();
    let is = |name: &str, heavy: &str| name == heavy || name.starts_with(&format!("{heavy}-"));
    let reached =
        crates.iter().map(|line| name(line)).filter(|name| rule.never.iter().any(|heavy| is(name, heavy)));
    let mut reasons: Vec<String> = reached
        .map(|name| {
            format!("{0} must not reach {name}; see `cargo tree -p {0} -e normal -i {name}`", rule.package)
        })
        .collect();
    if crates.len() > rule.most {
        reasons.push(format!(
            "{} is {} crates with its dependencies; at most {}",
            rule.package,
            crates.len(),
            rule.most
        ));
    }
    reasons.into_iter().map(|why| Violation { file: rule.manifest.into(), line: 1, why }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(tree: &str, most: usize, expected: &[&str]) {
        let rule =
            Rule { package: "ours", manifest: "crates/ours/Cargo.toml", only: None, most, never: HEAVY };
        let found: Vec<String> =
            violations(&rule, &crates(tree)).into_iter().map(|found| found.why).collect();
        assert_eq!(found.len(), expected.len(), "{found:?}");
        assert!(found.iter().zip(expected).all(|(why, expected)| why.contains(expected)), "{found:?}");
    }

    #[test]
    fn files_that_are_said_to_be_short_are() {
        assert_eq!(too_long("f.rs", "a\nb\n", 2), None);
        let found = too_long("f.rs", "a\nb\nc", 2).map(|found| (found.line, found.why));
        assert!(found.is_some_and(|(line, why)| line == 3 && why.starts_with("3 lines; at most 2")));
    }

    #[test]
    fn crates_are_counted_once_and_heavy_ones_found() {
        let tree = "ours v0.1.0 (/home/me/ours)\nserde v1.0.0\nserde_core v1.0.0 (*)\nserde_core v1.0.0\n";
        check(tree, 3, &[]);
        check(tree, 2, &["3 crates"]);
        check("ours v0.1.0\ntokio v1.0.0\ntokio-util v0.7.0\ntokiox v1.0.0", 9, &["tokio;", "tokio-util;"]);
        check("ours v0.1.0\nrustls-pki-types v1.0.0", 9, &["rustls-pki-types"]);
    }
}
