//! Tests against a live service, whose answers are not known in advance.

use catena_core::{AiMessage, Capability, Message, ModelOutput, PromptValue, RunnableExt, ToolMessage};
use serde_json::Value;

use super::super::stage::{drain, folded};
use super::super::subject::Answered;
use super::super::verdict::{ensure, ensure_eq};
use super::super::{Fault, Model, Stage, Verdict};
use super::contents::{image, schema, showing};
use super::tools::tool;

/// A question is answered.
pub(crate) async fn live_text<O: Answered>(stage: &Stage<O>) -> Verdict {
    says(&stage.live()?, "The colour of fresh grass, in one word, is", "green").await
}

/// An answer arrives in several chunks, and is complete.
pub(crate) async fn live_stream<O: Answered>(stage: &Stage<O>) -> Verdict {
    let (chunks, error) = drain(&stage.live()?, "Count from 1 to 12 in digits: 1 2 3").await?;
    ensure!(error.is_none(), "the stream fails with {error:?}");
    ensure!(chunks.len() > 1, "the stream has {} chunks", chunks.len());
    let text = folded(chunks).map(|whole| whole.said()).unwrap_or_default();
    ensure!(text.contains("12"), "the stream says {text:?}");
    Ok(())
}

/// An answer ends before a stop sequence.
pub(crate) async fn live_stop<O: Answered>(stage: &Stage<O>) -> Verdict {
    let model = stage.live_with(Capability::Stop)?.bind("stop", vec!["7"]);
    let text = model.invoke("Count from 1 to 9 in digits: 1 2 3").await?.said();
    ensure!(text.contains('6') && !text.contains('7'), "stopped before 7 it says {text:?}");
    Ok(())
}

/// Earlier messages are taken into account.
pub(crate) async fn live_conversation(stage: &Stage<AiMessage>) -> Verdict {
    let messages = [
        Message::human("My name is Ada."),
        Message::ai("Hello!"),
        Message::human("What is my name? Answer in one word."),
    ];
    says(&stage.live()?, messages, "ada").await
}

/// Instructions are followed.
pub(crate) async fn live_system_message(stage: &Stage<AiMessage>) -> Verdict {
    let model = stage.live_with(Capability::SystemMessages)?;
    let messages =
        [Message::system("Answer everything with the word pineapple only."), Message::human("Hi!")];
    says(&model, messages, "pineapple").await
}

/// The usage of calls and streams is reported.
pub(crate) async fn live_usage(stage: &Stage<AiMessage>) -> Verdict {
    let model = stage.live_with(Capability::Usage)?;
    let (chunks, _) = drain(&model, "Say hello.").await?;
    let called = model.invoke("Say hello.").await?.usage();
    ensure!(
        called.is_some_and(|usage| usage.input_tokens > 0 && usage.output_tokens > 0),
        "a call used {called:?}"
    );
    if model.capabilities().has(Capability::StreamedUsage) {
        let streamed = folded(chunks).and_then(|whole| whole.usage());
        ensure!(streamed.is_some_and(|usage| usage.output_tokens > 0), "a stream used {streamed:?}");
    }
    Ok(())
}

/// A tool is called, and its result is used.
pub(crate) async fn live_tools(stage: &Stage<AiMessage>) -> Verdict {
    let model = stage.live_with(Capability::Tools)?.bind("tools", vec![tool()]);
    let question =
        Message::human("How warm is it in Paris now? Look with the tool, then answer with the number only.");
    let called = model.invoke([question.clone()]).await?;
    let [call] = called.tool_calls() else {
        return Err(Fault::Broken(format!("expected one tool call, got {called:?}")));
    };
    ensure_eq!(&*call.name, "weather", "the tool that is called");
    let mut result = ToolMessage::new("31 degrees", call.id.clone().unwrap_or_default());
    result.name = Some(call.name.clone());
    let answer = model.invoke([question, Message::Ai(called.clone()), Message::Tool(result)]).await?;
    ensure!(answer.text().contains("31"), "with the result of the tool it says {:?}", answer.text());
    Ok(())
}

/// An answer matches its schema.
pub(crate) async fn live_structured_output(stage: &Stage<AiMessage>) -> Verdict {
    let model = stage.live_with(Capability::StructuredOutput)?.bind("response_format", schema());
    let text = model.invoke("Ada is 36 years old. Who is she? Answer as JSON.").await?.said();
    let person: Value = serde_json::from_str(&text).unwrap_or_default();
    ensure!(person["name"].is_string() && person["age"] == 36, "the answer is {text:?}");
    Ok(())
}

/// An image is recognised.
pub(crate) async fn live_image(stage: &Stage<AiMessage>) -> Verdict {
    says(&stage.live_with(Capability::ImageInput)?, showing(&image()), "red").await
}

async fn says<O: Answered>(model: &Model<O>, prompt: impl Into<PromptValue>, word: &str) -> Verdict {
    let text = model.invoke(prompt).await?.said();
    ensure!(text.to_lowercase().contains(word), "the answer is {text:?}, without {word:?}");
    Ok(())
}
