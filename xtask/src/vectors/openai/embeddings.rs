//! The embedding model.

use catena::openai::{EmbeddingInput, OpenAiEmbeddings, OpenAiEmbeddingsBuilder};
use catena::tokens::Encoding;
use catena::{Embeddings, Error};
use serde_json::{Value, json};

use super::case::{Case, Outcome, Played};
use super::connection::{self, connection_setting};

/// The vectors of texts that are searched.
pub(super) fn embed_documents(case: &Case<'_>) -> Played {
    play(case, async |embeddings, texts| {
        let vectors = embeddings.embed_documents(&texts).await?;
        Ok(Outcome::of("embeddings", vectors.iter().map(|vector| shown(vector)).collect::<Vec<_>>()))
    })
}

/// The vector of a text that is searched for.
pub(super) fn embed_query(case: &Case<'_>) -> Played {
    play(case, async |embeddings, texts| {
        let vector = embeddings.embed_query(texts.first().map_or("", String::as_str)).await?;
        Ok(Outcome::of("embedding", shown(&vector)))
    })
}

/// One request of the endpoint.
pub(super) fn create(case: &Case<'_>) -> Played {
    let mut given = case.input["arguments"].clone();
    let input = given.as_object_mut().and_then(|given| given.remove("input")).unwrap_or_default();
    let input = match input_of(&input) {
        Some(input) => input,
        None => return Played::Unsupported("no texts and no lists of tokens".to_owned()),
    };
    let mut config = case.input["config"].clone();
    if let (Some(config), Value::Object(given)) = (config.as_object_mut(), given) {
        config.extend(given);
    }
    let embed = async |embeddings: OpenAiEmbeddings, _| {
        let answer = embeddings.embed(input).await?;
        let data = answer.vectors.iter().enumerate();
        let data: Vec<Value> = data
            .map(|(index, vector)| json!({ "object": "embedding", "index": index, "embedding": shown(vector) }))
            .collect();
        let usage = answer
            .usage
            .map(|usage| json!({ "prompt_tokens": usage.input_tokens, "total_tokens": usage.total_tokens }));
        Ok(Outcome::of(
            "value",
            json!({ "object": "list", "data": data, "model": answer.model, "usage": usage }),
        ))
    };
    play_with(case, &config, embed)
}

/// What a request may hold.
fn input_of(input: &Value) -> Option<EmbeddingInput> {
    let text = serde_json::from_value(input.clone()).map(EmbeddingInput::Text);
    let texts = || serde_json::from_value(input.clone()).map(EmbeddingInput::Texts);
    let tokens = || serde_json::from_value(input.clone()).map(EmbeddingInput::Tokens);
    text.or_else(|_| texts()).or_else(|_| tokens()).ok()
}

/// Numbers as a recording has them: what is a 32-bit float here is compared with doubles.
fn shown(vector: &[f32]) -> Value {
    let number = |value: &f32| value.to_string().parse::<f64>().unwrap_or_default();
    vector.iter().map(|value| Value::from(number(value))).collect()
}

fn play(
    case: &Case<'_>,
    call: impl AsyncFnOnce(OpenAiEmbeddings, Vec<String>) -> Result<Outcome, Error>,
) -> Played {
    play_with(case, &case.input["config"], call)
}

/// Builds the model, then makes the call.
fn play_with(
    case: &Case<'_>,
    config: &Value,
    call: impl AsyncFnOnce(OpenAiEmbeddings, Vec<String>) -> Result<Outcome, Error>,
) -> Played {
    let texts = case.input["texts"].as_array().into_iter().flatten().map(connection::text).collect();
    match builder(case, config).map(OpenAiEmbeddingsBuilder::build) {
        Err(why) => Played::Unsupported(why),
        Ok(Err(error)) => error.into(),
        Ok(Ok(embeddings)) => match smol::block_on(call(embeddings, texts)) {
            Ok(outcome) => outcome.into(),
            Err(error) => error.into(),
        },
    }
}

/// A builder with the settings of `config`.
///
/// # Errors
/// Which of them it does not know.
fn builder(case: &Case<'_>, config: &Value) -> Result<OpenAiEmbeddingsBuilder, String> {
    // One request at a time: recordings have them in order.
    let mut builder = OpenAiEmbeddings::builder()
        .with_environment(connection::environment(case.input))
        .with_timer(case.timer.clone())
        .with_tokenizer(tokenizer(config))
        .with_max_concurrency(1);
    for (name, value) in super::settings::members(config) {
        let count = || value.as_u64().and_then(|count| usize::try_from(count).ok()).unwrap_or_default();
        builder = match name.as_str() {
            "model" => builder.with_model(connection::text(value)),
            "dimensions" => builder.with_dimensions(super::settings::count(value)),
            "encoding_format" => builder.with_encoding_format(connection::text(value)),
            "chunk_size" => builder.with_batch_size(count()),
            "embedding_ctx_length" => builder.with_embedding_ctx_length(count()),
            "check_embedding_ctx_length" => builder.with_check_embedding_ctx_length(*value == true),
            "skip_empty" => builder.with_skip_empty(*value == true),
            "user" => builder.with_user(connection::text(value)),
            "extra_body" | "model_kwargs" => members(builder, value),
            other => connection_setting!(builder, case, other, value)?,
        };
    }
    Ok(builder)
}

/// Tokens as LangChain makes them: of a model that it does not know like those of OpenAI's embedding models.
fn tokenizer(config: &Value) -> impl Fn(&str) -> Vec<u32> + Send + Sync + use<> {
    let model = config["model"].as_str().unwrap_or("text-embedding-ada-002");
    let encoding = Encoding::of_model(model).unwrap_or(Encoding::Cl100kBase);
    move |text| encoding.encode(text)
}

fn members(builder: OpenAiEmbeddingsBuilder, members: &Value) -> OpenAiEmbeddingsBuilder {
    let members = members.as_object().into_iter().flatten();
    members.fold(builder, |builder, (name, value)| builder.with_extra(name, value.clone()))
}
