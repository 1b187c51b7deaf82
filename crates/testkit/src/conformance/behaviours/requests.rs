//! What a request asks for.

use catena_core::{AiMessage, Capability, Message, RunnableExt};

use super::super::subject::Answered;
use super::super::verdict::ensure_eq;
use super::super::{Answer, Role, Stage, Verdict};

/// The messages of a conversation reach the service in order and with their roles.
pub(crate) async fn conversation(stage: &Stage<AiMessage>) -> Verdict {
    let messages = [Message::human("Hi, I am Ada"), Message::ai("Hello Ada"), Message::human("Who am I?")];
    let expected = [(Role::Human, "Hi, I am Ada"), (Role::Ai, "Hello Ada"), (Role::Human, "Who am I?")];
    sends(stage, messages.to_vec(), &expected).await
}

/// Instructions reach the service as instructions.
pub(crate) async fn system_message(stage: &Stage<AiMessage>) -> Verdict {
    stage.needs(Capability::SystemMessages)?;
    let messages = vec![Message::system("Be brief"), Message::human("Hi")];
    sends(stage, messages, &[(Role::System, "Be brief"), (Role::Human, "Hi")]).await
}

async fn sends(stage: &Stage<AiMessage>, messages: Vec<Message>, expected: &[(Role, &str)]) -> Verdict {
    let server = stage.answering(&Answer::of_text(["Fine"]));
    stage.model(&server)?.invoke(messages).await?;
    let asked = stage.asked_once(&server)?;
    let sent: Vec<_> = asked.messages.iter().map(|message| (message.role, &*message.text)).collect();
    ensure_eq!(sent, expected, "the messages of the request");
    Ok(())
}

/// Stop sequences that are bound to a call reach the service.
pub(crate) async fn stop<O: Answered>(stage: &Stage<O>) -> Verdict {
    stage.needs(Capability::Stop)?;
    let server = stage.answering(&Answer::of_text(["one two"]));
    let stop = vec!["three".to_owned(), "\n\n".to_owned()];
    let answer = stage.model(&server)?.bind("stop", stop.clone()).invoke("Count").await?;
    ensure_eq!(answer.said(), "one two", "the answer");
    ensure_eq!(stage.asked_once(&server)?.stop, stop, "the stop sequences of the request");
    Ok(())
}
