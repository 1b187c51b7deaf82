//! The text completion model.

use catena::openai::{Completion, LlmResult, OpenAiBuilder};
use catena::{OpenAi, RunnableExt};
use serde_json::{Value, json};

use super::case::{Case, Outcome, Played};
use super::connection::{self, connection_setting};
use super::settings;
use super::stream::drain;

/// All candidates of all prompts.
pub(super) fn generate(case: &Case<'_>) -> Played {
    play(case, async |llm, prompts| match llm.generate_all(prompts).await {
        Ok(result) => shown(result),
        Err(error) => error.into(),
    })
}

fn shown(result: LlmResult) -> Outcome {
    let completion = |completion: &Completion| json!({ "text": completion.text, "finish_reason": completion.finish_reason, "logprobs": completion.logprobs });
    let generations = result.generations.iter();
    let generations = generations.map(|completions| completions.iter().map(completion).collect::<Value>());
    let usage = result.usage.map(|usage| {
        json!({
            "prompt_tokens": usage.input_tokens, "completion_tokens": usage.output_tokens,
            "total_tokens": usage.total_tokens,
        })
    });
    let totals = json!({ "token_usage": usage, "model_name": result.model });
    Outcome::of("generations", generations.collect::<Value>()).with("llm_output", totals)
}

/// One completion, in pieces.
pub(super) fn stream(case: &Case<'_>) -> Played {
    play(case, async |llm, prompts| {
        let (pieces, error) = drain(llm.stream(prompts.into_iter().next().unwrap_or_default())).await;
        let text = pieces.concat();
        Outcome { error, ..Outcome::of("deltas", pieces).with("text", text) }
    })
}

/// Builds the model and reads the prompts, then makes the call.
fn play(case: &Case<'_>, call: impl AsyncFnOnce(OpenAi, Vec<String>) -> Outcome) -> Played {
    let prompts = case.input["prompts"].as_array().into_iter().flatten();
    let prompts = prompts.filter_map(|prompt| prompt.as_str().map(str::to_owned)).collect();
    match builder(case).map(OpenAiBuilder::build) {
        Err(why) => Played::Unsupported(why),
        Ok(Err(error)) => error.into(),
        Ok(Ok(llm)) => smol::block_on(call(llm, prompts)).into(),
    }
}

/// A builder with the settings of `config`.
///
/// # Errors
/// Which of them it does not know.
fn builder(case: &Case<'_>) -> Result<OpenAiBuilder, String> {
    let environment = connection::environment(case.input);
    let mut builder = OpenAi::builder().with_environment(environment).with_timer(case.timer.clone());
    // Who names a server without TLS means it.
    builder = builder.allow_insecure_http();
    for (name, value) in settings::members(&case.input["config"]) {
        let count = || settings::count(value);
        let number = || value.as_f64().unwrap_or_default();
        builder = match name.as_str() {
            "model" => builder.with_model(value.as_str().unwrap_or_default()),
            "temperature" => builder.with_temperature(number()),
            "top_p" => builder.with_top_p(number()),
            "presence_penalty" => builder.with_presence_penalty(number()),
            "frequency_penalty" => builder.with_frequency_penalty(number()),
            "max_tokens" => builder.with_max_tokens(count()),
            "seed" => builder.with_seed(value.as_i64().unwrap_or_default()),
            "n" => builder.with_n(count()),
            "best_of" => builder.with_best_of(count()),
            "batch_size" => builder.with_batch_size(count() as usize),
            "logprobs" => builder.with_logprobs(count()),
            "logit_bias" => builder.with_logit_bias(settings::bias(value)),
            "stop" => builder.with_stop(settings::names(value)),
            "streaming" => builder.with_streaming(value == true),
            "extra_body" | "model_kwargs" => members(builder, value),
            other => connection_setting!(builder, case, other, value)?,
        };
    }
    Ok(builder)
}

fn members(builder: OpenAiBuilder, members: &Value) -> OpenAiBuilder {
    let members = members.as_object().into_iter().flatten();
    members.fold(builder, |builder, (name, value)| builder.with_extra(name, value.clone()))
}
