//! What reading JSON in pieces of four bytes costs: per byte the same for a short and a long answer.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "criterion's macros, and a benchmark may stop at a surprise"
)]

use catena_core::{AiMessage, Chunk, Context, JsonOutputParser, Runnable};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use futures_executor::block_on;
use futures_util::{StreamExt, stream};

/// The sizes of the answers in bytes, and their names.
const SIZES: [(usize, &str); 3] = [(10_000, "10 KB"), (100_000, "100 KB"), (1_000_000, "1 MB")];

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

fn pieces(text: &str) -> Vec<AiMessage> {
    text.as_bytes()
        .chunks(4)
        .map(|piece| AiMessage::new(String::from_utf8(piece.to_vec()).unwrap()))
        .collect()
}

/// Streams the answer and looks at what comes last.
fn parse<P: Runnable<Input = AiMessage>>(parser: &P, pieces: Vec<AiMessage>) {
    let input = stream::iter(pieces.into_iter().map(Ok)).boxed();
    let output = parser.transform(input, Context::default());
    let last = block_on(output.fold(None, |_, chunk| std::future::ready(Some(chunk.unwrap()))));
    assert!(!last.unwrap().to_json().is_null());
}

fn measure<P: Runnable<Input = AiMessage>>(c: &mut Criterion, parser: &P) {
    for shape in ["records", "one text"] {
        let mut group = c.benchmark_group(format!("{}, {shape}", parser.name()));
        for (size, name) in SIZES {
            let pieces = pieces(&if shape == "records" { records(size) } else { one_text(size) });
            group.throughput(Throughput::Bytes(size as u64)).sample_size(20);
            group.bench_function(name, |b| {
                b.iter_batched(|| pieces.clone(), |pieces| parse(parser, pieces), BatchSize::LargeInput);
            });
        }
        group.finish();
    }
}

fn json_stream(c: &mut Criterion) {
    measure(c, &JsonOutputParser);
    measure(c, &JsonOutputParser.diff());
}

criterion_group!(benches, json_stream);
criterion_main!(benches);
