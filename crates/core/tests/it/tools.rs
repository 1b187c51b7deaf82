//! The loop in which a model calls tools.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use catena_core::fakes::{FakeChatModel, FakeMessagesListChatModel};
use catena_core::{
    AiMessage, AtLimit, Capability, ChatModelExt, Chunk, Context, Data, Error, ErrorKind, InvalidToolCall,
    Message, OnToolError, Result, RunCollector, RunConfig, RunnableExt, StrOutputParser, Tool, ToolCall,
    ToolCallChunk, ToolOptions, ToolStatus, Transcript, Usage, lambda, tool,
};
use futures_executor::block_on;
use futures_util::StreamExt;
use serde_json::{Value, json};

fn echo(name: &'static str) -> Tool {
    tool(name, "Says it again.", json!({"type": "object"}), |args: Value| args)
}

pub(crate) fn wish(name: &str, id: &str) -> ToolCall {
    ToolCall::new(name, [("id", id)]).with_id(id)
}

pub(crate) fn wishes(calls: impl IntoIterator<Item = ToolCall>) -> AiMessage {
    AiMessage::new("").with_tool_calls(calls)
}

pub(crate) fn results(transcript: &Transcript) -> Vec<(&str, String)> {
    let results = transcript.messages().iter().filter_map(|message| match message {
        Message::Tool(result) => Some((result.tool_call_id.as_str(), result.content.text().into_owned())),
        _ => None,
    });
    results.collect()
}

#[test]
fn results_come_in_the_order_of_the_calls_and_go_back_to_the_model() {
    let model = FakeMessagesListChatModel::new([
        wishes([wish("a", "1"), wish("b", "2"), wish("a", "3")]),
        AiMessage::new("Done."),
    ]);
    let transcript = block_on(model.clone().with_tools([echo("a"), echo("b")]).invoke("Go")).unwrap();
    let expected = [("1", r#"{"id":"1"}"#), ("2", r#"{"id":"2"}"#), ("3", r#"{"id":"3"}"#)];
    assert_eq!(results(&transcript), expected.map(|(id, text)| (id, text.to_owned())));
    assert_eq!(transcript.text(), "Done.");
    let again = model.prompts()[1].clone().into_messages();
    assert_eq!(again[0], Message::human("Go"));
    assert_eq!(again[1..], transcript.messages()[..4]);
}

#[test]
fn what_goes_wrong_is_told_to_the_model() {
    let failing = tool("fails", "Fails.", json!({}), |_: Value| {
        Err::<(), _>(Error::new(ErrorKind::Other, "disk full"))
    });
    let strict = tool(
        "strict",
        "Takes a number.",
        json!({"properties": {"n": {"type": "integer"}}, "required": ["n"]}),
        |_: Value| 1,
    );
    let mut answer = wishes([wish("fails", "1"), wish("strict", "2"), wish("none", "3")]);
    answer.push_invalid_tool_call(InvalidToolCall::new("strict", "{oops"));
    let model = FakeMessagesListChatModel::new([answer, AiMessage::new("Sorry.")]);
    let transcript = block_on(model.with_tools([failing, strict]).invoke("Go")).unwrap();
    let told: Vec<String> = results(&transcript).into_iter().map(|(_, text)| text).collect();
    assert_eq!(
        told,
        [
            "disk full",
            "invalid arguments for the tool `strict`: expected `n` (an integer), which is missing",
            "unknown tool `none`; available tools: `fails`, `strict`",
            "the arguments are not a JSON object: {oops",
        ]
    );
    let failed = transcript.messages().iter().all(|message| match message {
        Message::Tool(result) => result.status == ToolStatus::Error,
        _ => true,
    });
    assert!(failed && transcript.text() == "Sorry.");
}

#[test]
fn errors_are_handled_as_the_tool_says() {
    let check = |handling: Option<OnToolError>, kind: ErrorKind, expected: Result<&str, ErrorKind>| {
        let mut tool = tool("t", "Fails.", json!({"required": ["n"]}), move |_: Value| {
            Err::<(), _>(Error::new(kind, "no"))
        });
        if let Some(handling) = handling {
            tool = tool.with_error_handling(handling);
        }
        let result = block_on(tool.invoke(ToolCall::new("t", [("n", 1)])));
        assert_eq!(
            result.as_ref().map(|message| message.content.text()).map_err(Error::kind),
            expected.map(Into::into)
        );
    };
    check(None, ErrorKind::Other, Err(ErrorKind::Other));
    check(Some(OnToolError::Raise), ErrorKind::Other, Err(ErrorKind::Other));
    check(Some(OnToolError::Tell), ErrorKind::Other, Ok("no"));
    check(Some(OnToolError::Say("later".into())), ErrorKind::Other, Ok("later"));
    check(
        Some(OnToolError::with(|error| format!("{:?}", error.kind()))),
        ErrorKind::NotFound,
        Ok("NotFound"),
    );
    // What ends the run, and mistakes of the application, are not for the model.
    let not_for_the_model =
        [ErrorKind::Cancelled, ErrorKind::BudgetExceeded, ErrorKind::WouldDeadlock, ErrorKind::Config];
    for kind in not_for_the_model {
        for handling in [OnToolError::Tell, OnToolError::Say("x".into()), OnToolError::with(|_| "x".into())] {
            check(Some(handling), kind, Err(kind));
        }
    }

    let raising =
        tool("t", "Fails.", json!({}), |_: Value| Err::<(), _>(Error::new(ErrorKind::NotFound, "no")));
    let model = FakeMessagesListChatModel::new([wishes([wish("t", "1")])]);
    let run = model.with_tools([raising.with_error_handling(OnToolError::Raise)]);
    let error = block_on(run.invoke("Go")).unwrap_err();
    assert_eq!((error.kind(), error.path().to_string().as_str()), (ErrorKind::NotFound, "t"));
}

#[test]
fn a_stream_has_the_words_of_every_round() {
    let mut call = ToolCallChunk::new(0).with_name("a").with_id("1");
    call.args = Some("{\"id\":".to_owned());
    let piece = |call| {
        let mut message = AiMessage::default();
        message.push_tool_call_chunk(call);
        message
    };
    let answers = || {
        [
            vec![
                AiMessage::new("Let me "),
                AiMessage::new("see."),
                piece(call.clone()),
                piece(ToolCallChunk::new(0).with_args("\"1\"}")),
            ],
            vec![AiMessage::new("It is "), AiMessage::new("1.")],
        ]
    };
    let run = FakeMessagesListChatModel::streaming(answers()).with_tools([echo("a")]);
    let chunks: Vec<Transcript> = block_on(run.stream("Go").map(Result::unwrap).collect());
    let words: Vec<String> = chunks.iter().map(|chunk| chunk.text().into_owned()).collect();
    assert_eq!(words, ["Let me ", "see.", "", "", "{\"id\":\"1\"}", "It is ", "1."]);
    let folded = chunks
        .clone()
        .into_iter()
        .reduce(|mut whole, chunk| {
            whole.merge(chunk);
            whole
        })
        .unwrap();
    // However the pieces are grouped.
    let late = chunks
        .into_iter()
        .rev()
        .reduce(|rest, mut chunk| {
            chunk.merge(rest);
            chunk
        })
        .unwrap();
    let called =
        block_on(FakeMessagesListChatModel::streaming(answers()).with_tools([echo("a")]).invoke("Go"))
            .unwrap();
    assert_eq!((&folded, &late), (&called, &called));
}

/// The transcript of a model that gives these pieces in its first round, called and streamed.
fn both_ways(pieces: &[AiMessage], tools: &[Tool]) -> Transcript {
    let run = || {
        let answers = [pieces.to_vec(), vec![AiMessage::new("Done.")]];
        FakeMessagesListChatModel::streaming(answers).with_tools(tools)
    };
    let called = block_on(run().invoke("Go")).unwrap();
    let streamed = block_on(run().stream("Go").map(Result::unwrap).collect::<Vec<Transcript>>());
    let streamed = streamed.into_iter().reduce(|mut whole, chunk| {
        whole.merge(chunk);
        whole
    });
    assert_eq!(streamed.as_ref(), Some(&called));
    called
}

fn of_piece(piece: ToolCallChunk) -> AiMessage {
    let mut message = AiMessage::default();
    message.push_tool_call_chunk(piece);
    message
}

#[test]
fn half_a_call_is_not_made_though_nobody_says_why_the_answer_ended() {
    let deleted = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&deleted);
    let delete = tool("delete", "Deletes.", json!({}), move |_: Value| {
        count.fetch_add(1, Ordering::SeqCst);
        "gone"
    });
    let half = ToolCallChunk::new(0).with_name("delete").with_id("1").with_args(r#"{"path": "/home/a"#);
    let whole = ToolCallChunk::new(1).with_name("delete").with_id("2").with_args(r#"{"path": "/tmp"}"#);
    let transcript = both_ways(&[of_piece(half), of_piece(whole)], &[delete]);
    assert_eq!(deleted.load(Ordering::SeqCst), 2, "one call, in each of two runs");
    let told = r#"the arguments are not a JSON object: {"path": "/home/a"#;
    assert_eq!(results(&transcript), [("2", "gone".to_owned()), ("1", told.to_owned())]);
}

#[test]
fn calls_without_ids_get_some_by_which_results_are_told_apart() {
    let args = |n: u8| format!(r#"{{"n":{n}}}"#);
    let piece = |n: u8| ToolCallChunk::new(n.into()).with_name("a").with_args(args(n));
    let in_pieces = [of_piece(piece(0)), of_piece(piece(1)), of_piece(piece(2).with_id("own"))];
    let whole = |n: u8| wishes([ToolCall::new("a", [("n", n)])]);
    let at_once = [whole(0), whole(1), wishes([ToolCall::new("a", [("n", 2)]).with_id("own")])];
    for pieces in [in_pieces, at_once] {
        let transcript = both_ways(&pieces, &[echo("a")]);
        let expected = [("call_1_1", args(0)), ("call_1_2", args(1)), ("own", args(2))];
        assert_eq!(results(&transcript), expected);
        let ids = transcript.messages()[0].tool_calls().iter().map(|call| call.id.as_deref());
        assert_eq!(ids.collect::<Vec<_>>(), expected.map(|(id, _)| Some(id)));
    }
}

#[test]
fn limits_hold() {
    let endless =
        || FakeMessagesListChatModel::new((0..20).map(|_| wishes([wish("a", "1"), wish("a", "2")])));
    let check = |limit: fn(
        catena_core::ToolLoop<FakeMessagesListChatModel>,
    ) -> catena_core::ToolLoop<FakeMessagesListChatModel>,
                 asked: usize,
                 text: &str| {
        let model = endless();
        let error = block_on(limit(model.clone().with_tools([echo("a")])).invoke("Go")).unwrap_err();
        assert_eq!((error.kind(), model.prompts().len()), (ErrorKind::RecursionLimit, asked));
        assert!(error.message().contains(text), "{error}");
    };
    check(|run| run, 11, "10 rounds");
    check(|run| run.with_max_rounds(2), 3, "2 rounds");
    check(|run| run.with_max_rounds(0), 1, "0 rounds");
    check(|run| run.with_max_calls(3), 2, "3 calls");
    // A model that does not stop even when it has to.
    check(|run| run.with_max_rounds(1).with_at_limit(AtLimit::Answer), 2, "1 rounds");
}

#[test]
fn at_the_limit_the_model_may_answer_with_what_it_has() {
    let model = FakeMessagesListChatModel::new([
        wishes([wish("a", "1"), wish("a", "2")]),
        AiMessage::new("Only one."),
    ]);
    let run = model.clone().with_tools([echo("a")]).with_max_calls(1).with_at_limit(AtLimit::Answer);
    let transcript = block_on(run.invoke("Go")).unwrap();
    assert_eq!(results(&transcript)[1].1, "not called: the limit of tool calls was reached");
    assert_eq!(
        (transcript.text().as_ref(), &model.arguments()[1]["tool_choice"]),
        ("Only one.", &json!("none"))
    );
    // A model that cannot be told not to call tools does not hear of them.
    let model = FakeMessagesListChatModel::new([AiMessage::new("Hi.")]).without(Capability::ToolChoice);
    let run = model.clone().with_tools([echo("a")]).with_max_rounds(0).with_at_limit(AtLimit::Answer);
    block_on(run.invoke("Go")).unwrap();
    assert!(model.arguments()[0].is_empty());
}

#[test]
fn a_forced_choice_holds_for_the_first_round_only() {
    let model = FakeMessagesListChatModel::new([wishes([wish("a", "1")]), AiMessage::new("Done.")]);
    let run = model.clone().bind("temperature", 0).with_tools([echo("a")]);
    let run = run.with_options(ToolOptions::new().with_choice("a").with_parallel(false).with_strict(true));
    block_on(run.bind("seed", 1).invoke("Go")).unwrap();
    let [first, second] = &model.arguments()[..] else { panic!("two calls") };
    assert_eq!(first["tool_choice"], json!({"type": "function", "function": {"name": "a"}}));
    assert_eq!((&first["tools"][0]["function"]["strict"], &first["seed"]), (&json!(true), &json!(1)));
    assert_eq!((second.get("tool_choice"), &second["parallel_tool_calls"]), (None, &json!(false)));
    assert_eq!((&second["temperature"], &second["seed"]), (&json!(0), &json!(1)));
}

#[test]
fn tools_run_at_once_but_not_too_many() {
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let slow = {
        let (now, most) = (Arc::clone(&now), Arc::clone(&most));
        tool("slow", "Takes a while.", json!({}), move |_: Value| {
            let (now, most) = (Arc::clone(&now), Arc::clone(&most));
            async move {
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                for _ in 0..3 {
                    smol::future::yield_now().await;
                }
                now.fetch_sub(1, Ordering::SeqCst);
            }
        })
    };
    for (limit, config, expected) in [
        (Some(3), RunConfig::new(), 3),
        (None, RunConfig::new().with_max_concurrency(5), 5),
        (None, RunConfig::new(), 16),
    ] {
        most.store(0, Ordering::SeqCst);
        let model = FakeMessagesListChatModel::new(forty_calls());
        let mut run = model.with_tools([&slow]);
        if let Some(limit) = limit {
            run = run.with_max_concurrency(limit);
        }
        block_on(run.invoke_with("Go", &config)).unwrap();
        assert_eq!(most.load(Ordering::SeqCst), expected);
    }
}

fn forty_calls() -> [AiMessage; 2] {
    [wishes((0..40).map(|n| wish("slow", &n.to_string()))), AiMessage::new("")]
}

#[test]
fn dropping_the_call_drops_the_tools() {
    struct Guard(Arc<AtomicUsize>);
    impl Drop for Guard {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
    let dropped = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&dropped);
    let stuck = tool("stuck", "Never ends.", json!({}), move |_: Value| {
        let guard = Guard(Arc::clone(&count));
        async move {
            let _guard = guard;
            std::future::pending::<Result<()>>().await
        }
    });
    let run = FakeMessagesListChatModel::new([wishes([wish("stuck", "1"), wish("stuck", "2")])])
        .with_tools([stuck]);
    let mut call = Box::pin(run.invoke("Go"));
    assert!(block_on(futures_util::future::poll_immediate(&mut call)).is_none());
    drop(call);
    assert_eq!(dropped.load(Ordering::SeqCst), 2);
}

#[test]
fn the_output_of_a_tool_may_be_the_answer() {
    let direct = |fails: bool| {
        tool("t", "Answers.", json!({}), move |_: Value| match fails {
            true => Err(Error::new(ErrorKind::Other, "no")),
            false => Ok("42"),
        })
        .return_direct()
    };
    let model = || FakeMessagesListChatModel::new([wishes([wish("t", "1")]), AiMessage::new("It failed.")]);
    let answer = block_on(model().with_tools([direct(false)]).final_answer().invoke("Go")).unwrap();
    assert_eq!(answer.text(), "42");
    let chain = model().with_tools([direct(true)]).final_answer() | StrOutputParser;
    assert_eq!(block_on(chain.invoke("Go")).unwrap(), "It failed.");
}

#[test]
fn the_output_of_a_tool_beside_others_goes_back_to_the_model() {
    #[track_caller]
    fn check(calls: [&str; 2], expected: &str) {
        let direct = |name| tool(name, "Answers.", json!({}), move |_: Value| name).return_direct();
        let run = || {
            let answers = [wishes(calls.map(|name| wish(name, name))), AiMessage::new("The model.")];
            FakeMessagesListChatModel::new(answers).with_tools([direct("x"), direct("y"), echo("other")])
        };
        assert_eq!(block_on(run().invoke("Go")).unwrap().text(), expected);
        assert_eq!(block_on(run().final_answer().invoke("Go")).unwrap().text(), expected);
    }
    check(["x", "other"], "The model.");
    check(["other", "x"], "The model.");
    check(["x", "missing"], "The model.");
    check(["x", "y"], "y");
}

#[test]
fn runs_of_models_and_tools_are_observed() {
    let collector = RunCollector::new();
    let model = FakeMessagesListChatModel::new([wishes([wish("a", "1")]), AiMessage::new("Done.")]);
    let config = RunConfig::new().with_observer(collector.clone());
    block_on(model.with_tools([echo("a")]).invoke_with("Go", &config)).unwrap();
    let [root] = &collector.roots()[..] else { panic!("one run") };
    let names: Vec<&str> = root.children.iter().map(|run| run.info.name.as_str()).collect();
    assert_eq!(root.info.name, "ToolLoop");
    assert_eq!(names, ["FakeMessagesListChatModel", "a", "FakeMessagesListChatModel"]);
}

#[test]
fn models_without_tools_say_so_before_they_are_asked() {
    let model = FakeChatModel::new(["Hi"]);
    for error in [
        block_on(model.clone().bind_tools([echo("a")]).invoke("Go")).unwrap_err(),
        block_on(model.clone().with_tools([echo("a")]).invoke("Go")).unwrap_err(),
        block_on(model.clone().bind_tools([echo("a")]).stream("Go").next()).unwrap().unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Unsupported);
    }
    assert!(model.prompts().is_empty());
    let twice = FakeMessagesListChatModel::new([]).with_tools([echo("a"), echo("a")]);
    assert_eq!(block_on(twice.invoke("Go")).unwrap_err().kind(), ErrorKind::Config);
}

#[cfg(feature = "schemars")]
#[test]
fn what_an_option_takes_may_be_null_where_all_is_required() {
    #[derive(serde::Deserialize, schemars::JsonSchema)]
    struct Find {
        name: String,
        #[serde(default)]
        within: Option<Vec<u8>>,
    }
    let find = Tool::from_function("find", "Finds.", |find: Find| format!("{} {:?}", find.name, find.within));
    let model = FakeMessagesListChatModel::new([AiMessage::new("")]);
    let bound = model.clone().bind_tools_with([&find], &ToolOptions::new().with_strict(true));
    block_on(bound.invoke("Go")).unwrap();
    let schema = &model.arguments()[0]["tools"][0]["function"]["parameters"];
    assert_eq!(schema["required"], json!(["name", "within"]));
    let within = &schema["properties"]["within"];
    assert_eq!((&within["type"], within.get("default")), (&json!(["array", "null"]), None), "{schema}");
    let output = block_on(find.run(json!({"name": "a", "within": null}), &Context::default())).unwrap();
    assert_eq!(output.content.text(), "a None");
}

#[test]
fn a_tool_that_contradicts_how_it_is_bound_reaches_the_provider_with_the_contradiction() {
    let model = FakeMessagesListChatModel::new([AiMessage::new("")]);
    let tool = json!({"name": "f", "strict": false});
    let bound = model.clone().bind_tools_with([tool.clone()], &ToolOptions::new().with_strict(true));
    block_on(bound.invoke("Go")).unwrap();
    assert_eq!(model.arguments()[0], *json!({"tools": [tool], "strict": true}).as_object().unwrap());
}

#[test]
fn tools_know_by_which_call_they_run() {
    let inner =
        lambda(|_: Data, cx: Context| cx.tool_call_id().map(str::to_owned)).as_tool("inner", "Inner.");
    let own = tool("own", "Own.", json!({}), |_: Value, cx: Context| cx.tool_call_id().map(str::to_owned));
    let model =
        FakeMessagesListChatModel::new([wishes([wish("own", "1"), wish("inner", "2")]), AiMessage::new("")]);
    let transcript = block_on(model.with_tools([Tool::from(inner), own]).invoke("Go")).unwrap();
    assert_eq!(results(&transcript), [("1", "1".to_owned()), ("2", "2".to_owned())]);
    assert_eq!(Context::default().tool_call_id(), None);
}

#[test]
fn keys_to_servers_of_tools_are_neither_shown_nor_written() {
    let server = json!({"type": "mcp", "server_label": "files", "authorization": "s3cret"});
    let bound = FakeMessagesListChatModel::new([]).bind_tools([server]);
    assert!(!format!("{bound:?}").contains("s3cret"), "{bound:?}");
    let server = json!({"type": "mcp", "headers": {"x-key": "s3cret"}});
    let form = FakeMessagesListChatModel::new([]).with_structured_output_schema(json!({"title": "A"}));
    let form = form.with_bound_tools([server]);
    assert!(!format!("{form:?}").contains("s3cret"), "{form:?}");
    let saved = catena_core::load::dumps(&bound);
    assert!(!saved.contains("s3cret") && saved.contains("not_implemented"), "{saved}");
}

#[test]
fn usage_adds_up() {
    let used = |input, output| {
        let mut answer = wishes([wish("a", "1")]);
        answer.usage = Some(Usage::new(input, output));
        answer
    };
    let mut last = AiMessage::new("Done.");
    last.usage = Some(Usage::new(5, 6));
    let model = FakeMessagesListChatModel::new([used(1, 2), used(3, 4), last]);
    let transcript = block_on(model.with_tools([echo("a")]).invoke("Go")).unwrap();
    assert_eq!(transcript.usage(), Some(Usage::new(9, 12)));
}
