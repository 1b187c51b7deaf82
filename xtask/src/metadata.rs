//! What cargo knows about the packages of this workspace.

use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::shell;

/// The workspace.
#[derive(Debug)]
pub(crate) struct Workspace {
    pub(crate) root: PathBuf,
    pub(crate) target: PathBuf,
    pub(crate) packages: Vec<Package>,
}

/// A package of the workspace.
#[derive(Debug, Default)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) manifest: PathBuf,
    /// Goes to crates.io.
    pub(crate) published: bool,
    pub(crate) features: Vec<String>,
    pub(crate) examples: Vec<String>,
    /// What it depends on outside its tests.
    pub(crate) dependencies: Vec<String>,
}

impl Workspace {
    pub(crate) fn read() -> Result<Self> {
        let text = shell::read(&mut shell::cargo(["metadata", "--format-version", "1", "--no-deps"]))?;
        Self::parse(&text).context("cargo metadata printed something unknown")
    }

    fn parse(text: &str) -> Result<Self> {
        let json: Value = serde_json::from_str(text)?;
        let path = |key: &str| json[key].as_str().map(PathBuf::from).with_context(|| format!("no {key}"));
        let packages = json["packages"].as_array().context("no packages")?;
        Ok(Self {
            root: path("workspace_root")?,
            target: path("target_directory")?,
            packages: packages.iter().map(package).collect(),
        })
    }

    pub(crate) fn published(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| package.published)
    }
}

fn package(json: &Value) -> Package {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let list = |key: &str| json[key].as_array().map(Vec::as_slice).unwrap_or_default();
    let is_example =
        |target: &&Value| target["kind"].as_array().is_some_and(|kinds| kinds.contains(&"example".into()));
    Package {
        name: text(&json["name"]),
        manifest: text(&json["manifest_path"]).into(),
        // `publish = false` is an empty list of registries.
        published: json["publish"].as_array().is_none_or(|registries| !registries.is_empty()),
        features: json["features"]
            .as_object()
            .map(|features| features.keys().cloned().collect())
            .unwrap_or_default(),
        examples: list("targets").iter().filter(is_example).map(|target| text(&target["name"])).collect(),
        dependencies: list("dependencies")
            .iter()
            .filter(|dependency| dependency["kind"] != "dev")
            .map(|dependency| text(&dependency["name"]))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_cargo_prints() {
        let text = r#"{"workspace_root": "/w", "target_directory": "/w/target", "packages": [{
            "name": "a", "manifest_path": "/w/a/Cargo.toml", "publish": [],
            "features": {"default": ["x"], "x": []},
            "targets": [{"kind": ["lib"], "name": "a"}, {"kind": ["example"], "name": "hello"}],
            "dependencies": [{"name": "b", "kind": null}, {"name": "c", "kind": "dev"}, {"name": "d", "kind": "build"}]
        }]}"#;
        let workspace = Workspace::parse(text).expect("good metadata");
        let package = &workspace.packages[0];
        assert!(!package.published);
        assert_eq!(package.features, ["default", "x"]);
        assert_eq!(package.examples, ["hello"]);
        assert_eq!(package.dependencies, ["b", "d"]);
        assert!(Workspace::parse("{}").is_err());
    }
}
