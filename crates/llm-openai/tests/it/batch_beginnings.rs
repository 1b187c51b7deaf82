//! Batches that are begun: once, whatever becomes of the answer that says so.

use catena_core::{Error, ErrorKind, Result};
use catena_llm_openai::{Batch, BatchRequest, BatchStatus};
use catena_testkit::{Recorded, Reply, Server};
use futures_executor::block_on;
use serde_json::{Value, json};

use crate::support::{Hasty, NOW, chat_builder};

const ENVOY: &str =
    "upstream connect error or disconnect/reset before headers. reset reason: connection termination";

/// Begins a batch of `file-1` at a service that answers so to begin with, and has this list. Returns what came and what
/// was asked.
fn create(first: &Reply, retries: usize, list: &Reply) -> (Result<Batch>, String) {
    let (first, list) = (first.clone(), list.clone());
    let server = Server::start(move |request: &Recorded| match (request.method(), request.number()) {
        ("POST", 0) => first.clone(),
        ("POST", _) => Reply::json(200, json!({"id": "batch_second", "status": "validating"})),
        _ => list.clone(),
    });
    let chat = chat_builder(&server).with_max_retries(retries).with_timer(Hasty::default());
    let request = BatchRequest::new("file-1", "/v1/embeddings").with_metadata("job", "nightly");
    let batch = block_on(chat.build().expect("a model").client().batches().create(&request));
    let requests = server.requests();
    let asked: Vec<&str> = requests.iter().map(Recorded::method).collect();
    (batch, asked.join(" "))
}

fn listed(batches: &[Value]) -> Reply {
    Reply::json(200, json!({ "data": batches }))
}

/// A batch that is just what is asked for, but for this.
fn batch(id: &str, change: Value) -> Value {
    let mut batch = json!({"id": id, "status": "in_progress", "input_file_id": "file-1",
        "endpoint": "/v1/embeddings", "metadata": {"job": "nightly"}});
    if let (Value::Object(batch), Value::Object(change)) = (&mut batch, change) {
        batch.extend(change);
    }
    batch
}

/// Batches that are clearly others.
fn others() -> Vec<Value> {
    vec![
        batch("batch_a", json!({"input_file_id": "file-2"})),
        batch("batch_b", json!({"endpoint": "/v1/responses"})),
        batch("batch_c", json!({"metadata": {"job": "weekly"}})),
        batch("batch_d", json!({"status": "completed", "created_at": NOW - 3600})),
        batch("batch_e", json!({"status": "failed", "created_at": NOW})),
    ]
}

fn id(batch: Result<Batch>) -> Result<String, ErrorKind> {
    batch.map(|batch| batch.id).map_err(|error| error.kind())
}

#[test]
fn a_batch_whose_beginning_was_not_heard_of_is_not_begun_twice() {
    let mut with_first = others();
    with_first.push(batch("batch_first", json!({})));
    for (first, kind) in [
        (Reply::drop_connection(), ErrorKind::Connection),
        (Reply::json(200, json!({"id": "batch_first"})).end_abort(), ErrorKind::Incomplete),
        (Reply::text(408, "request timed out"), ErrorKind::HttpStatus),
        (Reply::text(502, "no answer"), ErrorKind::Server),
        (Reply::text(503, ENVOY), ErrorKind::Server),
        (Reply::json(503, json!({"error": {"message": ENVOY}})), ErrorKind::Server),
        (Reply::text(504, "no answer"), ErrorKind::Server),
    ] {
        let (begun, asked) = create(&first, 2, &listed(&with_first));
        assert_eq!((id(begun), asked.as_str()), (Ok("batch_first".to_owned()), "POST GET"), "{first:?}");
        let (begun, asked) = create(&first, 2, &listed(&others()));
        assert_eq!(
            (id(begun), asked.as_str()),
            (Ok("batch_second".to_owned()), "POST GET POST"),
            "{first:?}"
        );
        let (begun, asked) = create(&first, 0, &listed(&[]));
        assert_eq!((id(begun), asked.as_str()), (Err(kind), "POST GET"), "nothing is tried again: {first:?}");
    }
    let refused = Reply::text(503, "busy").with_header("retry-after-ms", "1");
    let (begun, asked) = create(&refused, 2, &listed(&[]));
    assert_eq!((id(begun), asked.as_str()), (Ok("batch_second".to_owned()), "POST POST"));
}

#[test]
fn an_answer_that_says_little_is_of_a_batch_and_one_that_says_nothing_may_be() {
    for said in [json!({"id": "batch_1", "object": "batch"}), json!({"id": "batch_1", "status": null})] {
        let (begun, asked) = create(&Reply::json(200, said), 2, &listed(&[]));
        let begun = begun.expect("a batch");
        assert_eq!((begun.id.as_str(), begun.status), ("batch_1", BatchStatus::Other(String::new())));
        assert_eq!(asked, "POST");
    }
    for said in [Reply::text(200, "<html>Welcome</html>"), Reply::text(200, ""), Reply::json(200, json!({}))]
    {
        let (begun, asked) = create(&said, 2, &listed(&[batch("batch_first", json!({}))]));
        assert_eq!((id(begun), asked.as_str()), (Ok("batch_first".to_owned()), "POST GET"));
        let (begun, asked) = create(&said, 2, &listed(&others()));
        assert!(begun.is_err_and(|error| !error.is_retryable()), "it is not clear what went wrong");
        assert_eq!(asked, "POST GET");
    }
}

/// What becomes of an answer that is lost, where the list shows one batch with these members in place of the usual ones.
#[track_caller]
fn check(change: Value, expected: Result<&str, ErrorKind>, message: &str) {
    let lost = Reply::drop_connection();
    let (begun, asked) = create(&lost, 2, &listed(&[batch("batch_first", change.clone())]));
    let posts = asked.matches("POST").count();
    let again = usize::from(expected == Ok("batch_second"));
    assert_eq!(posts, 1 + again, "{change}: {begun:?}");
    if let Err(error) = &begun {
        assert!(!error.is_retryable() && error.to_string().contains(message), "{error}");
    }
    assert_eq!(id(begun), expected.map(str::to_owned), "{change}");
}

#[test]
fn a_gateway_lists_a_batch_with_less_than_was_asked_for() {
    let ours = |change| check(change, Ok("batch_first"), "");
    ours(json!({"endpoint": ""}));
    ours(json!({"endpoint": null, "metadata": null}));
    ours(json!({"endpoint": null, "metadata": {}, "created_at": NOW - 30}));
    ours(json!({"endpoint": null, "metadata": null, "created_at": (NOW + 1) * 1000}));
    // A small one is soon done.
    ours(json!({"status": "completed", "created_at": NOW}));
    ours(json!({"status": "Completed", "endpoint": "", "created_at": NOW * 1000 + 7}));
    // Of two that are the same, one is enough.
    ours(json!({"created_at": NOW - 3600}));

    let other = |change| check(change, Ok("batch_second"), "");
    other(json!({"status": "completed", "created_at": NOW - 61}));
    other(json!({"status": "completed", "created_at": (NOW - 61) * 1000}));
    other(json!({"status": "failed", "created_at": NOW}));
    other(json!({"input_file_id": "file-2", "created_at": NOW}));
    other(json!({"input_file_id": "file-ZmlsZS0x", "created_at": NOW - 3600}));
    other(json!({"input_file_id": null, "created_at": NOW - 3600}));
    other(json!({"metadata": {"job": "weekly"}, "created_at": NOW}));
}

#[test]
fn what_may_have_begun_is_not_begun_again() {
    let unknown = |change| check(change, Err(ErrorKind::Connection), "it may be batch_first");
    // A gateway that gives ids of its own, where the list has those of the service.
    unknown(json!({"input_file_id": "file-ZmlsZS0x", "created_at": NOW}));
    unknown(json!({"input_file_id": "", "created_at": NOW}));
    unknown(json!({"input_file_id": null}));
    // Nobody knows when they were begun, or whether the clocks agree.
    unknown(json!({"status": "completed"}));
    unknown(json!({"endpoint": null, "metadata": null, "created_at": NOW - 3600}));

    let error = |list: &Reply| -> Error {
        let (begun, asked) = create(&Reply::text(502, ""), 2, list);
        assert!(!asked.contains("GET POST"), "{asked}");
        begun.expect_err("nobody knows")
    };
    for list in [Reply::text(404, "no list here"), Reply::text(200, "<html>"), Reply::drop_connection()] {
        let error = error(&list);
        assert!(error.to_string().contains("file-1") && !error.is_retryable(), "{error}");
        assert_eq!(error.service().and_then(|service| service.status), Some(502));
    }
}
