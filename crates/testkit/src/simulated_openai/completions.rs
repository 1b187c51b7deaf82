//! `POST /v1/completions`.

use serde_json::{Value, json};

use super::error::Refusal;
use super::options::{Generation, Options};
use super::service::Call;
use super::stream::Shape;
use super::tokens;
use crate::reply::Reply;

/// The endpoint's default for `max_tokens`.
const DEFAULT_MAX_TOKENS: usize = 16;

pub(super) fn complete(call: &Call<'_>, body: &Value) -> Result<Reply, Refusal> {
    let mut options = Options::read(body, &["max_tokens"])?;
    options.max_tokens.get_or_insert(DEFAULT_MAX_TOKENS);
    let prompts = prompts(&body["prompt"])?;
    let texts = prompts.iter().flat_map(|prompt| call.answers(&prompt.text, &options));
    // The model of this endpoint continues a text, so the answer starts a new paragraph.
    let generations: Vec<Generation> = texts.map(|text| options.finish(&format!("\n\n{text}"))).collect();
    let usage = call.usage(prompts.iter().map(|prompt| prompt.tokens).sum(), &generations);
    let mut envelope = call.envelope("cmpl", "text_completion", &options.model);
    if !options.stream {
        let indexed = generations.iter().enumerate();
        let choices = indexed.map(|(index, one)| choice(index, &one.text(), Some(one.finish_reason)));
        envelope["choices"] = choices.collect();
        envelope["usage"] = usage;
        return Ok(call.respond(envelope));
    }
    let shape = Shape {
        envelope: &envelope,
        opening: None,
        piece: |index, piece| choice(index, piece, None),
        finish: |index, reason| choice(index, "", Some(reason)),
        usage: options.include_usage.then_some(&usage),
    };
    Ok(call.stream(shape.groups(&generations)))
}

fn choice(index: usize, text: &str, finish_reason: Option<&str>) -> Value {
    json!({"index": index, "text": text, "logprobs": null, "finish_reason": finish_reason})
}

struct Prompt {
    text: String,
    tokens: usize,
}

impl Prompt {
    fn new(text: &str) -> Self {
        Self { text: text.to_owned(), tokens: tokens::count(text) }
    }

    /// The IDs have no meaning here; only their number matters.
    fn of_ids(ids: &[Value]) -> Option<Self> {
        let all_ids = !ids.is_empty() && ids.iter().all(Value::is_u64);
        all_ids.then(|| Self { text: format!("{} tokens", ids.len()), tokens: ids.len() })
    }
}

/// Parses a text, a list of texts, a list of token IDs or a list of such lists.
fn prompts(prompt: &Value) -> Result<Vec<Prompt>, Refusal> {
    let prompts = match prompt {
        Value::Null => return Err(Refusal::missing_param("prompt")),
        Value::String(text) => Some(vec![Prompt::new(text)]),
        Value::Array(items) if items.first().is_some_and(Value::is_u64) => {
            Prompt::of_ids(items).map(|one| vec![one])
        }
        Value::Array(items) if !items.is_empty() => items.iter().map(one_of_many).collect(),
        _ => None,
    };
    prompts.ok_or_else(|| {
        Refusal::bad_param("prompt", "Invalid 'prompt': expected a string or a list of strings.")
    })
}

fn one_of_many(item: &Value) -> Option<Prompt> {
    match item {
        Value::String(text) => Some(Prompt::new(text)),
        Value::Array(ids) => Prompt::of_ids(ids),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(prompt: Value, expected: Option<&[&str]>) {
        let read = prompts(&prompt).ok();
        let texts = read.as_ref().map(|all| all.iter().map(|one| one.text.as_str()).collect::<Vec<_>>());
        assert_eq!(texts.as_deref(), expected, "{prompt}");
    }

    #[test]
    fn prompts_come_in_four_shapes() {
        check(json!("a"), Some(&["a"]));
        check(json!(["a", "b"]), Some(&["a", "b"]));
        check(json!([1, 2, 3]), Some(&["3 tokens"]));
        check(json!([[1, 2], [3]]), Some(&["2 tokens", "1 tokens"]));
        check(json!(null), None);
        check(json!([]), None);
        check(json!([1, "a"]), None);
        check(json!(["a", 1]), None);
        check(json!({"text": "a"}), None);
    }
}
