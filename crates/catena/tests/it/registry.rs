//! Models by name: the providers of the features, and the options that each understands.

use std::time::Duration;

#[cfg(feature = "ollama")]
use catena::Embeddings;
use catena::ModelOptions;
use catena::prelude::*;
use catena_testkit::{Reply, Server};
use futures_executor::block_on;
use serde_json::{Value, json};

/// The text that a provider's service says in its own format, whatever the endpoint.
fn says(path: &str) -> Value {
    match path {
        "/v1/messages" => json!({"type": "message", "id": "m", "role": "assistant", "model": "m",
            "content": [{"type": "text", "text": "Hi"}], "stop_reason": "end_turn",
            "usage": {"input_tokens": 1, "output_tokens": 1}}),
        "/api/chat" => json!({"message": {"content": "Hi"}, "done": true}),
        "/api/generate" => json!({"response": "Hi", "done": true}),
        "/api/embed" => json!({"embeddings": [[1.0, 0.0]]}),
        "/chat/completions" => json!({"choices": [{"message": {"content": "Hi"}, "finish_reason": "stop"}]}),
        "/completions" => json!({"choices": [{"text": "Hi", "finish_reason": "stop"}]}),
        _ => json!({"candidates": [{"content": {"parts": [{"text": "Hi"}]}, "finishReason": "STOP"}]}),
    }
}

fn server() -> Server {
    Server::start(|request| Reply::json(200, says(request.path())))
}

fn options(server: &Server) -> ModelOptions {
    ModelOptions::new()
        .with_base_url(server.url())
        .with_api_key("sk-registry-1234")
        .with_temperature(0.5)
        .with_top_p(0.9)
        .with_max_tokens(7)
        .with_stop(["END"])
        .with_timeout(Duration::from_secs(20))
        .with_max_retries(0)
}

#[test]
fn every_provider_is_one_name_away() {
    for (name, model) in [
        ("openai:gpt-4o-mini", "gpt-4o-mini"),
        ("gpt-4o-mini", "gpt-4o-mini"),
        #[cfg(feature = "anthropic")]
        ("anthropic:claude-x", "claude-x"),
        #[cfg(feature = "anthropic")]
        ("claude-x", "claude-x"),
        #[cfg(feature = "ollama")]
        ("ollama:llama3.2:3b", "llama3.2:3b"),
        #[cfg(feature = "gemini")]
        ("google_genai:gemini-x", "gemini-x"),
    ] {
        let server = server();
        let chat = catena::models().chat_with(name, &options(&server)).expect(name);
        assert_eq!(chat.model_id(), Some(model));
        let chain = PromptTemplate::new("Hello {name}").expect("a template") | chat | StrOutputParser;
        assert_eq!(block_on(chain.invoke("you")).expect(name), "Hi");
        let body = server.requests()[0].json().to_string();
        for sent in ["0.5", "0.9", "7", "END", "Hello you"] {
            assert!(body.contains(sent), "{name}: no {sent} in {body}");
        }
        assert!(!body.contains("sk-registry"), "{body}");
    }
}

#[test]
fn text_and_embedding_models_have_names_too() {
    let server = server();
    let llm =
        catena::models().text_with("openai:gpt-3.5-turbo-instruct", &options(&server)).expect("a model");
    assert_eq!(block_on(llm.invoke("Hello")).expect("an answer"), "Hi");
    #[cfg(feature = "ollama")]
    {
        let llm = catena::models().text_with("ollama:m", &options(&server).with_seed(1)).expect("a model");
        assert_eq!(block_on(llm.invoke("Hello")).expect("an answer"), "Hi");
        let here = ModelOptions::new().with_base_url(server.url()).without_api_key();
        let model = catena::models().embeddings_with("ollama:e", &here).expect("a model");
        assert_eq!(block_on(model.embed_query("socks")).expect("a vector"), [1.0, 0.0]);
        let error = catena::models().embeddings_with("ollama:e", &options(&server)).err().expect("an error");
        assert_eq!(error.kind(), ErrorKind::Unsupported);
    }
}

#[test]
fn an_unknown_provider_is_an_error_that_lists_the_known() {
    let error = catena::models().chat("acme:anvil").err().expect("an error");
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("`acme`") && error.to_string().contains("openai"), "{error}");
}

#[test]
fn a_configurable_model_goes_to_whom_the_call_names() {
    let server = server();
    let models = catena::models().with_options(options(&server));
    let model = models.configurable().with_default("openai:gpt-4o-mini").with_fields(["temperature"]);
    let chain = PromptTemplate::new("Hello {name}").expect("a template") | model | StrOutputParser;
    assert_eq!(block_on(chain.invoke("you")).expect("an answer"), "Hi");
    assert_eq!(server.requests()[0].path(), "/chat/completions");
    let config = RunConfig::new().with_configurable("model", "openai:o3").with_configurable("temperature", 1);
    assert_eq!(block_on(chain.invoke_with("you", &config)).expect("an answer"), "Hi");
    assert_eq!(server.requests()[1].json()["model"], "o3");
    #[cfg(feature = "ollama")]
    {
        let config = RunConfig::new().with_configurable("model", "ollama:llama3.2");
        assert_eq!(block_on(chain.invoke_with("you", &config)).expect("an answer"), "Hi");
        assert_eq!(server.requests()[2].path(), "/api/chat");
    }
}
