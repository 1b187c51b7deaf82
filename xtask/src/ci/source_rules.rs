//! Rules for source text that no lint knows.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::layering::Violation;

/// Words that may not stand in the code of crates without side effects, and why not.
const FORBIDDEN: [(&[&str], &str); 4] = [
    (&["std::env", "env::var", "env::args"], "only providers read the environment"),
    (
        &["thread::spawn", "thread::scope", "thread::Builder", "thread::sleep"],
        "concurrency is futures that the caller polls",
    ),
    (&["static mut ", "thread_local!", "lazy_static!"], "there is no global mutable state"),
    (&["Instant::now", "SystemTime::now"], "time comes from a Timer"),
];

/// Types that make a `static` mutable.
const CELLS: [&str; 9] =
    ["OnceLock", "LazyLock", "OnceCell", "LazyCell", "Mutex", "RwLock", "Atomic", "RefCell", "Once<"];

/// Crates where the words are forbidden.
const PURE: [&str; 2] = ["crates/core/src", "crates/chains/src"];

pub(crate) fn check(root: &Path) -> Result<Vec<Violation>> {
    let mut found = Vec::new();
    for file in sources(root)? {
        let text = fs::read_to_string(root.join(&file))
            .with_context(|| format!("cannot read {}", file.display()))?;
        let mut report =
            |(line, why): (usize, String)| found.push(Violation { file: file.clone(), line, why });
        first_line(&text).map(|why| (1, why)).into_iter().for_each(&mut report);
        if PURE.iter().any(|folder| file.starts_with(folder)) {
            pure(&text, file.to_string_lossy().ends_with("timer.rs")).into_iter().for_each(&mut report);
        }
    }
    Ok(found)
}

/// All source files that the rules are about.
fn sources(root: &Path) -> Result<Vec<PathBuf>> {
    let mut folders = vec![PathBuf::from("xtask/src"), PathBuf::from("examples")];
    for entry in fs::read_dir(root.join("crates"))? {
        folders.push(Path::new("crates").join(entry?.file_name()).join("src"));
    }
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        let entries =
            fs::read_dir(root.join(&folder)).with_context(|| format!("cannot read {}", folder.display()))?;
        for entry in entries {
            let entry = entry?;
            let path = folder.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

/// A file begins by saying what it is for.
fn first_line(text: &str) -> Option<String> {
    let line = text.lines().next().unwrap_or_default();
    let says = line.len() > "//! ".len() && line.starts_with("//! ") || line.starts_with("#![doc");
    (!says).then(|| "the file does not begin with a `//!` line that says what it is for".to_owned())
}

/// The lines of a pure crate that touch the world around it. Timers, and only they, read the clock.
fn pure(text: &str, is_timer: bool) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (number, code) in code_lines(text) {
        for (words, why) in FORBIDDEN {
            for word in words.iter().filter(|word| code.contains(**word)) {
                if !(is_timer && word.ends_with("::now")) {
                    found.push((number, format!("`{}`: {why}", word.trim_end())));
                }
            }
        }
        if is_static(code) && CELLS.iter().any(|cell| code.contains(cell)) {
            found.push((number, "a mutable `static`: there is no global mutable state".to_owned()));
        }
    }
    found
}

fn is_static(code: &str) -> bool {
    let code = code.trim_start();
    let code = code.strip_prefix("pub(crate) ").or_else(|| code.strip_prefix("pub ")).unwrap_or(code);
    code.starts_with("static ")
}

/// The numbered lines above the tests, without comments.
fn code_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = text.lines().enumerate().map(|(index, line)| (index + 1, line));
    let lines = lines.take_while(|(_, line)| line.trim() != "#[cfg(test)]");
    lines.map(|(number, line)| (number, line.split("//").next().unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, is_timer: bool, expected: &[(usize, &str)]) {
        let found = pure(text, is_timer);
        assert_eq!(found.len(), expected.len(), "{found:?}");
        for ((line, why), (expected_line, word)) in found.iter().zip(expected) {
            assert!(line == expected_line && why.contains(word), "{found:?}");
        }
    }

    #[test]
    fn a_pure_crate_touches_nothing() {
        check("use std::fmt;\nlet x = 1;\n", false, &[]);
        check("use std::fmt;\nuse std::env;\n", false, &[(2, "std::env")]);
        check("    std::thread::spawn(|| ());", false, &[(1, "thread::spawn")]);
        check("static mut X: u8 = 0;", false, &[(1, "static mut")]);
        check("pub static X: OnceLock<u8> = OnceLock::new();", false, &[(1, "mutable `static`")]);
        check("static CALLS: AtomicU64 = AtomicU64::new(0);", false, &[(1, "mutable `static`")]);
        check("thread_local! {\n}", false, &[(1, "thread_local!")]);
        check("let now = Instant::now();", false, &[(1, "Timer")]);
    }

    #[test]
    fn what_is_fine_stays_fine() {
        check("Instant::now()", true, &[]);
        check("field: OnceLock<u8>,\nfn f(x: &'static str, m: Mutex<u8>) {}", false, &[]);
        check("static NAME: &str = \"x\";", false, &[]);
        check("/// Like `std::env::var`.\n//! std::env\nx(); // Instant::now", false, &[]);
        check("fn f() {}\n#[cfg(test)]\nmod tests { std::env::var(\"X\"); }", false, &[]);
    }

    #[test]
    fn a_file_says_what_it_is_for() {
        assert_eq!(first_line("//! Tests.\nfn f() {}"), None);
        assert_eq!(first_line("#![doc = include_str!(\"../README.md\")]"), None);
        for text in ["", "fn main() {}", "//!", "//! ", "// plain", "\n//! late"] {
            assert!(first_line(text).is_some(), "{text:?}");
        }
    }
}
