//! The answers of a batch, from services and gateways that tell only a part of what there is, or fail on the way.

use std::collections::HashMap;
use std::sync::Mutex;

use catena_core::{AiMessage, Error, ErrorKind, Result};
use catena_llm_openai::{BatchJob, BatchStatus, BatchWait, Batches, ChatOpenAi, OpenAiBatch};
use catena_testkit::{Recorded, Reply, Server};
use futures_executor::block_on;
use serde_json::{Value, json};

use crate::support::{Hasty, chat_builder, chat_completion};

/// A service that gives these replies in turn, the last again and again, to those who ask for the batch, for its output
/// and for its errors.
fn service(batch: Vec<Reply>, output: Vec<Reply>, errors: Vec<Reply>) -> Server {
    let asked = Mutex::new(HashMap::<String, usize>::new());
    Server::start(move |request: &Recorded| {
        let replies = match (request.method(), request.path()) {
            ("POST", "/v1/files") => return Reply::json(200, json!({"id": "file-in"})),
            ("POST", _) => return Reply::json(200, json!({"id": "batch_1", "object": "batch"})),
            (_, "/v1/batches/batch_1") => &batch,
            (_, "/v1/files/file-out/content") => &output,
            (_, "/v1/files/file-err/content") => &errors,
            _ => return Reply::text(404, "nothing is here"),
        };
        let mut asked = asked.lock().expect("a lock");
        let times = asked.entry(request.path().to_owned()).or_default();
        *times += 1;
        replies.get(*times - 1).or(replies.last()).cloned().unwrap_or_else(|| Reply::text(404, "not found"))
    })
}

fn batch_client(server: &Server) -> Batches {
    chat(server).client().batches()
}

fn chat(server: &Server) -> ChatOpenAi {
    chat_builder(server).with_timer(Hasty::default()).build().expect("a model")
}

fn batch(server: &Server) -> OpenAiBatch {
    OpenAiBatch::new(chat(server)).with_wait(BatchWait::default().with_timer(Hasty::default()))
}

/// A batch with this status, with both files.
fn ended(status: &str) -> Reply {
    with_files(status, json!({"output_file_id": "file-out", "error_file_id": "file-err"}))
}

fn with_files(status: &str, members: Value) -> Reply {
    let mut batch = json!({"id": "batch_1", "status": status});
    if let (Value::Object(batch), Value::Object(members)) = (&mut batch, members) {
        batch.extend(members);
    }
    Reply::json(200, batch)
}

/// A file with answers to these requests.
fn answers(requests: &[usize]) -> Reply {
    let line = |number: &usize| {
        let body = chat_completion(&format!("answer {number}"));
        json!({"custom_id": format!("request-{number}"), "response": {"status_code": 200, "body": body}})
            .to_string()
    };
    Reply::text(200, requests.iter().map(line).collect::<Vec<_>>().join("\n"))
}

fn refused(request: usize) -> Reply {
    let answer = json!({"status_code": 400, "body": {"error": {"message": "no"}}});
    Reply::json(200, json!({"custom_id": format!("request-{request}"), "response": answer}))
}

fn html() -> Reply {
    Reply::text(200, "<html>Please\nsign in</html>")
}

fn times(server: &Server, path: &str) -> usize {
    server.requests().iter().filter(|request| request.method() == "GET" && request.path() == path).count()
}

/// What the prompts got: the number of the answer, or the kind of the error.
fn shown(results: Vec<Result<AiMessage>>) -> Vec<Result<String, ErrorKind>> {
    let one = |result: Result<AiMessage>| {
        result
            .map(|answer| answer.text().trim_start_matches("answer ").to_owned())
            .map_err(|error| error.kind())
    };
    results.into_iter().map(one).collect()
}

/// Asks two things. What came, per prompt or for the whole.
#[track_caller]
fn check(server: &Server, expected: [Result<usize, ErrorKind>; 2]) {
    fn sendable<F: Send>(future: F) -> F {
        future
    }
    let results = shown(block_on(sendable(batch(server).run(["a", "b"]))).expect("answers"));
    assert_eq!(results, expected.map(|answer| answer.map(|number| number.to_string())));
}

const BOTH: [Result<usize, ErrorKind>; 2] = [Ok(0), Ok(1)];
const OUTPUT: &str = "/v1/files/file-out/content";
const ERRORS: &str = "/v1/files/file-err/content";

#[test]
fn a_file_of_errors_is_not_asked_for_where_no_answer_is_missing() {
    let server = service(vec![ended("completed")], vec![answers(&[1, 0])], Vec::new());
    check(&server, BOTH);
    assert_eq!(times(&server, ERRORS), 0);
}

#[test]
fn a_file_of_errors_that_cannot_be_read_costs_no_answer() {
    for (unreadable, reads) in [
        (Reply::text(404, "a folder"), 1),
        (Reply::text(500, "down"), 5),
        (Reply::drop_connection(), 5),
        (html(), 5),
    ] {
        let server = service(vec![ended("completed")], vec![answers(&[1])], vec![unreadable]);
        let results = block_on(batch(&server).run(["a", "b"])).expect("answers");
        assert_eq!(times(&server, ERRORS), reads);
        let error = results[0].as_ref().expect_err("no answer");
        assert!(std::error::Error::source(error).is_some(), "it says why: {error:?}");
        assert_eq!(shown(results), [Err(ErrorKind::Incomplete), Ok("1".to_owned())]);
    }
}

#[test]
fn what_was_stopped_says_so_even_if_its_files_were_never_written() {
    for (status, kind) in [
        ("cancelled", ErrorKind::Cancelled),
        ("Stopped", ErrorKind::Cancelled),
        ("expired", ErrorKind::Timeout),
    ] {
        let server = service(vec![ended(status)], Vec::new(), Vec::new());
        check(&server, [Err(kind), Err(kind)]);
        let nothing = with_files(status, json!({"output_file_id": "", "error_file_id": ""}));
        let server = service(vec![nothing], Vec::new(), Vec::new());
        check(&server, [Err(kind), Err(kind)]);
        let server = service(vec![ended(status)], vec![answers(&[1])], Vec::new());
        check(&server, [Err(kind), Ok(1)]);
    }
}

#[test]
fn a_file_that_breaks_off_is_read_again() {
    let cut = || answers(&[1, 0]).split_at([20]).end_abort();
    for failure in [cut(), Reply::text(503, "busy"), Reply::drop_connection(), html()] {
        let server =
            service(vec![ended("completed")], vec![failure.clone(), failure, answers(&[1, 0])], vec![]);
        check(&server, BOTH);
        assert_eq!(times(&server, OUTPUT), 3);
    }
    let server = service(vec![ended("completed")], vec![answers(&[1])], vec![cut(), refused(0)]);
    check(&server, [Err(ErrorKind::BadRequest), Ok(1)]);
}

#[test]
fn answers_by_ids_are_no_more_easily_lost() {
    let fetched = |server: &Server| {
        let batches = batch_client(server);
        block_on(async {
            batches.answers(&batches.retrieve("batch_1").await?, ["request-1", "request-0"]).await
        })
    };
    let cut = || answers(&[1, 0]).split_at([20]).end_abort();
    let server =
        service(vec![ended("completed")], vec![cut(), cut(), answers(&[1])], vec![html(), refused(0)]);
    let results = fetched(&server).expect("answers");
    assert!(results[0].is_ok());
    assert_eq!(results[1].as_ref().map_err(Error::kind), Err(ErrorKind::BadRequest));
    let nothing = || with_files("completed", json!({}));
    for (batch, output, kind, retryable) in [
        (ended("completed"), cut(), ErrorKind::Incomplete, true),
        (ended("completed"), Reply::text(500, "down"), ErrorKind::Server, true),
        (ended("completed"), Reply::text(404, "gone"), ErrorKind::Incomplete, false),
        (nothing(), html(), ErrorKind::Incomplete, true),
    ] {
        let error = fetched(&service(vec![batch], vec![output], vec![])).expect_err("no answers");
        assert_eq!((error.kind(), error.is_retryable()), (kind, retryable), "{error}");
        assert!(error.to_string().contains("batch_1"), "{error}");
    }
}

#[test]
fn words_of_gateways_for_the_end_are_known() {
    for (word, status) in [
        ("partially_completed", BatchStatus::Completed),
        ("PartiallyCompleted", BatchStatus::Completed),
        ("COMPLETED", BatchStatus::Completed),
        ("stopped", BatchStatus::Cancelled),
        ("Canceled", BatchStatus::Cancelled),
        ("Stopping", BatchStatus::Cancelling),
        ("InProgress", BatchStatus::InProgress),
        ("FAILED", BatchStatus::Failed),
        ("Submitted", BatchStatus::Other("Submitted".into())),
    ] {
        let server = service(vec![ended(word)], Vec::new(), Vec::new());
        let found = block_on(batch_client(&server).retrieve("batch_1")).expect("a batch");
        assert_eq!(found.status, status, "{word}");
    }
    let server = service(vec![ended("partially_completed")], vec![answers(&[0])], vec![refused(1)]);
    check(&server, [Ok(0), Err(ErrorKind::BadRequest)]);
}

/// The error of a whole batch, and the looks and reads that it took. The job is in it.
fn lost(server: &Server) -> (Error, BatchJob) {
    let error = block_on(batch(server).run(["a", "b"])).expect_err("no answers");
    assert!(!error.is_retryable(), "what is asked for anew is paid anew: {error:?}");
    let text = error.to_string();
    let (from, to) = (text.find('{').expect("a job"), text.find('}').expect("a job"));
    let job: BatchJob = serde_json::from_str(&text[from..=to]).expect("a job");
    assert_eq!((job.id.as_str(), job.requests), ("batch_1", 2), "{text}");
    (error, job)
}

#[test]
fn a_batch_is_not_lost_when_its_answers_are_not_had() {
    let late = || vec![Reply::text(404, "gone"), ended("completed")];
    for (looks, output, kind) in [
        (vec![Reply::text(500, "down"); 5], vec![], ErrorKind::Server),
        (vec![html(); 5], vec![], ErrorKind::InvalidResponse),
        (late(), vec![], ErrorKind::NotFound),
        (vec![ended("completed")], vec![Reply::text(500, "down"); 5], ErrorKind::Server),
        (
            vec![ended("completed")],
            vec![answers(&[1, 0]).end_abort().split_at([20]); 5],
            ErrorKind::Incomplete,
        ),
        (vec![ended("completed")], vec![html(); 5], ErrorKind::Incomplete),
        (vec![ended("expired")], vec![Reply::text(401, "who?")], ErrorKind::Authentication),
        (vec![ended("cancelled")], vec![Reply::text(500, "down"); 5], ErrorKind::Server),
        (vec![ended("completed")], vec![Reply::text(404, "not yet")], ErrorKind::Incomplete),
        (vec![ended("completed")], vec![Reply::text(200, "")], ErrorKind::Incomplete),
    ] {
        let (mut batches, mut outputs) = (looks, output);
        batches.push(ended("completed"));
        outputs.push(answers(&[0, 1]));
        let server = service(batches, outputs, Vec::new());
        let (error, job) = lost(&server);
        assert_eq!(error.kind(), kind, "{error}");
        let later = block_on(batch(&server).answers(&job)).expect("answers");
        assert_eq!(shown(later), BOTH.map(|answer| answer.map(|number| number.to_string())), "{error}");
    }
}

#[test]
fn a_page_in_place_of_a_look_is_waited_out() {
    let looks = vec![html(), Reply::text(200, ""), Reply::json(200, json!([])), html(), ended("completed")];
    let server = service(looks, vec![answers(&[0, 1])], Vec::new());
    check(&server, BOTH);
}

#[test]
fn files_that_are_not_there_yet_are_waited_for() {
    let none =
        || with_files("completed", json!({"output_file_id": null, "request_counts": {"completed": 2}}));
    let only_errors = || {
        let counts = json!({"total": 2, "completed": 1, "failed": 1});
        with_files("completed", json!({"error_file_id": "file-err", "request_counts": counts}))
    };
    for late in [none(), only_errors()] {
        let server =
            service(vec![late.clone(), late.clone(), ended("completed")], vec![answers(&[0, 1])], vec![]);
        check(&server, BOTH);
        let server = service(vec![late], vec![], vec![refused(0)]);
        let (error, _) = lost(&server);
        assert_eq!(error.kind(), ErrorKind::Incomplete, "{error}");
        assert_eq!(times(&server, "/v1/batches/batch_1"), 5);
    }
    // Where all failed there is nothing to wait for.
    let counts = json!({"total": 2, "completed": 0, "failed": 2});
    let all_failed = with_files("completed", json!({"error_file_id": "file-err", "request_counts": counts}));
    let server = service(vec![all_failed], vec![], vec![refused(0)]);
    check(&server, [Err(ErrorKind::BadRequest), Err(ErrorKind::Incomplete)]);
    assert_eq!(times(&server, "/v1/batches/batch_1"), 1);
}
