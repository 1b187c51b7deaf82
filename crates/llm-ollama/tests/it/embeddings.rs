//! Vectors, in batches.

use catena_core::{Embeddings, ErrorKind};
use catena_llm_ollama::{OllamaEmbeddings, OllamaEmbeddingsBuilder};
use catena_testkit::{Reply, Server};
use futures_executor::block_on;
use serde_json::{Value, json};

fn builder(server: &Server) -> OllamaEmbeddingsBuilder {
    let builder = OllamaEmbeddings::builder().ignore_environment().with_base_url(server.url());
    builder.with_model("e").with_max_retries(0)
}

fn texts(count: usize) -> Vec<String> {
    (0..count).map(|number| number.to_string()).collect()
}

#[test]
fn texts_go_in_batches_and_vectors_come_in_order() {
    let server = Server::start(|request| {
        let body = request.json();
        let vector = |text: &Value| json!([text.as_str().and_then(|text| text.parse::<f32>().ok()), 1.0]);
        let vectors: Vec<Value> = body["input"].as_array().expect("a list").iter().map(vector).collect();
        Reply::json(200, json!({"model": "e", "embeddings": vectors}))
    });
    let model =
        builder(&server).with_batch_size(2).with_dimensions(2).with_truncate(false).with_keep_alive(0);
    let model = model.build().expect("a model");
    let vectors = block_on(model.embed_documents(&texts(5))).expect("vectors");
    assert_eq!(vectors, [[0.0, 1.0], [1.0, 1.0], [2.0, 1.0], [3.0, 1.0], [4.0, 1.0]]);
    let requests = server.requests();
    assert_eq!(requests.len(), 3);
    let expected =
        json!({"model": "e", "input": ["0", "1"], "dimensions": 2, "truncate": false, "keep_alive": 0});
    assert_eq!((requests[0].path(), requests[0].json()), ("/api/embed", expected));
    assert!(block_on(model.embed_documents(&[])).expect("no vectors").is_empty());
    assert_eq!(server.requests().len(), 3, "nothing is asked for nothing");
}

#[test]
fn what_does_not_fit_is_an_error() {
    let reply = |vectors: Value| Reply::json(200, json!({"embeddings": vectors}));
    let server = Server::replay([
        reply(json!([[1.0], [1.0], [1.0]])),
        reply(json!([[1.0], [1.0]])),
        reply(json!([[1.0, 2.0]])),
        Reply::json(404, json!({"error": "model \"e\" not found, try pulling it first"})),
    ]);
    let model = builder(&server).with_batch_size(2).build().expect("a model");
    let kind = |count| block_on(model.embed_documents(&texts(count))).expect_err("an error").kind();
    assert_eq!(kind(2), ErrorKind::InvalidResponse);
    assert_eq!(kind(3), ErrorKind::InvalidResponse);
    assert_eq!(kind(1), ErrorKind::NotFound);
    assert_eq!(builder(&server).with_batch_size(0).build().expect_err("no batch").kind(), ErrorKind::Config);
}
