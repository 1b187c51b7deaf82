//! Sequences of chains.

use catena_chains::{Chain, ConversationBufferMemory, SequentialChain, SimpleMemory, SimpleSequentialChain};
use catena_core::{Data, Error, ErrorKind, FromData, Record, RunnableExt, lambda, vars};
use futures_executor::block_on;
use futures_util::StreamExt;

use crate::support::{asked, check, fails, llm};

/// A chain from `text` to `out`.
fn transform(change: fn(&str) -> String) -> Chain {
    let change = lambda(move |inputs: Record| -> Result<Record, Error> {
        let text = String::from_data(inputs.get("text").cloned().unwrap_or_default())?;
        Ok(Record::from_iter([("out", change(&text))]))
    });
    Chain::new(["text"], ["out"], change)
}

fn two() -> SequentialChain {
    let (first, second) = (llm("A {a}", &["ra"]).0, llm("B {x} {b}", &["r b"]).0);
    SequentialChain::new(["a", "b"]).with(first.with_output_key("x")).with(second.with_output_key("y"))
}

#[test]
fn a_function_is_a_chain() {
    let upper = transform(str::to_uppercase);
    check(&upper, vars! { text: "abc" }, vars! { text: "abc", out: "ABC" });
    assert_eq!(block_on(upper.arun("xyz")).expect("a text"), "XYZ");
    let other = Chain::new(["text"], ["out"], lambda(|_: Record| Record::from_iter([("other", 1)])));
    fails(block_on(other.invoke("1")), ErrorKind::InvalidInput, "`out`");
    let failing = lambda(|_: Record| Err::<Record, _>(Error::new(ErrorKind::Parse, "no")));
    fails(block_on(Chain::new(["text"], ["out"], failing).arun("x")), ErrorKind::Parse, "no");
}

#[test]
fn outputs_feed_later_chains() {
    let inputs = vars! { a: "1", b: "2" };
    check(&two().build().expect("it fits"), inputs.clone(), vars! { a: "1", b: "2", y: "r b" });
    let all = two().with_all_outputs().build().expect("it fits");
    check(&all, inputs.clone(), vars! { a: "1", b: "2", x: "ra", y: "r b" });
    let chunks: Vec<Record> = block_on(all.stream(inputs).map(|chunk| chunk.expect("a chunk")).collect());
    let tokens: Vec<Option<&Data>> = chunks.iter().map(|chunk| chunk.get("y")).collect();
    assert_eq!(tokens, [Some(&Data::from("r ")), Some(&Data::from("b"))]);
    fails(
        block_on(all.invoke(vars! { a: "1" })),
        ErrorKind::MissingKey,
        "missing input `b` of SequentialChain",
    );
}

#[test]
fn chains_that_do_not_fit_are_not_built() {
    let part = |template, key: &str| llm(template, &["r"]).0.with_output_key(key);
    let built = SequentialChain::new(["a"]).with(part("A {a}", "x")).with(part("D {x}", "a")).build();
    fails(built, ErrorKind::Config, "chain 1 of the sequence (LlmChain) returns `a`");
    fails(SequentialChain::new(["a"]).with(part("{b}", "x")).build(), ErrorKind::Config, "requires `b`");
    fails(two().with_outputs(["zzz"]).build(), ErrorKind::Config, "`zzz`");
    let two_outputs = Chain::new(["text"], ["x", "y"], lambda(|inputs: Record| inputs));
    fails(SimpleSequentialChain::new().with(two_outputs).build(), ErrorKind::Config, "`x`, `y`");
    fails(SequentialChain::new(["a"]).build(), ErrorKind::Config, "no chains");
}

#[test]
fn a_simple_sequence_of_nothing_gives_what_it_gets() {
    let chain = SimpleSequentialChain::new().with_stripped_outputs().build().expect("it fits");
    check(&chain, Data::from("x"), vars! { input: "x", output: "x" });
}

#[test]
fn a_sequence_gives_inputs_and_what_its_memory_has_where_it_is_asked_for_them() {
    let chain = two().with_outputs(["a", "y"]).build().expect("it fits");
    let inputs = vars! { a: "1", b: "2" };
    check(&chain.only_outputs(), inputs, vars! { a: "1", y: "r b" });
    let memory = SimpleMemory::new([("name", "Bob")]);
    let part = llm("{a} {name}", &["ra"]).0;
    let all = SequentialChain::new(["a"]).with(part).with_memory(memory).with_all_outputs();
    let all = all.build().expect("it fits");
    assert_eq!(all.output_keys(), ["name", "text"]);
    check(&all.only_outputs(), vars! { a: "1" }, vars! { name: "Bob", text: "ra" });
}

#[test]
fn an_applied_chain_gives_what_its_calls_give() {
    let chain = two().build().expect("it fits");
    let applied = block_on(chain.aapply([vars! { a: "1", b: "2" }])).remove(0).expect("outputs");
    assert_eq!(Data::from(applied), vars! { a: "1", b: "2", y: "r b" });
    let (part, _) = llm("{a}", &["r"]);
    let applied = block_on(Chain::from(part).aapply(["1"])).remove(0).expect("outputs");
    assert_eq!(Data::from(applied), vars! { text: "r" });
    let whole = llm("{a}", &["r"]).0.with_full_generation();
    assert_eq!(block_on(whole.arun("1")).expect("a text"), "r");
}

#[test]
fn memories_fill_inputs_of_the_parts() {
    let (part, model) = llm("{a} {name}", &["ra"]);
    let memory = SimpleMemory::new([("name", "Bob")]);
    let chain = SequentialChain::new(["a"]).with(part).with_memory(memory).build().expect("it fits");
    assert_eq!(block_on(chain.arun("1")).expect("a text"), "ra");
    assert_eq!(asked(&model), ["1 Bob"]);
    let (part, model) = llm("{history}{a}", &["r1", "r2"]);
    let part = part.with_memory(ConversationBufferMemory::new());
    let chain = SequentialChain::new(["a"]).with(part).build().expect("it fits");
    block_on(chain.arun("1")).expect("a text");
    block_on(chain.arun("2")).expect("a text");
    assert_eq!(asked(&model), ["1", "Human: 1\nAI: r12"]);
}

#[test]
fn one_text_goes_through_all() {
    let pad = || transform(|text| format!("  {text}  "));
    let exclaim = || transform(|text| format!("{text}!"));
    let simple = || SimpleSequentialChain::new().with(pad()).with(exclaim());
    check(&simple().build().expect("it fits"), "a", vars! { input: "a", output: "  a  !" });
    let stripped = simple().with_stripped_outputs().with_input_key("q").with_output_key("a");
    let stripped = stripped.build().expect("it fits");
    check(&stripped, vars! { q: "a" }, vars! { q: "a", a: "a!" });
    fails(block_on(stripped.invoke(vars! { zzz: "x" })), ErrorKind::MissingKey, "`q`");
}
