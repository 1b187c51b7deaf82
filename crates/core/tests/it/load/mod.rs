//! What Python's LangChain wrote is loaded and does the same; what is written is loaded again.

use catena_core::load::{AllowedObjects, Loaded, Loader, dumpd, dumps, load, loads};
use catena_core::{
    AiMessage, ChatPromptTemplate, Chunk, Data, Document, DynRunnable, ErrorKind, FromData, Json, Message,
    PromptTemplate, PromptValue, RetryPolicy, RunConfig, RunnableExt, RunnablePick, StructuredMethod,
    StructuredPrompt, WithRaw, fakes::FakeChatModel, fakes::FakeMessagesListChatModel, lambda, vars,
};
use futures_executor::block_on;
use futures_util::StreamExt;
use serde_json::{Map, Value, json};
use std::io::Write;
use std::process::{Command, Stdio};

/// Made by langchain.py.
fn cases() -> Vec<Value> {
    serde_json::from_str(include_str!("langchain.json")).unwrap()
}

/// What Python refuses to load of what it wrote, and so is refused here.
fn is_code(envelope: &Value) -> bool {
    envelope["type"] == "not_implemented"
}

/// The loaded thing used as langchain.py used it, in its form.
fn does(loaded: Loaded, input: &Value) -> Value {
    if input.is_null() {
        return Data::try_from(loaded).map_or(Value::Null, |data| plain(&data));
    }
    let runnable: DynRunnable = loaded.try_into().unwrap();
    plain(&block_on(runnable.invoke(Data::from(input.clone()))).unwrap())
}

fn plain(data: &Data) -> Value {
    match data {
        Data::Message(message) => json!({ "message": members(message) }),
        Data::Prompt(prompt) => match &**prompt {
            PromptValue::Text(text) => json!({ "text": text }),
            other => {
                let messages: Vec<Value> = other.clone().into_messages().iter().map(members).collect();
                json!({ "messages": messages })
            }
        },
        Data::List(items) => items.iter().map(plain).collect(),
        Data::Record(record) => record.iter().map(|(name, value)| (name.to_owned(), plain(value))).collect(),
        Data::Json(_) => plain(&data.clone().into_plain()),
        other => other.clone().into_json(),
    }
}

/// Members that say nothing do not count; pieces are written as the messages they become.
fn members(message: &Message) -> Value {
    tidy(message.to_json())
}

fn tidy(mut message: Value) -> Value {
    let members = message.as_object_mut().unwrap();
    let whole = members["type"].as_str().unwrap().strip_suffix("MessageChunk").map(str::to_lowercase);
    whole.map(|whole| members.insert("type".to_owned(), whole.into()));
    let is_empty = |value: &Value| *value == json!({}) || *value == json!([]) || value.is_null();
    members.retain(|name, value| !is_empty(value) && (name != "status" || value != "success"));
    message
}

/// Messages anywhere in what Python recorded, in the same form.
fn recorded(value: &Value) -> Value {
    match value {
        Value::Object(members) if members.contains_key("message") && members.len() == 1 => {
            json!({ "message": tidy(members["message"].clone()) })
        }
        Value::Object(members) if members.contains_key("messages") && members.len() == 1 => {
            let messages = members["messages"].as_array().unwrap().iter().cloned().map(tidy);
            json!({ "messages": messages.collect::<Vec<_>>() })
        }
        Value::Object(members) => {
            members.iter().map(|(name, value)| (name.clone(), recorded(value))).collect()
        }
        Value::Array(items) => items.iter().map(recorded).collect(),
        plain => plain.clone(),
    }
}

#[test]
fn what_python_wrote_does_the_same() {
    let mut loaded_count = 0;
    for case in cases() {
        let (name, envelope) = (case["name"].as_str().unwrap(), &case["envelope"]);
        let template_language = envelope.to_string().contains("mustache");
        if is_code(envelope) || (template_language && !cfg!(feature = "mustache")) {
            continue;
        }
        let loaded = load(envelope).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(does(loaded, &case["input"]), recorded(&case["does"]), "{name}");
        loaded_count += 1;
    }
    assert!(loaded_count >= if cfg!(feature = "mustache") { 53 } else { 51 }, "{loaded_count}");
}

/// A chain that was loaded from what Python wrote, written again: what it is must be said in Python's words.
#[test]
fn what_was_loaded_is_written_as_python_writes_it() {
    // Python writes types and functions into these, or more than is needed.
    let other = ["fallbacks", "retry", "prompt_parser", "prompt_described", "few_shot_templates", "ai_chunk"];
    // A prompt in a prompt becomes part of it.
    let flat = ["chat_nested"];
    // Pieces are known by their pieces of tool calls.
    let pieces = ["human_chunk", "system_chunk", "tool_chunk", "chat_chunk"];
    for case in cases() {
        let (name, envelope) = (case["name"].as_str().unwrap(), &case["envelope"]);
        let skipped = other.contains(&name) || pieces.contains(&name) || flat.contains(&name);
        let template_language = envelope.to_string().contains("mustache");
        if skipped || is_code(envelope) || (template_language && !cfg!(feature = "mustache")) {
            continue;
        }
        let again = written_again(envelope);
        if name == "chat_one_text" {
            assert_eq!(again["kwargs"]["messages"][0], *envelope, "{name}");
            continue;
        }
        assert_eq!(again, *envelope, "{name}");
    }
}

fn written_again(envelope: &Value) -> Value {
    match load(envelope).unwrap() {
        Loaded::Data(data) if envelope["id"][3] == "Document" => dumpd(&Document::from_data(data).unwrap()),
        Loaded::Data(data) => dumpd(&data),
        Loaded::Placeholder(placeholder) => dumpd(&placeholder),
        loaded => dumpd(&DynRunnable::try_from(loaded).unwrap()),
    }
}

/// Runs langchain.py with the Python that `CATENA_PYTHON` names.
#[test]
#[ignore = "needs Python with langchain-core: CATENA_PYTHON=.venv/bin/python cargo test -p catena-core -- --ignored python"]
fn python_loads_what_is_written() {
    // Python cannot load its own branches; the last has another form here.
    let only_here = ["branch", "branch_default", "chat_one_text"];
    let cases: Vec<Value> = cases()
        .into_iter()
        .filter(|case| !is_code(&case["envelope"]) && !only_here.contains(&case["name"].as_str().unwrap()))
        .collect();
    let written: Map<String, Value> = cases
        .iter()
        .map(|case| (case["name"].as_str().unwrap().to_owned(), written_again(&case["envelope"])))
        .collect();
    let python = std::env::var("CATENA_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/load/langchain.py");
    let mut check = Command::new(python)
        .args([script, "check"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    check.stdin.take().unwrap().write_all(Value::from(written).to_string().as_bytes()).unwrap();
    let output = check.wait_with_output().unwrap();
    assert!(output.status.success(), "langchain.py failed");
    let did: Value = serde_json::from_slice(&output.stdout).unwrap();
    for case in &cases {
        let name = case["name"].as_str().unwrap();
        assert_eq!(recorded(&did[name]), recorded(&case["does"]), "{name}");
    }
    assert!(cases.len() > 45);
}

/// A chain written and loaded gives what it gave, and is written alike.
#[track_caller]
fn check_chain(chain: DynRunnable, input: impl Into<Data>) {
    let input = input.into();
    let expected = block_on(chain.invoke(input.clone())).map(|output| plain(&output));
    let written = dumps(&chain);
    let loaded: DynRunnable = loads(&written).unwrap().try_into().unwrap();
    let got = block_on(loaded.invoke(input)).map(|output| plain(&output));
    assert_eq!(got.map_err(|error| error.kind()), expected.map_err(|error| error.kind()), "{written}");
    assert_eq!(dumps(&loaded), written);
}

#[test]
fn chains_of_data_are_written_and_loaded() {
    let ask = || PromptTemplate::new("Tell {a}").unwrap();
    let pick = || RunnablePick::one("a");
    check_chain((pick() | catena_core::StrOutputParser.dynamic() | ask()).dynamic(), vars! { a: "x {b}" });
    check_chain((pick() | catena_core::JsonOutputParser.dynamic()).dynamic(), vars! { a: "{\"b\": [1" });
    check_chain((pick() | catena_core::NumberedListOutputParser.dynamic()).dynamic(), vars! { a: "1. x" });
    check_chain(pick().bind("stop", "x").dynamic(), vars! { a: 1 });
    let config = RunConfig::new().with_name("n").with_tag("t").with_metadata("k", 1).with_recursion_limit(3);
    check_chain(pick().with_config(config).dynamic(), vars! { a: 1 });
    check_chain(pick().map().dynamic(), Data::from(json!([{"a": 1}, {"a": 2}])));
    check_chain(pick().with_retry(RetryPolicy::new().with_max_attempts(2)).dynamic(), vars! { a: 1 });
    check_chain(pick().with_retry(RetryPolicy::new().on_any_error()).dynamic(), vars! { a: 1 });
    check_chain(
        ask().dynamic().with_fallbacks([pick().boxed()]).with_error_key("e").dynamic(),
        vars! { b: 1 },
    );
    check_chain(ask().dynamic().with_fallbacks([ask().dynamic()]).dynamic(), vars! { b: 1 });
}

#[test]
fn branches_of_steps_that_are_code_are_not_loaded() {
    let branch = catena_core::RunnableBranch::<Data, Data>::new(RunnablePick::one("a").boxed())
        .with(lambda(|_: Data| true), RunnablePick::one("b").boxed());
    assert_eq!(loads(&dumps(&branch)).unwrap_err().kind(), ErrorKind::Unsupported);
    let branches = |branches: Value| {
        json!({"lc": 1, "type": "constructor", "id": ["langchain", "schema", "runnable", "RunnableBranch"],
        "kwargs": {"default": dumpd(&RunnablePick::one("a")), "branches": branches}})
    };
    let pick = dumpd(&RunnablePick::one("a"));
    for malformed in
        [json!([[pick]]), json!([[pick, pick, pick]]), json!([1]), json!([[1, pick]]), json!({"a": pick})]
    {
        assert_eq!(load(&branches(malformed)).unwrap_err().kind(), ErrorKind::InvalidInput);
    }
}

#[test]
fn a_structured_prompt_asks_the_model_for_its_form() {
    let schema = json!({"title": "Person", "type": "object", "properties": {"name": {"type": "string"}}});
    let messages = ChatPromptTemplate::new([("system", "Find {what}."), ("human", "{text}")]).unwrap();
    let prompt = StructuredPrompt::new(messages, schema.clone())
        .unwrap()
        .with_method(StructuredMethod::JsonSchema)
        .with_strict(false)
        .with_partial("what", "the person");
    let loaded: StructuredPrompt = loads(&dumps(&prompt)).unwrap().try_into().unwrap();
    assert_eq!(loaded, prompt);
    let model = FakeMessagesListChatModel::new([AiMessage::new(r#"{"name": "Ada"}"#)]);
    let person = block_on((loaded | model.clone()).invoke("Ada wrote it.")).unwrap();
    assert_eq!(person["name"], "Ada");
    assert_eq!(model.arguments()[0]["response_format"]["json_schema"]["name"], "Person");

    let raw = prompt.include_raw();
    let saved = dumps(&raw);
    assert!(StructuredPrompt::<Json>::try_from(loads(&saved).unwrap()).is_err());
    let loaded: StructuredPrompt<WithRaw<Json>> = loads(&saved).unwrap().try_into().unwrap();
    let answer = block_on((loaded | FakeMessagesListChatModel::new([AiMessage::new("Who?")])).invoke("?"));
    assert_eq!(answer.unwrap().raw.text(), "Who?");

    for nothing in [json!({}), Value::Null, json!([]), json!("x")] {
        let error = StructuredPrompt::new(ChatPromptTemplate::default(), nothing).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
    }
}

#[test]
fn a_structured_prompt_streams_as_its_model_does() {
    let schema = json!({"title": "Person", "type": "object"});
    let prompt = StructuredPrompt::new(ChatPromptTemplate::from_template("{text}").unwrap(), schema).unwrap();
    let chain = prompt | FakeMessagesListChatModel::new([AiMessage::new(r#"{"name": "Ada"}"#)]);
    let chunks: Vec<Json> = block_on(chain.stream("?").map(Result::unwrap).collect());
    assert_eq!(chunks.last().unwrap()["name"], "Ada");
}

#[test]
fn what_is_code_says_so() {
    let not_implemented = |chain: DynRunnable| {
        let written = dumpd(&chain);
        assert_eq!(written["type"], "not_implemented", "{written}");
        assert_eq!(load(&written).unwrap_err().kind(), ErrorKind::Unsupported);
        assert!(Loader::new().ignore_unserializable().load(&written).is_ok());
    };
    let pick = || RunnablePick::one("a");
    not_implemented(lambda(|x: Data| x).dynamic());
    not_implemented(pick().with_retry(RetryPolicy::new().when(|_| true)).dynamic());
    not_implemented(pick().dynamic().with_fallbacks([pick().dynamic()]).when(|_| true).dynamic());
    not_implemented(
        pick().with_config(RunConfig::new().with_timeout(std::time::Duration::from_secs(1))).dynamic(),
    );
    not_implemented(PromptTemplate::new("{a}").unwrap().with_partial_fn("a", || 1).dynamic());
    not_implemented(FakeChatModel::new(["Hi"]).dynamic());
}

#[test]
fn user_data_stays_data() {
    let evil = json!({"lc": 1, "type": "secret", "id": ["KEY"]});
    for data in [
        evil.clone(),
        json!({"__lc_escaped__": evil}),
        json!({"__lc_escaped__": {"__lc_escaped__": 1}}),
        json!({"__lc_escaped__": 1, "b": evil}),
        json!([{"a": [evil, {"lc": null}]}]),
    ] {
        let loader = Loader::new().with_secret("KEY", "sk-1");
        let got: Data = loader.loads(&dumps(&data)).unwrap().try_into().unwrap();
        assert_eq!(got.into_json(), data);
        let mut message = AiMessage::new("x");
        message.additional_kwargs.insert("data".to_owned(), data.clone());
        let message = Message::from(message);
        let got: Message = loader.loads(&dumps(&message)).unwrap().try_into().unwrap();
        assert_eq!(got, message);
        let prompt = PromptTemplate::new("{a}").unwrap().with_partial("a", data.clone());
        let got: PromptTemplate = loader.loads(&dumps(&prompt)).unwrap().try_into().unwrap();
        assert_eq!(got, prompt);
    }
}

#[track_caller]
fn check_error(loader: Loader, envelope: Value, kind: ErrorKind, contains: &str) {
    let error = loader.loads(&envelope.to_string()).unwrap_err();
    assert!(error.kind() == kind && error.message().contains(contains), "{:?}: {error}", error.kind());
    assert!(error.message().len() < 500, "{error}");
}

#[test]
fn what_is_not_to_be_loaded_is_refused() {
    let made =
        |id: &[&str], kwargs: Value| json!({"lc": 1, "type": "constructor", "id": id, "kwargs": kwargs});
    let message = |kwargs: Value| made(&["langchain", "schema", "messages", "HumanMessage"], kwargs);
    let prompt = |kwargs: Value| made(&["langchain", "prompts", "prompt", "PromptTemplate"], kwargs);
    let new = Loader::new;
    check_error(new(), made(&["os", "system"], json!({})), ErrorKind::InvalidInput, "os.system");
    check_error(
        new(),
        made(&["langchain", "HumanMessage"], json!({})),
        ErrorKind::InvalidInput,
        "unknown class",
    );
    check_error(new(), made(&[], json!({})), ErrorKind::InvalidInput, "id");
    check_error(new(), made(&[&"x".repeat(10_000)], json!({})), ErrorKind::InvalidInput, "unknown class");
    check_error(new(), message(json!({"content": 5})), ErrorKind::InvalidInput, "human");
    check_error(new(), message(json!([])), ErrorKind::InvalidInput, "kwargs");
    check_error(new(), prompt(json!({})), ErrorKind::MissingKey, "template");
    check_error(new(), prompt(json!({"template": [1]})), ErrorKind::InvalidInput, "a list");
    check_error(new(), prompt(json!({"template": "{"})), ErrorKind::Template, "character 1");
    let jinja2 = prompt(json!({"template": "{{ x }}", "template_format": "jinja2"}));
    check_error(new(), json!({"a": [jinja2.clone()]}), ErrorKind::Unsupported, "jinja2");
    if cfg!(feature = "jinja2") {
        assert!(new().allow_jinja2().load(&jinja2).is_ok());
    }
    let only = |names: &[&str]| Loader::new().with_allowed(AllowedObjects::only(names.iter().copied()));
    check_error(
        only(&["AIMessage"]),
        message(json!({"content": "x"})),
        ErrorKind::InvalidInput,
        "not allowed",
    );
    check_error(only(&[]), message(json!({"content": "x"})), ErrorKind::InvalidInput, "not allowed");
    let messages = Loader::new().with_allowed(AllowedObjects::Messages);
    check_error(messages.clone(), prompt(json!({"template": "x"})), ErrorKind::InvalidInput, "not allowed");
    // The arguments of what is allowed may hold no more than that.
    let inner = json!({"content": [prompt(json!({"template": "x"}))]});
    check_error(messages, message(inner), ErrorKind::InvalidInput, "not allowed");
    assert!(
        only(&["langchain.schema.messages.HumanMessage"]).load(&message(json!({"content": "x"}))).is_ok()
    );
}

#[test]
fn a_class_that_was_given_is_loaded_only_where_it_is_allowed() {
    let given =
        |id: &[&str]| Loader::new().with_class(id.iter().copied(), |_| Ok(Loaded::Data("made".into())));
    let check = |id: &[&str], allowed: AllowedObjects, expected: bool| {
        let envelope = json!({"lc": 1, "type": "constructor", "id": id, "kwargs": {"content": "x"}});
        let loaded = given(id).with_allowed(allowed.clone()).load(&envelope);
        assert_eq!(loaded.is_ok(), expected, "{id:?} {allowed:?}");
        let nested = given(id).with_allowed(allowed).load(&json!({"deep": [envelope]}));
        assert_eq!(nested.is_ok(), expected, "{id:?}");
    };
    let model = ["langchain", "chat_models", "openai", "ChatOpenAI"];
    // A given class counts as given even if its id is that of a message.
    for id in [&model[..], &["langchain", "schema", "messages", "HumanMessage"]] {
        check(id, AllowedObjects::default(), true);
        check(id, AllowedObjects::All, true);
        check(id, AllowedObjects::only([id[id.len() - 1]]), true);
        check(id, AllowedObjects::Core, false);
        check(id, AllowedObjects::Messages, false);
        check(id, AllowedObjects::only(["PromptTemplate"]), false);
    }
    let prompt = json!({"lc": 1, "type": "constructor", "id": ["langchain", "prompts", "prompt", "PromptTemplate"],
        "kwargs": {"template": "x"}});
    assert!(Loader::new().with_allowed(AllowedObjects::Core).load(&prompt).is_ok());
}

#[test]
fn depth_is_limited() {
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    assert!(loads(&nested(200)).is_ok());
    assert_eq!(loads(&nested(202)).unwrap_err().kind(), ErrorKind::InvalidInput);
    assert_eq!(loads(&nested(1_000_000)).unwrap_err().kind(), ErrorKind::InvalidInput);
    assert!(loads(&format!("\"{}\"", "[{\\\"".repeat(1000))).is_ok());
    assert_eq!(loads("[1, 2] x").unwrap_err().kind(), ErrorKind::Parse);
}

#[test]
fn secrets_come_from_the_caller() {
    let envelope = json!({"lc": 1, "type": "constructor", "id": ["acme", "Model"], "kwargs": {
        "key": {"lc": 1, "type": "secret", "id": ["KEY"]}, "other": {"lc": 1, "type": "secret", "id": ["OTHER"]},
        "none": {"lc": 1, "type": "secret", "id": ["NONE"]},
    }});
    let loader = Loader::new()
        .with_secret("KEY", "k")
        .with_secrets(|name| (name == "OTHER").then(|| "o".to_owned()))
        .with_class(["acme", "Model"], |mut kwargs| {
            assert!(!format!("{kwargs:?}").contains("\"k\""));
            let text = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
            let all = [kwargs.text("key")?, kwargs.text("other")?, kwargs.text("none")?].map(text).concat();
            Ok(Loaded::Data(all.into()))
        });
    let got: Data = loader.load(&envelope).unwrap().try_into().unwrap();
    assert_eq!(got, "ko-".into());
}
