//! Text completion: `POST /completions`.

use std::borrow::Cow;

use catena_core::{Error, ErrorKind, Result, ServiceError, add_usage};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::envelope::{Envelope, decode_body, keep, no_choices};
use super::error::decode_error_in_answer;
use super::lenient::{Text, count, is_truthy};
use super::origin::Origin;
use super::request::{Body, encode, refuse_candidates, with_arguments};
use crate::completion::Completion;
use crate::parameters::Parameters;

/// The settings of a text model.
#[derive(Debug, Clone, Default)]
pub(crate) struct CompletionOptions {
    pub(crate) model: String,
    pub(crate) parameters: Parameters,
    /// Streams end with token counts.
    pub(crate) stream_usage: bool,
    /// Calls are streamed, and their chunks merged.
    pub(crate) streaming: bool,
}

/// The prompts of a request.
#[derive(Clone, Copy, Serialize)]
#[serde(untagged)]
pub(crate) enum Prompts<'a> {
    One(&'a str),
    Many(&'a [String]),
    /// As token ids.
    Tokens(&'a [Vec<u32>]),
}

impl Prompts<'_> {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::One(_) => 1,
            Self::Many(texts) => texts.len(),
            Self::Tokens(prompts) => prompts.len(),
        }
    }

    /// Splits them into chunks of at most this size.
    pub(crate) fn chunks(self, size: usize) -> Vec<Self> {
        match self {
            Self::One(_) => vec![self],
            Self::Many(texts) => texts.chunks(size).map(Prompts::Many).collect(),
            Self::Tokens(prompts) => prompts.chunks(size).map(Prompts::Tokens).collect(),
        }
    }
}

impl CompletionOptions {
    /// Checks the settings of a new model.
    ///
    /// # Errors
    /// `Config` for contradictory settings.
    pub(crate) fn finish(&mut self) -> Result<()> {
        self.parameters.check()?;
        drop_single_best(&mut self.parameters);
        if self.streaming {
            refuse_several(&self.parameters)
                .map_err(|error| Error::new(ErrorKind::Config, error.message().to_owned()))?;
        }
        Ok(())
    }

    /// Returns the settings overridden by the arguments of a call.
    ///
    /// # Errors
    /// `InvalidInput` for an argument that contradicts the call.
    pub(crate) fn called(&self, arguments: Option<&Map<String, Value>>) -> Result<Cow<'_, Self>> {
        let Cow::Owned(parameters) = with_arguments(&self.parameters, arguments)? else {
            return Ok(Cow::Borrowed(self));
        };
        let mut called = Self { parameters, ..self.clone() };
        drop_single_best(&mut called.parameters);
        if let Some(Value::String(model)) = called.parameters.members.remove("model") {
            called.model = model;
        }
        if let Some(usage) = called.parameters.members.remove("stream_usage") {
            called.stream_usage = usage == true;
        }
        Ok(Cow::Owned(called))
    }
}

/// Removes a `best_of` of 1, which has no effect and which some servers reject.
fn drop_single_best(parameters: &mut Parameters) {
    if parameters.members.get("best_of").is_some_and(|best| *best == 1) {
        parameters.members.remove("best_of");
    }
}

fn refuse_several(parameters: &Parameters) -> Result<()> {
    refuse_candidates(parameters)?;
    if parameters.members.get("best_of").and_then(Value::as_u64).is_some_and(|best| best > 1) {
        return Err(Error::new(
            ErrorKind::InvalidInput,
            "the best of several answers (`best_of`) cannot be streamed",
        ));
    }
    Ok(())
}

/// Encodes a request.
///
/// # Errors
/// `InvalidInput` for a stream of several answers.
pub(crate) fn encode_completion(
    options: &CompletionOptions,
    prompts: Prompts<'_>,
    stream: bool,
) -> Result<Vec<u8>> {
    if stream {
        refuse_several(&options.parameters)?;
    }
    encode(&Body {
        input: ("prompt", prompts),
        model: &options.model,
        parameters: &options.parameters,
        stream: stream.then(|| options.parameters.stream_options(options.stream_usage)),
    })
}

/// One choice of an answer or of an event.
#[derive(Deserialize)]
struct Choice<'a> {
    #[serde(default)]
    index: Value,
    #[serde(default, borrow)]
    text: Text<'a>,
    #[serde(default, borrow)]
    finish_reason: Text<'a>,
    #[serde(default)]
    logprobs: Value,
    #[serde(default)]
    error: Value,
    #[serde(flatten)]
    extra: Map<String, Value>,
}

/// Decodes a complete answer to one prompt: its first choice.
///
/// # Errors
/// `Decode` for what is not JSON, `InvalidResponse` for an answer without choices, or the error that the body contains.
pub(crate) fn decode_completion(body: &[u8], origin: &Origin) -> Result<Completion> {
    let choices = decode_completions(body, 1, origin)?.into_iter().flatten();
    choices.into_iter().next().ok_or_else(|| no_choices(body, origin))
}

/// Decodes a complete answer to this many prompts: the choices for each of them, all with the usage of the whole call.
///
/// # Errors
/// As for [`decode_completion`], and `InvalidResponse` if the choices cannot be distributed evenly.
pub(crate) fn decode_completions(
    body: &[u8],
    prompts: usize,
    origin: &Origin,
) -> Result<Vec<Vec<Completion>>> {
    match listed(body) {
        Some(answers) if answers.len() == prompts => decode_listed(&answers, origin),
        _ => decode_together(body, prompts, origin),
    }
}

/// Splits a list of answers, with which older versions of llama.cpp respond to several prompts.
fn listed(body: &[u8]) -> Option<Vec<&RawValue>> {
    #[derive(Deserialize)]
    struct Answer {
        #[serde(rename = "choices")]
        _choices: IgnoredAny,
    }
    if body.trim_ascii_start().first() != Some(&b'[') {
        return None;
    }
    let answers: Vec<&RawValue> = serde_json::from_slice(body).ok()?;
    answers.iter().all(|answer| serde_json::from_str::<Answer>(answer.get()).is_ok()).then_some(answers)
}

/// Decodes a list with one answer per prompt.
fn decode_listed(answers: &[&RawValue], origin: &Origin) -> Result<Vec<Vec<Completion>>> {
    let mut completions = Vec::with_capacity(answers.len());
    for answer in answers {
        completions.extend(decode_together(answer.get().as_bytes(), 1, origin)?);
    }
    let usages = completions.iter().filter_map(|of_prompt| of_prompt.first()?.usage);
    let usage = usages.fold(None, |sum, usage| Some(add_usage(sum, Some(usage))));
    completions.iter_mut().flatten().for_each(|completion| completion.usage = usage);
    Ok(completions)
}

/// Decodes an answer that holds the choices of all prompts.
fn decode_together(body: &[u8], prompts: usize, origin: &Origin) -> Result<Vec<Vec<Completion>>> {
    let mut answer: Envelope<'_, Choice<'_>> = decode_body(body, origin)?;
    let mut choices = answer.choices.take().unwrap_or_default();
    if let Some(error) = choices.iter().map(|choice| &choice.error).find(|error| is_truthy(error)) {
        return Err(decode_error_in_answer(&json!({ "error": error }).to_string(), origin));
    }
    let is_of_chat = |choice: &Choice<'_>| choice.text.0.is_none() && choice.extra.contains_key("message");
    if choices.iter().any(is_of_chat) {
        return Err(not_a_text(origin.service_error(&String::from_utf8_lossy(body))));
    }
    let said = |choice: &Choice<'_>| choice.text.0.is_some() || choice.finish_reason.as_str().is_some();
    if choices.is_empty() || !choices.iter().all(said) {
        return Err(no_choices(body, origin));
    }
    let each = choices.len() / prompts.max(1);
    if each * prompts != choices.len() {
        let message = format!("the answer holds {} choices for {prompts} prompts", choices.len());
        let service = origin.service_error(&String::from_utf8_lossy(body));
        return Err(Error::new(ErrorKind::InvalidResponse, message).with_service(service));
    }
    if !sort_numbered(&mut choices) {
        // Some servers restart the numbering for each prompt.
        for choices in choices.chunks_mut(each) {
            sort_numbered(choices);
        }
    }
    let facts = Completion {
        usage: answer.counted(),
        model: answer.model.into_string(),
        id: answer.id.into_string(),
        request_id: origin.request_id.clone(),
        ..Completion::default()
    };
    let mut completions = choices.into_iter().map(|choice| choice.into_completion(facts.clone()));
    Ok((0..prompts).map(|_| completions.by_ref().take(each).collect()).collect())
}

/// Returns the error for an answer of the chat API.
pub(super) fn not_a_text(service: ServiceError) -> Error {
    let message = "the answer holds the message of a chat instead of a text: use `ChatOpenAi`";
    Error::new(ErrorKind::InvalidResponse, message).with_service(service)
}

/// Sorts choices by index if each has its own; otherwise the order of the list counts.
fn sort_numbered(choices: &mut [Choice<'_>]) -> bool {
    if choices.len() < 2 {
        return true;
    }
    let index = |choice: &Choice<'_>| count(Some(&choice.index));
    let mut indices: Vec<_> = choices.iter().map(index).collect();
    indices.sort_unstable();
    let numbered =
        indices.first().is_none_or(Option::is_some) && indices.windows(2).all(|pair| pair[0] < pair[1]);
    if numbered {
        choices.sort_by_key(index);
    }
    numbered
}

impl Choice<'_> {
    fn into_completion(mut self, facts: Completion) -> Completion {
        let mut extra = Map::new();
        keep(&mut self.extra, &mut extra);
        Completion {
            text: self.text.into_string().unwrap_or_default(),
            finish_reason: self.finish_reason.into_string(),
            logprobs: Some(self.logprobs).filter(|logprobs| !logprobs.is_null()),
            extra,
            ..facts
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::origin;
    use super::*;
    use catena_core::Usage;

    #[test]
    fn what_is_not_set_is_not_sent() {
        let mut options = CompletionOptions { model: "m".into(), ..CompletionOptions::default() };
        let wire = |options: &CompletionOptions, prompts: Prompts<'_>, stream| -> Value {
            serde_json::from_slice(&encode_completion(options, prompts, stream).expect("a body"))
                .expect("JSON")
        };
        let one = || Prompts::One("Say ✓");
        assert_eq!(wire(&options, one(), false), json!({"model": "m", "prompt": "Say ✓"}));
        assert_eq!(wire(&options, one(), true), json!({"model": "m", "prompt": "Say ✓", "stream": true}));
        let many = ["a".to_owned(), "b".to_owned()];
        assert_eq!(wire(&options, Prompts::Many(&many), false), json!({"model": "m", "prompt": ["a", "b"]}));
        let tokens = [vec![1, 2], vec![3]];
        let sent = json!({"model": "m", "prompt": [[1, 2], [3]]});
        assert_eq!(wire(&options, Prompts::Tokens(&tokens), false), sent);
        let streamed = |options: &CompletionOptions| wire(options, one(), true)["stream_options"].take();
        let usage = serde_json::Map::from_iter([("stream_usage".to_owned(), true.into())]);
        let called = options.called(Some(&usage)).expect("good arguments");
        assert_eq!(streamed(&called), json!({"include_usage": true}));
        options.parameters.set_number("temperature", 0.9);
        options.parameters.set("max_tokens", 0);
        options.parameters.extra.insert("prompt".to_owned(), json!(["Other"]));
        let sent = json!({"model": "m", "prompt": ["Other"], "max_tokens": 0, "temperature": 0.9});
        assert_eq!(wire(&options, one(), false), sent);
    }

    #[test]
    fn several_answers_are_not_streamed() {
        for (name, refused) in [("n", true), ("best_of", true), ("logprobs", false)] {
            let mut options = CompletionOptions { streaming: true, ..CompletionOptions::default() };
            options.parameters.set(name, 2);
            assert_eq!(encode_completion(&options, Prompts::One("x"), true).is_err(), refused, "{name}");
            assert_eq!(options.finish().is_err(), refused, "{name}");
        }
        let mut options = CompletionOptions::default();
        options.parameters.set("best_of", 1);
        options.finish().expect("good settings");
        assert!(options.parameters.members.is_empty());
    }

    #[test]
    fn an_answer_is_read() {
        let body = r#"{"id":"cmpl-1","object":"text_completion","created":1,"model":"m","choices":[
            {"text":" hi","index":0,"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":5,
            "completion_tokens":7,"total_tokens":12}}"#;
        let expected = Completion {
            text: " hi".into(),
            finish_reason: Some("stop".into()),
            usage: Some(Usage::new(5, 7)),
            model: Some("m".into()),
            id: Some("cmpl-1".into()),
            request_id: Some("req_1".into()),
            ..Completion::default()
        };
        assert_eq!(decode_completion(body.as_bytes(), &origin()).expect("an answer"), expected);
        let bare = decode_completion(br#"{"choices":[{"text":""}]}"#, &origin()).expect("an answer");
        assert_eq!(bare, Completion { request_id: Some("req_1".into()), ..Completion::default() });
    }

    #[test]
    fn what_is_no_answer_is_an_error() {
        for (body, kind) in [
            ("", ErrorKind::Decode),
            ("<html>", ErrorKind::InvalidResponse),
            (
                r#"{"choices":[{"message":{"content":"a"},"finish_reason":"stop"}]}"#,
                ErrorKind::InvalidResponse,
            ),
            (r#"{"choices":[]}"#, ErrorKind::InvalidResponse),
            (r#"{"choices":[{"message":{"content":"chat"}}]}"#, ErrorKind::InvalidResponse),
            (r#"{"error":{"message":"no slot"}}"#, ErrorKind::InvalidResponse),
            (r#"{"choices":[{"text":"","error":{"code":502},"finish_reason":"error"}]}"#, ErrorKind::Server),
        ] {
            let error = decode_completion(body.as_bytes(), &origin()).expect_err(body);
            assert_eq!(error.kind(), kind, "{body}");
        }
    }

    #[test]
    fn choices_are_dealt_out_to_the_prompts() {
        let body = r#"{"choices":[{"text":"c","index":2},{"text":"a","index":0,"logprobs":{"tokens":["a"]},"x":1},
            {"text":"d","index":3},{"text":"b","index":1}],"usage":{"prompt_tokens":1,"completion_tokens":4}}"#;
        let dealt = |prompts| decode_completions(body.as_bytes(), prompts, &origin());
        let texts = dealt(2).expect("two each");
        let texts: Vec<Vec<_>> =
            texts.iter().map(|choices| choices.iter().map(|choice| choice.text.as_str()).collect()).collect();
        assert_eq!(texts, [["a", "b"], ["c", "d"]]);
        let all = dealt(1).expect("four for one").remove(0);
        assert_eq!(all[0].logprobs, Some(json!({"tokens": ["a"]})));
        assert_eq!((all[0].extra["x"].clone(), all[3].usage), (json!(1), Some(Usage::new(1, 4))));
        assert_eq!(dealt(3).expect_err("four for three").kind(), ErrorKind::InvalidResponse);
    }

    #[test]
    fn an_answer_for_each_prompt_is_read_as_one() {
        let body = r#" [{"model":"m","choices":[{"text":"a","index":0}],"usage":{"prompt_tokens":1,"completion_tokens":2}},
            {"choices":[{"text":"b","index":0}],"usage":{"prompt_tokens":3,"completion_tokens":4}}]"#;
        let dealt = decode_completions(body.as_bytes(), 2, &origin()).expect("one each");
        let texts: Vec<Vec<_>> =
            dealt.iter().map(|choices| choices.iter().map(|choice| choice.text.as_str()).collect()).collect();
        assert_eq!(texts, [["a"], ["b"]]);
        assert!(dealt.iter().flatten().all(|completion| completion.usage == Some(Usage::new(4, 6))));
        for (body, prompts, kind) in [
            (body, 3, ErrorKind::InvalidResponse),
            ("[]", 1, ErrorKind::InvalidResponse),
            (r#"[{"choices":[{"text":"a"}]},{"choices":[]}]"#, 2, ErrorKind::InvalidResponse),
            (
                r#"[{"choices":[{"text":"a"}]},{"choices":null,"error":{"message":"m","code":503}}]"#,
                2,
                ErrorKind::Server,
            ),
            (r#"[{"error":{"message":"m","code":429}}]"#, 1, ErrorKind::RateLimit),
            (r#"[{"choices":[{"text":"a"}]"#, 1, ErrorKind::Decode),
        ] {
            let error = decode_completions(body.as_bytes(), prompts, &origin()).expect_err(body);
            assert_eq!(error.kind(), kind, "{body}");
        }
    }

    #[test]
    fn choices_go_to_their_prompts_however_they_are_numbered() {
        for (indices, expected) in [
            (["0", "1", "2", "3"], [["a", "b"], ["c", "d"]]),
            (["3", "2", "1", "0"], [["d", "c"], ["b", "a"]]),
            (["1", "4", "2", "3"], [["a", "c"], ["d", "b"]]),
            (["0", "1", "0", "1"], [["a", "b"], ["c", "d"]]),
            (["1", "0", "0", "1"], [["b", "a"], ["c", "d"]]),
            (["0", "0", "0", "0"], [["a", "b"], ["c", "d"]]),
            (["null", "null", "null", "null"], [["a", "b"], ["c", "d"]]),
            (["2", "null", "1", "0"], [["a", "b"], ["d", "c"]]),
        ] {
            let choices: Vec<_> = ["a", "b", "c", "d"]
                .iter()
                .zip(indices)
                .map(|(text, index)| format!(r#"{{"text":"{text}","index":{index}}}"#))
                .collect();
            let body = format!(r#"{{"choices":[{}]}}"#, choices.join(","));
            let dealt = decode_completions(body.as_bytes(), 2, &origin()).expect("two each");
            let texts = dealt.iter().map(|choices| choices.iter().map(|choice| &*choice.text).collect());
            assert_eq!(texts.collect::<Vec<Vec<_>>>(), expected, "{indices:?}");
        }
    }
}
