//! The chat model.

use catena::openai::ChatOpenAiBuilder;
use catena::{ChatOpenAi, Error, Message, RunnableExt};
use serde_json::{Value, json};

use super::case::{Case, Outcome, Played};
use super::connection::{self, connection_setting};
use super::stream::{drain, merged};
use super::{diverted, message, neutral, settings, structured};

/// One answer.
pub(super) fn invoke(case: &Case<'_>) -> Played {
    if asks_for_a_form(case) {
        return play(case, async |chat, messages| structured::play(case, chat, messages).await);
    }
    play(case, async |chat, messages| match call(case, &chat, messages).await {
        Ok(answer) => Outcome::of("message", message::shown(&answer)),
        Err(error) => error.into(),
    })
}

async fn call(
    case: &Case<'_>,
    chat: &ChatOpenAi,
    messages: Vec<Message>,
) -> Result<catena::AiMessage, Error> {
    chat.clone().bind_all(settings::arguments(case.input)).invoke(messages).await
}

/// All candidates.
pub(super) fn generate(case: &Case<'_>) -> Played {
    play(case, async |chat, messages| match chat.generate_all(messages).await {
        Ok(answers) => {
            let totals = &answers[0].metadata;
            let totals = json!({
                "token_usage": totals.token_usage, "system_fingerprint": totals.extra.get("system_fingerprint"),
                "model_name": chat.model(),
            });
            let answers: Value = answers.iter().map(message::shown).collect();
            Outcome::of("messages", answers).with("llm_output", totals)
        }
        Err(error) => error.into(),
    })
}

/// One answer, in pieces.
pub(super) fn stream(case: &Case<'_>) -> Played {
    if asks_for_a_form(case) {
        return play(case, async |chat, messages| structured::play(case, chat, messages).await);
    }
    play(case, async |chat, messages| {
        let chat = chat.bind_all(settings::arguments(case.input));
        let (chunks, error) = drain(chat.stream(messages)).await;
        let deltas: Value = chunks.iter().map(message::delta).collect();
        let whole = merged(chunks).map(|whole| message::shown(&whole));
        Outcome { error, ..Outcome::of("deltas", deltas).with("message", whole) }
    })
}

fn asks_for_a_form(case: &Case<'_>) -> bool {
    case.input.get("structured_output").is_some()
}

/// Builds the model and reads the messages, then makes the call.
fn play(case: &Case<'_>, call: impl AsyncFnOnce(ChatOpenAi, Vec<Message>) -> Outcome) -> Played {
    if let Some(why) = settings::lacks(case.input) {
        return Played::Unsupported(why);
    }
    let built = builder(case).and_then(|builder| Ok((builder, neutral::messages(&case.input["messages"])?)));
    match built.map(|(builder, messages)| (builder.build(), messages)) {
        Err(why) => Played::Unsupported(why),
        Ok((Err(error), _)) => error.into(),
        Ok((Ok(chat), messages)) => smol::block_on(call(chat, messages)).into(),
    }
}

/// A builder with the settings of `config`.
///
/// # Errors
/// Which of them it does not know.
fn builder(case: &Case<'_>) -> Result<ChatOpenAiBuilder, String> {
    let environment = connection::environment(case.input);
    let mut builder = ChatOpenAi::builder().with_environment(environment).with_timer(case.timer.clone());
    // Who names a server without TLS means it.
    builder = builder.allow_insecure_http();
    if case.input["client"] == "azure_chat" {
        builder = builder.with_azure(connection::azure(case.input));
    }
    for (name, value) in settings::members(&case.input["config"]) {
        let text = || value.as_str().unwrap_or_default();
        let number = || value.as_f64().unwrap_or_default();
        let count = || settings::count(value);
        let flag = || value == true;
        builder = match name.as_str() {
            "model" => builder.with_model(text()),
            "temperature" => builder.with_temperature(number()),
            "top_p" => builder.with_top_p(number()),
            "presence_penalty" => builder.with_presence_penalty(number()),
            "frequency_penalty" => builder.with_frequency_penalty(number()),
            "max_tokens" => builder.with_max_tokens(count()),
            "seed" => builder.with_seed(value.as_i64().unwrap_or_default()),
            "n" => builder.with_n(count()),
            "stop" => match value {
                Value::Array(texts) => {
                    builder.with_stop(texts.iter().map(connection::text).collect::<Vec<_>>())
                }
                text => builder.with_stop(connection::text(text)),
            },
            "logit_bias" => builder.with_logit_bias(settings::bias(value)),
            "logprobs" => builder.with_logprobs(flag()),
            "top_logprobs" => builder.with_top_logprobs(count()),
            "reasoning_effort" => builder.with_reasoning_effort(text()),
            "verbosity" => builder.with_verbosity(text()),
            "service_tier" => builder.with_service_tier(text()),
            "store" => builder.with_store(flag()),
            "reasoning" => builder.with_reasoning(value.clone()),
            "include" => builder.with_include(settings::names(value)),
            "truncation" => builder.with_truncation(text()),
            "use_responses_api" => builder.with_use_responses_api(flag()),
            "use_previous_response_id" => builder.with_use_previous_response_id(flag()),
            "base_url_unset" => {
                let client = diverted::client(text()).map_err(|error| error.to_string())?;
                builder.with_http_client(client)
            }
            "include_response_headers" => builder.with_response_headers(flag()),
            "streaming" => builder.with_streaming(flag()),
            "stream_usage" => builder.with_stream_usage(flag()),
            "disabled_params" => builder.with_disabled_params(settings::names(value)),
            // Those of a call replace it.
            "extra_body" if case.input["call"].get("extra_body").is_some() => builder,
            "extra_body" | "model_kwargs" => members(builder, value),
            other => connection_setting!(builder, case, other, value)?,
        };
    }
    Ok(builder)
}

/// Members of the body that the builder has no method for.
fn members(builder: ChatOpenAiBuilder, members: &Value) -> ChatOpenAiBuilder {
    let members = members.as_object().into_iter().flatten();
    members.fold(builder, |builder, (name, value)| builder.with_extra(name, value.clone()))
}
