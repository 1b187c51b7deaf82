//! The content of requests.

use catena_core::{AiMessage, Capability, ErrorKind, HumanMessage, Message, RunnableExt};

use super::super::stage::{Exchange, drain};
use super::super::subject::Answered;
use super::super::verdict::{ensure, ensure_eq};
use super::super::{Answer, Asked, Role, Stage, Verdict};

/// The messages of a conversation reach the service in order and with their roles.
pub(crate) async fn conversation(stage: &Stage<AiMessage>) -> Verdict {
    let messages = [Message::human("Hi, I am Ada"), Message::ai("Hello Ada"), Message::human("Who am I?")];
    let expected = [(Role::Human, "Hi, I am Ada"), (Role::Ai, "Hello Ada"), (Role::Human, "Who am I?")];
    sends(stage, messages.to_vec(), &expected).await
}

/// System messages reach the service as instructions.
pub(crate) async fn system_message(stage: &Stage<AiMessage>) -> Verdict {
    stage.needs(Capability::SystemMessages)?;
    let messages = vec![Message::system("Be brief"), Message::human("Hi")];
    sends(stage, messages, &[(Role::System, "Be brief"), (Role::Human, "Hi")]).await
}

/// Consecutive messages of the same role all arrive; for a service that requires alternating roles they are merged.
pub(crate) async fn repeated_roles(stage: &Stage<AiMessage>) -> Verdict {
    let said = [
        (Role::System, vec!["Be brief.", "Be kind."]),
        (Role::Human, vec!["My name is Ada.", "I am 36.", "I count."]),
        (Role::Ai, vec!["Hello Ada."]),
        (Role::Human, vec!["Who am I?"]),
    ];
    let has_instructions = stage.capabilities()?.has(Capability::SystemMessages);
    let said = &said[usize::from(!has_instructions)..];
    let messages = said.iter().flat_map(|(role, texts)| texts.iter().map(|text| message(*role, text)));
    let answer = Answer::of_text(["Fine"]);
    for Exchange { how, asked, .. } in
        stage.exchanges(&answer, messages.collect::<Vec<_>>(), |model| model).await?
    {
        let turns = turns(&asked);
        let roles: Vec<Role> = turns.iter().map(|(role, _)| *role).collect();
        ensure_eq!(roles, said.iter().map(|(role, _)| *role).collect::<Vec<_>>(), "the turns of a {how}");
        for ((_, sent), (_, texts)) in turns.iter().zip(said) {
            let mut rest = &**sent;
            for text in texts {
                let Some(at) = rest.find(text) else {
                    return Err(super::super::Fault::Broken(format!("{text:?} is not sent: {asked:?}")));
                };
                rest = &rest[at + text.len()..];
            }
        }
    }
    Ok(())
}

/// Messages with an author's name reach the service with their text unchanged.
pub(crate) async fn message_names(stage: &Stage<AiMessage>) -> Verdict {
    let mut named = HumanMessage::new("Who am I?");
    named.name = Some("ada_l".to_owned());
    sends(stage, vec![Message::Human(named)], &[(Role::Human, "Who am I?")]).await
}

async fn sends(stage: &Stage<AiMessage>, messages: Vec<Message>, expected: &[(Role, &str)]) -> Verdict {
    let answer = Answer::of_text(["Fine"]);
    for Exchange { how, asked, .. } in stage.exchanges(&answer, messages, |model| model).await? {
        let sent: Vec<_> = asked.messages.iter().map(|message| (message.role, &*message.text)).collect();
        ensure_eq!(sent, expected, "the messages of the request for a {how}");
    }
    Ok(())
}

fn message(role: Role, text: &str) -> Message {
    match role {
        Role::System => Message::system(text),
        Role::Ai => Message::ai(text),
        _ => Message::human(text),
    }
}

/// Returns the text of each turn, with consecutive messages of a role merged.
fn turns(asked: &Asked) -> Vec<(Role, String)> {
    let mut turns: Vec<(Role, String)> = Vec::new();
    for message in &asked.messages {
        match turns.last_mut() {
            Some((role, said)) if *role == message.role => said.push_str(&message.text),
            _ => turns.push((message.role, message.text.clone())),
        }
    }
    turns
}

/// Stop sequences bound to a call reach the service.
pub(crate) async fn stop<O: Answered>(stage: &Stage<O>) -> Verdict {
    stage.needs(Capability::Stop)?;
    let stop = vec!["three".to_owned(), "\n\n".to_owned()];
    let scripted = Answer::of_text(["one two"]);
    for Exchange { how, asked, answer } in
        stage.exchanges(&scripted, "Count", |model| model.bind("stop", stop.clone())).await?
    {
        ensure_eq!(answer.said(), "one two", "the answer of a {how}");
        ensure_eq!(asked.stop, stop, "the stop sequences of the request for a {how}");
    }
    Ok(())
}

/// A different model bound to a call is the one that is requested, or the call is rejected.
pub(crate) async fn model_override<O: Answered>(stage: &Stage<O>) -> Verdict {
    const OTHER: &str = "kit-other-model";
    let server = stage.answering(&Answer::of_text(["Fine"]));
    let model = stage.model(&server)?.bind("model", OTHER);
    if let Err(error) = model.invoke("Hi").await {
        let refused = [ErrorKind::Unsupported, ErrorKind::InvalidInput];
        ensure!(refused.contains(&error.kind()), "another model for a call gives {error:?}");
        let (_, streamed) = drain(&model, "Hi").await?;
        ensure_eq!(streamed.map(|error| error.kind()), Some(error.kind()), "the error of a stream");
        ensure!(server.requests().is_empty(), "a refused request is sent");
        return Ok(());
    }
    let answer = Answer::of_text(["Fine"]);
    for Exchange { how, asked, .. } in
        stage.exchanges(&answer, "Hi", |model| model.bind("model", OTHER)).await?
    {
        ensure_eq!(asked.model, OTHER, "the model that the request for a {how} asks");
    }
    let server = stage.answering(&answer);
    stage.model(&server)?.invoke("Hi").await?;
    let own = stage.asked_once(&server)?.model;
    ensure!(!own.is_empty() && own != OTHER, "without another the request asks the model {own:?}");
    Ok(())
}
