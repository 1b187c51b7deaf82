//! What composition costs: `prompt | model | parser` beside the same three calls by hand, and chunks through a pipe.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "criterion's macros, and a benchmark may stop at a surprise"
)]

use catena_core::fakes::FakeLlm;
use catena_core::{
    ChunkStream, Context, LanguageModel, Prompt, PromptTemplate, PromptValue, Result, RunnableExt,
    StrOutputParser, async_trait, impl_pipe, lambda, vars,
};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use futures_executor::block_on;
use futures_util::{StreamExt, stream};

/// A model that costs as little as a model can.
struct Echo;

#[async_trait]
impl LanguageModel for Echo {
    type Output = String;

    fn generate_stream<'a>(&'a self, prompt: PromptValue, _cx: Context) -> ChunkStream<'a, String> {
        stream::iter([Ok(prompt.into_text())]).boxed()
    }

    async fn generate(&self, prompt: PromptValue, _cx: &Context) -> Result<String> {
        Ok(prompt.into_text())
    }
}
impl_pipe!(Echo);

/// A model that streams as many chunks as the prompt says.
struct Count;

#[async_trait]
impl LanguageModel for Count {
    type Output = String;

    fn generate_stream<'a>(&'a self, prompt: PromptValue, _cx: Context) -> ChunkStream<'a, String> {
        let count: usize = prompt.into_text().parse().unwrap();
        stream::iter((0..count).map(|_| Ok("token".to_owned()))).boxed()
    }
}
impl_pipe!(Count);

fn invoke(c: &mut Criterion) {
    let mut group = c.benchmark_group("invoke");
    let prompt = PromptTemplate::new("What is a good name for a company that makes {product}?").unwrap();
    let vars = || vars! { product: "toothpaste" };

    group.bench_function("three plain calls", |b| {
        b.iter_batched(
            vars,
            |vars| {
                let value = prompt.format_prompt(&vars).unwrap();
                let text = block_on(Echo.generate(value, &Context::default())).unwrap();
                std::hint::black_box(text)
            },
            BatchSize::SmallInput,
        );
    });
    let chain = prompt.clone() | Echo | StrOutputParser;
    group.bench_function("prompt | fake model | parser", |b| {
        b.iter_batched(vars, |vars| block_on(chain.invoke(vars)).unwrap(), BatchSize::SmallInput);
    });
    let boxed = (prompt.clone() | Echo | StrOutputParser).boxed();
    group.bench_function("the same, boxed", |b| {
        b.iter_batched(vars, |vars| block_on(boxed.invoke(vars)).unwrap(), BatchSize::SmallInput);
    });
    let lambdas = lambda(|x: i64| x + 1) | lambda(|x: i64| x * 2) | lambda(|x: i64| x - 1);
    group.bench_function("three functions", |b| b.iter(|| block_on(lambdas.invoke(20)).unwrap()));
    let fake = prompt | FakeLlm::new(["Bright Smile"]) | StrOutputParser;
    group.bench_function("prompt | recording fake | parser", |b| {
        b.iter_batched(vars, |vars| block_on(fake.invoke(vars)).unwrap(), BatchSize::SmallInput);
    });
    group.finish();
}

fn streaming(c: &mut Criterion) {
    let mut group = c.benchmark_group("stream through six steps");
    let chain =
        Count | StrOutputParser | StrOutputParser | StrOutputParser | StrOutputParser | StrOutputParser;
    for chunks in [1_000_u64, 10_000, 100_000] {
        group.throughput(Throughput::Elements(chunks)).sample_size(20);
        group.bench_function(format!("{chunks} chunks"), |b| {
            b.iter(|| block_on(chain.stream(chunks.to_string()).count()));
        });
    }
    group.finish();
}

criterion_group!(benches, invoke, streaming);
criterion_main!(benches);
