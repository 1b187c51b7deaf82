//! Embeddings: requests, order, pieces of long texts, empty texts, cancellation.

use catena_core::{Embeddings, ErrorKind};
use catena_llm_openai::{OpenAiEmbeddings, OpenAiEmbeddingsBuilder};
use catena_testkit::{Recorded, Reply, Server};
use futures_executor::block_on;
use futures_util::FutureExt;
use serde_json::{Value, json};

use crate::support::{KEY, PATIENCE};

fn builder(server: &Server) -> OpenAiEmbeddingsBuilder {
    OpenAiEmbeddings::builder()
        .ignore_environment()
        .with_base_url(format!("{}/v1", server.url()))
        .with_api_key(KEY)
        .with_max_retries(0)
}

/// Answers each input with the vector of its length, the last input first.
fn lengths(request: &Recorded) -> Reply {
    let length =
        |input: &Value| input.as_str().map(str::len).or(input.as_array().map(Vec::len)).unwrap_or_default();
    let body = request.json();
    let inputs = body["input"].as_array().cloned().unwrap_or_else(|| vec![body["input"].clone()]);
    let data = inputs.iter().enumerate().rev();
    let data: Vec<Value> = data
        .map(|(index, input)| json!({"index": index, "embedding": [length(input) as f64, 1.0]}))
        .collect();
    Reply::json(200, json!({ "data": data }))
}

fn texts(lengths: &[usize]) -> Vec<String> {
    lengths.iter().map(|length| "x".repeat(*length)).collect()
}

#[test]
fn many_texts_are_several_requests_and_one_list() {
    let server = Server::start(lengths);
    let embeddings = builder(&server).with_batch_size(3).build().expect("a model");
    let given: Vec<usize> = (0..20).collect();
    let vectors = block_on(embeddings.embed_documents(&texts(&given))).expect("vectors");
    let expected: Vec<Vec<f32>> = given.iter().map(|length| vec![*length as f32, 1.0]).collect();
    assert_eq!(vectors, expected);
    assert_eq!(server.requests().len(), 7);
    assert!(server.peak_in_flight() <= 4);
    assert_eq!(block_on(embeddings.embed_documents(&[])).expect("nothing"), Vec::<Vec<f32>>::new());
}

#[test]
fn empty_texts_are_left_out_if_wanted() {
    let server = Server::start(lengths);
    let embeddings = builder(&server).with_skip_empty(true).build().expect("a model");
    let vectors = block_on(embeddings.embed_documents(&texts(&[2, 0, 1]))).expect("vectors");
    assert_eq!(vectors, [[2.0, 1.0], [0.0, 0.0], [1.0, 1.0]]);
    assert_eq!(server.requests()[0].json()["input"], json!(["xx", "x"]));
}

#[test]
fn long_texts_are_sent_in_pieces_of_tokens() {
    let server = Server::start(lengths);
    let tokens = |text: &str| text.bytes().map(u32::from).collect();
    let embeddings = builder(&server)
        .with_tokenizer(tokens)
        .with_embedding_ctx_length(3)
        .with_max_concurrency(1)
        .build()
        .expect("a model");
    let vectors = block_on(embeddings.embed_documents(&texts(&[4, 0, 1]))).expect("vectors");
    // Three tokens of [3, 1] and one of [1, 1].
    let length = 10_f32.hypot(4.0);
    assert!(
        (vectors[0][0] - 10.0 / length).abs() < 1e-6 && (vectors[0][1] - 4.0 / length).abs() < 1e-6,
        "{vectors:?}"
    );
    assert_eq!(vectors[1..], [[0.0, 1.0], [1.0, 1.0]]);
    let requests = server.requests();
    assert_eq!(requests[0].json()["input"], json!([[120, 120, 120], [120], [120]]));
    assert_eq!(requests[1].json()["input"], "");
}

#[test]
fn one_request_that_fails_fails_the_call() {
    let server = Server::start(|request| match request.json()["input"][0].as_str() {
        Some("xx") => Reply::json(400, json!({"error": {"message": "no", "code": "bad"}})),
        _ => lengths(request),
    });
    let embeddings = builder(&server).with_batch_size(1).build().expect("a model");
    let error = block_on(embeddings.embed_documents(&texts(&[1, 2, 3]))).expect_err("an error");
    assert_eq!(error.kind(), ErrorKind::BadRequest);
    assert!(!format!("{error:?} {embeddings:?}").contains(KEY));
}

#[test]
fn dropping_a_call_closes_its_connections() {
    let server = Server::start(|_| Reply::never());
    let embeddings = builder(&server).with_batch_size(1).with_max_concurrency(2).build().expect("a model");
    let texts = texts(&[1, 2, 3]);
    let mut call = Box::pin(embeddings.embed_documents(&texts));
    assert!((&mut call).now_or_never().is_none());
    assert!(server.wait_for_requests(2, PATIENCE));
    drop(call);
    assert!(server.wait_for_disconnects(2, PATIENCE));
    assert_eq!(server.requests().len(), 2);
}
