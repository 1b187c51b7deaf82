//! What is known about an answer and about the model.

use catena_core::{AiMessage, RunnableExt};

use super::super::stage::fold;
use super::super::subject::{Answered, KEY, Setup};
use super::super::verdict::{ensure, ensure_eq};
use super::super::{Answer, Finish, Stage, Verdict};
use crate::laws::Laws;

/// An answer tells its id and its model, if the service does, and why it ended.
pub(crate) async fn metadata(stage: &Stage<AiMessage>) -> Verdict {
    let mut reasons = Vec::new();
    for finish in [Finish::Stop, Finish::Length] {
        let answer = Answer { finish, ..Answer::of_text(["some ", "words"]) };
        let (server, wire) = (stage.answering(&answer), stage.wire().whole(&answer).to_string());
        let model = stage.model(&server)?;
        for (how, message) in [("call", model.invoke("Hi").await?), ("stream", fold(&model, "Hi").await?)] {
            if wire.contains(&answer.id) {
                ensure_eq!(message.id.as_deref(), Some(&*answer.id), "the id of a {how}");
            }
            if wire.contains(&answer.model) {
                ensure_eq!(message.metadata.model.as_deref(), Some(&*answer.model), "the model of a {how}");
            }
            ensure!(
                message.metadata.finish_reason.is_some(),
                "a {how} does not say why it ended ({finish:?})"
            );
            reasons.push(message.metadata.finish_reason);
        }
    }
    ensure!(
        reasons[0] != reasons[2],
        "the end of an answer that became too long is told as {:?}",
        reasons[2]
    );
    Ok(())
}

/// The model says whose it is, which it is and how it is set.
pub(crate) async fn identity<O: Answered>(stage: &Stage<O>) -> Verdict {
    let setup = Setup::at("http://127.0.0.1:9");
    let model = stage.subject().model(&setup)?;
    let provider = model.provider().unwrap_or_default();
    let word = provider.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c));
    ensure!(!provider.is_empty() && word, "the provider is {provider:?}, not a word of lower case");
    ensure!(model.model_id().is_some_and(|id| !id.is_empty()), "the model has no id");
    ensure!(!model.model_name().is_empty(), "the model has no name");
    let Some(parameters) = model.parameters() else {
        return Err(super::super::Fault::Broken("the model does not tell its parameters".to_owned()));
    };
    let id = model.model_id().unwrap_or_default();
    ensure!(
        parameters.values().any(|value| value == id),
        "no parameter is the model's id {id:?}: {parameters:?}"
    );
    ensure!(!format!("{parameters:?}").contains(KEY), "the parameters show the key");
    let twin = stage.subject().model(&setup)?.parameters();
    ensure_eq!(twin, Some(parameters), "the parameters of the same model, built again");
    Ok(())
}

/// The laws of every runnable hold.
pub(crate) async fn laws<O: Answered>(stage: &Stage<O>) -> Verdict {
    let server = stage.answering(&Answer::of_text(["one ", "two"]));
    let model = stage.model(&server)?;
    let laws = Laws::new().with_max_polls(10);
    let checked = laws.check_all(&*model, ["Hi".into(), "Ho".into()]).await;
    ensure!(
        checked.is_ok(),
        "{}",
        checked.map_or_else(|violation| violation.to_string(), |()| String::new())
    );
    Ok(())
}
