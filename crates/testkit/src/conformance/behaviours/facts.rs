//! Metadata of answers and models.

use catena_core::{AiMessage, LanguageModel, PromptValue};

use super::super::stage::Exchange;
use super::super::subject::{Answered, KEY, Setup};
use super::super::verdict::{ensure, ensure_eq};
use super::super::{Answer, Fault, Finish, Stage, Verdict};
use crate::laws::{LawViolation, Laws};

/// An answer reports its ID and its model, if the service does.
pub(crate) async fn metadata(stage: &Stage<AiMessage>) -> Verdict {
    let scripted = Answer::of_text(["some ", "words"]);
    let wire = stage.wire().whole(&scripted).to_string();
    for Exchange { how, answer, .. } in stage.exchanges(&scripted, "Hi", |model| model).await? {
        if wire.contains(&scripted.id) {
            ensure_eq!(answer.id.as_deref(), Some(&*scripted.id), "the id of a {how}");
        }
        if wire.contains(&scripted.model) {
            ensure_eq!(answer.metadata.model.as_deref(), Some(&*scripted.model), "the model of a {how}");
        }
    }
    Ok(())
}

/// An answer reports its finish reason, and truncation can be told from completion.
pub(crate) async fn finish_reason(stage: &Stage<AiMessage>) -> Verdict {
    let mut reasons = Vec::new();
    for finish in [Finish::Stop, Finish::Length] {
        let scripted = Answer { finish, ..Answer::of_text(["some ", "words"]) };
        for Exchange { how, answer, .. } in stage.exchanges(&scripted, "Hi", |model| model).await? {
            let reason = answer.metadata.finish_reason;
            ensure!(reason.is_some(), "a {how} does not say why it ended ({finish:?})");
            reasons.push(reason);
        }
    }
    ensure!(
        reasons[0] != reasons[2],
        "the end of an answer that became too long is told as {:?}",
        reasons[2]
    );
    Ok(())
}

/// The model reports its provider, its ID and its parameters.
pub(crate) async fn identity<O: Answered>(stage: &Stage<O>) -> Verdict {
    let setup = Setup::at("http://127.0.0.1:9");
    let (model, twin) = (stage.subject().model(&setup)?, stage.subject().model(&setup)?);
    let shown = format!("{:?}", model.parameters());
    ensure!(!shown.contains(KEY), "the parameters show the key");
    tells_who_it_is(&*model, &*twin)?;
    let elsewhere = stage.subject().model(&Setup::at("http://127.0.0.1:10"))?;
    ensure!(
        elsewhere.parameters() != model.parameters(),
        "the same model at another address has the same parameters: a cache gives the answers of one server for the other"
    );
    Ok(())
}

/// The model, and an identical one, report their provider, ID and parameters.
pub(crate) fn tells_who_it_is<O: Answered>(
    model: &dyn LanguageModel<Output = O>,
    twin: &dyn LanguageModel<Output = O>,
) -> Verdict {
    let provider = model.provider().unwrap_or_default();
    let word = provider.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c));
    ensure!(!provider.is_empty() && word, "the provider is {provider:?}, not a word of lower case");
    ensure!(model.model_id().is_some_and(|id| !id.is_empty()), "the model has no id");
    ensure!(!model.display_name().is_empty(), "the model has no name");
    let Some(parameters) = model.parameters() else {
        return Err(Fault::Broken("the model does not tell its parameters".to_owned()));
    };
    let id = model.model_id().unwrap_or_default();
    let named = parameters.values().any(|value| value == id);
    ensure!(named, "no parameter is the model's id {id:?}: {parameters:?}");
    ensure_eq!(twin.parameters(), Some(parameters), "the parameters of the same model, built again");
    Ok(())
}

/// The laws of a runnable hold, except the streaming law.
pub(crate) async fn laws<O: Answered>(stage: &Stage<O>) -> Verdict {
    let server = stage.echoing(|_, reply| reply);
    obey_laws(&*stage.model(&server)?, ["Hi", "Ho"].map(PromptValue::from)).await
}

/// The model obeys the laws, except the streaming law.
pub(crate) async fn obey_laws<O: Answered>(
    model: &dyn LanguageModel<Output = O>,
    inputs: [PromptValue; 2],
) -> Verdict {
    let laws = Laws::new().with_max_polls(10);
    for input in inputs.clone() {
        holds(laws.laziness(model, input.clone()).await)?;
        holds(laws.events(model, input.clone()).await)?;
        holds(laws.observation(model, input.clone()).await)?;
        holds(laws.cancellation(model, input).await)?;
    }
    holds(laws.batch(model, inputs.to_vec()).await)
}

/// The merged chunks of a stream equal the result of a call, in every member.
pub(crate) async fn streaming_law<O: Answered>(stage: &Stage<O>) -> Verdict {
    let server = stage.answering(&Answer::of_text(["one ", "two"]));
    let model = stage.model(&server)?;
    holds(Laws::new().streaming(&*model, "Hi".into()).await)
}

fn holds(checked: Result<(), LawViolation>) -> Verdict {
    checked.map_err(|violation| Fault::Broken(violation.to_string()))
}
