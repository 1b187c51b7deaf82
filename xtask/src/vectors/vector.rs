//! A golden vector: what to build and feed, and what LangChain made of it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use catena::{Data, Record};

/// One vector.
#[derive(Debug)]
pub(super) struct Vector {
    pub(super) id: String,
    pub(super) area: String,
    /// The result is an accident of Python.
    pub(super) python_specific: bool,
    /// The result binds; others show what one implementation happens to do.
    pub(super) binding: bool,
    /// `op` and its fields.
    pub(super) input: Record,
    /// `{"ok": ..}` or `{"error": ..}`.
    pub(super) expected: Data,
    /// All of it, if it is a recording of the wire protocol.
    pub(super) recording: Option<serde_json::Value>,
}

impl Vector {
    /// One without a content, for tests.
    #[cfg(test)]
    pub(super) fn of_area(area: &str, binding: bool) -> Self {
        let (id, area) = (String::new(), area.to_owned());
        let (input, expected) = (Record::default(), Data::Null);
        Self { id, area, python_specific: !binding, binding, input, expected, recording: None }
    }

    /// The name of the operation.
    pub(super) fn op(&self) -> &str {
        self.input.get("op").and_then(Data::as_text).unwrap_or_default()
    }
}

/// The vectors of all files below a folder, in the order of the files' names.
pub(super) fn read_all(folder: &Path) -> Result<Vec<Vector>> {
    let mut vectors = Vec::new();
    for file in json_files(folder)? {
        let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        vectors.extend(read(&text).with_context(|| format!("{} holds no vectors", file.display()))?);
    }
    if vectors.is_empty() {
        bail!("there are no vectors below {}", folder.display());
    }
    Ok(vectors)
}

fn json_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut folders = vec![folder.to_owned()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
        for entry in entries {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "json") {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

fn read(text: &str) -> Result<Vec<Vector>> {
    let file: Data = serde_json::from_str(text)?;
    let area = match (file.get("area").and_then(Data::as_text), file.get("category")) {
        (Some(area), _) => area,
        // Recordings of the wire protocol have a category instead.
        (None, Some(_)) => return read_recordings(text),
        (None, None) => bail!("the file names no area"),
    };
    let Some(Data::List(vectors)) = file.get("vectors") else { bail!("the file has no list of vectors") };
    vectors.iter().map(|vector| read_one(area, vector)).collect()
}

/// Recordings of the wire protocol: their category is the area.
fn read_recordings(text: &str) -> Result<Vec<Vector>> {
    let mut file: serde_json::Value = serde_json::from_str(text)?;
    let serde_json::Value::Array(recordings) = file["vectors"].take() else {
        bail!("the file has no list of vectors")
    };
    let area = file["category"].as_str().unwrap_or_default();
    recordings.into_iter().map(|recording| read_recording(area, recording)).collect()
}

fn read_recording(area: &str, recording: serde_json::Value) -> Result<Vector> {
    Ok(Vector {
        id: recording["id"].as_str().context("a vector has no id")?.to_owned(),
        area: area.to_owned(),
        python_specific: false,
        binding: recording["conformance"] == "exact",
        input: Record::default(),
        expected: recording["expected_result"].clone().into(),
        recording: Some(recording),
    })
}

fn read_one(area: &str, vector: &Data) -> Result<Vector> {
    let id = vector.get("id").and_then(Data::as_text).context("a vector has no id")?;
    let python_specific = vector.get("python_specific") == Some(&Data::Bool(true));
    Ok(Vector {
        id: id.to_owned(),
        area: area.to_owned(),
        python_specific,
        binding: !python_specific,
        input: vector.get("input").and_then(Data::as_record).cloned().unwrap_or_default(),
        expected: vector.get("expected").cloned().unwrap_or_default(),
        recording: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_names_its_area() {
        let text = r#"{"area": "runnables", "vectors": [
            {"id": "a", "input": {"op": "invoke"}, "expected": {"ok": 1}},
            {"id": "b", "python_specific": true, "input": {}, "expected": {}}]}"#;
        let vectors = read(text).expect("good vectors");
        assert_eq!((vectors[0].op(), vectors[0].python_specific), ("invoke", false));
        assert_eq!((vectors[1].area.as_str(), vectors[1].python_specific), ("runnables", true));
        assert_eq!(read(r#"{"category": "chat", "vectors": [{"id": "c"}]}"#).expect("good")[0].area, "chat");
        assert!(read("{}").is_err());
    }
}
