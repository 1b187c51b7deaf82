//! An Anthropic chat model that thinks, calls a tool and answers: streamed, with its thinking sent back.
//!
//! Offline it talks to a scripted service on this machine; with `ANTHROPIC_API_KEY` set, to Anthropic.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example prints what it does")]

use std::io::Write;

use catena::StreamExt;
use catena::prelude::*;
use catena_testkit::{Reply, Server};
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let (model, _server) = claude()?;
    let weather = json!({
        "name": "get_weather",
        "description": "The weather of a city, now",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    });
    let model = model.bind_tools([weather]);
    let mut messages =
        vec![Message::system("Answer in one sentence."), Message::human("Shall I take an umbrella in Oslo?")];
    loop {
        let answer = say(model.stream(messages.clone())).await?;
        let calls = answer.tool_calls().to_vec();
        messages.push(answer.into());
        if calls.is_empty() {
            return Ok(());
        }
        for call in calls {
            println!("[{} {:?}]", call.name, call.args);
            messages.push(Message::tool("Heavy rain, 7 degrees", call.id.unwrap_or_default()));
        }
    }
}

/// Prints an answer as it arrives, with thinking in parentheses, and returns it whole.
async fn say(
    mut pieces: impl StreamExt<Item = Result<AiMessage, Error>> + Unpin,
) -> anyhow::Result<AiMessage> {
    let (mut answer, mut thinking) = (AiMessage::default(), false);
    while let Some(piece) = pieces.next().await {
        let piece = piece?;
        if piece.reasoning.is_some() != thinking {
            thinking = !thinking;
            print!("{}", if thinking { "(" } else { ")\n" });
        }
        print!("{}{}", piece.reasoning.as_deref().unwrap_or_default(), piece.text());
        std::io::stdout().flush()?;
        answer.merge(piece);
    }
    println!();
    Ok(answer.into_whole())
}

fn claude() -> anyhow::Result<(ChatAnthropic, Option<Server>)> {
    let builder = ChatAnthropic::builder().with_model("claude-sonnet-4-5").with_thinking(1024);
    if std::env::var_os("ANTHROPIC_API_KEY").is_some() {
        return Ok((builder.build()?, None));
    }
    eprintln!("(scripted answers; set ANTHROPIC_API_KEY for real ones)");
    let server = Server::replay([call(), answer()]);
    Ok((builder.with_base_url(server.url()).with_api_key("scripted").build()?, Some(server)))
}

fn call() -> Reply {
    let thought = json!({"type": "thinking_delta", "thinking": "That depends on the weather."});
    let signature = json!({"type": "signature_delta", "signature": "c2lnbmVk"});
    let input = |json: &str| json!({"type": "input_json_delta", "partial_json": json});
    let tool = json!({"type": "tool_use", "id": "toolu_1", "name": "get_weather", "input": {}});
    let blocks = [
        (json!({"type": "thinking", "thinking": ""}), vec![thought, signature]),
        (tool, vec![input("{\"city\": "), input("\"Oslo\"}")]),
    ];
    events(blocks, "tool_use")
}

fn answer() -> Reply {
    let text = |text: &str| json!({"type": "text_delta", "text": text});
    let words = vec![text("Yes, take it: "), text("it pours in Oslo.")];
    events([(json!({"type": "text", "text": ""}), words)], "end_turn")
}

/// The events of an answer with these blocks, each with its deltas.
fn events(blocks: impl IntoIterator<Item = (Value, Vec<Value>)>, stop_reason: &str) -> Reply {
    let mut events = vec![
        json!({"type": "message_start", "message": {"id": "msg_1", "model": "claude", "usage": {"input_tokens": 30}}}),
    ];
    for (index, (block, deltas)) in blocks.into_iter().enumerate() {
        events.push(json!({"type": "content_block_start", "index": index, "content_block": block}));
        let delta = |delta| json!({"type": "content_block_delta", "index": index, "delta": delta});
        events.extend(deltas.into_iter().map(delta));
        events.push(json!({"type": "content_block_stop", "index": index}));
    }
    events.push(json!({"type": "message_delta", "delta": {"stop_reason": stop_reason}, "usage": {"output_tokens": 20}}));
    events.push(json!({"type": "message_stop"}));
    Reply::sse(events.iter().map(Value::to_string))
}
