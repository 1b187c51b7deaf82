//! Streams the reasoning and the answer of a reasoning model, over the Responses API.
#![allow(clippy::print_stdout, reason = "an example prints what it does")]

use catena::prelude::*;
use catena_testkit::{Reply, Server};
use serde_json::json;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut builder = ChatOpenAi::builder()
        .with_model("gpt-5-mini")
        .with_reasoning(json!({"effort": "low", "summary": "auto"}));
    // Without a key, a scripted server on this machine gives a short answer.
    let server = std::env::var_os("OPENAI_API_KEY").is_none().then(canned);
    if let Some(server) = &server {
        builder = builder.with_base_url(server.url()).with_api_key("simulated");
    }
    let chat = builder.build()?;

    let mut answer = chat.stream("What is six times seven?");
    while let Some(piece) = answer.next().await {
        let piece = piece?;
        if let Some(thought) = &piece.reasoning {
            println!("thinks: {thought}");
        }
        if !piece.text().is_empty() {
            println!("says:   {}", piece.text());
        }
        if let Some(usage) = piece.usage {
            println!("used:   {} tokens", usage.total_tokens);
        }
    }
    Ok(())
}

fn canned() -> Server {
    let events = [
        json!({"type": "response.created", "response": {"id": "resp_1"}}),
        json!({"type": "response.reasoning_summary_text.delta", "item_id": "rs_1", "delta": "Seven, six times over."}),
        json!({"type": "response.output_text.delta", "item_id": "msg_1", "output_index": 1, "delta": "Forty"}),
        json!({"type": "response.output_text.delta", "item_id": "msg_1", "output_index": 1, "delta": "-two."}),
        json!({"type": "response.completed", "response": {"id": "resp_1", "usage": {"input_tokens": 9, "output_tokens": 12}}}),
    ];
    Server::replay([Reply::sse(events.map(|event| event.to_string()))])
}
