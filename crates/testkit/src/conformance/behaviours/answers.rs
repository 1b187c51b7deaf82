//! The content of answers.

use catena_core::{Capability, RunConfig, RunEvent, RunEventKind, RunnableExt, Usage, observe_with};
use std::sync::{Arc, Mutex, PoisonError};

use super::super::stage::fold;
use super::super::subject::Answered;
use super::super::verdict::{ensure, ensure_eq};
use super::super::{Answer, Role, Stage, Verdict};

/// A prompt reaches the service unchanged, and the answer is returned.
pub(crate) async fn text<O: Answered>(stage: &Stage<O>) -> Verdict {
    let server = stage.answering(&Answer::of_text(["Hello, ", "world"]));
    let answer = stage.model(&server)?.invoke("Who is there?").await?;
    ensure_eq!(answer.said(), "Hello, world", "the answer");
    let asked = stage.asked_once(&server)?;
    let messages: Vec<_> = asked.messages.iter().map(|message| (message.role, &*message.text)).collect();
    ensure_eq!(messages, [(Role::Human, "Who is there?")], "the messages of the request");
    ensure!(!asked.streamed, "a call asks for a stream");
    Ok(())
}

/// Text is preserved in both directions, whatever characters it contains and however long it is.
pub(crate) async fn hard_text<O: Answered>(stage: &Stage<O>) -> Verdict {
    let long = "lorem ipsum ".repeat(20_000);
    let hard = [
        "\"quotes\" \\ and\n\r\tspace  ",
        "{braces} {{more}} <tags> &amp; %20",
        "日本語 🧑‍🚀 e\u{301} \u{202e}",
        "\u{7f}\u{2028}\u{feff}",
        "data: [DONE]\n\n",
        &long,
    ];
    for text in hard {
        let server = stage.answering(&Answer::of_text([text]));
        let model = stage.model(&server)?;
        ensure!(model.invoke(text).await?.said() == text, "a call changes {:.40?}", text);
        ensure!(fold(&model, text).await?.said() == text, "a stream changes {:.40?}", text);
        for asked in stage.asked(&server) {
            let sent: String = asked.messages.iter().map(|message| &*message.text).collect();
            ensure!(sent == text, "the request changes {:.40?}", text);
        }
    }
    Ok(())
}

/// Usage is reported if the service sends it; for a stream too, if the model declares that capability.
pub(crate) async fn usage<O: Answered>(stage: &Stage<O>) -> Verdict {
    stage.needs(Capability::Usage)?;
    let expected = Usage::new(11, 5);
    let server = stage.answering(&Answer::of_text(["some ", "words"]));
    let model = stage.model(&server)?;
    let told = Arc::new(Mutex::new(None));
    let seen = Arc::clone(&told);
    let observer = observe_with(move |event: &RunEvent<'_>| {
        if let RunEventKind::Usage { usage, .. } = event.kind {
            *seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(usage);
        }
    });
    let answer = model.invoke_with("Hi", &RunConfig::new().with_observer(observer)).await?;
    let told = *told.lock().unwrap_or_else(PoisonError::into_inner);
    ensure_eq!(counts(answer.usage().or(told)), counts(Some(expected)), "the usage of a call");
    if stage.needs(Capability::StreamedUsage).is_ok() {
        let streamed = fold(&model, "Hi").await?;
        ensure_eq!(counts(streamed.usage()), counts(Some(expected)), "the usage of a stream");
    }
    let silent = stage.answering(&Answer { usage: None, ..Answer::of_text(["x"]) });
    let answer = stage.model(&silent)?.invoke("Hi").await?;
    ensure_eq!(counts(answer.usage()), None, "the usage where the service does not say it");
    Ok(())
}

fn counts(usage: Option<Usage>) -> Option<(u64, u64, u64)> {
    usage.map(|usage| (usage.input_tokens, usage.output_tokens, usage.total_tokens))
}
