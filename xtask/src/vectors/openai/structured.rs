//! Answers of a form.

use catena::{
    ChatModelExt, ChatOpenAi, Chunk, Error, Json, Message, Parsed, Result, RunnableExt, StructuredMethod,
    StructuredOutput, WithRaw,
};
use serde_json::{Map, Value, json};

use super::case::{Case, Outcome};
use super::stream::drain;
use super::{error, message, settings};

/// A call, or a stream, with what `structured_output` of the recording asks for.
pub(super) async fn play(case: &Case<'_>, chat: ChatOpenAi, messages: Vec<Message>) -> Outcome {
    let wanted = &case.input["structured_output"];
    let model = chat.bind_all(settings::arguments(case.input));
    let schema = &wanted["schema"];
    match schema.get("typed") {
        Some(_) => {
            let output = model.with_structured_output_as::<Value>(schema["json_schema"].clone());
            run(case, set(output, wanted), messages, |value: &Parsed<Value>| value.json().value().clone())
                .await
        }
        None => {
            let output = model.with_structured_output_schema(schema.clone());
            run(case, set(output, wanted), messages, |value: &Json| value.value().clone()).await
        }
    }
}

type Model = catena::Bound<ChatOpenAi>;

fn set<O: Chunk>(mut output: StructuredOutput<Model, O>, wanted: &Value) -> StructuredOutput<Model, O> {
    output = match wanted["method"].as_str() {
        Some("function_calling") => output.with_method(StructuredMethod::FunctionCalling),
        Some("json_mode") => output.with_method(StructuredMethod::JsonMode),
        // The recorded client turns from schemas to tools by itself, which is what ours does if nothing is said.
        _ => output,
    };
    if let Some(strict) = wanted["strict"].as_bool() {
        output = output.with_strict(strict);
    }
    match wanted["tools"].as_array() {
        Some(tools) => output.with_bound_tools(tools.iter().map(settings::tool)),
        None => output,
    }
}

async fn run<O: Chunk>(
    case: &Case<'_>,
    output: StructuredOutput<Model, O>,
    messages: Vec<Message>,
    shown: fn(&O) -> Value,
) -> Outcome {
    if case.input["operation"] == "stream" {
        let (chunks, error) = drain(output.stream(messages)).await;
        let chunks: Value = chunks.iter().map(shown).collect();
        return Outcome { error, ..Outcome::of("structured_chunks", chunks) };
    }
    if case.input["structured_output"]["include_raw"] == true {
        return raw(output.include_raw().invoke(messages).await, shown);
    }
    match output.invoke(messages).await {
        Ok(value) => Outcome::of("structured", shown(&value)),
        Err(error) => error.into(),
    }
}

fn raw<O>(answer: Result<WithRaw<O>>, shown: fn(&O) -> Value) -> Outcome {
    match answer {
        Ok(answer) => {
            let error = answer.parsing_error.as_ref().map(fault);
            Outcome::of("raw", message::shown(&answer.raw))
                .with("structured", answer.parsed.as_ref().map(shown))
                .with("parsing_error", error)
        }
        Err(error) => error.into(),
    }
}

fn fault(error: &Error) -> Value {
    let kind = error::kinds(error).first().copied();
    Map::from_iter([("kind".to_owned(), json!(kind))]).into()
}
