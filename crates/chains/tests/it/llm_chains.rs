//! Chains of one prompt and one model.

use std::sync::{Arc, Mutex};

use catena_chains::{Chain, LlmChain};
use catena_core::fakes::FakeChatModel;
use catena_core::{
    ChatPromptTemplate, ChunkStream, CommaSeparatedListOutputParser, Context, Data, ErrorKind,
    JsonOutputParser, LanguageModel, Message, PromptValue, RunnableExt, async_trait, vars,
};
use futures_executor::block_on;
use serde_json::{Value, json};

use crate::support::{asked, check, fails, llm};

/// A model that records its call arguments.
#[derive(Clone, Default)]
struct Noting(Arc<Mutex<Vec<Value>>>);

#[async_trait]
impl LanguageModel for Noting {
    type Output = String;

    fn generate_stream<'a>(&'a self, _prompt: PromptValue, cx: Context) -> ChunkStream<'a, String> {
        self.0.lock().expect("no panic").push(cx.arguments().cloned().unwrap_or_default().into());
        Box::pin(futures_util::stream::iter([Ok("r".to_owned())]))
    }
}

#[test]
fn inputs_stand_beside_the_text() {
    let (chain, _) = llm("Joke about {topic}", &["ha"]);
    check(&chain, "cats", vars! { topic: "cats", text: "ha" });
    check(&chain, vars! { topic: "cats", z: 1 }, vars! { topic: "cats", z: 1, text: "ha" });
    check(&chain.with_output_key("joke"), "cats", vars! { topic: "cats", joke: "ha" });
    let (chain, _) = llm("static", &["r"]);
    check(&chain, vars! {}, vars! { text: "r" });
    check(&Chain::from(chain).only_outputs(), (), vars! { text: "r" });
}

#[test]
fn messages_are_asked_as_messages() {
    let model = FakeChatModel::new(["c1"]);
    let prompt = ChatPromptTemplate::new([("system", "s"), ("human", "{q}")]).expect("a good template");
    let chain = LlmChain::new(model.clone(), prompt);
    assert_eq!(block_on(chain.arun("x")).expect("an answer"), "c1");
    assert_eq!(model.prompts()[0].clone().into_messages(), [Message::system("s"), Message::human("x")]);
}

#[test]
fn arguments_reach_the_model() {
    let model = Noting::default();
    let chain = LlmChain::from_template(model.clone(), "{x}").expect("a good template");
    check(&chain, "1", vars! { x: "1", text: "r" });
    let stopped = vars! { x: "1", stop: vec!["\n"] };
    check(&chain, stopped.clone(), vars! { x: "1", stop: vec!["\n"], text: "r" });
    let chain = chain.with_llm_argument("temperature", 0);
    check(&chain, stopped, vars! { x: "1", stop: vec!["\n"], text: "r" });
    block_on(chain.arun("1")).expect("an answer");
    let noted = model.0.lock().expect("no panic").clone();
    let both = json!({"temperature": 0, "stop": ["\n"]});
    let stop = json!({"stop": ["\n"]});
    assert_eq!(
        noted,
        [json!({}), json!({}), stop.clone(), stop, both.clone(), both, json!({"temperature": 0})]
    );
}

#[test]
fn what_is_missing_is_named_before_anything_runs() {
    let (chain, model) = llm("{a} and {b}", &["r"]);
    let checked = Chain::from(chain.clone());
    fails(block_on(checked.arun(vars! { a: "x" })), ErrorKind::MissingKey, "missing input `b`");
    fails(block_on(checked.arun("x")), ErrorKind::InvalidInput, "`a`, `b`");
    fails(block_on(checked.arun(())), ErrorKind::MissingKey, "`a`, `b`");
    fails(block_on(chain.arun(())), ErrorKind::MissingKey, "`a`");
    fails(block_on(chain.arun("x")), ErrorKind::InvalidInput, "`a`, `b`");
    fails(block_on(chain.aapply([vars! { a: "1" }])).remove(0), ErrorKind::MissingKey, "`b`");
    assert!(asked(&model).is_empty());
}

#[test]
fn parsers_read_the_answers() {
    let (chain, _) = llm("{x}", &["a, b"]);
    let list = chain.clone().with_output_parser(CommaSeparatedListOutputParser);
    check(&list, "1", vars! { x: "1", text: vec!["a", "b"] });
    check(&list.only_outputs(), "1", vars! { text: vec!["a", "b"] });
    let parsed = block_on(chain.apredict_and_parse("1", &CommaSeparatedListOutputParser));
    assert_eq!(parsed.expect("a list"), ["a", "b"]);
    let parsed = block_on(chain.aapply_and_parse(["1", "2"], &CommaSeparatedListOutputParser));
    assert!(parsed.iter().all(|list| list.as_ref().is_ok_and(|list| list == &["a", "b"])));
    fails(block_on(chain.apredict_and_parse("1", &JsonOutputParser)), ErrorKind::Parse, "a, b");
    let json = chain.with_output_parser(JsonOutputParser);
    fails(block_on(json.invoke("1")), ErrorKind::Parse, "seq[2] > parallel.text > JsonOutputParser");
    // A record returned by a parser is a single value, not the outputs.
    let (chain, _) = llm("{x}", &[r#"{"text": {"a": 1}, "b": 2}"#]);
    let whole = vars! { text: vars! { a: 1 }, b: 2 };
    check(&chain.with_output_parser(JsonOutputParser), "1", vars! { x: "1", text: whole });
}

#[test]
fn whole_answers_are_given_on_request() {
    let model = FakeChatModel::new(["one two"]);
    let chain = LlmChain::from_template(model.clone(), "{x}").expect("a good template");
    let full = chain.clone().with_full_generation();
    assert_eq!(full.output_keys(), ["text", "full_generation"]);
    let output = block_on(full.only_outputs().invoke("1")).expect("outputs");
    let Some(Data::List(generations)) = output.get("full_generation") else { panic!("no list: {output:?}") };
    assert_eq!(generations[0].get("text"), Some(&Data::from("one two")));
    assert!(matches!(generations[0].get("message"), Some(Data::Message(_))));
    let inputs = || [vars! { x: "1", stop: "a" }, vars! { x: "2", stop: "a" }];
    let (prompts, stop) = block_on(chain.aprep_prompts(inputs())).expect("prompts");
    assert_eq!((prompts[1].to_string().as_str(), stop), ("2", Some(Data::from("a"))));
    assert_eq!(block_on(chain.agenerate(inputs())).expect("answers").len(), 2);
    let asked = model.prompts().len();
    let differing = [vars! { x: "1", stop: "a" }, vars! { x: "2" }];
    fails(block_on(chain.agenerate(differing)), ErrorKind::InvalidInput, "input 1 has a different `stop`");
    fails(block_on(chain.agenerate([vars! { x: "1" }, vars! {}])), ErrorKind::MissingKey, "`x`");
    assert_eq!(model.prompts().len(), asked, "nothing is asked when an input does not fit");
}
