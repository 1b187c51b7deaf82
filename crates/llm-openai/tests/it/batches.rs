//! Batches of prompts, from the file to the answers.

use catena_core::ErrorKind;
use catena_core::fakes::FakeTimer;
use catena_llm_openai::{BatchLine, BatchRequest, BatchWait, Batches, OpenAiBatch};
use catena_testkit::{Recorded, Reply, Server};
use futures_executor::block_on;
use serde_json::{Value, json};

use crate::support::{chat_builder, chat_completion, completion};

fn line(id: &str, result: Value) -> String {
    let mut line = json!({"id": "batch_req", "custom_id": id});
    if let (Value::Object(line), Value::Object(result)) = (&mut line, result) {
        line.extend(result);
    }
    line.to_string()
}

/// A service whose batch has this status and these files.
fn service(status: &'static str, output: Vec<String>, errors: Vec<String>) -> Server {
    Server::start(move |request: &Recorded| match (request.method(), request.path()) {
        ("POST", "/v1/files") => Reply::json(200, json!({"id": "file-in"})),
        (_, "/v1/files/file-out/content") => Reply::text(200, output.join("\n")).split_every(5),
        (_, "/v1/files/file-err/content") => Reply::text(200, errors.join("\n")),
        _ => Reply::json(
            200,
            json!({
                "id": "batch_1", "status": status, "output_file_id": "file-out", "error_file_id": "file-err",
                "errors": {"data": [{"message": "bad line", "line": 2}]},
            }),
        ),
    })
}

fn batch(server: &Server) -> OpenAiBatch {
    let wait = BatchWait::default().with_timer(FakeTimer::new());
    OpenAiBatch::new(chat_builder(server).build().expect("a model")).with_wait(wait)
}

/// Begins a batch at a service that answers so to begin with, with this list of batches. Returns the id of what was begun
/// and what was asked.
fn begun(first: &Reply, retries: usize, list: Value) -> (Result<String, ErrorKind>, Vec<String>) {
    let first = first.clone();
    let server = Server::start(move |request: &Recorded| match (request.method(), request.number()) {
        ("POST", 0) => first.clone(),
        ("POST", _) => Reply::json(200, json!({"id": "batch_second", "status": "validating"})),
        _ => Reply::json(200, json!({"data": list})),
    });
    let chat = chat_builder(&server).with_max_retries(retries).build().expect("a model");
    let request = BatchRequest::new("file-1", "/v1/embeddings").with_metadata("job", "nightly");
    let batch = block_on(chat.client().batches().create(&request));
    let asked = server.requests().iter().map(|request| request.method().to_owned()).collect();
    (batch.map(|batch| batch.id).map_err(|error| error.kind()), asked)
}

#[test]
fn a_batch_whose_beginning_was_not_heard_of_is_not_begun_twice() {
    let batch = |id: &str, change: Value| {
        let mut batch = json!({"id": id, "status": "in_progress", "input_file_id": "file-1",
            "endpoint": "/v1/embeddings", "metadata": {"job": "nightly"}});
        if let (Value::Object(batch), Value::Object(change)) = (&mut batch, change) {
            batch.extend(change);
        }
        batch
    };
    let others = [
        batch("batch_a", json!({"input_file_id": "file-2"})),
        batch("batch_b", json!({"endpoint": "/v1/responses"})),
        batch("batch_c", json!({"metadata": null})),
        batch("batch_d", json!({"status": "completed"})),
    ];
    let this: Value = others.iter().cloned().chain([batch("batch_first", json!({}))]).collect();
    let gateway = |status| (Reply::text(status, "no answer"), ErrorKind::Server);
    for (first, kind) in [(Reply::drop_connection(), ErrorKind::Connection), gateway(502), gateway(504)] {
        let (id, asked) = begun(&first, 2, this.clone());
        assert_eq!((id, asked.join(" ")), (Ok("batch_first".to_owned()), "POST GET".to_owned()));
        let (id, asked) = begun(&first, 2, others.to_vec().into());
        assert_eq!((id, asked.len()), (Ok("batch_second".to_owned()), 3), "it was not begun: {asked:?}");
        let (error, asked) = begun(&first, 0, json!([]));
        assert_eq!((error, asked.len()), (Err(kind), 2), "nothing is tried again: {asked:?}");
    }
    let refused = Reply::text(503, "busy").with_header("retry-after-ms", "1");
    let (id, asked) = begun(&refused, 2, json!([]));
    assert_eq!((id, asked.join(" ")), (Ok("batch_second".to_owned()), "POST POST".to_owned()));
}

#[test]
fn every_prompt_gets_its_result_in_its_place() {
    let done = |id: &str, text: &str| {
        line(
            id,
            json!({"response": {"status_code": 200, "request_id": "req_9", "body": chat_completion(text)}}),
        )
    };
    let refused = json!({"response": {"status_code": 429, "body": {"error": {"message": "slow down"}}}});
    let late = json!({"error": {"code": "batch_expired", "message": "late"}});
    let output = vec![
        done("request-3", "four"),
        "{broken".into(),
        done("request-0", "one"),
        done("request-0", "again"),
    ];
    let server = service("expired", output, vec![line("request-1", refused), line("request-2", late)]);
    let answers = block_on(batch(&server).run(["1", "2", "3", "4", "5"])).expect("answers");
    let shown: Vec<_> = answers
        .iter()
        .map(|answer| {
            answer.as_ref().map(|answer| answer.text().into_owned()).map_err(catena_core::Error::kind)
        })
        .collect();
    assert_eq!(
        shown,
        [
            Ok("one".to_owned()),
            Err(ErrorKind::RateLimit),
            Err(ErrorKind::Timeout),
            Ok("four".to_owned()),
            Err(ErrorKind::Timeout)
        ]
    );
    let first = answers[0].as_ref().expect("an answer");
    assert_eq!(first.metadata.request_id.as_deref(), Some("req_9"));
    let requests = server.requests();
    assert!(
        requests[0]
            .text()
            .contains(r#"{"custom_id":"request-4","method":"POST","url":"/v1/chat/completions","body":{"#)
    );
    let expected =
        json!({"input_file_id": "file-in", "endpoint": "/v1/chat/completions", "completion_window": "24h"});
    assert_eq!(requests[1].json(), expected);
}

#[test]
fn a_batch_that_is_refused_is_an_error_that_says_why() {
    let server = service("failed", Vec::new(), Vec::new());
    let error = block_on(batch(&server).run(["1"])).expect_err("an error");
    assert_eq!(error.kind(), ErrorKind::BadRequest);
    assert!(error.to_string().contains("bad line (line 2)"), "{error}");
    let error = block_on(batch(&server).submit(Vec::<String>::new())).expect_err("nothing to do");
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}

fn batches(server: &Server) -> Batches {
    chat_builder(server).build().expect("a model").client().batches()
}

#[test]
fn requests_of_any_kind_get_their_answers_by_their_ids() {
    let done = |id: &str, body: Value| {
        line(id, json!({"response": {"status_code": 200, "request_id": "req_9", "body": body}}))
    };
    let vectors = json!({"data": [{"index": 1, "embedding": [0.5]}, {"index": 0, "embedding": [0.25]}]});
    let output = vec![
        done("text", completion("four")),
        done("both", vectors),
        done("both", json!({})),
        "{broken".into(),
    ];
    let refused = json!({"response": {"status_code": 400, "body": {"error": {"message": "no such model"}}}});
    let server = service("completed", output, vec![line("bad", refused)]);
    let batches = batches(&server);
    let lines = ["text", "both", "bad", "lost"]
        .map(|id| BatchLine::new(id, "/v1/embeddings", json!({"input": format!("{id}\n")})));
    let answers = block_on(async {
        let request = batches.upload(lines).await?.with_metadata("job", "nightly");
        let batch = batches.create(&request).await?;
        batches.answers(&batch, ["both", "bad", "lost", "text"]).await
    });
    let [both, bad, lost, text] = <[_; 4]>::try_from(answers.expect("answers")).expect("four");
    let both = both.expect("an answer");
    assert_eq!(both.embeddings().expect("vectors").vectors, [[0.25], [0.5]]);
    assert_eq!(both.completions().expect_err("no texts").kind(), ErrorKind::InvalidResponse);
    assert_eq!(
        (bad.expect_err("refused").kind(), lost.expect_err("lost").kind()),
        (ErrorKind::BadRequest, ErrorKind::Incomplete)
    );
    let text = text.expect("an answer");
    let texts = text.completions().expect("texts");
    assert_eq!((texts[0].text.as_str(), texts[0].request_id.as_deref()), ("four", Some("req_9")));
    assert!(text.embeddings().is_err() && text.message().is_err());
    let requests = server.requests();
    let line = r#"{"custom_id":"both","method":"POST","url":"/v1/embeddings","body":{"input":"both\n"}}"#;
    assert!(requests[0].text().contains(line), "{}", requests[0].text());
    let begun = json!({"input_file_id": "file-in", "endpoint": "/v1/embeddings", "completion_window": "24h",
        "metadata": {"job": "nightly"}});
    assert_eq!(requests[1].json(), begun);
}

#[test]
fn answers_of_chats_are_messages_whichever_interface_they_are_of() {
    let response =
        json!({"output": [{"type": "message", "content": [{"type": "output_text", "text": "Hi"}]}]});
    let answer = |id: &str, body: Value| line(id, json!({"response": {"status_code": 200, "body": body}}));
    let server =
        service("completed", vec![answer("a", chat_completion("Hi")), answer("b", response)], Vec::new());
    let batches = batches(&server);
    let answers = block_on(async { batches.answers(&batches.retrieve("batch_1").await?, ["a", "b"]).await });
    for answer in answers.expect("answers") {
        assert_eq!(answer.expect("an answer").message().expect("a message").text(), "Hi");
    }
}

#[test]
fn lines_that_cannot_be_one_batch_are_refused_before_anything_is_sent() {
    let server = service("failed", Vec::new(), Vec::new());
    let batches = batches(&server);
    let line = |id: &str, endpoint: &str| BatchLine::new(id, endpoint, json!({}));
    for (lines, part) in [
        (vec![], "at least one"),
        (vec![line("a", "/v1/embeddings"), line("b", "/v1/completions")], "one endpoint"),
        (vec![line("a", "/v1/embeddings"), line("a", "/v1/embeddings")], "`a`"),
        (vec![line("a", "/v1/embeddings"); 50_001], "the id"),
        ((0..50_001).map(|id| line(&id.to_string(), "/v1/embeddings")).collect(), "50000"),
    ] {
        let error = block_on(batches.upload(lines)).expect_err(part);
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().contains(part), "{error}");
    }
    assert!(server.requests().is_empty());
    let batch = block_on(batches.retrieve("batch_1")).expect("a batch");
    let error = block_on(batches.answers(&batch, ["a"])).expect_err("it did nothing");
    assert_eq!((error.kind(), error.to_string().contains("bad line")), (ErrorKind::BadRequest, true));
    let error = block_on(batches.answers(&batch, ["a", "a"])).expect_err("which of them?");
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}
