//! One chain, four providers, called and streamed: only the model's name differs.
//!
//! Each answers offline in its own wire format, from a scripted server on this machine, unless its key is set:
//! `OPENAI_API_KEY`, `ANTHROPIC_API_KEY`, `GEMINI_API_KEY`, and for Ollama `OLLAMA_HOST`.
#![allow(clippy::print_stdout, reason = "an example prints what it does")]

use catena::prelude::*;
use catena::{ModelOptions, StreamExt};
use catena_testkit::{Reply, Server};

use serde_json::{Value, json};

/// The name of a model, the variable that selects the real service, and the scripted service's replies: to a call, and
/// to a stream.
type Provider = (&'static str, &'static str, fn() -> [Reply; 2]);

const PROVIDERS: [Provider; 4] = [
    ("openai:gpt-4o-mini", "OPENAI_API_KEY", openai),
    ("anthropic:claude-haiku-4-5", "ANTHROPIC_API_KEY", anthropic),
    ("gemini:gemini-2.5-flash", "GEMINI_API_KEY", gemini),
    ("ollama:llama3.2", "OLLAMA_HOST", ollama),
];

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    for (name, variable, scripted) in PROVIDERS {
        let (options, _server) = service(variable, scripted);
        // From here on, the code is independent of the provider.
        let model = catena::models().chat_with(name, &options)?;
        let prompt = PromptTemplate::new("What is a good name for a company that makes {product}?")?;
        let chain = prompt | model | StrOutputParser;
        print!("{name}: {} -", chain.invoke("colorful socks").await?.trim());
        let mut pieces = chain.stream("colorful socks");
        while let Some(piece) = pieces.next().await.transpose()? {
            print!(" [{piece}]");
        }
        println!();
    }
    Ok(())
}

/// The real service if the variable is set, else a scripted one, which lives as long as the server does.
fn service(variable: &str, scripted: fn() -> [Reply; 2]) -> (ModelOptions, Option<Server>) {
    let options = ModelOptions::new().with_temperature(0.7).with_max_tokens(50);
    if std::env::var_os(variable).is_some() {
        return (options, None);
    }
    let server = Server::replay(scripted());
    (options.with_base_url(server.url()).with_api_key("scripted"), Some(server))
}

fn openai() -> [Reply; 2] {
    let whole = json!({"choices": [{"message": {"role": "assistant", "content": "Rainbow Toes"}, "finish_reason": "stop"}]});
    let piece = |text: &str, end: Option<&str>| {
        json!({"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": end}]}).to_string()
    };
    let pieces = [piece("Rainbow", None), piece(" Toes", None), piece("", Some("stop")), "[DONE]".to_owned()];
    [Reply::json(200, whole), Reply::sse(pieces)]
}

fn anthropic() -> [Reply; 2] {
    let message = |content: Value| {
        json!({"type": "message", "id": "msg_1", "role": "assistant", "model": "claude-haiku-4-5",
            "stop_reason": "end_turn", "content": content, "usage": {"input_tokens": 16, "output_tokens": 4}})
    };
    let piece = |text: &str| json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}});
    let events = [
        json!({"type": "message_start", "message": message(json!([]))}),
        json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
        piece("Happy"),
        piece(" Feet"),
        json!({"type": "content_block_stop", "index": 0}),
        json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 4}}),
        json!({"type": "message_stop"}),
    ];
    let whole = message(json!([{"type": "text", "text": "Happy Feet"}]));
    [Reply::json(200, whole), Reply::sse(events.map(|event| event.to_string()))]
}

fn gemini() -> [Reply; 2] {
    let body = |text: &str, end: Option<&str>| json!({"candidates": [{"content": {"role": "model", "parts": [{"text": text}]}, "finishReason": end}]});
    let pieces = [body("Sole", None), body(" Spectrum", Some("STOP"))];
    [Reply::json(200, body("Sole Spectrum", Some("STOP"))), Reply::sse(pieces.map(|piece| piece.to_string()))]
}

fn ollama() -> [Reply; 2] {
    let line = |text: &str, done: bool| json!({"model": "llama3.2", "message": {"role": "assistant", "content": text}, "done": done});
    let lines = [line("Sock", false), line(" Exchange", false), line("", true)];
    let lines: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let pieces = Reply::bytes(200, lines).with_header("content-type", "application/x-ndjson");
    [Reply::json(200, line("Sock Exchange", true)), pieces]
}
