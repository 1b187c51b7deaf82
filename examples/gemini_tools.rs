//! Gemini calls a tool, gets its result, and answers from it; its thought signature is sent back to it.
#![allow(clippy::print_stdout, reason = "an example prints what it does")]

use catena::prelude::*;
use catena::{AiMessage, Message};
use catena_testkit::{Reply, Server};
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut builder = ChatGemini::builder().with_thoughts(true);
    // Without a key, a scripted server on this machine gives both answers.
    let live = ["GOOGLE_API_KEY", "GEMINI_API_KEY"].iter().any(|name| std::env::var_os(name).is_some());
    let server = (!live).then(canned);
    if let Some(server) = &server {
        builder = builder.with_base_url(server.url()).with_api_key("simulated");
    }
    let weather = json!({
        "name": "get_weather", "description": "The weather of a city, now.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    });
    let chat = builder.build()?.bind_tools([weather]);

    let mut talk = vec![Message::human("Do I need an umbrella in Paris?")];
    loop {
        let answer: AiMessage = chat.invoke(talk.clone()).await?;
        if let Some(thoughts) = &answer.reasoning {
            println!("thinks: {thoughts}");
        }
        if answer.tool_calls().is_empty() {
            println!("says:   {}", answer.text());
            return Ok(());
        }
        let results: Vec<Message> = answer.tool_calls().iter().map(run).collect();
        talk.push(answer.into());
        talk.extend(results);
    }
}

fn run(call: &catena::ToolCall) -> Message {
    let city = call.args.get("city").and_then(|city| city.as_text()).unwrap_or("?");
    println!("calls:  {}({city})", call.name);
    Message::tool(json!({ "city": city, "sky": "rain" }).to_string(), call.id.as_deref().unwrap_or_default())
}

fn canned() -> Server {
    let answer = |parts: Value| {
        Reply::json(
            200,
            json!({"candidates": [{"content": {"role": "model", "parts": parts}, "finishReason": "STOP"}]}),
        )
    };
    Server::replay([
        answer(json!([
            {"text": "I should look at the weather.", "thought": true},
            {"functionCall": {"name": "get_weather", "args": {"city": "Paris"}}, "thoughtSignature": "c2lnbmVk"},
        ])),
        answer(json!([{"text": "Yes: it rains in Paris."}])),
    ])
}
