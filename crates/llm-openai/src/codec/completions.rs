//! Text completion: `POST /completions`.

use catena_core::Result;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::envelope::{Envelope, decode_body, no_choices};
use super::error::decode_event;
use super::lenient::{Text, count};
use super::origin::Origin;
use super::progress::Progress;
use super::request::encode;
use super::{StreamDecoder, usage::decode_usage};
use crate::completion::Completion;
use crate::sampling::Sampling;

/// The settings of a text model, as it sends them.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct CompletionOptions {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) model: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) max_tokens: Option<u32>,
    #[serde(flatten)]
    pub(crate) sampling: Sampling,
    #[serde(skip)]
    pub(crate) extra_body: Map<String, Value>,
}

#[derive(Serialize)]
struct Body<'a> {
    #[serde(flatten)]
    options: &'a CompletionOptions,
    prompt: &'a str,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    stream: bool,
}

/// The body of a request.
pub(crate) fn encode_completion(options: &CompletionOptions, prompt: &str, stream: bool) -> Result<Vec<u8>> {
    encode(&Body { options, prompt, stream }, &options.extra_body)
}

#[derive(Deserialize)]
struct Choice<'a> {
    #[serde(default)]
    index: Value,
    #[serde(default, borrow)]
    text: Text<'a>,
    #[serde(default, borrow)]
    finish_reason: Text<'a>,
}

/// Reads a complete answer.
///
/// # Errors
/// `Decode` for what is not JSON, `InvalidResponse` for an answer without choices, or the error that the body holds.
pub(crate) fn decode_completion(body: &[u8], origin: &Origin) -> Result<Completion> {
    let mut answer: Envelope<'_, Choice<'_>> = decode_body(body, origin)?;
    let choices = answer.choices.take().unwrap_or_default();
    let choice = choices.into_iter().next().ok_or_else(|| no_choices(body, origin))?;
    let usage = decode_usage(&answer.usage);
    if choice.text.0.is_none() && choice.finish_reason.as_str().is_none() {
        return Err(no_choices(body, origin));
    }
    Ok(Completion {
        text: choice.text.into_string().unwrap_or_default(),
        finish_reason: choice.finish_reason.into_string(),
        usage,
        model: answer.model.into_string(),
        id: answer.id.into_string(),
        request_id: origin.request_id.clone(),
    })
}

/// Reads a streamed answer: the pieces of its text.
#[derive(Debug, Default)]
pub(crate) struct CompletionStream {
    progress: Progress,
}

impl StreamDecoder for CompletionStream {
    type Chunk = String;

    fn event(&mut self, name: Option<&str>, data: &str, origin: &Origin) -> Result<Option<String>> {
        let Some(event) = decode_event::<Choice<'_>>(name, data, origin)? else { return Ok(None) };
        let choices = event.choices.unwrap_or_default();
        let Some(choice) = choices.into_iter().find(|choice| count(Some(&choice.index)).unwrap_or(0) == 0)
        else {
            return Ok(None);
        };
        self.progress.answered = true;
        self.progress.finished |= choice.finish_reason.as_str().is_some();
        let text = choice.text.into_string();
        self.progress.emitted |= text.is_some();
        Ok(text)
    }

    fn end(&mut self, marked: bool, origin: &Origin) -> Result<Option<String>> {
        self.progress.end(marked, origin)?;
        // An empty answer is an answer too.
        Ok((!self.progress.emitted).then(String::new))
    }

    fn whole(&mut self, body: &[u8], origin: &Origin) -> Result<String> {
        decode_completion(body, origin).map(|completion| completion.text)
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{decode, origin};
    use super::*;
    use catena_core::{ErrorKind, Usage};
    use serde_json::json;

    #[test]
    fn what_is_not_set_is_not_sent() {
        let options = CompletionOptions { model: "m".into(), ..CompletionOptions::default() };
        let wire = |options: &CompletionOptions, stream| -> Value {
            serde_json::from_slice(&encode_completion(options, "Say ✓", stream).expect("a body"))
                .expect("JSON")
        };
        assert_eq!(wire(&options, false), json!({"model": "m", "prompt": "Say ✓"}));
        assert_eq!(wire(&options, true), json!({"model": "m", "prompt": "Say ✓", "stream": true}));
        let sampling = Sampling { temperature: Some(0.9), ..Sampling::default() };
        let extra_body = Map::from_iter([("prompt".to_owned(), json!(["Other"]))]);
        let options = CompletionOptions { max_tokens: Some(0), sampling, extra_body, ..options };
        let sent = json!({"model": "m", "prompt": ["Other"], "max_tokens": 0, "temperature": 0.9});
        assert_eq!(wire(&options, false), sent);
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
            (r#"{"choices":[]}"#, ErrorKind::InvalidResponse),
            (r#"{"choices":[{"message":{"content":"chat"}}]}"#, ErrorKind::InvalidResponse),
            (r#"{"error":{"message":"no slot"}}"#, ErrorKind::InvalidResponse),
        ] {
            let error = decode_completion(body.as_bytes(), &origin()).expect_err(body);
            assert_eq!(error.kind(), kind, "{body}");
        }
    }

    const A: &str = r#"{"choices":[{"text":"a","index":0,"finish_reason":null}]}"#;
    const B: &str = r#"{"choices":[{"text":"b","index":0,"finish_reason":"stop"}]}"#;
    const STOP: &str = r#"{"choices":[{"text":"","index":0,"finish_reason":"stop"}]}"#;

    #[track_caller]
    fn check(events: &[&str], texts: &[&str], error: Option<ErrorKind>) {
        let (chunks, end) = decode(CompletionStream::default(), events);
        assert_eq!(chunks, texts, "{events:?}");
        assert_eq!(end.err().map(|error| error.kind()), error, "{events:?}");
    }

    #[test]
    fn a_stream_is_read_to_its_end() {
        check(&[A, B, "[DONE]"], &["a", "b"], None);
        check(&[A, B], &["a", "b"], None);
        check(&[A, STOP, r#"{"choices":[],"usage":{"prompt_tokens":1}}"#, "[DONE]"], &["a"], None);
        check(&[STOP, "[DONE]"], &[""], None);
        check(&[A], &["a"], Some(ErrorKind::Incomplete));
        check(&[], &[], Some(ErrorKind::Incomplete));
        check(&["[DONE]"], &[], Some(ErrorKind::InvalidResponse));
        check(&[A, r#"{"error":{"message":"boom"}}"#, B], &["a"], Some(ErrorKind::Stream));
        check(&[A, "{", B], &["a"], Some(ErrorKind::Decode));
    }
}
