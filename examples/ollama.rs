//! A model on this machine, with Ollama's own protocol: streamed tokens, and their rate.
//!
//! With `OLLAMA_HOST` set it calls the real server, with the model in `OLLAMA_MODEL` or `llama3.2`.
#![allow(clippy::print_stdout, reason = "an example prints what it does")]

use catena::prelude::*;
use catena_testkit::{Reply, Server};
use serde_json::json;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let (chat, _server) = model()?;
    let mut answer = AiMessage::default();
    let mut stream = chat.stream("What is a good name for a company that makes colorful socks?");
    while let Some(piece) = stream.next().await {
        let piece = piece?;
        print!("{}", piece.text());
        answer.merge(piece);
    }
    println!();
    let number = |name: &str| answer.metadata.extra.get(name)?.as_f64();
    if let (Some(tokens), Some(nanoseconds)) = (number("eval_count"), number("eval_duration")) {
        println!("({tokens} tokens, {:.1} a second)", tokens / nanoseconds * 1e9);
    }
    Ok(())
}

fn model() -> anyhow::Result<(ChatOllama, Option<Server>)> {
    let name = std::env::var("OLLAMA_MODEL").unwrap_or_else(|_| "llama3.2".to_owned());
    let builder = ChatOllama::builder().with_model(name).with_temperature(0.7).with_keep_alive("10m");
    if std::env::var_os("OLLAMA_HOST").is_some() {
        return Ok((builder.build()?, None));
    }
    let server = scripted();
    Ok((builder.with_base_url(server.url()).without_api_key().build()?, Some(server)))
}

/// A server that always gives the same answer.
fn scripted() -> Server {
    let piece =
        |text: &str| json!({"model": "llama3.2", "message": {"content": text}, "done": false}).to_string();
    let end = json!({"model": "llama3.2", "message": {"content": ""}, "done": true, "done_reason": "stop",
        "prompt_eval_count": 24, "eval_count": 2, "eval_duration": 40_000_000});
    let body = format!("{}\n{}\n{end}\n", piece("Rainbow"), piece(" Toes"));
    Server::replay([Reply::bytes(200, body).with_header("content-type", "application/x-ndjson")])
}
