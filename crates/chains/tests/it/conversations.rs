//! Chains with a memory.

use catena_chains::{
    Chain, ConversationBufferMemory, ConversationChain, LlmChain, Memory, ReadOnlyMemory, SimpleMemory,
};
use catena_core::fakes::{FakeChatModel, FakeLlm};
use catena_core::{
    ChatPromptTemplate, CommaSeparatedListOutputParser, Data, Error, ErrorKind, MessagesPlaceholder,
    PromptTemplate, Record, RunnableExt, gather, vars,
};
use futures_executor::block_on;
use futures_util::StreamExt;

use crate::support::{Answering, asked, fails, llm};

const TEMPLATE: &str = "{history}\nHuman: {q}\nAI:";

#[track_caller]
fn check(memory: impl Memory + 'static, template: &str, questions: &[&str], expected: &[&str]) {
    let (chain, model) = llm(template, &["a1", "a2", "a3"]);
    let chain = chain.with_memory(memory);
    for question in questions {
        block_on(chain.arun(*question)).expect("an answer");
    }
    assert_eq!(asked(&model), expected);
}

#[test]
fn what_was_said_is_in_the_next_prompt() {
    let memory = ConversationBufferMemory::new;
    check(memory(), TEMPLATE, &["q1", "q2"], &["\nHuman: q1\nAI:", "Human: q1\nAI: a1\nHuman: q2\nAI:"]);
    check(memory().with_memory_key("chat"), "{chat}|{q}", &["q1", "q2"], &["|q1", "Human: q1\nAI: a1|q2"]);
    let last = "Human: q2\nAI: a2\nHuman: q3\nAI:";
    let first = ["\nHuman: q1\nAI:", "Human: q1\nAI: a1\nHuman: q2\nAI:", last];
    check(memory().with_window(1), TEMPLATE, &["q1", "q2", "q3"], &first);
    check(SimpleMemory::new([("name", "Bob")]), "{name}: {q}", &["hi"], &["Bob: hi"]);
    let shared = memory();
    let (old, answer) = (Record::from_iter([("q", "old")]), Record::from_iter([("text", "answer")]));
    block_on(shared.save(&old, &answer)).expect("saved");
    let old = "Human: old\nAI: answer\nHuman: ";
    let expected = [format!("{old}q1\nAI:"), format!("{old}q2\nAI:")];
    check(ReadOnlyMemory::new(shared), TEMPLATE, &["q1", "q2"], &[&expected[0], &expected[1]]);
}

#[test]
fn messages_fill_a_placeholder() {
    let model = FakeChatModel::new(["a1", "a2"]);
    let prompt = ChatPromptTemplate::new([("system", "s")])
        .expect("a good template")
        .with_placeholder(MessagesPlaceholder::new("history"))
        .with_template("human", "{q}")
        .expect("a good template");
    let memory = ConversationBufferMemory::new().as_messages();
    let chain = LlmChain::new(model.clone(), prompt).with_memory(memory);
    block_on(chain.arun("q1")).expect("an answer");
    block_on(chain.arun("q2")).expect("an answer");
    assert_eq!(model.prompts()[1].to_string(), "System: s\nHuman: q1\nAI: a1\nHuman: q2");
}

#[test]
fn what_is_applied_with_a_memory_runs_in_order() {
    // The first call takes longest: run concurrently, the answers would be saved in reverse order.
    let thinking = Answering(|prompt| {
        let words = 4_usize.saturating_sub(prompt.matches("Human").count());
        Some("so ".repeat(words) + "said")
    });
    let chain = LlmChain::from_template(thinking, TEMPLATE).expect("a template");
    let memory = ConversationBufferMemory::new();
    let history = |memory: &ConversationBufferMemory| {
        block_on(memory.load(&Record::new())).expect("loaded").get("history").cloned()
    };
    let said = "Human: q1\nAI: so so so said\nHuman: q2\nAI: so so said\nHuman: q3\nAI: so said";

    let texts = block_on(chain.clone().with_memory(memory.clone()).aapply(["q1", "q2", "q3"]));
    let texts: Vec<String> = texts.into_iter().map(|text| text.expect("an answer")).collect();
    assert_eq!(texts, ["so so so said", "so so said", "so said"]);
    assert_eq!(history(&memory), Some(Data::from(said)));

    let memory = ConversationBufferMemory::new();
    let records = Chain::from(chain.clone().with_memory(memory.clone()));
    let records = block_on(records.aapply(["q1", "q2", "q3"]));
    assert_eq!(records[2].as_ref().expect("outputs").get("text"), Some(&Data::from("so said")));
    assert_eq!(history(&memory), Some(Data::from(said)));

    let memory = ConversationBufferMemory::new();
    let parsed = chain.with_memory(memory.clone());
    block_on(parsed.aapply_and_parse(["q1", "q2", "q3"], &CommaSeparatedListOutputParser));
    assert_eq!(history(&memory), Some(Data::from(said)));
}

#[test]
fn one_that_fails_in_order_harms_no_other() {
    let picky = Answering(|prompt| (!prompt.contains("q2")).then(|| "yes".to_owned()));
    let memory = ConversationBufferMemory::new();
    let chain = LlmChain::from_template(picky, TEMPLATE).expect("a template").with_memory(memory);
    let results = block_on(chain.aapply(["q1", "q2", "q3"]));
    let results: Vec<Option<&str>> =
        results.iter().map(|result| result.as_ref().ok().map(String::as_str)).collect();
    assert_eq!(results, [Some("yes"), None, Some("yes")]);
}

#[test]
fn only_complete_calls_are_remembered() {
    let memory = ConversationBufferMemory::new();
    let history = || block_on(memory.load(&Record::new())).expect("loaded").get("history").cloned();
    let broken = FakeLlm::failing(["a"], Error::new(ErrorKind::Server, "down"));
    let chain = LlmChain::from_template(broken, TEMPLATE).expect("a template").with_memory(memory.clone());
    fails(block_on(chain.arun("q1")), ErrorKind::Server, "down");
    fails(block_on(gather(chain.stream("q1"))), ErrorKind::Server, "down");
    let (chain, _) = llm(TEMPLATE, &["one two"]);
    let chain = chain.with_memory(memory.clone());
    let mut dropped = chain.stream("q1");
    assert_eq!(block_on(dropped.next()).expect("a chunk").expect("no error").text, "one ");
    drop(dropped);
    assert_eq!(history(), Some(Data::from("")));
    block_on(gather(chain.stream("q1"))).expect("no error");
    assert_eq!(history(), Some(Data::from("Human: q1\nAI: one two")));
    let (chain, model) = llm("{history}{q}{r}", &["a1"]);
    let chain = chain.with_memory(ConversationBufferMemory::new());
    fails(block_on(chain.arun(vars! { q: "1", r: "2" })), ErrorKind::InvalidInput, "with_input_key");
    assert_eq!(asked(&model), ["12"]);
}

#[test]
fn a_conversation_talks() {
    let model = FakeLlm::new(["a1", "a2"]);
    let prompt = || PromptTemplate::new("{history}\nH: {input}\nA:").expect("a good template");
    let talk = ConversationChain::with_prompt(model.clone(), prompt()).build().expect("it fits");
    assert_eq!(talk.input_keys(), ["input"]);
    assert_eq!(block_on(talk.arun("hi")).expect("an answer"), "a1");
    let output = Data::from(block_on(talk.invoke(vars! { input: "again" })).expect("an answer"));
    assert_eq!(output, vars! { input: "again", history: "Human: hi\nAI: a1", response: "a2" });
    assert_eq!(asked(&model), ["\nH: hi\nA:", "Human: hi\nAI: a1\nH: again\nA:"]);
    let built = ConversationChain::with_prompt(model.clone(), prompt()).with_input_key("history").build();
    fails(built, ErrorKind::Config, "`history`");
    fails(
        ConversationChain::with_prompt(model, prompt()).with_input_key("x").build(),
        ErrorKind::Config,
        "`x`",
    );
}
