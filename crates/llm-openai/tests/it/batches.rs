//! Batches of prompts, from the file to the answers.

use std::time::Duration;

use catena_core::ErrorKind;
use catena_core::fakes::FakeTimer;
use catena_llm_openai::{BatchWait, FileUpload, OpenAiBatch};
use catena_testkit::{Recorded, Reply, Server};
use futures_executor::block_on;
use serde_json::{Value, json};

use crate::support::{chat_builder, chat_completion};

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
