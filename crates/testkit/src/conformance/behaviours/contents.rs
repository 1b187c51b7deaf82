//! Content other than text: structured output, images, and unsupported features.

use catena_core::{
    AiMessage, Capabilities, Capability, ContentBlock, ErrorKind, Message, PromptValue, RunnableExt,
};
use serde_json::{Map, Value, json};

use super::super::stage::{Exchange, drain, failure};
use super::super::subject::Answered;
use super::super::verdict::{ensure, ensure_eq};
use super::super::{Answer, AskedMessage, Fault, Model, Stage, Verdict};

/// The question about an image.
const QUESTION: &str = "Which colour is this? Answer in one word.";

/// A red square.
pub(super) const PNG: &str = "iVBORw0KGgoAAAANSUhEUgAAACAAAAAgCAIAAAD8GO2jAAAAJ0lEQVR42u3NsQkAAAjAsP7/tF7hIASyp6lTCQQCgUAgEAgEgi/BAjLD/C5w/SM9AAAAAElFTkSuQmCC";

/// The start of an audio file, and of a document.
const WAV: &str = "UklGRiQAAABXQVZF";
const PDF: &str = "JVBERi0xLjQK";

/// A schema bound to a call reaches the service, and the answer is JSON text.
pub(crate) async fn structured_output(stage: &Stage<AiMessage>) -> Verdict {
    stage.needs(Capability::StructuredOutput)?;
    let keeping = |model: Model<AiMessage>| model.bind("response_format", schema());
    for Exchange { how, asked, answer } in stage.exchanges(&person(), "Who?", keeping).await? {
        let read: Value = serde_json::from_str(&answer.text()).unwrap_or_default();
        ensure_eq!(read, json!({"name": "Ada", "age": 36}), "the answer of a {how} as JSON");
        let Some(sent) = asked.schema else {
            return Err(Fault::Broken(format!("the request for a {how} has no schema")));
        };
        for member in ["properties", "required"] {
            ensure_eq!(sent[member], schema()[member], "`{member}` of the schema in a {how}");
        }
    }
    Ok(())
}

/// Images reach the service together with the text, in every form that applications use.
pub(crate) async fn images(stage: &Stage<AiMessage>) -> Verdict {
    stage.needs(Capability::ImageInput)?;
    let url = json!({"type": "image_url", "image_url": {"url": format!("data:image/png;base64,{PNG}")}});
    for form in [image(), url] {
        arrives(stage, &form, |message| &message.images, PNG).await?;
    }
    Ok(())
}

/// Audio reaches the service together with the text.
pub(crate) async fn audio(stage: &Stage<AiMessage>) -> Verdict {
    stage.needs(Capability::AudioInput)?;
    arrives(stage, &recording(), |message| &message.files, WAV).await
}

/// Files reach the service together with the text.
pub(crate) async fn files(stage: &Stage<AiMessage>) -> Verdict {
    stage.needs(Capability::FileInput)?;
    arrives(stage, &document(), |message| &message.files, PDF).await
}

/// The block is sent as the given part of the message, together with the text.
async fn arrives(
    stage: &Stage<AiMessage>,
    block: &Value,
    part: fn(&AskedMessage) -> &Vec<String>,
    data: &str,
) -> Verdict {
    let answer = Answer::of_text(["Red"]);
    for Exchange { how, asked, .. } in stage.exchanges(&answer, showing(block), |model| model).await? {
        let [message] = &*asked.messages else {
            return Err(Fault::Broken(format!("expected one message in a {how}, got {:?}", asked.messages)));
        };
        let sent = (&*message.text, &**part(message));
        ensure_eq!(sent, (QUESTION, &[data.to_owned()][..]), "text and data in a {how}");
    }
    Ok(())
}

/// Features that the model does not declare are rejected before anything is sent.
pub(crate) async fn unsupported<O: Answered>(stage: &Stage<O>) -> Verdict {
    for (capability, prompt, arguments) in undeclared_requests::<O>(stage.capabilities()?) {
        let server = stage.answering(&Answer::of_text(["Fine"]));
        let model = stage.model(&server)?.bind_all(arguments);
        let called = failure(model.invoke(prompt.clone()).await, &format!("a request for {capability:?}"))?;
        ensure_eq!(called.kind(), ErrorKind::Unsupported, "the kind of {called}");
        let (_, streamed) = drain(&model, prompt).await?;
        let kind = streamed.map(|error| error.kind());
        ensure_eq!(kind, Some(ErrorKind::Unsupported), "the error of a stream that asks for {capability:?}");
        ensure!(server.requests().is_empty(), "a request for {capability:?} is sent");
    }
    Ok(())
}

/// Requests that a model with these capabilities must reject: a prompt and arguments for each missing capability.
pub(crate) fn undeclared_requests<O: Answered>(
    can: Capabilities,
) -> Vec<(Capability, PromptValue, Map<String, Value>)> {
    let bound = |arguments: Value| (PromptValue::from("Hi"), arguments);
    let sent = |block: Value| (showing(&block), json!({}));
    let system = PromptValue::from(vec![Message::system("Be brief"), Message::human("Hi")]);
    let tools = json!([{"name": "now", "description": "The time", "parameters": {"type": "object", "properties": {}}}]);
    let requests = [
        (Capability::Stop, bound(json!({"stop": ["x"]}))),
        (Capability::Tools, bound(json!({"tools": tools}))),
        (Capability::ToolChoice, bound(json!({"tools": tools, "tool_choice": "any"}))),
        (Capability::SingleToolCall, bound(json!({"tools": tools, "parallel_tool_calls": false}))),
        (Capability::StructuredOutput, bound(json!({"response_format": schema()}))),
        (Capability::Candidates, bound(json!({"n": 2}))),
        (Capability::SystemMessages, (system, json!({}))),
        (Capability::ImageInput, sent(image())),
        (Capability::AudioInput, sent(recording())),
        (Capability::FileInput, sent(document())),
    ];
    // A transcript includes the instructions.
    let in_transcript = |capability| capability == Capability::SystemMessages && !O::TELLS_ROLES;
    let undeclared = requests.into_iter().filter(|(it, _)| !can.has(*it) && !in_transcript(*it));
    let members = |arguments: Value| arguments.as_object().cloned().unwrap_or_default();
    undeclared.map(|(it, (prompt, arguments))| (it, prompt, members(arguments))).collect()
}

pub(super) fn showing(block: &Value) -> PromptValue {
    let block = ContentBlock::Data(block.as_object().cloned().unwrap_or_default());
    PromptValue::from(Message::human(vec![ContentBlock::text(QUESTION), block]))
}

pub(super) fn image() -> Value {
    json!({"type": "image", "base64": PNG, "mime_type": "image/png"})
}

fn recording() -> Value {
    json!({"type": "audio", "base64": WAV, "mime_type": "audio/wav"})
}

fn document() -> Value {
    json!({"type": "file", "base64": PDF, "mime_type": "application/pdf", "filename": "kit.pdf"})
}

/// An answer that matches the [`schema`].
pub(super) fn person() -> Answer {
    Answer::of_text([r#"{"name": "Ada","#, r#" "age": 36}"#])
}

pub(super) fn schema() -> Value {
    json!({
        "title": "Person",
        "type": "object",
        "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
        "required": ["name", "age"],
    })
}
