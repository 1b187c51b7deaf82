//! What filling a prompt with five variables costs. `langchain_prompt.py` beside this file times LangChain's.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "criterion's macros, and a benchmark may stop at a surprise"
)]

use catena_core::{ChatPromptTemplate, Data, Prompt, PromptTemplate, vars};
use criterion::{Criterion, criterion_group, criterion_main};

const PLAIN: &str =
    "You are {role}. Answer {user} in {language}: what is {topic}? Use at most {words} words.";
const FORMATTED: &str = "{role:>12}|{user!r}|{language:^9}|{topic:.3}|{words:06,d}";

fn values() -> Data {
    vars! { role: "a librarian", user: "Ann", language: "French", topic: "a sonnet", words: 120 }
}

fn prompt(c: &mut Criterion) {
    let mut group = c.benchmark_group("prompt");
    let values = values();
    let plain = PromptTemplate::new(PLAIN).unwrap();
    group.bench_function("five variables", |b| b.iter(|| plain.format_prompt(&values).unwrap()));
    let formatted = PromptTemplate::new(FORMATTED).unwrap();
    group.bench_function("five variables with formats", |b| {
        b.iter(|| formatted.format_prompt(&values).unwrap());
    });
    let chat = ChatPromptTemplate::new([("system", "You are {role}."), ("human", PLAIN)]).unwrap();
    group.bench_function("five variables in two messages", |b| {
        b.iter(|| chat.format_prompt(&values).unwrap());
    });
    group.bench_function("parsing", |b| b.iter(|| PromptTemplate::new(std::hint::black_box(PLAIN)).unwrap()));
    group.finish();
}

criterion_group!(benches, prompt);
criterion_main!(benches);
