//! Streams: token by token, the same as one piece, whole or broken.

use std::time::Duration;

use catena_core::{ErrorKind, RunConfig, RunnableExt, Usage, UsageTotals};
use catena_llm_openai::DisableStreaming;
use catena_testkit::{Framing, Gate, Reply, Server, SimulatedOpenAi};
use futures_executor::block_on;
use futures_util::StreamExt;
use serde_json::json;

use crate::support::{
    PATIENCE, chat, chat_builder, chat_completion, chat_events, completion, completion_events, drain, fold,
    llm, llm_builder,
};

#[test]
fn the_first_token_is_seen_while_the_rest_does_not_exist() {
    let gate = Gate::new();
    let server =
        Server::replay([Reply::sse(completion_events(&["Rain", "bow"])).hold_after(0, gate.clone())]);
    let llm = llm(&server);
    let mut stream = llm.stream("Name?");
    assert_eq!(block_on(stream.next()).expect("a chunk").expect("text"), "Rain");
    gate.open();
    assert_eq!(drain(stream).0, ["bow"]);
    let sent = server.requests()[0].json();
    assert_eq!((&sent["prompt"], &sent["stream"]), (&json!("Name?"), &json!(true)));
}

#[test]
fn chat_tokens_are_seen_as_they_come() {
    let gates = [Gate::new(), Gate::new()];
    let reply = Reply::sse(chat_events(&["Rain", "bow"]));
    let reply = reply.hold_after(1, gates[0].clone()).hold_after(2, gates[1].clone());
    let server = Server::replay([reply]);
    let chat = chat(&server);
    let mut stream = chat.stream("Name?");
    for (gate, text) in gates.iter().zip(["Rain", "bow"]) {
        let chunk = block_on(stream.next()).expect("a chunk").expect("a piece");
        assert_eq!(chunk.text(), text);
        gate.open();
    }
    let rest = fold(drain(stream).0);
    assert_eq!(rest.metadata.finish_reason.as_deref(), Some("stop"));
    assert_eq!(rest.usage, Some(Usage::new(5, 2)));
    assert_eq!(rest.text(), "");
    let sent =
        json!({"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Name?"}], "stream": true});
    assert_eq!(server.requests()[0].json(), sent, "usage is not asked of a server that may not know it");
}

#[test]
fn usage_is_asked_for_when_wanted() {
    let server = Server::replay([Reply::sse(chat_events(&["Hi"]))]);
    let chat = chat_builder(&server).with_stream_usage(true).build().expect("a model");
    drain(chat.stream("Hi"));
    assert_eq!(server.requests()[0].json()["stream_options"], json!({"include_usage": true}));
}

#[test]
fn the_usage_of_a_streamed_text_is_told_to_those_who_watch() {
    let mut events = completion_events(&["Hi"]);
    let usage = json!({"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7});
    events.insert(2, json!({"model": "m-1", "choices": [], "usage": usage}).to_string());
    let server = Server::replay([Reply::sse(events), Reply::json(200, completion("Hi"))]);
    let totals = UsageTotals::new();
    let config = RunConfig::new().with_observer(totals.clone());
    let llm = llm_builder(&server).with_stream_usage(true).build().expect("a model");
    for (round, answer) in (1..).zip(["in pieces", "in one piece, though a stream was asked for"]) {
        assert_eq!(drain(llm.stream_with("Hi", &config)).0.concat(), "Hi");
        assert_eq!(totals.by_model()["m-1"], Usage::new(5 * round, 2 * round), "{answer}");
    }
    assert_eq!(server.requests()[0].json()["stream_options"], json!({"include_usage": true}));
}

/// The law of streaming, wherever the bytes are split.
#[test]
fn folded_chunks_are_what_invoke_returns() {
    let texts = ["Grü", "ße", " 😀", "!\r\n"];
    let replies = |split: usize| {
        [
            Reply::json(200, chat_completion(&texts.concat())).with_header("x-request-id", "req_7"),
            Reply::sse(chat_events(&texts)).with_header("x-request-id", "req_7").split_every(split),
        ]
    };
    for split in [0, 1, 2, 3, 7] {
        let server = Server::replay(replies(split));
        let chat = chat(&server);
        let whole = block_on(chat.invoke("Hi")).expect("an answer");
        let (chunks, error) = drain(chat.stream("Hi"));
        assert!(error.is_none(), "{error:?}");
        assert_eq!(fold(chunks), whole, "split every {split}");
    }
    let server = Server::replay([
        Reply::json(200, completion(&texts.concat())),
        Reply::sse(completion_events(&texts)).split_every(1),
    ]);
    let llm = llm(&server);
    assert_eq!(block_on(llm.invoke("Hi")).expect("an answer"), fold(drain(llm.stream("Hi")).0));
}

#[test]
fn one_cut_anywhere_gives_the_same_chunks() {
    let texts = ["é", "😀\"\\"];
    let body: String =
        completion_events(&texts).iter().map(|event| format!("data: {event}\r\n\r\n")).collect();
    let reply = |cut| {
        let reply = Reply::bytes(200, body.clone()).with_header("content-type", "text/event-stream");
        reply.with_framing(Framing::Chunked).split_at([cut])
    };
    let server = Server::replay((1..body.len()).map(reply));
    let llm = llm(&server);
    for cut in 1..body.len() {
        let (chunks, error) = drain(llm.stream("Hi"));
        assert!(error.is_none(), "cut at {cut}: {error:?}");
        assert_eq!(chunks, texts, "cut at {cut}");
    }
}

#[test]
fn a_simulated_service_obeys_the_law() {
    let service = SimulatedOpenAi::builder().with_latency(Duration::ZERO).start().expect("a service");
    let builder = catena_llm_openai::ChatOpenAi::builder().ignore_environment().without_api_key();
    let chat =
        builder.with_base_url(service.base_url()).with_temperature(0.0).with_stream_usage(true).build();
    let chat = chat.expect("a model");
    let whole = block_on(chat.invoke("Name a company that makes socks")).expect("an answer");
    let (chunks, error) = drain(chat.stream("Name a company that makes socks"));
    assert!(error.is_none(), "{error:?}");
    assert!(chunks.len() > 2, "{chunks:?}");
    let folded = fold(chunks);
    assert_eq!((folded.text(), folded.usage), (whole.text(), whole.usage));
    assert_eq!(folded.metadata.finish_reason, whole.metadata.finish_reason);
}

#[test]
fn a_server_that_does_not_stream_is_understood() {
    let replies = [
        Reply::json(200, completion("whole")),
        Reply::text(200, format!("\n\n{}", completion("whole"))).split_every(1),
        Reply::json(200, json!({"error": {"message": "no slot"}})),
        Reply::html(200, "<!doctype html><p>Sign in"),
        Reply::text(200, "").with_header("content-type", "application/json"),
    ];
    let server = Server::replay(replies);
    let llm = llm(&server);
    let call = || {
        let (chunks, error) = drain(llm.stream("Hi"));
        (chunks.concat(), error.map(|error| error.kind()))
    };
    assert_eq!(call(), ("whole".to_owned(), None));
    assert_eq!(call(), ("whole".to_owned(), None));
    assert_eq!(call(), (String::new(), Some(ErrorKind::InvalidResponse)));
    assert_eq!(call(), (String::new(), Some(ErrorKind::InvalidResponse)));
    assert_eq!(call(), (String::new(), Some(ErrorKind::Decode)));
}

#[test]
fn events_under_a_wrong_label_are_understood() {
    let events = || Reply::sse(chat_events(&["a", "b"]));
    let labels = ["application/json", "text/plain", "application/octet-stream"];
    let server =
        Server::replay(labels.map(|label| events().with_header("content-type", label).split_every(3)));
    for label in labels {
        let (chunks, error) = drain(chat(&server).stream("Hi"));
        assert!(error.is_none(), "{label}: {error:?}");
        assert_eq!(fold(chunks).text(), "ab", "{label}");
    }
}

#[test]
fn comments_blank_lines_and_unknown_events_do_no_harm() {
    let body = format!(
        "\u{FEFF}: hello\n\n\nevent: ping\n\ndata:\n\nid: 1\nretry: 5\ndata: {}\n\n: busy\n\ndata:{}\n\ndata:  [DONE] \n\n\
         data: {{broken\n\n",
        completion_events(&["a"])[0],
        completion_events(&[])[0],
    );
    let server = Server::replay([Reply::bytes(200, body).with_header("content-type", "text/event-stream")]);
    let (chunks, error) = drain(llm(&server).stream("Hi"));
    assert_eq!((chunks.concat().as_str(), error.is_none()), ("a", true), "{error:?}");
}

#[track_caller]
fn check_broken(reply: Reply, kind: ErrorKind, part: &str) {
    let server = Server::replay([reply]);
    // Only the stream that is to reach the limit has one that a busy machine could reach.
    let idle = if kind == ErrorKind::Timeout { Duration::from_secs(1) } else { PATIENCE };
    let llm = llm_builder(&server).with_idle_timeout(idle).build();
    let (chunks, error) = drain(llm.expect("a model").stream("Hi"));
    assert_eq!(chunks.concat(), "Rainbow", "what came before is delivered");
    let error = error.expect("an error");
    assert_eq!(error.kind(), kind, "{error}");
    assert!(error.to_string().contains(part), "{error}");
}

#[test]
fn a_broken_stream_is_an_error_after_the_text() {
    let start = || completion_events(&["Rain", "bow"])[..2].to_vec();
    let with = |event: &str| Reply::sse(start().into_iter().chain([event.to_owned()]));
    check_broken(Reply::sse(start()), ErrorKind::Incomplete, "complete");
    check_broken(Reply::sse(start()).end_abort(), ErrorKind::Incomplete, "complete");
    check_broken(Reply::sse(start()).end_stall(), ErrorKind::Timeout, "idle timeout");
    check_broken(with(r#"{"error":{"message":"GPU on fire","code":500}}"#), ErrorKind::Stream, "GPU on fire");
    check_broken(with(r#"{"error":"GPU on fire"}"#), ErrorKind::Stream, "GPU on fire");
    check_broken(with(r#"{"choices":[{"te"#), ErrorKind::Decode, "not JSON");
    let endless = format!("{}data: {}", sse_text(&start()), "x".repeat(9 << 20));
    let endless = Reply::bytes(200, endless).with_header("content-type", "text/event-stream");
    check_broken(endless, ErrorKind::TooLarge, "larger than");
}

fn sse_text(events: &[String]) -> String {
    events.iter().map(|event| format!("data: {event}\n\n")).collect()
}

#[test]
fn the_connection_of_a_finished_stream_is_used_again() {
    let server = Server::replay([Reply::sse(completion_events(&["a"]))]);
    let llm = llm(&server);
    for _ in 0..5 {
        assert_eq!(drain(llm.stream("Hi")).0, ["a"]);
    }
    assert_eq!(server.connections(), 1);
}

#[test]
fn what_does_not_stream_is_called() {
    let tools = json!([{"name": "f"}]);
    for (disabled, tools, is_called) in [
        (DisableStreaming::Always, None, true),
        (DisableStreaming::ToolCalling, None, false),
        (DisableStreaming::ToolCalling, Some(json!([])), false),
        (DisableStreaming::ToolCalling, Some(tools.clone()), true),
        (DisableStreaming::Never, Some(tools), false),
    ] {
        let reply = match is_called {
            true => Reply::json(200, chat_completion("Rainbow")),
            false => Reply::sse(chat_events(&["Rain", "bow"])),
        };
        let server = Server::replay([reply.clone(), reply]);
        let chat = chat_builder(&server).with_disable_streaming(disabled).with_streaming(true);
        let chat = chat.build().expect("a model").bind("tools", tools.unwrap_or_default());
        let chunks = drain(chat.stream("Name?")).0;
        assert_eq!(chunks.len() == 1, is_called, "{disabled:?}: {chunks:?}");
        assert_eq!(fold(chunks).text(), "Rainbow");
        assert_eq!(block_on(chat.invoke("Name?")).expect("an answer").text(), "Rainbow");
        for request in server.requests() {
            assert_eq!(request.json().get("stream").is_some(), !is_called);
        }
    }
}
