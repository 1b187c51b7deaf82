//! What filling a prompt with five variables costs, and how many times faster that is than in LangChain.
//!
//! The last lines compare the two, measured one right after the other in the same way: the best of 200 short runs of the same
//! template with the same values, which are ready on both sides. They need Python with langchain-core; `CATENA_PYTHON`
//! names another `python3`.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "criterion's macros, a benchmark may stop at a surprise, and prints what it measured"
)]

use std::collections::HashMap;
use std::hint::black_box;
use std::process::Command;
use std::time::{Duration, Instant};

use catena_core::{ChatPromptTemplate, Data, Prompt, PromptTemplate, RunnableExt, vars};
use catena_macros::Prompt;
use criterion::{Criterion, criterion_group, criterion_main};

const PLAIN: &str =
    "You are {role}. Answer {user} in {language}: what is {topic}? Use at most {words} words.";
const FORMATTED: &str = "{role:>12}|{user!r}|{language:^9}|{topic:.3}|{words:06,d}";

fn values() -> Data {
    vars! { role: "a librarian", user: "Ann", language: "French", topic: "a sonnet", words: 120 }
}

/// The plain template with its values, known to the compiler.
#[derive(Prompt, Clone)]
#[prompt(
    "You are {role}. Answer {user} in {language}: what is {topic}? Use at most {words} words.",
    crate = catena_core
)]
struct Question {
    role: String,
    user: String,
    language: String,
    topic: String,
    words: u32,
}

fn question() -> Question {
    let [role, user, language, topic] = ["a librarian", "Ann", "French", "a sonnet"].map(str::to_owned);
    Question { role, user, language, topic, words: 120 }
}

fn prompt(c: &mut Criterion) {
    let mut group = c.benchmark_group("prompt");
    let values = values();
    let plain = PromptTemplate::new(PLAIN).unwrap();
    group.bench_function("five variables", |b| b.iter(|| plain.format_prompt(&values).unwrap()));
    let (typed, question) = (Question::prompt(), question());
    group.bench_function("five fields of a struct", |b| b.iter(|| typed.format_prompt(&question).unwrap()));
    let formatted = PromptTemplate::new(FORMATTED).unwrap();
    group.bench_function("five variables with formats", |b| {
        b.iter(|| formatted.format_prompt(&values).unwrap());
    });
    let chat = ChatPromptTemplate::new([("system", "You are {role}."), ("human", PLAIN)]).unwrap();
    group.bench_function("five variables in two messages", |b| {
        b.iter(|| chat.format_prompt(&values).unwrap());
    });
    group.bench_function("parsing", |b| b.iter(|| PromptTemplate::new(black_box(PLAIN)).unwrap()));
    group.finish();
}

/// Microseconds of one call: the best of many short runs, as Python's script does it.
fn microseconds<T>(call: impl Fn() -> T) -> f64 {
    const CALLS: u32 = 2_000;
    let run = || {
        let start = Instant::now();
        (0..CALLS).for_each(|_| _ = black_box(call()));
        start.elapsed()
    };
    (0..200).map(|_| run()).min().unwrap_or(Duration::ZERO).as_secs_f64() * 1e6 / f64::from(CALLS)
}

/// LangChain's microseconds by the name of the case, if it is there.
fn langchain() -> Option<HashMap<String, f64>> {
    let python = std::env::var("CATENA_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/langchain_prompt.py");
    let output = Command::new(python).arg(script).output().ok().filter(|output| output.status.success())?;
    let line = |line: &str| {
        let (name, time) = line.rsplit_once(": ")?;
        Some((name.to_owned(), time.strip_suffix(" us")?.parse().ok()?))
    };
    Some(String::from_utf8_lossy(&output.stdout).lines().filter_map(line).collect())
}

fn compare(_: &mut Criterion) {
    let values = values();
    let plain = PromptTemplate::new(PLAIN).unwrap();
    let formatted = PromptTemplate::new(FORMATTED).unwrap();
    let chat = ChatPromptTemplate::new([("system", "You are {role}."), ("human", PLAIN)]).unwrap();
    let (typed, question) = (Question::prompt(), question());
    let Some(theirs) = langchain() else {
        println!("compared with LangChain: skipped, there is no Python with langchain-core here");
        return;
    };
    let ours = [
        ("five variables, format", "", microseconds(|| plain.format_prompt(&values).unwrap())),
        ("five variables, format", " of a struct", microseconds(|| typed.format_prompt(&question).unwrap())),
        (
            "five variables, invoke",
            "",
            microseconds(|| futures_executor::block_on(plain.invoke(values.clone())).unwrap()),
        ),
        (
            "five variables with formats, format",
            "",
            microseconds(|| formatted.format_prompt(&values).unwrap()),
        ),
        (
            "five variables in two messages, format_messages",
            "",
            microseconds(|| chat.format_prompt(&values).unwrap()),
        ),
        ("parsing", "", microseconds(|| PromptTemplate::new(black_box(PLAIN)).unwrap())),
    ];
    for (name, here, ours) in ours {
        if let Some(theirs) = theirs.get(name) {
            let times = theirs / ours;
            println!("{name}{here}: LangChain {theirs:.2} us, catena {ours:.3} us: {times:.0} times faster");
        }
    }
}

criterion_group!(benches, prompt, compare);
criterion_main!(benches);
