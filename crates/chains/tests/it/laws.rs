//! The laws of runnables, checked for every chain.

use catena_chains::{
    AnalyzeDocumentChain, Chain, LlmChain, LlmRouterChain, MapReduceDocumentsChain, MapRerankDocumentsChain,
    MultiRouteChain, ReduceDocumentsChain, RefineDocumentsChain, SequentialChain, SimpleSequentialChain,
    StuffDocumentsChain, create_retrieval_chain, create_stuff_documents_chain,
};
use catena_core::{
    CommaSeparatedListOutputParser, Data, Document, JsonOutputParser, PromptTemplate, PromptValue,
    RunnableExt, StrOutputParser, lambda, vars,
};
use catena_testkit::laws::{Held, Laws, Probe, WatchedModel};
use futures_executor::block_on;

use crate::support::{Answering, documents};

fn prompt(template: &str) -> PromptTemplate {
    PromptTemplate::new(template).expect("a good template")
}

/// Answers depending on the prompt, in JSON if requested; fails for `bad`.
fn say(prompt: &str) -> Option<String> {
    if prompt.contains("bad") {
        return None;
    }
    Some(match prompt.split_once(' ') {
        Some(("route", input)) => format!(r#"{{"destination": "there", "next_inputs": "{input} {input}"}}"#),
        Some(("score", text)) => format!(r#"{{"answer": "{text}", "score": {}}}"#, text.len()),
        _ => format!("<{prompt} , and more>"),
    })
}

/// Checks the laws for the chain built with this model.
#[track_caller]
fn check(build: impl Fn(&dyn Fn(&str) -> LlmChain) -> Chain, inputs: impl IntoIterator<Item = Data>) {
    let probe = Probe::new();
    let model: WatchedModel<Answering> = probe.watch_model(Answering(say));
    let chain = build(&|template| LlmChain::new(model.clone(), prompt(template)));
    let laws = Laws::new().with_probe(&probe).with_max_polls(40);
    block_on(laws.assert_all(&chain, inputs));
    assert!(probe.entered() > 0, "the model was asked");
}

fn two_and_a_bad_one() -> [Data; 3] {
    [documents(&["a", "b"]), documents(&["c"]), documents(&["a", "bad", "c"])]
}

#[test]
fn chains_of_prompts() {
    let texts = || ["x".into(), vars! { x: "y", stop: "z" }, "bad".into()];
    check(|ask| ask("{x}").into(), texts());
    check(|ask| ask("{x}").with_output_parser(CommaSeparatedListOutputParser), texts());
    check(|ask| ask("{x}").with_full_generation(), texts());
    check(
        |ask| {
            let chain = SequentialChain::new(["x"]).with(ask("{x}").with_output_key("y"));
            chain.with(ask("{y} of {x}").with_output_key("z")).with_all_outputs().build().expect("it fits")
        },
        texts(),
    );
    check(
        |ask| {
            let chain = SimpleSequentialChain::new().with(ask("  {x} ")).with(ask("{y}"));
            chain.with_stripped_outputs().with_input_key("x").build().expect("it fits")
        },
        texts(),
    );
}

#[test]
fn chains_that_choose() {
    let build = |ask: &dyn Fn(&str) -> LlmChain| {
        MultiRouteChain::new(LlmRouterChain::new(ask("route {input}")), ask("default {input}"))
            .with("there", ask("there {input}"))
            .build()
    };
    check(build, ["x".into(), "bad".into()]);
}

#[test]
fn chains_over_documents() {
    let stuff = |llm| StuffDocumentsChain::new(llm).build().expect("it fits");
    check(|ask| stuff(ask("{text}")), two_and_a_bad_one());
    check(
        |ask| {
            let chain = ReduceDocumentsChain::new(StuffDocumentsChain::new(ask("{text}"))).with_token_max(3);
            let shorten = Chain::new(
                ["input_documents"],
                ["short"],
                ask("{input_documents}").pipe(lambda(|_: Data| ".".to_owned())),
            );
            let chain = chain.with_collapse(shorten);
            chain
                .with_token_counter(|messages: &[catena_core::Message]| messages[0].text().len())
                .build()
                .expect("it fits")
        },
        [documents(&["a", "b"]), documents(&["c"])],
    );
    check(
        |ask| {
            let chain = MapReduceDocumentsChain::new(ask("map {text}"), stuff(ask("all {texts}")));
            chain.with_intermediate_steps().build().expect("it fits")
        },
        two_and_a_bad_one(),
    );
    check(
        |ask| {
            let chain = RefineDocumentsChain::new(ask("{text}"), ask("{so_far} {text}"), "so_far");
            chain.with_intermediate_steps().build().expect("it fits")
        },
        two_and_a_bad_one(),
    );
    check(
        |ask| {
            let ask = ask("score {text}").with_output_parser(JsonOutputParser);
            MapRerankDocumentsChain::new(ask, "score", "answer").build().expect("it fits")
        },
        two_and_a_bad_one(),
    );
    check(
        |ask| {
            let lines = |text: &str| text.lines().map(str::to_owned).collect();
            AnalyzeDocumentChain::new(lines, stuff(ask("{text}"))).build()
        },
        ["a\nb".into()],
    );
}

#[test]
fn chains_that_look_up() {
    let probe = Probe::new();
    let model = probe.watch_model(Answering(say));
    let retriever = lambda(|question: String| vec![Document::new(question)]);
    let combine = create_stuff_documents_chain(model, prompt("{input} {context}")).expect("it fits");
    let chain = create_retrieval_chain(retriever, combine);
    let inputs = [vars! { input: "x" }, vars! { input: "bad" }];
    block_on(Laws::new().with_probe(&probe).with_max_polls(40).assert_all(&chain, inputs));
}

/// Checks that the last model's tokens pass through the chain as they are generated.
#[track_caller]
fn streams(input: impl Into<Data>, build: impl FnOnce(Token) -> Chain) {
    let tokens = ["to".to_owned(), "ken".to_owned()];
    if let Err(violation) = block_on(Laws::new().wrapper(input.into(), tokens, build)) {
        panic!("{violation}");
    }
}

type Token = Held<PromptValue, String>;

fn held(model: Token, template: &str) -> LlmChain {
    LlmChain::new(model, prompt(template))
}

fn ready(template: &str) -> LlmChain {
    LlmChain::new(Answering(say), prompt(template))
}

#[test]
fn the_last_answer_streams() {
    let stuff = |llm| StuffDocumentsChain::new(llm);
    let pages = || documents(&["a", "b"]);
    streams("x", |model| held(model, "{x}").into());
    streams("x", |model| held(model, "{x}").with_output_parser(StrOutputParser));
    streams("x", |model| held(model, "{x}").with_full_generation());
    streams("x", |model| {
        let chain = SequentialChain::new(["x"]).with(ready("{x}").with_output_key("y"));
        chain.with(held(model, "{y}").with_output_key("z")).build().expect("it fits")
    });
    streams("x", |model| {
        MultiRouteChain::new(LlmRouterChain::new(ready("route {input}")), ready("{input}"))
            .with("there", held(model, "{input}"))
            .build()
    });
    streams(pages(), |model| stuff(held(model, "{text}")).build().expect("it fits"));
    streams(pages(), |model| {
        ReduceDocumentsChain::new(stuff(held(model, "{text}"))).build().expect("it fits")
    });
    for steps in [false, true] {
        streams(pages(), move |model| {
            let reduce = stuff(held(model, "{text}")).build().expect("it fits");
            let chain = MapReduceDocumentsChain::new(ready("{text}"), reduce);
            if steps { chain.with_intermediate_steps() } else { chain }.build().expect("it fits")
        });
        streams(pages(), move |model| {
            let chain = RefineDocumentsChain::new(ready("{text}"), held(model, "{so_far} {text}"), "so_far");
            if steps { chain.with_intermediate_steps() } else { chain }.build().expect("it fits")
        });
    }
}
