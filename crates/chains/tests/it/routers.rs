//! Router chains.

use catena_chains::{Chain, LlmChain, LlmRouterChain, MultiPromptChain, MultiRouteChain};
use catena_core::fakes::FakeLlm;
use catena_core::{Data, ErrorKind, PromptTemplate, Record, RunnableExt, lambda, vars};
use futures_executor::block_on;

use crate::support::{Answering, asked, check, fails, llm};

/// Routes to the chain that the input `to` names.
fn by_name() -> Chain {
    let route = lambda(|inputs: Record| {
        let next = Record::from_iter([("input", inputs.get("q").cloned().unwrap_or_default())]);
        vars! { destination: inputs.get("to").cloned().unwrap_or_default(), next_inputs: next }
    });
    Chain::new(["q", "to"], ["destination", "next_inputs"], route)
}

fn route() -> MultiRouteChain {
    MultiRouteChain::new(by_name(), llm("D {input}", &["the default"]).0)
        .with("math", llm("M {input}", &["the sum"]).0)
}

#[test]
fn the_chosen_chain_goes_on() {
    let chain = route().build();
    let output = |to: Data, text: &str| vars! { q: "x", to: to, input: "x", text: text };
    check(&chain, vars! { q: "x", to: "math" }, output("math".into(), "the sum"));
    check(&chain, vars! { q: "x", to: () }, output(Data::Null, "the default"));
    fails(
        block_on(chain.invoke(vars! { q: "x", to: "zzz" })),
        ErrorKind::InvalidInput,
        "seq[1] > choose: the router chose an unknown chain `zzz`; available chains: `math`",
    );
    let silent = route().with_silent_errors().build();
    check(&silent, vars! { q: "x", to: "zzz" }, output("zzz".into(), "the default"));
    fails(block_on(chain.invoke(vars! { q: "x" })), ErrorKind::MissingKey, "`to`");
    fails(
        block_on(chain.arun(vars! { q: "x", to: "math" })),
        ErrorKind::InvalidInput,
        "exactly one output, but has nothing",
    );
    let huge = block_on(chain.invoke(vars! { q: "x", to: "z".repeat(10_000) })).expect_err("no such chain");
    assert!(huge.message().len() < 300, "what a model made up is shown in part");
}

#[test]
fn an_error_of_the_chosen_chain_has_its_path() {
    let failing = LlmChain::from_template(Answering(|_| None), "{input}").expect("a good template");
    let chain = route().with("broken", failing).build();
    let path = "seq[1] > seq[1] > seq[1] > Answering: down";
    fails(block_on(chain.invoke(vars! { q: "x", to: "broken" })), ErrorKind::Server, path);
}

#[test]
fn a_model_chooses() {
    let choose = |answer: &str| {
        let router = LlmRouterChain::new(llm("Route: {input}", &[answer]).0);
        MultiRouteChain::new(router, llm("D {input}", &["default"]).0)
            .with("math", llm("M {input}", &["sum"]).0)
    };
    let to_math = choose(r#"{"destination": "math", "next_inputs": "y"}"#).build();
    check(&to_math, "x", vars! { input: "y", text: "sum" });
    let to_default = choose("```json\n{\"destination\": \"Default\", \"next_inputs\": \"y\"}\n```").build();
    check(&to_default, "x", vars! { input: "y", text: "default" });
    fails(
        block_on(choose("no idea").build().invoke("x")),
        ErrorKind::Parse,
        "seq[0] > seq[2] > RouterOutputParser",
    );
}

#[test]
fn a_model_chooses_its_prompt() {
    let model = FakeLlm::new([r#"{"destination": "DEFAULT", "next_inputs": "Hi there"}"#, "Hello!"]);
    let math = PromptTemplate::new("Add: {input}").expect("a good template");
    let chain = MultiPromptChain::new(model.clone()).with("math", "for sums {of numbers}", math);
    check(&chain.build().expect("it fits"), "Hi", vars! { input: "Hi", text: "Hello!" });
    assert!(asked(&model)[0].contains("math: for sums {of numbers}\n"), "{:?}", asked(&model));
    assert!(asked(&model)[1].ends_with("Human: Hi there\nAI:"), "{:?}", asked(&model));
    fails(MultiPromptChain::new(model).build(), ErrorKind::Config, "no prompt");
}
