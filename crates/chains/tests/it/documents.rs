//! Chains over documents.

use catena_chains::{
    AnalyzeDocumentChain, Chain, LlmChain, MapReduceDocumentsChain, MapRerankDocumentsChain,
    ReduceDocumentsChain, RefineDocumentsChain, StuffDocumentsChain,
};
use catena_core::{
    ChatPromptTemplate, Data, ErrorKind, JsonOutputParser, Message, PromptTemplate, RunConfig, RunnableExt,
    vars,
};
use catena_testkit::laws::Probe;
use futures_executor::block_on;

use crate::support::{Answering, asked, check, documents, fails, llm};

fn words(messages: &[Message]) -> usize {
    messages.iter().map(|message| message.text().split_whitespace().count()).sum()
}

#[test]
fn all_documents_in_one_prompt() {
    let (ask, model) = llm("Q {q}: {context}", &["a summary"]);
    let stuff = || StuffDocumentsChain::new(ask.clone()).with_document_variable_name("context");
    let chain = stuff().build().expect("it fits");
    assert_eq!(chain.input_keys(), ["input_documents", "q"]);
    let inputs = vars! { input_documents: documents(&["alpha", "beta"]), q: "why" };
    check(&chain.clone().only_outputs(), inputs.clone(), vars! { output_text: "a summary" });
    assert_eq!(asked(&model)[0], "Q why: alpha\n\nbeta");
    let prompt = PromptTemplate::new("[{page}] {page_content}").expect("a good template");
    let paged = stuff().with_document_prompt(prompt).with_document_separator("; ").build().expect("it fits");
    block_on(paged.invoke(inputs)).expect("an answer");
    assert_eq!(asked(&model)[2], "Q why: [1] alpha; [2] beta");
    let missing = vars! { input_documents: documents(&["alpha"]) };
    fails(block_on(chain.invoke(missing)), ErrorKind::MissingKey, "`q`");
    let wrong = vars! { input_documents: 1, q: "why" };
    fails(block_on(chain.invoke(wrong)), ErrorKind::InvalidInput, "seq[0] > stuff: expected a list");
}

#[test]
fn chains_without_a_place_for_documents_are_not_built() {
    let stuff = |template| StuffDocumentsChain::new(llm(template, &["r"]).0);
    fails(stuff("{a} {b}").build(), ErrorKind::Config, "with_document_variable_name");
    fails(stuff("{a}").with_document_variable_name("zzz").build(), ErrorKind::Config, "`zzz`");
    fails(stuff("static").build(), ErrorKind::Config, "LlmChain, which has nothing");
    let refine =
        |next, name: &str| RefineDocumentsChain::new(llm("{t}", &["r"]).0, llm(next, &["r"]).0, name);
    fails(refine("{so_far}", "so_far").build(), ErrorKind::Config, "missing variable `t`");
    fails(refine("{t}", "so_far").build(), ErrorKind::Config, "missing variable `so_far`");
    let two = Chain::new(["t"], ["a", "b"], catena_core::lambda(|inputs: Data| inputs));
    fails(MapReduceDocumentsChain::new(two, llm("{t}", &["r"]).0).build(), ErrorKind::Config, "`a`, `b`");
}

#[test]
fn a_document_without_metadata_is_named() {
    let prompt = PromptTemplate::new("[{zzz}] {page_content}").expect("a good template");
    let chain = StuffDocumentsChain::new(llm("{text}", &["r"]).0).with_document_prompt(prompt);
    let chain = chain.build().expect("it fits");
    fails(
        block_on(chain.invoke(documents(&["a"]))),
        ErrorKind::MissingKey,
        "document 0: missing variable `zzz`",
    );
}

#[test]
fn documents_are_collapsed_until_they_fit() {
    let (ask, model) = llm("Reduce: {docs}", &["c1", "c2", "final"]);
    let reduce = || {
        ReduceDocumentsChain::new(StuffDocumentsChain::new(ask.clone()))
            .with_token_max(8)
            .with_token_counter(words)
    };
    let three = || documents(&["m1 one two", "m2 one two", "m3 one two"]);
    let chain = reduce().build().expect("it fits").only_outputs();
    check(&chain, three(), vars! { output_text: "final" });
    let expected = ["Reduce: m1 one two\n\nm2 one two", "Reduce: m3 one two", "Reduce: c1\n\nc2"];
    assert_eq!(asked(&model), [expected, expected].concat());
    let long = documents(&["1 2 3 4 5 6 7 8"]);
    fails(block_on(chain.invoke(long)), ErrorKind::InvalidInput, "seq[0] > collapse: a single document");
    let (same, _) = llm("{docs}", &["still one two three"]);
    let stuck = || reduce().with_collapse(StuffDocumentsChain::new(same.clone()).build().expect("it fits"));
    let stuck_chain = stuck().build().expect("it fits");
    fails(block_on(stuck_chain.invoke(three())), ErrorKind::TooLarge, "after 2 rounds of collapsing");
    let patient = stuck().with_collapse_max_retries(3).build().expect("it fits");
    fails(block_on(patient.invoke(three())), ErrorKind::TooLarge, "after 3 rounds of collapsing");
}

#[test]
fn a_conversation_has_a_length_too() {
    let model = Answering(|_| Some("short".to_owned()));
    let prompt = ChatPromptTemplate::new([("system", "Be brief."), ("human", "{docs}")]).expect("a template");
    let combine = StuffDocumentsChain::new(LlmChain::new(model, prompt));
    let chain = ReduceDocumentsChain::new(combine).with_token_max(5).with_token_counter(words).build();
    let output = block_on(chain.expect("it fits").arun(documents(&["a b", "c d", "e f"])));
    assert_eq!(output.expect("an answer"), "short");
}

fn mapping(map: impl Into<Chain>, steps: bool) -> Chain {
    let reduce =
        StuffDocumentsChain::new(LlmChain::from_template(Answering(echo), "all: {docs}").expect("good"));
    let chain = MapReduceDocumentsChain::new(map, reduce.build().expect("it fits"));
    let chain = if steps { chain.with_intermediate_steps() } else { chain };
    chain.with_document_variable_name("doc").build().expect("it fits").only_outputs()
}

fn echo(prompt: &str) -> Option<String> {
    (!prompt.contains("bad")).then(|| format!("<{}>", prompt.replace("\n\n", " ")))
}

#[test]
fn each_document_is_asked_about() {
    let map = || LlmChain::from_template(Answering(echo), "{q} {doc}").expect("a good template");
    let inputs = vars! { input_documents: documents(&["a", "b"]), q: "?" };
    check(&mapping(map(), false), inputs.clone(), vars! { output_text: "<all: <? a> <? b>>" });
    let steps = vars! { output_text: "<all: <? a> <? b>>", intermediate_steps: vec!["<? a>", "<? b>"] };
    check(&mapping(map(), true), inputs, steps);
    check(
        &mapping(map(), false),
        vars! { input_documents: documents(&[]), q: "?" },
        vars! { output_text: "<all: >" },
    );
}

#[test]
fn mapping_is_bounded_and_stops_at_the_first_error() {
    let probe = Probe::new();
    let model = probe.watch_model(Answering(echo));
    let chain = mapping(LlmChain::from_template(model, "{doc}").expect("a good template"), false);
    let many = documents(&["a", "b", "c", "d", "e", "f"]);
    let config = RunConfig::new().with_max_concurrency(2);
    block_on(chain.invoke_with(many.clone(), &config)).expect("an answer");
    assert_eq!((probe.peak(), probe.entered()), (2, 6));
    block_on(chain.invoke(many)).expect("an answer");
    assert_eq!((probe.peak(), probe.entered()), (6, 12));
    let path = "seq[0] > each[1] > seq[0] > seq[1] > Answering: down";
    let output = block_on(chain.invoke(documents(&["long long long", "bad", "long long"])));
    fails(output, ErrorKind::Server, path);
    assert_eq!(probe.inside(), 0, "the other calls are dropped");
    let output = block_on(catena_core::gather(chain.stream(documents(&["long", "bad"]))));
    fails(output, ErrorKind::Server, path);
    assert_eq!(probe.inside(), 0);
}

#[test]
fn an_answer_is_refined_with_every_document() {
    let ask = |template| LlmChain::from_template(Answering(echo), template).expect("a good template");
    let refine = || {
        RefineDocumentsChain::new(ask("first {q} {text}"), ask("{prev} and {text}"), "prev")
            .with_document_variable_name("text")
    };
    let chain = refine().build().expect("it fits").only_outputs();
    assert_eq!(chain.input_keys(), ["input_documents", "q"]);
    let inputs = |texts: &[&str]| vars! { input_documents: documents(texts), q: "?" };
    check(&chain, inputs(&["a"]), vars! { output_text: "<first ? a>" });
    check(&chain, inputs(&["a", "b", "c"]), vars! { output_text: "<<<first ? a> and b> and c>" });
    let steps = refine().with_intermediate_steps().build().expect("it fits").only_outputs();
    let answers = vec!["<first ? a>", "<<first ? a> and b>"];
    check(&steps, inputs(&["a", "b"]), vars! { output_text: answers[1], intermediate_steps: answers });
    check(
        &steps,
        inputs(&["a"]),
        vars! { output_text: "<first ? a>", intermediate_steps: vec!["<first ? a>"] },
    );
    fails(block_on(chain.invoke(inputs(&[]))), ErrorKind::InvalidInput, "no input documents");
    let failed = block_on(chain.invoke(inputs(&["a", "bad", "c"])));
    fails(failed, ErrorKind::Server, "seq[0] > each[1] > seq[0] > seq[1] > Answering");
}

/// Scores a document by its length.
fn score(document: &str) -> Option<String> {
    Some(match document {
        "silent" => r#"{"answer": "?"}"#.to_owned(),
        "unsure" => r#"{"answer": "?", "score": "high"}"#.to_owned(),
        document => format!(r#"{{"answer": "{document}", "score": "{}"}}"#, document.len()),
    })
}

#[test]
fn the_surest_answer_counts() {
    let ask = LlmChain::from_template(Answering(score), "{text}").expect("a good template");
    let ask = ask.with_output_parser(JsonOutputParser);
    let chain = MapRerankDocumentsChain::new(ask, "score", "answer").with_metadata_keys(["page"]);
    let rerank = chain.clone().build().expect("it fits").only_outputs();
    check(&rerank, documents(&["a", "ccc", "bbb"]), vars! { output_text: "ccc", page: 2 });
    let steps = chain.with_intermediate_steps().build().expect("it fits");
    let output = block_on(steps.invoke(documents(&["a", "bb"]))).expect("an answer");
    assert!(matches!(output.get("intermediate_steps"), Some(Data::List(answers)) if answers.len() == 2));
    fails(
        block_on(rerank.invoke(documents(&["a", "silent"]))),
        ErrorKind::Parse,
        "document 1 has no `score`",
    );
    fails(block_on(rerank.invoke(documents(&["unsure"]))), ErrorKind::Parse, "no numeric `score`");
    fails(block_on(rerank.invoke(documents(&[]))), ErrorKind::InvalidInput, "no input documents");
}

#[test]
fn a_long_text_is_split_first() {
    let (ask, model) = llm("{q} {text}", &["short"]);
    let stuff = StuffDocumentsChain::new(ask).with_document_variable_name("text").build().expect("it fits");
    let lines = |text: &str| text.lines().map(str::to_owned).collect();
    let chain = AnalyzeDocumentChain::new(lines, stuff).build();
    assert_eq!(chain.input_keys(), ["input_document", "q"]);
    let inputs = vars! { input_document: "a\nb", q: "?" };
    check(&chain, inputs, vars! { input_document: "a\nb", q: "?", output_text: "short" });
    assert_eq!(asked(&model)[0], "? a\n\nb");
}
