//! Batches of prompts, from the file to the answers.

use std::time::Duration;

use catena_core::ErrorKind;
use catena_core::fakes::FakeTimer;
use catena_llm_openai::{BatchLine, BatchWait, Batches, FileUpload, OpenAiBatch};
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

#[test]
fn an_upload_has_the_fields_that_a_gateway_wants() {
    let server = service("completed", Vec::new(), Vec::new());
    let files = chat_builder(&server).build().expect("a model").client().files();
    let upload = FileUpload::new("in.jsonl", "batch", "{}\n").with_expiry(Duration::from_secs(3600));
    let upload =
        upload.with_extra("model", "gpt-4o").with_extra("purpose", "batch_output").with_extra("tag", "a");
    block_on(files.upload(upload.with_extra("tag", "b"))).expect("a file");
    let form = server.requests()[0].text();
    let fields: Vec<(&str, &str)> = form
        .split("form-data; name=\"")
        .skip(1)
        .filter_map(|part| {
            let (name, rest) = part.split_once('"')?;
            Some((name, rest.split_once("\r\n\r\n")?.1.split_once("\r\n")?.0))
        })
        .collect();
    let expected = [
        ("expires_after[anchor]", "created_at"),
        ("expires_after[seconds]", "3600"),
        ("model", "gpt-4o"),
        ("purpose", "batch_output"),
        ("tag", "a"),
        ("tag", "b"),
        ("file", "{}\n"),
    ];
    assert_eq!(fields, expected);
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
