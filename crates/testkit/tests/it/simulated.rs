//! The simulated OpenAI service.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use catena_testkit::{SimulatedOpenAi, SimulatedOpenAiBuilder};
use serde_json::{Value, json};

use crate::client::{Answer, Client};

const SOCKS: &str = "What is a good name for a company that makes colorful socks?";

fn instant() -> SimulatedOpenAiBuilder {
    SimulatedOpenAi::builder().with_latency(Duration::ZERO)
}

fn post(service: &SimulatedOpenAi, path: &str, headers: &str, body: &str) -> Answer {
    let mut client = Client::connect(service.server().address());
    client.post(path, headers, body);
    client.answer()
}

fn complete(service: &SimulatedOpenAi, body: &Value) -> Answer {
    post(service, "/v1/completions", "", &body.to_string())
}

fn chat(service: &SimulatedOpenAi, body: &Value) -> Answer {
    post(service, "/v1/chat/completions", "", &body.to_string())
}

/// All events but the last, which is `[DONE]`.
fn events(answer: &Answer) -> Vec<Value> {
    let mut events = answer.events();
    assert_eq!(events.pop(), Some("[DONE]"));
    events.iter().map(|event| serde_json::from_str(event).unwrap()).collect()
}

#[test]
fn a_completion_has_openais_shape() {
    let service = instant().start().unwrap();
    assert_eq!(service.base_url(), format!("{}/v1", service.server().url()));
    let answer = complete(&service, &json!({"model": "m", "prompt": SOCKS, "max_tokens": 256}));
    let body = answer.json();
    assert_eq!(body["id"], "cmpl-sim-0");
    assert_eq!((&body["object"], &body["model"]), (&json!("text_completion"), &json!("m")));
    assert_eq!(body["system_fingerprint"], "fp_simulated");
    let choice = &body["choices"][0];
    assert!(choice["text"].as_str().unwrap().starts_with("\n\n"), "{choice}");
    assert_eq!((&choice["index"], &choice["finish_reason"]), (&json!(0), &json!("stop")));
    let usage = |member: &str| body["usage"][member].as_u64().unwrap();
    assert!(usage("prompt_tokens") > 10 && usage("completion_tokens") > 2);
    assert_eq!(usage("total_tokens"), usage("prompt_tokens") + usage("completion_tokens"));
    for header in ["x-request-id: req-sim-0", "x-ratelimit-limit-requests: 10000", "openai-processing-ms: 0"]
    {
        assert!(answer.head.contains(header), "{}", answer.head);
    }
}

#[test]
fn a_completion_answers_every_prompt_n_times() {
    let service = instant().start().unwrap();
    let body =
        complete(&service, &json!({"model": "m", "prompt": ["one", SOCKS], "n": 3, "max_tokens": -1})).json();
    let choices = body["choices"].as_array().unwrap();
    assert_eq!(choices.len(), 6);
    assert!(choices.iter().enumerate().all(|(index, choice)| choice["index"] == index));
    assert!(choices[..3].iter().all(|choice| choice["text"].as_str().unwrap().contains("\"one\"")));
    // The endpoint's own limit applies where the request has none.
    let body =
        complete(&service, &json!({"model": "m", "prompt": "Tell me more about it, please, will you?"}))
            .json();
    assert_eq!(body["usage"]["completion_tokens"], 16);
    assert_eq!(body["choices"][0]["finish_reason"], "length");
}

#[test]
fn a_chat_completion_has_openais_shape() {
    let service = instant().start().unwrap();
    let body =
        chat(&service, &json!({"model": "m", "messages": [{"role": "user", "content": SOCKS}], "n": 2}))
            .json();
    assert_eq!((&body["id"], &body["object"]), (&json!("chatcmpl-sim-0"), &json!("chat.completion")));
    assert_eq!(body["choices"].as_array().unwrap().len(), 2);
    let message = &body["choices"][1]["message"];
    assert_eq!(message["role"], "assistant");
    assert!(!message["content"].as_str().unwrap().starts_with('\n'));
}

#[test]
fn the_same_question_gets_varied_but_repeatable_answers() {
    let ask = |seed: u64, temperature: f64| -> Vec<String> {
        let service = instant().with_seed(seed).start().unwrap();
        let body = json!({"model": "m", "prompt": SOCKS, "max_tokens": 256, "temperature": temperature});
        let answer = |_| complete(&service, &body).json()["choices"][0]["text"].as_str().unwrap().to_owned();
        (0..10).map(answer).collect()
    };
    let distinct = |answers: &[String]| answers.iter().collect::<BTreeSet<_>>().len();
    assert!(distinct(&ask(1, 0.7)) > 6);
    assert_eq!(ask(1, 0.7), ask(1, 0.7));
    assert_ne!(ask(1, 0.7), ask(2, 0.7));
    assert_eq!(distinct(&ask(1, 0.0)), 1);
}

#[test]
fn a_streamed_chat_is_the_whole_answer_in_pieces() {
    let service = instant().start().unwrap();
    let messages = json!([{"role": "user", "content": SOCKS}]);
    let whole = chat(&service, &json!({"model": "m", "temperature": 0, "messages": messages})).json();
    let options = json!({"include_usage": true});
    let body = json!({"model": "m", "temperature": 0, "messages": messages, "stream": true, "stream_options": options});
    let answer = chat(&service, &body);
    assert!(answer.head.contains("content-type: text/event-stream"));
    let mut events = events(&answer);

    let totals = events.pop().unwrap();
    assert_eq!((&totals["choices"], &totals["usage"]), (&json!([]), &whole["usage"]));
    assert!(events.iter().all(|event| event["usage"].is_null() && event.get("usage").is_some()));
    assert!(
        events
            .iter()
            .all(|event| event["id"] == "chatcmpl-sim-1" && event["object"] == "chat.completion.chunk")
    );

    let choices: Vec<&Value> = events.iter().map(|event| &event["choices"][0]).collect();
    assert_eq!(choices[0]["delta"], json!({"role": "assistant", "content": ""}));
    let (finish, pieces) = choices[1..].split_last().unwrap();
    assert_eq!((&finish["delta"], &finish["finish_reason"]), (&json!({}), &json!("stop")));
    let text: String = pieces.iter().map(|choice| choice["delta"]["content"].as_str().unwrap()).collect();
    assert!(pieces.len() > 2);
    assert_eq!(text, whole["choices"][0]["message"]["content"]);
}

#[test]
fn a_streamed_completion_interleaves_its_choices() {
    let service = instant().start().unwrap();
    let body = json!({"model": "m", "prompt": SOCKS, "n": 2, "stream": true, "max_tokens": 256});
    let events = events(&complete(&service, &body));
    assert!(events.iter().all(|event| event["object"] == "text_completion" && event.get("usage").is_none()));
    let choices: Vec<&Value> = events.iter().map(|event| &event["choices"][0]).collect();
    assert_eq!((&choices[0]["index"], &choices[1]["index"]), (&json!(0), &json!(1)));
    for index in 0..2 {
        let own: Vec<&&Value> = choices.iter().filter(|choice| choice["index"] == index).collect();
        let text: String = own.iter().map(|choice| choice["text"].as_str().unwrap()).collect();
        assert!(text.starts_with("\n\n") && text.len() > 6, "{text:?}");
        assert_eq!(own.last().unwrap()["finish_reason"], "stop");
        assert_eq!(own.iter().filter(|choice| !choice["finish_reason"].is_null()).count(), 1);
    }
}

#[test]
fn a_stream_spreads_over_the_latency() {
    let latency = Duration::from_secs(1);
    let service = SimulatedOpenAi::builder().with_latency(latency).with_jitter(0.0).start().unwrap();
    let body = json!({"model": "m", "stream": true, "messages": [{"role": "user", "content": SOCKS}]});
    let mut client = Client::connect(service.server().address());
    let start = Instant::now();
    client.post("/v1/chat/completions", "", &body.to_string());
    client.head();
    client.chunk();
    let first = start.elapsed();
    client.chunks();
    let last = start.elapsed();
    assert!(first >= latency.mul_f64(0.3) && first < latency.mul_f64(0.9), "{first:?}");
    assert!(last >= latency && last < latency * 3, "{last:?}");
}

#[test]
fn a_stream_can_have_a_rate() {
    let service = SimulatedOpenAi::builder()
        .with_latency(Duration::from_millis(10))
        .with_tokens_per_second(100.0)
        .start()
        .unwrap();
    let body = json!({"model": "m", "prompt": "Say a lot", "max_tokens": 11, "stream": true});
    let start = Instant::now();
    complete(&service, &body);
    assert!(start.elapsed() >= Duration::from_millis(100), "{:?}", start.elapsed());
}

#[test]
fn only_the_right_key_is_accepted() {
    let service = instant().with_key("sk-right").start().unwrap();
    let body = json!({"model": "m", "prompt": "hi"}).to_string();
    let ask = |headers: &str| post(&service, "/v1/completions", headers, &body);
    assert_eq!(ask("authorization: Bearer sk-right\r\n").status, 200);
    assert_eq!(ask("").status, 401);
    let refused = ask("authorization: Bearer sk-wrong-0123456789-secret\r\n");
    assert_eq!(refused.status, 401);
    let error = &refused.json()["error"];
    assert_eq!(
        (&error["code"], &error["type"]),
        (&json!("invalid_api_key"), &json!("invalid_request_error"))
    );
    assert!(!refused.body.contains("0123456789"), "{}", refused.body);
    assert!(refused.head.contains("x-request-id: req-sim-2"));
}

#[test]
fn wrong_requests_get_openais_errors() {
    // Errors do not wait.
    let service = SimulatedOpenAi::builder().with_latency(Duration::from_secs(3600)).start().unwrap();
    for (path, body, status) in [
        ("/v1/nothing", "{}", 404),
        ("/completions", "{}", 404),
        ("/v1/models", "{}", 405),
        ("/v1/completions", "{", 400),
        ("/v1/completions", "[]", 400),
        ("/v1/completions", "", 400),
        ("/v1/completions", r#"{"prompt": "hi"}"#, 400),
        ("/v1/completions", r#"{"model": "m"}"#, 400),
        ("/v1/chat/completions", r#"{"messages": []}"#, 400),
        ("/v1/chat/completions", r#"{"model": "m"}"#, 400),
        ("/v1/chat/completions", r#"{"model": "m", "messages": [{"role": "user"}], "n": 1000}"#, 400),
        (
            "/v1/chat/completions",
            r#"{"model": "m", "messages": [{"role": "user"}], "tool_choice": "required"}"#,
            400,
        ),
    ] {
        let answer = post(&service, path, "", body);
        assert_eq!(answer.status, status, "{path} {body}");
        assert!(answer.json()["error"]["message"].as_str().is_some_and(|text| !text.is_empty()));
    }
}

#[test]
fn models_are_listed() {
    let service = instant().start().unwrap();
    let mut client = Client::connect(service.server().address());
    let mut get = |path: &str| {
        client.get(path);
        client.answer()
    };
    let list = get("/v1/models").json();
    assert_eq!(list["object"], "list");
    let id = list["data"][0]["id"].as_str().unwrap();
    assert_eq!(get(&format!("/v1/models/{id}")).json(), list["data"][0]);
    assert_eq!(get("/v1/models/none").json()["error"]["code"], "model_not_found");
}

#[test]
fn settings_do_not_show_the_key() {
    let shown = format!("{:?}", SimulatedOpenAi::builder().with_key("sk-secret"));
    assert!(!shown.contains("sk-secret") && shown.contains("[redacted]"), "{shown}");
}
