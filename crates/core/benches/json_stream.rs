//! What reading answers in pieces of four bytes costs: per byte the same for a short and a long answer.
//!
//! The last lines say how much longer a hundred times as much takes, and the same of LangChain, measured one right after
//! the other: the best of a few runs. LangChain reads all again with each piece, so its answers are short ones, and
//! what it needs for 1 MB is what its time for twice as much says. It needs Python with langchain-core; `CATENA_PYTHON`
//! names another `python3`.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "criterion's macros, a benchmark may stop at a surprise, and prints what it measured"
)]

use std::process::Command;
use std::time::{Duration, Instant};

use catena_core::{
    Chunk, Context, JsonOutputParser, JsonSchemaOutputParser, Runnable, TypedOutputParser, XmlOutputParser,
};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use futures_executor::block_on;
use futures_util::{StreamExt, stream};
use serde::Deserialize;
use serde_json::{Value, json};

/// The sizes of the answers in bytes, and their names.
const SIZES: [(usize, &str); 3] = [(10_000, "10 KB"), (100_000, "100 KB"), (1_000_000, "1 MB")];

/// An item of [`records`].
#[derive(Deserialize)]
struct Item {
    #[serde(rename = "id")]
    _id: u64,
    #[serde(rename = "title")]
    _title: String,
    #[serde(default, rename = "tags")]
    _tags: Vec<String>,
}

fn schema() -> Value {
    let text = json!({"type": "string"});
    let members = json!({"id": {"type": "integer"}, "title": text, "tags": {"type": "array", "items": text}});
    json!({"type": "array", "items": {"type": "object", "properties": members, "required": ["id"]}})
}

/// A list of records of about so many bytes.
fn records(size: usize) -> String {
    let mut text = String::from("```json\n[");
    for number in 0.. {
        text +=
            &format!(r#"{{"id": {number}, "title": "The \"long\" road", "tags": ["a", "b"], "ok": true}},"#);
        if text.len() >= size {
            break;
        }
    }
    text.pop();
    text + "]\n```"
}

/// One text of so many bytes in an object.
fn one_text(size: usize) -> String {
    format!(r#"{{"text": "{}"}}"#, "All work and no play. ".repeat(size / 22))
}

/// Films of about so many bytes together.
fn films(size: usize) -> String {
    const FILM: &str =
        "<film><title>The &quot;long&quot; road</title><cast><name>Al</name><name>Bo</name></cast></film>";
    format!("<films>{}</films>", FILM.repeat(size / FILM.len()))
}

fn pieces<T: From<String>>(text: &str) -> Vec<T> {
    text.as_bytes().chunks(4).map(|piece| String::from_utf8(piece.to_vec()).unwrap().into()).collect()
}

/// Streams the answer and looks at what comes last.
fn parse<P: Runnable>(parser: &P, pieces: Vec<P::Input>) {
    let input = stream::iter(pieces.into_iter().map(Ok)).boxed();
    let output = parser.transform(input, Context::default());
    let last = block_on(output.fold(None, |_, chunk| std::future::ready(Some(chunk.unwrap()))));
    assert!(!last.unwrap().to_json().is_null());
}

fn measure<P: Runnable<Input: From<String>>>(
    c: &mut Criterion,
    parser: &P,
    shape: &str,
    answer: fn(usize) -> String,
) {
    let mut group = c.benchmark_group(format!("{}, {shape}", parser.name()));
    for (size, name) in SIZES {
        let pieces: Vec<P::Input> = pieces(&answer(size));
        group.throughput(Throughput::Bytes(size as u64)).sample_size(10);
        group.bench_function(name, |b| {
            b.iter_batched(|| pieces.clone(), |pieces| parse(parser, pieces), BatchSize::LargeInput);
        });
    }
    group.finish();
}

fn stream_parsers(c: &mut Criterion) {
    for (shape, answer) in [("records", records as fn(usize) -> String), ("one text", one_text)] {
        measure(c, &JsonOutputParser, shape, answer);
        measure(c, &JsonOutputParser.diff(), shape, answer);
    }
    measure(c, &XmlOutputParser::new(), "films", films);
}

/// How long the best of a few runs takes.
fn best<P: Runnable<Input: From<String>>>(parser: &P, answer: &str) -> Duration {
    let run = |_| {
        let pieces = pieces(answer);
        let start = Instant::now();
        parse(parser, pieces);
        start.elapsed()
    };
    (0..3).map(run).min().unwrap_or(Duration::ZERO)
}

fn growth<P: Runnable<Input: From<String>>>(parser: &P, shape: &str, answer: fn(usize) -> String) {
    let [short, .., long] = SIZES.map(|(size, _)| best(parser, &answer(size)).as_secs_f64() * 1e3);
    println!(
        "{}, {shape}: 10 KB {short:.3} ms, 1 MB {long:.1} ms: {:.0} times as long (linear: 100)",
        parser.name(),
        long / short
    );
}

fn compare(_: &mut Criterion) {
    growth(&JsonOutputParser, "records", records);
    growth(&JsonOutputParser, "one text", one_text);
    growth(&JsonOutputParser.diff(), "records", records);
    growth(&TypedOutputParser::<Vec<Item>>::with_schema(schema()), "records", records);
    growth(&JsonSchemaOutputParser::new(schema()).unwrap(), "records", records);
    growth(&XmlOutputParser::new(), "films", films);
    let python = std::env::var("CATENA_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/langchain_stream.py");
    match Command::new(python).arg(script).output() {
        Ok(output) if output.status.success() => print!("{}", String::from_utf8_lossy(&output.stdout)),
        _ => println!("compared with LangChain: skipped, there is no Python with langchain-core here"),
    }
}

criterion_group!(benches, stream_parsers, compare);
criterion_main!(benches);
