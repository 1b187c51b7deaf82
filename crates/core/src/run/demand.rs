//! The estimated demand of a request.

use serde_json::Value;

use crate::{ApproximateTokens, Context, LanguageModel, Message, PromptValue};

/// The estimated demand of a request. See [`Admission`](crate::Admission).
///
/// # Example
/// ```
/// use catena_core::{fakes::FakeChatModel, Context, Demand};
/// let cx = Context::default(); // within a run, use the context of the step, which has its bound arguments
/// let model = FakeChatModel::new(["Hello"]);
/// let demand = Demand::of_prompt(&model, &"What is the time?".into(), &cx);
/// assert_eq!(demand.input_tokens, Some(5));
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Demand<'a> {
    /// The total tokens it will use, input and output, by the caller's estimate, if there is one.
    pub tokens: Option<u64>,
    /// The input tokens among them.
    pub input_tokens: Option<u64>,
    /// Whether the output is unbounded: `tokens` then includes no output tokens.
    pub is_open_ended: bool,
    /// The model that is called.
    pub model: Option<&'a str>,
    /// The number of answers to each prompt; zero means one.
    pub(super) answers: u64,
}

impl<'a> Demand<'a> {
    /// Creates the demand of a request of about this many tokens.
    pub fn of_tokens(tokens: Option<u64>) -> Self {
        Self { tokens, ..Self::default() }
    }

    /// Creates the demand of a model call with this many input tokens and at most this many output tokens.
    pub fn of_call(model: Option<&'a str>, input_tokens: u64, max_output_tokens: u64) -> Self {
        let tokens = Some(input_tokens.saturating_add(max_output_tokens));
        Self { tokens, input_tokens: Some(input_tokens), model, ..Self::default() }
    }

    /// Estimates the demand of a call of `model` with this prompt in the run `cx`.
    ///
    /// Input tokens are those of the prompt, by [estimate](ApproximateTokens), plus the tool definitions and the
    /// response format. Output tokens are the configured maximum per answer, times the number of answers requested
    /// (`n`, `best_of`); without a maximum the demand is [open-ended](Self::is_open_ended). Bound arguments, including
    /// the model name, take precedence over the model's own settings.
    pub fn of_prompt<M: LanguageModel + ?Sized>(model: &'a M, prompt: &PromptValue, cx: &'a Context) -> Self {
        let input = match prompt {
            PromptValue::Text(text) => text_tokens(text),
            PromptValue::Messages(messages) => message_tokens(messages),
            PromptValue::Answer(answer) => message_tokens(&[Message::Ai((**answer).clone())]),
        };
        Self::of_input(model, input, 1, cx)
    }

    /// Estimates the demand of one call of `model` with several texts, each of which is answered. Like
    /// [`of_prompt`](Self::of_prompt).
    pub fn of_texts<M: LanguageModel + ?Sized>(
        model: &'a M,
        texts: impl IntoIterator<Item = impl AsRef<str>>,
        cx: &'a Context,
    ) -> Self {
        let (input, count) = texts.into_iter().fold((0_u64, 0_u64), |(input, count), text| {
            (input.saturating_add(text_tokens(text.as_ref())), count + 1)
        });
        Self::of_input(model, input, count, cx)
    }

    /// Estimates the demand of one call of `model` with this many texts, each of which is answered, whose tokens have
    /// already been counted. Like [`of_prompt`](Self::of_prompt).
    pub fn of_tokens_in<M: LanguageModel + ?Sized>(
        model: &'a M,
        input_tokens: u64,
        texts: u64,
        cx: &'a Context,
    ) -> Self {
        Self::of_input(model, input_tokens, texts, cx)
    }

    /// Estimates the demand of a request to embed these texts.
    pub fn of_embedding(model: &'a str, texts: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        let tokens = texts.into_iter().map(|text| text_tokens(text.as_ref())).fold(0, u64::saturating_add);
        Self::of_call(Some(model), tokens, 0)
    }

    fn of_input<M: LanguageModel + ?Sized>(model: &'a M, input: u64, texts: u64, cx: &'a Context) -> Self {
        let (bound, set) = (cx.arguments(), model.parameters());
        let places = || [bound, set.as_ref()].into_iter().flatten();
        let number = |name: &str| places().find_map(|members| members.get(name).and_then(Value::as_u64));
        // The first setting found decides: if it is not a bound, such as -1, later settings are not consulted.
        let output = places()
            .find_map(|members| LENGTHS.iter().find_map(|name| members.get(*name).filter(|it| !it.is_null())))
            .and_then(Value::as_u64)
            .unwrap_or(0);
        let answers = number("n").unwrap_or(1).max(number("best_of").unwrap_or(1));
        let output = output.saturating_mul(answers).saturating_mul(texts);
        let member = |name: &str| places().find_map(|members| members.get(name));
        let tools = ApproximateTokens::tokens_of_tools(member("tools").and_then(Value::as_array));
        let format = member("response_format").filter(|format| format.is_object());
        let format = format.map_or(0, |format| text_tokens(&format.to_string()));
        let input = input.saturating_add(tools).saturating_add(format);
        let name = bound.and_then(|bound| bound.get("model")).and_then(Value::as_str).or(model.model_id());
        // A model without a name is identified by something else, such as its address.
        let call = Self::of_call(name.filter(|name| !name.is_empty()), input, output);
        Self { is_open_ended: output == 0, answers, ..call }
    }
}

/// The names of the settings that bound the length of an answer.
const LENGTHS: [&str; 4] = ["max_completion_tokens", "max_tokens", "max_output_tokens", "num_predict"];

fn message_tokens(messages: &[Message]) -> u64 {
    ApproximateTokens::new().count(messages) as u64
}

fn text_tokens(text: &str) -> u64 {
    tokens_of_chars(text.chars().count() as u64)
}

/// Uses the same ratio as [`ApproximateTokens`].
pub(super) fn tokens_of_chars(chars: u64) -> u64 {
    const CHARS_PER_TOKEN: u64 = 4;
    chars.div_ceil(CHARS_PER_TOKEN)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::{Map, json};

    use super::*;
    use crate::{ChunkStream, RunConfig};

    /// A model with a name and settings.
    struct Set(Value);

    #[crate::async_trait]
    impl LanguageModel for Set {
        type Output = String;

        fn generate_stream<'a>(&'a self, _prompt: PromptValue, _cx: Context) -> ChunkStream<'a, String> {
            Box::pin(futures_util::stream::empty())
        }

        fn model_id(&self) -> Option<&str> {
            self.0.get("model").and_then(Value::as_str)
        }

        fn parameters(&self) -> Option<Map<String, Value>> {
            self.0.as_object().cloned()
        }
    }

    /// What a call with 40 characters asks for: the model, and how much it may write.
    #[track_caller]
    fn check(set: Value, bound: Value, model: Option<&str>, output: u64) {
        let bound = Arc::new(bound.as_object().cloned().unwrap_or_default());
        let cx = Context::new(&RunConfig::new()).with_arguments(&bound);
        let (set, text) = (Set(set), "x".repeat(40));
        let is_open_ended = output == 0;
        let found = Demand::of_prompt(&set, &text.as_str().into(), &cx);
        let answers = found.answers;
        assert_eq!(found, Demand { is_open_ended, answers, ..Demand::of_call(model, 10, output) });
        let both = Demand::of_texts(&set, [&text, &text], &cx);
        let output = output.saturating_mul(2);
        assert_eq!(both, Demand { is_open_ended, answers, ..Demand::of_call(model, 20, output) });
    }

    #[test]
    fn what_is_bound_counts_before_what_is_set() {
        let set = json!({"model": "m", "max_completion_tokens": 100, "n": 2});
        check(set.clone(), json!({}), Some("m"), 200);
        check(set.clone(), json!({"model": "pro"}), Some("pro"), 200);
        check(set.clone(), json!({"max_tokens": 7}), Some("m"), 14);
        check(set.clone(), json!({"max_tokens": 7, "n": 5}), Some("m"), 35);
        check(set.clone(), json!({"n": null, "model": null}), Some("m"), 200);
        check(set, json!({"best_of": 4}), Some("m"), 400);
    }

    #[test]
    fn a_bound_that_bounds_nothing_is_not_replaced_by_another() {
        let set = json!({"max_tokens": 100});
        for open in [json!(-1), json!("many"), json!(1.5)] {
            check(set.clone(), json!({"max_tokens": open}), None, 0);
            check(set.clone(), json!({"num_predict": open}), None, 0);
        }
        check(set.clone(), json!({"max_tokens": null}), None, 100);
        check(set, json!({"max_completion_tokens": null, "max_tokens": 7}), None, 7);
    }

    #[test]
    fn what_is_not_said_is_not_counted() {
        check(json!({}), json!({}), None, 0);
        check(json!({"model": "", "n": 3}), json!({}), None, 0);
        check(json!({"max_tokens": u64::MAX, "n": u64::MAX}), json!({}), None, u64::MAX);
        check(json!({"max_tokens": -1}), json!({"max_output_tokens": "many"}), None, 0);
    }

    #[test]
    fn tools_and_forms_of_answers_are_read_too() {
        let tool = json!({"type": "function", "function": {"name": "f", "description": "x".repeat(400)}});
        let format = json!({"type": "json_schema", "json_schema": {"name": "y".repeat(400)}});
        let input = |set: Value, bound: Value| {
            let bound = Arc::new(bound.as_object().cloned().unwrap_or_default());
            let cx = Context::new(&RunConfig::new()).with_arguments(&bound);
            let set = Set(set);
            Demand::of_prompt(&set, &"x".repeat(40).as_str().into(), &cx).input_tokens.expect("an estimate")
        };
        let both = json!({"tools": [tool], "response_format": format});
        let (set, bound) = (input(both.clone(), json!({})), input(json!({}), both.clone()));
        assert_eq!(set, bound);
        assert!((230..270).contains(&set), "{set}");
        assert!((115..140).contains(&input(both, json!({"tools": []}))));
        assert_eq!(input(json!({"tools": [], "response_format": null}), json!({"tools": "x"})), 10);
    }

    #[test]
    fn an_embedding_only_reads() {
        assert_eq!(Demand::of_embedding("e", ["12345", "", "1"]), Demand::of_call(Some("e"), 3, 0));
    }
}
