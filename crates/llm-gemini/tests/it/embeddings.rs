//! Vectors: of many texts in their order, and what goes wrong.

use catena_core::{Embeddings, ErrorKind};
use catena_llm_gemini::{GeminiEmbeddings, GeminiEmbeddingsBuilder};
use catena_testkit::{Recorded, Reply, Server};
use futures_executor::block_on;
use serde_json::{Value, json};

use crate::support::{KEY, error};

fn builder(server: &Server) -> GeminiEmbeddingsBuilder {
    GeminiEmbeddings::builder()
        .ignore_environment()
        .with_base_url(server.url())
        .with_api_key(KEY)
        .with_max_retries(0)
}

/// The vector of a text is the number it is.
fn numbers(request: &Recorded) -> Reply {
    let vector = |request: &Value| {
        let text = request["content"]["parts"][0]["text"].as_str().and_then(|text| text.parse::<f32>().ok());
        json!({"values": [text, 1.0]})
    };
    let body = request.json();
    Reply::json(
        200,
        match body["requests"].as_array() {
            Some(requests) => json!({"embeddings": requests.iter().map(vector).collect::<Vec<_>>()}),
            None => json!({"embedding": vector(&body)}),
        },
    )
}

#[test]
fn many_texts_are_sent_in_batches_and_keep_their_order() {
    let server = Server::start(numbers);
    let embeddings = builder(&server).with_dimensions(2).build().expect("a model");
    let texts: Vec<String> = (0..250).map(|number| number.to_string()).collect();
    let vectors = block_on(embeddings.embed_documents(&texts)).expect("vectors");
    let expected: Vec<[f32; 2]> = (0..250_u16).map(|number| [f32::from(number), 1.0]).collect();
    assert_eq!(vectors, expected);
    let requests = server.requests();
    let mut sizes: Vec<usize> =
        requests.iter().filter_map(|request| Some(request.json()["requests"].as_array()?.len())).collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [50, 100, 100]);
    assert_eq!(requests[0].path(), "/v1beta/models/gemini-embedding-001:batchEmbedContents");
    assert_eq!(requests[0].header("x-goog-api-key"), Some(KEY));
    let first = &requests[0].json()["requests"][0];
    assert_eq!(
        (&first["taskType"], &first["outputDimensionality"]),
        (&json!("RETRIEVAL_DOCUMENT"), &json!(2))
    );
}

#[test]
fn a_query_says_that_it_is_one() {
    let server = Server::start(numbers);
    let vector = block_on(builder(&server).build().expect("a model").embed_query("7")).expect("a vector");
    assert_eq!(vector, [7.0, 1.0]);
    let request = &server.requests()[0];
    assert_eq!(request.path(), "/v1beta/models/gemini-embedding-001:embedContent");
    assert_eq!(request.json()["taskType"], "RETRIEVAL_QUERY");
    let plain =
        builder(&server).without_task_type().with_model("gemini-embedding-2").build().expect("a model");
    block_on(plain.embed_query("7")).expect("a vector");
    let sent = json!({"model": "models/gemini-embedding-2", "content": {"parts": [{"text": "7"}]}});
    assert_eq!(server.requests()[1].json(), sent);
}

#[test]
fn no_texts_need_no_request() {
    let server = Server::start(numbers);
    assert!(
        block_on(builder(&server).build().expect("a model").embed_documents(&[])).expect("none").is_empty()
    );
    assert_eq!(server.connections(), 0);
}

#[test]
fn what_does_not_fit_is_an_error() {
    let wrong = |reply: Reply| {
        let server = Server::replay([reply]);
        let embeddings =
            builder(&server).with_batch_size(1).with_max_concurrency(1).build().expect("a model");
        block_on(embeddings.embed_documents(&["1".into(), "2".into()])).expect_err("an error").kind()
    };
    assert_eq!(wrong(Reply::json(200, json!({}))), ErrorKind::InvalidResponse);
    assert_eq!(wrong(Reply::json(403, error(403, "PERMISSION_DENIED", "m"))), ErrorKind::PermissionDenied);
    let lengths = Server::replay(
        [[1.0].as_slice(), &[1.0, 2.0]]
            .map(|values| Reply::json(200, json!({"embeddings": [{"values": values}]}))),
    );
    let embeddings = builder(&lengths).with_batch_size(1).with_max_concurrency(1).build().expect("a model");
    let error = block_on(embeddings.embed_documents(&["1".into(), "2".into()])).expect_err("an error");
    assert_eq!(error.kind(), ErrorKind::InvalidResponse, "{error}");
    for builder in [
        builder(&lengths).with_batch_size(0),
        builder(&lengths).with_max_concurrency(0),
        builder(&lengths).with_extra("taskType", "X"),
    ] {
        assert_eq!(builder.build().expect_err("an error").kind(), ErrorKind::Config);
    }
}
