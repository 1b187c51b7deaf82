//! The wire format of `generateContent`, as data.

use catena_testkit::Recorded;
use catena_testkit::conformance::{
    Answer, Asked, AskedMessage, AskedTool, Event, Finish, Role, ToolChoice, Wire,
};
use serde_json::{Value, json};

pub(super) struct GeminiWire;

impl Wire for GeminiWire {
    fn whole(&self, answer: &Answer) -> Value {
        let text = (!answer.texts.is_empty()).then(|| json!({"text": answer.text()}));
        envelope(answer, text.into_iter().chain(calls(answer)).collect(), true)
    }

    fn events(&self, answer: &Answer) -> Vec<Event> {
        let texts = answer.texts.iter().map(|text| json!({"text": text}));
        let parts = texts.chain(calls(answer)).map(|part| envelope(answer, vec![part], false));
        parts.chain([envelope(answer, vec![json!({"text": ""})], true)]).map(Event::json).collect()
    }

    fn failure(&self, status: u16, message: &str) -> Value {
        json!({"error": {"code": status, "message": message, "status": "KIT"}})
    }

    fn failure_event(&self, message: &str) -> Option<Event> {
        Some(Event::json(json!({"error": {"code": 500, "message": message, "status": "INTERNAL"}})))
    }

    fn read(&self, request: &Recorded) -> Asked {
        let body = request.json();
        let mut asked = Asked::default();
        asked.streamed = request.path().ends_with(":streamGenerateContent");
        let system = &body["systemInstruction"]["parts"];
        if system.is_array() {
            asked.messages.push(AskedMessage::new(Role::System, texts(system)));
        }
        asked.messages.extend(list(&body["contents"]).iter().flat_map(messages));
        let generation = &body["generationConfig"];
        asked.stop = list(&generation["stopSequences"]).iter().map(text).collect();
        asked.schema = generation.get("responseJsonSchema").cloned();
        asked.json = generation["responseMimeType"] == "application/json";
        let model = request.path().rsplit('/').next().and_then(|last| last.split(':').next());
        asked.model = model.unwrap_or_default().to_owned();
        let declarations = list(&body["tools"]).iter().flat_map(|tool| list(&tool["functionDeclarations"]));
        asked.tools = declarations
            .map(|tool| {
                AskedTool::new(
                    text(&tool["name"]),
                    text(&tool["description"]),
                    tool["parametersJsonSchema"].clone(),
                )
            })
            .collect();
        let config = &body["toolConfig"]["functionCallingConfig"];
        asked.tool_choice = match (config["mode"].as_str(), config["allowedFunctionNames"][0].as_str()) {
            (Some("ANY"), Some(name)) => Some(ToolChoice::Named(name.to_owned())),
            (Some("ANY"), None) => Some(ToolChoice::Any),
            (Some("NONE"), _) => Some(ToolChoice::Nothing),
            _ => None,
        };
        asked
    }

    fn key_header(&self) -> Option<(&str, &str)> {
        Some(("x-goog-api-key", ""))
    }

    fn request_id_header(&self) -> Option<&str> {
        None
    }
}

fn envelope(answer: &Answer, parts: Vec<Value>, last: bool) -> Value {
    let mut body = json!({
        "candidates": [{"content": {"role": "model", "parts": parts}, "index": 0}],
        "modelVersion": answer.model, "responseId": answer.id,
    });
    if last {
        body["candidates"][0]["finishReason"] =
            if answer.finish == Finish::Length { "MAX_TOKENS" } else { "STOP" }.into();
        if let Some(usage) = answer.usage {
            body["usageMetadata"] = json!({
                "promptTokenCount": usage.input_tokens, "candidatesTokenCount": usage.output_tokens,
                "totalTokenCount": usage.total_tokens,
            });
        }
    }
    body
}

fn calls(answer: &Answer) -> impl Iterator<Item = Value> {
    answer
        .calls
        .iter()
        .map(|call| json!({"functionCall": {"id": call.id, "name": call.name, "args": call.arguments()}}))
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// The texts of parts.
fn texts(parts: &Value) -> String {
    list(parts).iter().map(|part| text(&part["text"])).collect()
}

/// The messages of a turn: each result of a tool is one.
fn messages(turn: &Value) -> Vec<AskedMessage> {
    let parts = list(&turn["parts"]);
    let results: Vec<AskedMessage> =
        parts.iter().filter_map(|part| part.get("functionResponse")).map(result).collect();
    if !results.is_empty() {
        return results;
    }
    let role = if turn["role"] == "model" { Role::Ai } else { Role::Human };
    let mut asked = AskedMessage::new(role, texts(&turn["parts"]));
    let media = parts.iter().filter_map(|part| part.get("inlineData").or_else(|| part.get("fileData")));
    for media in media {
        let data = text(media.get("data").unwrap_or(&media["fileUri"]));
        let is_image = media["mimeType"].as_str().is_some_and(|kind| kind.starts_with("image/"));
        if is_image { asked.images.push(data) } else { asked.files.push(data) }
    }
    let calls = parts.iter().filter_map(|part| part.get("functionCall"));
    asked.calls = calls.map(|call| (text(&call["name"]), call["args"].clone())).collect();
    vec![asked]
}

fn result(result: &Value) -> AskedMessage {
    let response = &result["response"];
    let said =
        response.get("output").or_else(|| response.get("error")).map_or_else(|| response.to_string(), text);
    let mut asked = AskedMessage::new(Role::Tool, said);
    asked.answers = result["id"].as_str().map(str::to_owned);
    asked.failed = response.get("error").is_some();
    asked
}
