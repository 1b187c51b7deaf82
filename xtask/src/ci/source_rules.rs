//! Rules for source text that no lint knows.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::layering::Violation;

/// Words that may not stand in the code of crates without side effects, and why not.
const FORBIDDEN: [(&[&str], &str); 6] = [
    (&["std::env", "env::var", "env::args"], "only providers read the environment"),
    (
        &["thread::spawn", "thread::scope", "thread::Builder", "thread::sleep"],
        "concurrency is futures that the caller polls",
    ),
    (&["static mut ", "thread_local!", "lazy_static!"], "there is no global mutable state"),
    (&["Instant::now", "SystemTime::now"], "time comes from a Timer"),
    (&["std::net", "TcpStream", "TcpListener", "UdpSocket"], "only the transport reaches the network"),
    (&FILES, "files are the application's"),
];

/// What reads and writes files.
const FILES: [&str; 5] = ["std::fs", "fs::read", "fs::write", "File::open", "File::create"];

/// The one file that may: it has `PromptTemplate::from_file`.
const READS_FILES: &str = "crates/core/src/prompt/prompt_template.rs";

/// Types that make a `static` mutable.
const CELLS: [&str; 9] =
    ["OnceLock", "LazyLock", "OnceCell", "LazyCell", "Mutex", "RwLock", "Atomic", "RefCell", "Once<"];

/// Crates where the words are forbidden.
const PURE: [&str; 5] =
    ["crates/core/src", "crates/chains/src", "crates/limits/src", "crates/pipeline/src", "crates/tokens/src"];

pub(crate) fn check(root: &Path) -> Result<Vec<Violation>> {
    let mut found = Vec::new();
    for file in sources(root)? {
        let text = fs::read_to_string(root.join(&file))
            .with_context(|| format!("cannot read {}", file.display()))?;
        let mut report =
            |(line, why): (usize, String)| found.push(Violation { file: file.clone(), line, why });
        first_line(&text).map(|why| (1, why)).into_iter().for_each(&mut report);
        if PURE.iter().any(|folder| file.starts_with(folder)) {
            pure(&text, Exempt::of(&file)).into_iter().for_each(&mut report);
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
    rust_files(root, folders)
}

/// The Rust files in these folders and all below them, in the order of their names.
pub(super) fn rust_files(root: &Path, mut folders: Vec<PathBuf>) -> Result<Vec<PathBuf>> {
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

/// What a file of a pure crate may do all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Exempt {
    Nothing,
    /// Timers, and only they, read the clock.
    Clock,
    Files,
}

impl Exempt {
    fn of(file: &Path) -> Self {
        match file {
            file if file.to_string_lossy().ends_with("timer.rs") => Self::Clock,
            file if file == Path::new(READS_FILES) => Self::Files,
            _ => Self::Nothing,
        }
    }

    fn allows(self, word: &str) -> bool {
        match self {
            Self::Nothing => false,
            Self::Clock => word.ends_with("::now"),
            Self::Files => FILES.contains(&word),
        }
    }
}

/// The lines of a pure crate that touch the world around it.
fn pure(text: &str, exempt: Exempt) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (number, code) in code_lines(text) {
        for (words, why) in FORBIDDEN {
            for word in words.iter().filter(|word| code.contains(**word)) {
                if !exempt.allows(word) {
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
    fn check(text: &str, exempt: Exempt, expected: &[(usize, &str)]) {
        let found = pure(text, exempt);
        assert_eq!(found.len(), expected.len(), "{found:?}");
        for ((line, why), (expected_line, word)) in found.iter().zip(expected) {
            assert!(line == expected_line && why.contains(word), "{found:?}");
        }
    }

    #[test]
    fn a_pure_crate_touches_nothing() {
        check("use std::fmt;\nlet x = 1;\n", Exempt::Nothing, &[]);
        check("use std::fmt;\nuse std::env;\n", Exempt::Nothing, &[(2, "std::env")]);
        check("    std::thread::spawn(|| ());", Exempt::Nothing, &[(1, "thread::spawn")]);
        check("static mut X: u8 = 0;", Exempt::Nothing, &[(1, "static mut")]);
        check("pub static X: OnceLock<u8> = OnceLock::new();", Exempt::Nothing, &[(1, "mutable `static`")]);
        check("static CALLS: AtomicU64 = AtomicU64::new(0);", Exempt::Nothing, &[(1, "mutable `static`")]);
        check("thread_local! {\n}", Exempt::Nothing, &[(1, "thread_local!")]);
        check("let now = Instant::now();", Exempt::Nothing, &[(1, "Timer")]);
        check(
            "use std::fs::File;\nuse std::net::TcpStream;",
            Exempt::Nothing,
            &[(1, "std::fs"), (2, "std::net"), (2, "TcpStream")],
        );
        check("let text = fs::read_to_string(path)?;", Exempt::Clock, &[(1, "fs::read")]);
        check("let now = Instant::now();", Exempt::Files, &[(1, "Timer")]);
        check("let stream = TcpStream::connect(x);", Exempt::Files, &[(1, "transport")]);
    }

    #[test]
    fn what_is_fine_stays_fine() {
        check("Instant::now()", Exempt::Clock, &[]);
        check("use std::fs;\nfs::read_to_string(path)", Exempt::Files, &[]);
        check("field: OnceLock<u8>,\nfn f(x: &'static str, m: Mutex<u8>) {}", Exempt::Nothing, &[]);
        check("static NAME: &str = \"x\";", Exempt::Nothing, &[]);
        check("/// Like `std::env::var`.\n//! std::env\nx(); // Instant::now", Exempt::Nothing, &[]);
        check("fn f() {}\n#[cfg(test)]\nmod tests { std::env::var(\"X\"); }", Exempt::Nothing, &[]);
    }

    #[test]
    fn exemptions_are_those_of_files_that_are_there() {
        assert_eq!(Exempt::of(Path::new("crates/core/src/timer.rs")), Exempt::Clock);
        assert_eq!(Exempt::of(Path::new(READS_FILES)), Exempt::Files);
        assert_eq!(Exempt::of(Path::new("crates/core/src/prompt/mod.rs")), Exempt::Nothing);
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        assert!(root.join(READS_FILES).is_file() && PURE.iter().all(|folder| root.join(folder).is_dir()));
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
