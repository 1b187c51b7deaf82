//! Models by name: the providers of the features, and the options that each understands.

use std::time::Duration;

use catena::prelude::*;
use catena::{Embeddings, ModelOptions, ModelRegistry};
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
        "/embeddings" => json!({"data": [{"index": 0, "embedding": [1.0, 0.0]}]}),
        path if path.ends_with(":embedContent") => json!({"embedding": {"values": [1.0, 0.0]}}),
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
fn text_models_have_names_too() {
    let server = server();
    let names: &[&str] = &[
        "openai:gpt-3.5-turbo-instruct",
        #[cfg(feature = "ollama")]
        "ollama:m",
    ];
    for &name in names {
        let llm = catena::models().text_with(name, &options(&server).with_seed(1)).expect(name);
        assert_eq!(block_on(llm.invoke("Hello")).expect(name), "Hi");
    }
}

#[test]
fn embedding_models_have_names_too() {
    let server = server();
    let here = ModelOptions::new().with_base_url(server.url()).with_api_key("sk-registry-1234");
    for (name, model) in [
        ("openai:text-embedding-3-small", "text-embedding-3-small"),
        ("text-embedding-3-small", "text-embedding-3-small"),
        #[cfg(feature = "gemini")]
        ("gemini:gemini-embedding-001", "models/gemini-embedding-001"),
        #[cfg(feature = "ollama")]
        ("ollama:nomic-embed-text", "nomic-embed-text"),
    ] {
        let embeddings = catena::models().embeddings_with(name, &here).expect(name);
        assert_eq!(block_on(embeddings.embed_query("socks")).expect(name), [1.0, 0.0]);
        let asked = server.requests().pop().expect("a request").json();
        assert_eq!(asked["model"], model, "{name}: {asked}");
        // Vectors are not written word by word.
        let error = catena::models().embeddings_with(name, &options(&server)).err().expect(name);
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        // What all models of a registry have is for those that can do with it.
        let models = catena::models().with_options(options(&server));
        let embeddings = models.embeddings(name).expect(name);
        assert_eq!(block_on(embeddings.embed_query("socks")).expect(name), [1.0, 0.0]);
    }
    let error = catena::models().embeddings("acme:vectors").err().expect("an error");
    assert!(error.to_string().contains("openai"), "{error}");
}

/// On Azure the version of the interface comes from the environment: without one nothing is guessed.
#[test]
fn deployments_of_azure_have_names() {
    if std::env::var_os("OPENAI_API_VERSION").is_some() {
        return;
    }
    let server = server();
    let models = catena::models().with_options(options(&server));
    let errors = [
        models.chat("azure_openai:my-gpt").err(),
        models.text("azure-openai:my-gpt").err(),
        models.embeddings("azure_openai:my-vectors").err(),
    ];
    for error in errors {
        let error = error.expect("no version");
        assert!(error.to_string().contains("OPENAI_API_VERSION"), "{error}");
    }
}

#[test]
fn one_admission_is_for_all_models() {
    let (server, closed) = (server(), catena_testkit::Closed::new());
    let models = catena::models().with_options(options(&server).with_admission(closed.clone()));
    let chat = models.chat("openai:gpt-4o-mini").expect("a model");
    closed.refused(block_on(chat.invoke("eight by")), "gpt-4o-mini", 9);
    let own = ModelOptions::new().with_admission(catena_testkit::Closed::new());
    let other = models.chat_with("openai:gpt-4o-mini", &own).expect("a model");
    assert!(block_on(other.invoke("eight by")).is_err());
    assert_eq!((closed.last(), server.requests().len()), (None, 0), "an admission of the model's own counts");
}

/// What the crate of somebody else has, so that it is one line in an application.
fn acme(models: ModelRegistry) -> ModelRegistry {
    models.with_chat("acme", |model, options| {
        options.refuse("acme", &["seed"])?;
        Ok(std::sync::Arc::new(catena::fakes::FakeChatModel::new([format!("I am {model}.")])))
    })
}

#[test]
fn a_crate_from_elsewhere_adds_itself_with_one_line() {
    let models = catena::models().with(acme);
    let chat = models.chat("acme:anvil").expect("a model");
    assert_eq!(block_on(chat.invoke("Who?")).expect("an answer").text(), "I am anvil.");
    assert_eq!(models.chat("nobody:x").err().map(|error| error.to_string().contains("acme")), Some(true));
    assert!(catena::models().chat("acme:anvil").is_err(), "other registries know nothing of it");
}

#[test]
fn an_unknown_provider_is_an_error_that_lists_the_known() {
    let error = catena::models().chat("acme:anvil").err().expect("an error");
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("`acme`") && error.to_string().contains("openai"), "{error}");
}

#[test]
#[cfg(not(feature = "anthropic"))]
fn a_provider_that_is_not_built_is_an_error_that_names_its_feature() {
    let models = catena::models();
    for name in ["anthropic:claude-x", "claude-x"] {
        let error = models.chat(name).err().expect("an error");
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains("feature `anthropic`"), "{error}");
    }
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
