//! Tools: functions that a model calls until it has its answer, and answers as values of your own types.
//!
//! Runs offline against a scripted service, and against OpenAI's when `OPENAI_API_KEY` is set.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example prints what it does")]

use catena::prelude::*;
use catena::{ToolOptions, tool};
use catena_testkit::{Reply, Server};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Degrees, in the scale of the user.
#[derive(Serialize)]
struct Weather {
    city: String,
    degrees: f64,
    unit: Unit,
}

#[derive(Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Unit {
    Celsius,
    Fahrenheit,
}

/// The weather in a city, now.
#[tool]
async fn get_weather(
    /// The name of the city, in English.
    city: String,
    /// Comes from the application: the model does not know it.
    #[inject]
    unit: Unit,
) -> Result<Weather, String> {
    let celsius = match city.as_str() {
        "Paris" => 21.0,
        "Rome" => 27.0,
        unknown => return Err(format!("no weather station in {unknown}")),
    };
    let degrees = match unit {
        Unit::Celsius => celsius,
        Unit::Fahrenheit => celsius * 1.8 + 32.0,
    };
    Ok(Weather { city, degrees, unit })
}

/// Where to go.
#[derive(Debug, Deserialize, JsonSchema)]
struct Advice {
    /// The city.
    city: String,
    /// Why this one, in a few words.
    reason: String,
}

fn main() -> anyhow::Result<()> {
    let (chat, _server) = chat()?;
    let config = RunConfig::new().with_configurable("unit", "celsius");

    catena::blocking::block_on(async {
        println!("what the model may call:\n  {}\n", get_weather().definition());

        println!("the loop, as it streams:");
        let researcher = chat.clone().with_tools([get_weather()]).with_max_rounds(3);
        let mut pieces = researcher.stream_with("Is it warmer in Paris or in Rome?", &config);
        while let Some(piece) = pieces.next().await {
            for message in piece?.messages() {
                match message {
                    Message::Tool(result) => {
                        println!("  [{}] {}", result.tool_call_id, result.content.text());
                    }
                    Message::Ai(words) if !words.text().is_empty() => println!("  {}", words.text()),
                    _ => {}
                }
            }
        }

        println!("one answer, as a value:");
        let advisor = chat.clone().with_structured_output::<Advice>();
        let advice = advisor.invoke("Where should I go if I like it warm, Paris or Rome?").await?;
        println!("  {}: {}", advice.city, advice.reason);

        println!("a call that has to be made:");
        let forced = chat.bind_tools_with([get_weather()], &ToolOptions::new().with_choice("any"));
        for call in forced.invoke("Paris?").await?.tool_calls() {
            println!("  {}({:?})", call.name, call.args);
        }
        anyhow::Ok(())
    })?
}

/// OpenAI's service when there is a key, else a scripted one.
fn chat() -> anyhow::Result<(ChatOpenAi, Option<Server>)> {
    if std::env::var_os("OPENAI_API_KEY").is_some() {
        return Ok((ChatOpenAi::new("gpt-4o-mini")?, None));
    }
    eprintln!("(scripted answers; set OPENAI_API_KEY for real ones)");
    let server = Server::replay([
        streamed([json!({"tool_calls": [call(0, "Paris"), call(1, "Rome")]})], "tool_calls"),
        streamed([json!({"content": "It is warmer "}), json!({"content": "in Rome."})], "stop"),
        answer(json!({"content": r#"{"city": "Rome", "reason": "six degrees more"}"#}), "stop"),
        answer(json!({"tool_calls": [call(0, "Paris")]}), "tool_calls"),
    ]);
    let builder = ChatOpenAi::builder().ignore_environment().with_base_url(server.url()).without_api_key();
    Ok((builder.build()?, Some(server)))
}

fn call(index: usize, city: &str) -> Value {
    let arguments = json!({ "city": city }).to_string();
    json!({"index": index, "id": format!("call_{index}"), "type": "function",
        "function": {"name": "get_weather", "arguments": arguments}})
}

fn streamed(deltas: impl IntoIterator<Item = Value>, reason: &str) -> Reply {
    let event = |delta: Value, reason: Option<&str>| {
        json!({"choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}).to_string()
    };
    let deltas = deltas.into_iter().map(|delta| event(delta, None));
    let end = [event(json!({}), Some(reason)), "[DONE]".to_owned()];
    Reply::sse(deltas.chain(end))
}

fn answer(message: Value, reason: &str) -> Reply {
    Reply::json(200, json!({"choices": [{"index": 0, "message": message, "finish_reason": reason}]}))
}
