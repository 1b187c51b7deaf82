//! Retrieval chains.

use catena_chains::{
    DocumentWriting, create_history_aware_retriever, create_retrieval_chain, create_stuff_documents_chain,
    create_stuff_documents_chain_with,
};
use catena_core::fakes::FakeLlm;
use catena_core::{Data, Document, ErrorKind, PromptTemplate, Record, RunnableExt, lambda, vars};
use futures_executor::block_on;
use futures_util::StreamExt;

use crate::support::{asked, check, documents, fails};

fn prompt(template: &str) -> PromptTemplate {
    PromptTemplate::new(template).expect("a good template")
}

#[test]
fn documents_are_stuffed() {
    let model = FakeLlm::new(["an answer"]);
    let chain = create_stuff_documents_chain(model.clone(), prompt("{q}: {context}")).expect("it fits");
    check(&chain, vars! { q: "why", context: documents(&["a", "b"]) }, "an answer".into());
    let chunks: Vec<String> = block_on(
        chain
            .stream(vars! { q: "why", context: documents(&[]) })
            .map(|chunk| chunk.expect("a chunk"))
            .collect(),
    );
    assert_eq!(chunks, ["an ", "answer"]);
    assert_eq!(asked(&model), ["why: a\n\nb", "why: a\n\nb", "why: "]);
    let path = "seq[0] > parallel.context > format_docs";
    fails(block_on(chain.invoke(vars! { q: "why" })), ErrorKind::MissingKey, path);
    let writing = DocumentWriting::new().with_separator(" | ");
    let chain = create_stuff_documents_chain_with(model.clone(), prompt("{pages}"), "pages", writing);
    block_on(chain.expect("it fits").invoke(vars! { pages: documents(&["a", "b"]) })).expect("an answer");
    assert_eq!(asked(&model)[3], "a | b");
    fails(create_stuff_documents_chain(model, prompt("{zzz}")), ErrorKind::Config, "`context`");
}

#[test]
fn documents_are_looked_up() {
    let model = FakeLlm::new(["an answer"]);
    let by_text = lambda(|question: String| vec![Document::new(format!("on {question}"))]);
    let by_record = lambda(|input: Record| vec![Document::new(format!("{} inputs", input.len()))]);
    let combine =
        || create_stuff_documents_chain(model.clone(), prompt("{input}: {context}")).expect("it fits");
    let chain = create_retrieval_chain(by_text, combine());
    let output = vars! { input: "tea", context: vec![Document::new("on tea")], answer: "an answer" };
    check(&chain, vars! { input: "tea" }, output);
    let first = block_on(chain.stream(vars! { input: "tea" }).next()).expect("a chunk").expect("no error");
    assert!(first.get("answer").is_none(), "what is known comes before the answer: {first:?}");
    block_on(create_retrieval_chain(by_record, combine()).invoke(vars! { input: "tea", k: 1 }))
        .expect("an answer");
    assert_eq!(asked(&model).last().map(String::as_str), Some("tea: 2 inputs"));
    fails(block_on(chain.invoke(vars! { q: "tea" })), ErrorKind::MissingKey, "missing `input` to search for");
}

#[test]
fn questions_are_understood_within_their_conversation() {
    let model = FakeLlm::new(["green tea"]);
    let retriever = lambda(|question: String| vec![Document::new(question)]);
    let retriever =
        create_history_aware_retriever(model.clone(), retriever, prompt("{chat_history}+{input}"));
    let retriever = retriever.expect("it fits");
    let check = |input: Data, expected: &str| {
        assert_eq!(block_on(retriever.invoke(input)).expect("documents"), [Document::new(expected)]);
    };
    check(vars! { input: "tea" }, "tea");
    check(vars! { input: "tea", chat_history: Vec::<Data>::new() }, "tea");
    check(vars! { input: "tea", chat_history: "" }, "tea");
    assert!(asked(&model).is_empty());
    check(vars! { input: "And green?", chat_history: "tea" }, "green tea");
    assert_eq!(asked(&model), ["tea+And green?"]);
    let whole =
        create_retrieval_chain(retriever.clone(), lambda(|input: Data| input.get("context").cloned()));
    let output = block_on(whole.invoke(vars! { input: "x" })).expect("an output");
    assert_eq!(output.get("answer"), Some(&Data::from(vec![Document::new("x")])));
    let bad =
        create_history_aware_retriever(model, lambda(|_: String| Vec::<Document>::new()), prompt("{q}"));
    fails(bad, ErrorKind::Config, "`input`");
}
