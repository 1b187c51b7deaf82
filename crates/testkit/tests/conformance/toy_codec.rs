//! The codec of the provider with everything.

use catena_core::{
    AiMessage, ContentBlock, Error, ErrorKind, Message, Result, ServiceError, ToolCallChunk, ToolStatus,
    Usage,
};
use catena_http::service::{Dialect, FailedAnswer, Origin, StreamDecoder, words};
use serde_json::{Map, Value, json};

use crate::planted::Plant;

/// How the service reports errors: `{"fault": "..."}`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Words(pub(crate) Plant);

impl Dialect for Words {
    fn decode_error(&self, answer: &FailedAnswer<'_>) -> Error {
        let body: Value = serde_json::from_str(answer.body()).unwrap_or_default();
        let fault = body["fault"].as_str().map_or_else(|| words(answer.body(), 200), str::to_owned);
        let kind = match self.0 {
            Plant::WrongKinds if answer.status() == 429 => ErrorKind::Server,
            Plant::ForeignKinds if !body["fault"].is_string() => ErrorKind::Decode,
            _ => answer.kind(),
        };
        let text = match self.0 {
            Plant::Speechless => format!("HTTP {}", answer.status()),
            _ => format!("the toy refused (HTTP {}): {fault}", answer.status()),
        };
        answer.error(kind, text, ServiceError { message: Some(fault), ..ServiceError::default() })
    }
}

/// The body of a request.
pub(crate) fn encode(
    messages: &[Message],
    arguments: Option<&Map<String, Value>>,
    stream: bool,
    plant: Plant,
) -> Result<Value> {
    let messages = messages.iter().enumerate().filter(|(at, message)| {
        let followed = |of: fn(&Message) -> bool| of(message) && messages.get(at + 1).is_some_and(of);
        let dropped = match plant {
            Plant::TakesTheLastWord => followed(|message| matches!(message, Message::Human(_))),
            Plant::DropsSystem => matches!(message, Message::System(_)),
            Plant::DropsToolResults => matches!(message, Message::Tool(_)),
            _ => false,
        };
        !dropped
    });
    let plant_of_images =
        if plant == Plant::LosesStreamedImages && stream { Plant::LosesImages } else { plant };
    let messages =
        messages.map(|(_, message)| wire_message(message, plant_of_images)).collect::<Result<Vec<_>>>()?;
    let mut body = json!({"model": "toy-1", "messages": messages, "stream": stream});
    for (name, value) in arguments.into_iter().flatten() {
        if name == "n" && *value != 1 && plant != Plant::IgnoresCount {
            return Err(Error::new(ErrorKind::Unsupported, "the toy gives one answer"));
        }
        if name == "parallel_tool_calls" && plant == Plant::RefusesToBeKept {
            return Err(Error::new(ErrorKind::Unsupported, "the toy calls as many tools as it likes"));
        }
        let (name, value) = match (&**name, plant) {
            _ if plant == Plant::CallsOnlyAreTold && stream => continue,
            ("model", Plant::IgnoresModel) => continue,
            ("stop", Plant::IgnoresStop)
            | ("tool_choice", Plant::IgnoresToolChoice)
            | ("response_format", Plant::IgnoresSchema) => continue,
            ("tool_choice", Plant::CallsAnyway) if value == "none" => continue,
            ("tool_choice", _) => ("tool_choice", wire_choice(value, plant)),
            ("tools", _) => ("tools", wire_tools(value, plant)),
            (name, _) => (name, value.clone()),
        };
        body[name] = value;
    }
    Ok(body)
}

fn wire_choice(choice: &Value, plant: Plant) -> Value {
    match choice.as_str() {
        Some("required") if plant != Plant::TakesWordsForNames => "any".into(),
        Some("auto") if plant == Plant::ForcesTools => "any".into(),
        _ => choice.clone(),
    }
}

fn wire_message(message: &Message, plant: Plant) -> Result<Value> {
    let (role, content) = match message {
        Message::System(message) => ("system", &message.content),
        Message::Human(message) => ("human", &message.content),
        Message::Ai(message) => ("ai", &message.content),
        Message::Tool(message) => ("tool", &message.content),
        _ => return Err(Error::new(ErrorKind::Unsupported, "the toy does not know such messages")),
    };
    let text = content.text();
    let text = match (plant, message) {
        (Plant::TrimsText, _) => text.trim().to_owned(),
        (Plant::LowersText, _) => text.to_lowercase(),
        (Plant::SaysNames, Message::Human(message)) => {
            message.name.iter().map(|name| format!("{name}: ")).chain([text.into_owned()]).collect()
        }
        _ => text.into_owned(),
    };
    let mut wire = json!({"role": role, "text": text});
    for block in content.as_blocks().unwrap_or_default() {
        match (image(block), plant) {
            (Some(_), Plant::LosesImages) | (None, Plant::LosesImages) => {}
            (Some(_), Plant::DropsWhatItCannot) => {}
            (Some(image), _) => wire["images"] = json!([image]),
            (None, Plant::LosesRecordings) if block.kind() == Some("audio") => {}
            (None, Plant::LosesFiles) if block.kind() == Some("file") => {}
            (None, _) if matches!(block.kind(), Some("audio" | "file")) => {
                wire["files"] = json!([block.get("base64")]);
            }
            (None, _) if block.as_text().is_some() || plant == Plant::DropsWhatItCannot => {}
            (None, _) => {
                return Err(Error::new(ErrorKind::Unsupported, "the toy reads texts and images only"));
            }
        }
    }
    if let Message::Ai(message) = message {
        let calls =
            message.tool_calls().iter().map(|call| json!({"name": call.name, "arguments": call.args}));
        wire["calls"] = calls.collect();
        if plant == Plant::ForgetsCalls && message.tool_calls().len() == 1 {
            wire["calls"] = json!([]);
        }
    }
    if let Message::Tool(message) = message {
        wire["answers"] = message.tool_call_id.clone().into();
        wire["failed"] = (message.status == ToolStatus::Error && plant != Plant::LosesFailures).into();
    }
    Ok(wire)
}

fn image(block: &ContentBlock) -> Option<String> {
    match block.kind()? {
        "image" => Some(block.get("base64")?.as_str()?.to_owned()),
        "image_url" => {
            let url = block.get("image_url")?.get("url")?.as_str()?;
            Some(url.split_once(";base64,").map_or(url, |(_, data)| data).to_owned())
        }
        _ => None,
    }
}

fn wire_tools(tools: &Value, plant: Plant) -> Value {
    let wire = |tool: &Value| {
        let mut tool = tool.get("function").unwrap_or(tool).clone();
        if tool.get("parameters").is_none() {
            tool = json!({"name": tool["title"], "description": tool["description"], "parameters": tool});
        }
        if plant == Plant::LosesToolDescriptions {
            tool["description"] = "".into();
        }
        tool
    };
    tools.as_array().into_iter().flatten().map(wire).collect()
}

/// A whole answer.
pub(crate) fn decode(body: &[u8], origin: &Origin, plant: Plant) -> Result<AiMessage> {
    let value: Value = match serde_json::from_slice(body) {
        Ok(value) => value,
        Err(_) if plant == Plant::TakesAnything => {
            return Ok(AiMessage::new(&*String::from_utf8_lossy(body)));
        }
        Err(error) => {
            let text = String::from_utf8_lossy(body);
            let service = origin.service_error(&text);
            return Err(Error::new(ErrorKind::Decode, "the answer is not JSON")
                .with_service(service)
                .with_source(error));
        }
    };
    assert!(plant != Plant::PanicsAtNull || !value["model"].is_null(), "whose answer is it?");
    if !value["text"].is_string() && plant != Plant::TakesEmptyAnswers {
        return Err(bad(ErrorKind::InvalidResponse, "the answer has no text", origin));
    }
    let mut message = AiMessage::new(value["text"].as_str().unwrap_or_default());
    for (index, call) in (0..).zip(value["calls"].as_array().into_iter().flatten()) {
        message.push_tool_call_chunk(chunk(index, call, plant));
    }
    describe(&mut message, &value, plant);
    if plant == Plant::RefusesBadArguments {
        let whole = message.clone().into_whole();
        if !whole.invalid_tool_calls().is_empty() {
            return Err(bad(ErrorKind::InvalidResponse, "the arguments of a tool call are not JSON", origin));
        }
    }
    Ok(message.into_whole())
}

fn chunk(index: i64, call: &Value, plant: Plant) -> ToolCallChunk {
    let text = |name: &str| call[name].as_str().map(str::to_owned);
    let lost = plant == Plant::MergesToolCalls && call["name"].is_null();
    let mut chunk = ToolCallChunk::new(if lost { 0 } else { index });
    chunk.name = text("name");
    chunk.id = text("id").filter(|_| plant != Plant::LosesCallIds);
    chunk.args = text("arguments");
    chunk
}

const KNOWN: [&str; 7] = ["call", "calls", "end", "id", "model", "text", "usage"];

/// Takes what is known about the answer from this part of it, and keeps the rest.
fn describe(message: &mut AiMessage, value: &Value, plant: Plant) {
    let members = value.as_object().into_iter().flatten();
    let unknown = members.map(|(name, _)| name).find(|name| name.starts_with("kit_"));
    assert!(plant != Plant::PanicsAtNews || unknown.is_none(), "what is {unknown:?}?");
    let text = |name: &str| value[name].as_str().map(str::to_owned);
    message.id = text("id");
    message.metadata.model = text("model").filter(|_| plant != Plant::LosesModel);
    let unknown = value.as_object().into_iter().flatten().filter(|(name, _)| !KNOWN.contains(&name.as_str()));
    if plant != Plant::LosesNews {
        message.metadata.extra = unknown.map(|(name, value)| (name.clone(), value.clone())).collect();
    }
    message.metadata.finish_reason = text("end").filter(|_| plant != Plant::LosesFinish);
    if let (Some(input), Some(output)) = (value["usage"]["in"].as_u64(), value["usage"]["out"].as_u64()) {
        message.usage = Some(Usage::new(input, output));
    }
}

fn bad(kind: ErrorKind, message: &'static str, origin: &Origin) -> Error {
    Error::new(kind, message).with_service(origin.service_error(""))
}

/// Reads a stream.
#[derive(Debug)]
pub(crate) struct Decoder {
    plant: Plant,
    finished: bool,
    arguments: usize,
}

impl Decoder {
    pub(crate) fn new(plant: Plant) -> Self {
        Self { plant, finished: false, arguments: 0 }
    }

    /// Whether this brings no arguments, or the first.
    fn first_arguments(&mut self, event: &Value) -> bool {
        self.arguments += usize::from(event["call"]["arguments"].is_string());
        !event["call"]["arguments"].is_string() || self.arguments == 1
    }
}

impl StreamDecoder for Decoder {
    type Chunk = AiMessage;

    fn event(&mut self, name: Option<&str>, data: &str, origin: &Origin) -> Result<Option<AiMessage>> {
        let value: Value = serde_json::from_str(data)
            .map_err(|error| bad(ErrorKind::Decode, "an event is not JSON", origin).with_source(error))?;
        match name {
            Some("fault") if self.plant == Plant::OverhearsFaults => return Ok(None),
            Some("fault") => {
                let fault = value["fault"].as_str().unwrap_or("no words").to_owned();
                return Err(Error::new(ErrorKind::Stream, fault).with_service(origin.service_error(data)));
            }
            Some("piece") => {}
            _ if self.plant == Plant::FailsAtNewEvents => {
                return Err(bad(ErrorKind::InvalidResponse, "an unknown event", origin));
            }
            _ => return Ok(None),
        }
        if self.plant == Plant::KeepsFirstArguments && !self.first_arguments(&value) {
            return Ok(None);
        }
        let mut chunk_of = AiMessage::new(value["text"].as_str().unwrap_or_default());
        if let Some(index) = value["call"]["index"].as_i64() {
            chunk_of.push_tool_call_chunk(chunk(index, &value["call"], self.plant));
        }
        describe(&mut chunk_of, &value, self.plant);
        if self.plant == Plant::LosesModelInStreams {
            chunk_of.metadata.model = None;
        }
        if self.plant == Plant::LosesStreamedUsage {
            chunk_of.usage = None;
        }
        if self.plant == Plant::LosesStreamedNews {
            chunk_of.metadata.extra.clear();
        }
        self.finished |= value["end"].is_string();
        Ok(Some(chunk_of))
    }

    fn is_complete(&self) -> bool {
        self.finished && self.plant != Plant::WaitsForTheEnd
    }

    fn end(&mut self, marked: bool, origin: &Origin) -> Result<Option<AiMessage>> {
        if self.finished || marked {
            return Ok(None);
        }
        Err(bad(ErrorKind::Incomplete, "the stream ended early", origin))
    }

    fn whole(&mut self, body: &[u8], origin: &Origin) -> Result<AiMessage> {
        if self.plant == Plant::LosesWholeAnswers {
            return Ok(AiMessage::default());
        }
        decode(body, origin, self.plant)
    }
}
