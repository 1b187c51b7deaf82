//! Contents other than text: answers in a form, images, and what a model cannot do.

use catena_core::{AiMessage, Capability, ContentBlock, ErrorKind, Message, PromptValue, RunnableExt};
use serde_json::{Map, Value, json};

use super::super::stage::{drain, failure};
use super::super::subject::Answered;
use super::super::verdict::{ensure, ensure_eq};
use super::super::{Answer, Stage, Verdict};

/// What is asked about an image.
const QUESTION: &str = "Which colour is this? Answer in one word.";

/// A red square.
pub(super) const PNG: &str = "iVBORw0KGgoAAAANSUhEUgAAACAAAAAgCAIAAAD8GO2jAAAAJ0lEQVR42u3NsQkAAAjAsP7/tF7hIASyp6lTCQQCgUAgEAgEgi/BAjLD/C5w/SM9AAAAAElFTkSuQmCC";

/// A schema that is bound to a call reaches the service, and the answer is JSON text.
pub(crate) async fn structured_output(stage: &Stage<AiMessage>) -> Verdict {
    stage.needs(Capability::StructuredOutput)?;
    let server = stage.answering(&Answer::of_text([r#"{"name": "Ada","#, r#" "age": 36}"#]));
    let answer = stage.model(&server)?.bind("response_format", schema()).invoke("Who?").await?;
    let read: Value = serde_json::from_str(&answer.text()).unwrap_or_default();
    ensure_eq!(read, json!({"name": "Ada", "age": 36}), "the answer as JSON");
    let Some(sent) = stage.asked_once(&server)?.schema else {
        return Err(super::super::Fault::Broken("the request has no schema".to_owned()));
    };
    for member in ["properties", "required"] {
        ensure_eq!(sent[member], schema()[member], "`{member}` of the schema in the request");
    }
    Ok(())
}

/// Images reach the service beside the text, in every form in which applications have them.
pub(crate) async fn images(stage: &Stage<AiMessage>) -> Verdict {
    stage.needs(Capability::ImageInput)?;
    let url = json!({"type": "image_url", "image_url": {"url": format!("data:image/png;base64,{PNG}")}});
    for form in [image(), url] {
        let server = stage.answering(&Answer::of_text(["Red"]));
        stage.model(&server)?.invoke(showing(&form)).await?;
        let asked = stage.asked_once(&server)?;
        let [message] = &*asked.messages else {
            return Err(super::super::Fault::Broken(format!(
                "expected one message, got {:?}",
                asked.messages
            )));
        };
        ensure_eq!((&*message.text, &*message.images), (QUESTION, &[PNG.to_owned()][..]), "text and images");
    }
    Ok(())
}

/// What the model does not declare is refused before anything is sent.
pub(crate) async fn unsupported<O: Answered>(stage: &Stage<O>) -> Verdict {
    let can = stage.capabilities()?;
    let tool =
        json!({"name": "now", "description": "The time", "parameters": {"type": "object", "properties": {}}});
    let bound =
        |name: &str, value: Value| (PromptValue::from("Hi"), Map::from_iter([(name.to_owned(), value)]));
    let sent = |block: Value| (showing(&block), Map::new());
    let system = PromptValue::from(vec![Message::system("Be brief"), Message::human("Hi")]);
    let audio = json!({"type": "audio", "base64": "UklGRg==", "mime_type": "audio/wav"});
    let file = json!({"type": "file", "base64": "JVBERg==", "mime_type": "application/pdf"});
    for (capability, (prompt, arguments)) in [
        (Capability::Stop, bound("stop", json!(["x"]))),
        (Capability::Tools, bound("tools", json!([tool]))),
        (Capability::StructuredOutput, bound("response_format", schema())),
        (Capability::SystemMessages, (system, Map::new())),
        (Capability::ImageInput, sent(image())),
        (Capability::AudioInput, sent(audio)),
        (Capability::FileInput, sent(file)),
    ] {
        // Instructions in a transcript are not left out.
        let in_transcript = capability == Capability::SystemMessages && !O::TELLS_ROLES;
        if can.has(capability) || in_transcript {
            continue;
        }
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

pub(super) fn showing(block: &Value) -> PromptValue {
    let block = ContentBlock::Data(block.as_object().cloned().unwrap_or_default());
    PromptValue::from(Message::human(vec![ContentBlock::text(QUESTION), block]))
}

pub(super) fn image() -> Value {
    json!({"type": "image", "base64": PNG, "mime_type": "image/png"})
}

pub(super) fn schema() -> Value {
    json!({
        "title": "Person",
        "type": "object",
        "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
        "required": ["name", "age"],
    })
}
