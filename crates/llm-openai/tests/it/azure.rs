//! Azure: its URLs, its keys, its content filter.

use catena_core::{ErrorKind, LanguageModel, RunnableExt};
use catena_llm_openai::{
    ApiKey, Azure, Call, ChatOpenAi, ChatOpenAiBuilder, OpenAi, OpenAiBatch, OpenAiClient, Proxy,
};
use catena_testkit::{Reply, Server};
use futures_executor::block_on;
use serde_json::json;

use crate::support::{KEY, chat_completion, completion, drain, shown};

fn azure(server: &Server) -> Azure {
    Azure::new().with_endpoint(format!("{}/", server.url())).with_api_version("2024-10-21")
}

fn chat(azure: Azure) -> ChatOpenAiBuilder {
    ChatOpenAi::builder().ignore_environment().with_max_retries(0).with_azure(azure)
}

#[test]
fn a_deployment_is_in_the_path_and_the_key_in_its_own_header() {
    let server = Server::replay([Reply::json(200, chat_completion("Hi"))]);
    let chat = chat(azure(&server).with_deployment("my dep")).with_api_key(KEY).build().expect("a model");
    block_on(chat.invoke("Hi")).expect("an answer");
    let request = &server.requests()[0];
    let target = "/openai/deployments/my%20dep/chat/completions?api-version=2024-10-21";
    assert_eq!((request.target(), request.header("api-key")), (target, Some(KEY)));
    assert_eq!((request.header("authorization"), request.json().get("model")), (None, None));
}

#[test]
fn a_model_is_the_deployment_where_there_is_none() {
    let server = Server::replay([Reply::json(200, completion("Hi"))]);
    let llm = OpenAi::builder().ignore_environment().with_azure(azure(&server)).with_api_key(KEY);
    let error = block_on(llm.build().expect("a model").invoke("Hi")).expect_err("no deployment");
    assert_eq!(error.kind(), ErrorKind::Config, "{error}");
    let llm = OpenAi::builder().ignore_environment().with_azure(azure(&server)).with_api_key(KEY);
    block_on(llm.with_model("m").build().expect("a model").invoke("Hi")).expect("an answer");
    assert_eq!(server.requests()[0].path(), "/openai/deployments/m/completions");
}

#[test]
fn any_call_to_a_model_goes_to_its_deployment() {
    let server = Server::start(|_| Reply::json(200, json!({})));
    let path_of = |azure: Azure, call: Call| {
        let client = OpenAiClient::builder().ignore_environment().with_azure(azure).with_api_key(KEY);
        block_on(client.build().expect("a client").call(call)).expect("an answer");
        server.requests().pop().expect("a request").path().to_owned()
    };
    let ask = |model: &str| Call::post("chat/completions").with_json(json!({ "model": model }).to_string());
    let set = || azure(&server).with_deployment("dep");
    assert_eq!(path_of(azure(&server), ask("m")), "/openai/deployments/m/chat/completions");
    assert_eq!(path_of(set(), ask("m")), "/openai/deployments/dep/chat/completions");
    assert_eq!(path_of(set(), Call::get("models")), "/openai/models");
}

#[test]
fn the_deployment_is_the_model_where_no_url_names_it() {
    let response =
        json!({"output": [{"type": "message", "content": [{"type": "output_text", "text": "Hi"}]}]});
    let server = Server::start(move |request| match request.path() {
        "/openai/responses" => Reply::json(200, response.clone()),
        "/openai/files" => Reply::json(200, json!({"id": "file-in"})),
        _ => Reply::json(200, json!({"id": "batch_1", "status": "validating"})),
    });
    let chat = |responses: bool| {
        let azure = azure(&server).with_deployment("my dep");
        chat(azure).with_api_key(KEY).with_use_responses_api(responses)
    };
    block_on(chat(true).build().expect("a model").invoke("Hi")).expect("an answer");
    assert_eq!(server.requests()[0].json()["model"], "my dep");
    block_on(chat(true).with_model("m").build().expect("a model").invoke("Hi")).expect("an answer");
    assert_eq!(server.requests()[1].json()["model"], "m");
    for responses in [true, false] {
        let batch = OpenAiBatch::new(chat(responses).build().expect("a model"));
        block_on(batch.submit(["Hi"])).expect("a batch");
    }
    let files: Vec<_> =
        server.requests().into_iter().filter(|request| request.path() == "/openai/files").collect();
    assert_eq!(files.len(), 2);
    for file in files {
        assert!(String::from_utf8_lossy(file.body()).contains(r#""model":"my dep""#));
    }
    let unnamed = self::chat(azure(&server)).with_api_key(KEY).with_use_responses_api(true);
    let error = block_on(unnamed.build().expect("a model").invoke("Hi")).expect_err("no deployment");
    assert_eq!(error.kind(), ErrorKind::Config, "{error}");
}

#[test]
fn a_key_that_is_refused_is_named() {
    let server =
        Server::replay([Reply::json(401, json!({"error": {"code": "401", "message": "Access denied"}}))]);
    let chat = chat(azure(&server).with_deployment("d")).with_api_key(KEY).build().expect("a model");
    let error = block_on(chat.invoke("Hi")).expect_err("a refusal").to_string();
    assert!(error.contains("check AZURE_OPENAI_API_KEY"), "{error}");
}

#[test]
fn deployments_do_not_share_answers() {
    let server = Server::replay([Reply::json(200, chat_completion("Hi"))]);
    let at = |azure: Azure| {
        let chat = chat(azure.clone()).with_api_key(KEY).build().expect("a model");
        let llm = OpenAi::builder()
            .ignore_environment()
            .with_azure(azure)
            .with_api_key(KEY)
            .build()
            .expect("a model");
        [chat.parameters(), llm.parameters()].map(|parameters| parameters.expect("parameters"))
    };
    let one = at(azure(&server).with_deployment("one"));
    assert_eq!(at(azure(&server).with_deployment("one")), one);
    for other in
        [azure(&server).with_deployment("two"), azure(&server).with_deployment("one").with_api_version("v")]
    {
        let other = at(other);
        assert!(other[0] != one[0] && other[1] != one[1], "{other:?}");
    }
}

#[test]
fn a_token_is_fetched_for_every_call() {
    let server = Server::replay([Reply::json(200, chat_completion("Hi"))]);
    let token = ApiKey::from_async_fn(|| async { Ok("the-token".into()) });
    let chat = chat(azure(&server).with_deployment("d").with_ad_token(token)).build().expect("a model");
    block_on(chat.invoke("Hi")).expect("an answer");
    let request = &server.requests()[0];
    assert_eq!(
        (request.header("authorization"), request.header("api-key")),
        (Some("Bearer the-token"), None)
    );
}

#[test]
fn what_the_filter_withheld_is_an_error() {
    let choice = json!({"index": 0, "message": {"content": null}, "finish_reason": "content_filter"});
    let whole = Reply::json(200, json!({"choices": [choice]}));
    let text = json!({"choices": [{"index": 0, "delta": {"content": "a"}}]}).to_string();
    let end = json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "content_filter"}]}).to_string();
    let server = || {
        let stream = Reply::sse([text.clone(), end.clone(), "[DONE]".to_owned()]);
        Server::replay([whole.clone(), stream])
    };
    let check = |chat: ChatOpenAiBuilder, server: &Server| {
        let chat = chat.build().expect("a model");
        assert_eq!(block_on(chat.invoke("Hi")).expect_err("withheld").kind(), ErrorKind::ContentFilter);
        let (chunks, error) = drain(chat.stream("Hi"));
        assert_eq!(chunks.iter().map(|chunk| chunk.text().into_owned()).collect::<String>(), "a");
        assert_eq!(error.expect("withheld").kind(), ErrorKind::ContentFilter);
        assert_eq!(server.requests()[1].json()["stream_options"], json!({"include_usage": true}));
    };
    let deployed = server();
    check(chat(azure(&deployed).with_deployment("d")).with_api_key(KEY), &deployed);
    // By its newer URLs the service is Azure's too; the proxy plays it.
    let newer = server();
    let chat = ChatOpenAi::builder().ignore_environment().with_proxy(Proxy::url(newer.url()));
    let chat = chat.with_base_url("http://my-resource.openai.azure.com/openai/v1/").allow_insecure_http();
    check(chat.with_api_key(KEY), &newer);
    let request = &newer.requests()[0];
    assert_eq!(request.target(), "http://my-resource.openai.azure.com/openai/v1/chat/completions");
    assert_eq!(request.header("authorization"), Some(&*format!("Bearer {KEY}")));
}

#[test]
fn what_the_filter_withheld_of_a_response_is_an_error() {
    let response = json!({"id": "resp_1", "status": "incomplete", "incomplete_details": {"reason": "content_filter"},
        "output": [{"type": "message", "id": "m", "content": [{"type": "output_text", "text": "a"}]}]});
    let text = json!({"type": "response.output_text.delta", "item_id": "m", "delta": "a"}).to_string();
    let end = json!({"type": "response.incomplete", "response": response}).to_string();
    let server = Server::replay([Reply::json(200, response), Reply::sse([text, end])]);
    let chat = chat(azure(&server)).with_model("m").with_use_responses_api(true);
    let chat = chat.with_api_key(KEY).build().expect("a model");
    assert_eq!(block_on(chat.invoke("Hi")).expect_err("withheld").kind(), ErrorKind::ContentFilter);
    let (chunks, error) = drain(chat.stream("Hi"));
    assert_eq!(chunks.iter().map(|chunk| chunk.text().into_owned()).collect::<String>(), "a");
    assert_eq!(error.expect("withheld").kind(), ErrorKind::ContentFilter);
}

#[test]
fn a_refused_prompt_says_why() {
    let body = json!({"error": {
        "message": "The prompt was filtered.", "type": null, "param": "prompt", "code": "content_filter", "status": 400,
        "innererror": {"code": "ResponsibleAIPolicyViolation"},
    }});
    let server = Server::replay([Reply::json(400, body)]);
    let chat = chat(azure(&server).with_deployment("d")).with_api_key(KEY).build().expect("a model");
    let error = block_on(chat.invoke("Hi")).expect_err("a refusal");
    let service = error.service().expect("details");
    assert_eq!((error.kind(), service.code.as_deref()), (ErrorKind::BadRequest, Some("content_filter")));
    assert!(service.body.as_deref().is_some_and(|body| body.contains("ResponsibleAIPolicyViolation")));
    assert!(!shown(&error).contains(KEY));
}

#[test]
fn everything_can_come_from_the_environment() {
    let server = Server::replay([Reply::json(200, chat_completion("Hi"))]);
    let url = server.url();
    let build = |without: &'static str| {
        let url = url.clone();
        let read = move |name: &str| match name {
            _ if name == without => None,
            "AZURE_OPENAI_ENDPOINT" => Some(url.clone()),
            "AZURE_OPENAI_API_KEY" => Some("env-key".to_owned()),
            "OPENAI_API_VERSION" => Some("v".to_owned()),
            _ => None,
        };
        ChatOpenAi::builder().with_environment(read).with_azure(Azure::new().with_deployment("d")).build()
    };
    block_on(build("").expect("a model").invoke("Hi")).expect("an answer");
    assert_eq!(server.requests()[0].target(), "/openai/deployments/d/chat/completions?api-version=v");
    for name in ["AZURE_OPENAI_ENDPOINT", "AZURE_OPENAI_API_KEY", "OPENAI_API_VERSION"] {
        let error = build(name).expect_err(name);
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains(name), "{error}");
    }
}
