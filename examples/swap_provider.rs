//! One chain, four providers: what differs between them is a text.
//!
//! Each answers offline in its own wire format, from a scripted server on this machine, unless its key is set:
//! `OPENAI_API_KEY`, `ANTHROPIC_API_KEY`, `GEMINI_API_KEY`, and for Ollama `OLLAMA_HOST`.
#![allow(clippy::print_stdout, reason = "an example prints what it does")]

use catena::ModelOptions;
use catena::prelude::*;
use catena_testkit::{Reply, Server};
use serde_json::{Value, json};

/// The name of a model, the variable that makes it a real one, and what its service answers otherwise.
type Provider = (&'static str, &'static str, fn() -> Value);

const PROVIDERS: [Provider; 4] = [
    (
        "openai:gpt-4o-mini",
        "OPENAI_API_KEY",
        || json!({"choices": [{"message": {"role": "assistant", "content": "Rainbow Toes"}, "finish_reason": "stop"}]}),
    ),
    ("anthropic:claude-haiku-4-5", "ANTHROPIC_API_KEY", || {
        json!({"type": "message", "id": "msg_1", "role": "assistant", "model": "claude-haiku-4-5", "stop_reason": "end_turn",
            "content": [{"type": "text", "text": "Happy Feet"}], "usage": {"input_tokens": 16, "output_tokens": 4}})
    }),
    (
        "gemini:gemini-2.5-flash",
        "GEMINI_API_KEY",
        || json!({"candidates": [{"content": {"role": "model", "parts": [{"text": "Sole Spectrum"}]}, "finishReason": "STOP"}]}),
    ),
    ("ollama:llama3.2", "OLLAMA_HOST", || {
        json!({"model": "llama3.2", "message": {"role": "assistant", "content": "Sock Exchange"}, "done": true,
            "done_reason": "stop"})
    }),
];

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    for (name, variable, scripted) in PROVIDERS {
        let (options, _server) = service(variable, scripted());
        // From here on nothing knows whose model it is.
        let model = catena::models().chat_with(name, &options)?;
        let prompt = PromptTemplate::new("What is a good name for a company that makes {product}?")?;
        let chain = prompt | model | StrOutputParser;
        println!("{name}: {}", chain.invoke("colorful socks").await?.trim());
    }
    Ok(())
}

/// The real service if the variable is set, else a scripted one, which lives as long as the server does.
fn service(variable: &str, answer: Value) -> (ModelOptions, Option<Server>) {
    let options = ModelOptions::new().with_temperature(0.7).with_max_tokens(50);
    if std::env::var_os(variable).is_some() {
        return (options, None);
    }
    let server = Server::replay([Reply::json(200, answer)]);
    (options.with_base_url(server.url()).with_api_key("scripted"), Some(server))
}
