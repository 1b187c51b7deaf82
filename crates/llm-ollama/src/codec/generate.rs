//! Text completions: `POST /api/generate`.

use catena_core::Result;
use catena_http::service::{CountingDecoder, Used};

use super::line::{Line, decode_body, decode_line, incomplete, lacks};
use super::{Origin, StreamDecoder};
use crate::completion::Completion;

/// Decodes a complete answer.
///
/// # Errors
/// `Decode` for what is not JSON, `InvalidResponse` for an answer without a text, or the error that the body contains.
pub(crate) fn decode_completion(body: &[u8], origin: &Origin) -> Result<Completion> {
    let mut completion = Completion::default();
    let (mut answered, mut finished) = (false, false);
    for mut line in decode_body(body, origin)? {
        answered |= line.response.is_some();
        finished |= line.done;
        completion.text.push_str(text(&mut line).as_deref().unwrap_or_default());
        completion.add(line);
    }
    match (answered, finished) {
        (false, _) => Err(lacks("text", body, origin)),
        (true, false) => Err(incomplete(origin)),
        (true, true) => {
            completion.finish_reason.get_or_insert_with(|| "stop".to_owned());
            Ok(completion)
        }
    }
}

fn text(line: &mut Line<'_>) -> Option<String> {
    line.response.take()?.into_string()
}

impl Completion {
    fn add(&mut self, line: Line<'_>) {
        self.usage = line.usage().or(self.usage);
        if let Some(thought) = line.thinking.into_string() {
            self.reasoning.get_or_insert_default().push_str(&thought);
        }
        self.model = line.model.into_string().or_else(|| self.model.take());
        self.finish_reason = line.done_reason.into_string().or_else(|| self.finish_reason.take());
        self.extra.extend(line.extra);
        if let Some(time) = line.created_at.into_string() {
            self.extra.insert("created_at".to_owned(), time.into());
        }
    }
}

/// Decodes a streamed answer into chunks of text.
#[derive(Debug, Default)]
pub(crate) struct CompletionStream {
    answered: bool,
    finished: bool,
    emitted: bool,
    used: Option<Used>,
}

impl CountingDecoder for CompletionStream {
    fn take_used(&mut self) -> Option<Used> {
        self.used.take()
    }
}

impl StreamDecoder for CompletionStream {
    type Chunk = String;

    fn event(&mut self, _name: Option<&str>, data: &str, origin: &Origin) -> Result<Option<String>> {
        let mut line = decode_line(data, origin)?;
        self.answered |= line.response.is_some();
        self.finished |= line.done;
        let text = text(&mut line);
        if let Some(usage) = line.usage() {
            self.used = Some(Used { usage, model: line.model.into_string() });
        }
        self.emitted |= text.is_some();
        Ok(text)
    }

    fn is_complete(&self) -> bool {
        self.finished
    }

    fn end(&mut self, _marked: bool, origin: &Origin) -> Result<Option<String>> {
        match (self.finished, self.answered) {
            (false, _) => Err(incomplete(origin)),
            (true, false) => Err(lacks("text", b"", origin)),
            // An empty answer is also an answer.
            (true, true) => Ok((!self.emitted).then(String::new)),
        }
    }

    fn whole(&mut self, body: &[u8], origin: &Origin) -> Result<String> {
        let completion = decode_completion(body, origin)?;
        self.used = completion.usage.map(|usage| Used { usage, model: completion.model });
        Ok(completion.text)
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{decode, origin};
    use super::*;
    use catena_core::{ErrorKind, Usage};
    use serde_json::json;

    const A: &str = r#"{"model":"m","response":"a","done":false}"#;
    const B: &str = r#"{"model":"m","response":"b","done":false}"#;
    const DONE: &str = r#"{"model":"m","response":"","done":true,"done_reason":"stop","context":[1,2],"prompt_eval_count":5,"eval_count":2}"#;

    #[test]
    fn an_answer_is_read() {
        let body = r#"{"model":"m","created_at":"t","response":" hi","thinking":"hm","done":true,
            "done_reason":"length","context":[1,2],"prompt_eval_count":5,"eval_count":2}"#;
        let completion = decode_completion(body.as_bytes(), &origin()).expect("an answer");
        assert_eq!((completion.text.as_str(), completion.reasoning.as_deref()), (" hi", Some("hm")));
        assert_eq!(completion.finish_reason.as_deref(), Some("length"));
        assert_eq!((completion.usage, completion.model.as_deref()), (Some(Usage::new(5, 2)), Some("m")));
        assert_eq!(completion.extra["context"], json!([1, 2]));
        let lines = format!("{A}\n{B}\n{DONE}");
        assert_eq!(decode_completion(lines.as_bytes(), &origin()).expect("an answer").text, "ab");
    }

    #[test]
    fn a_stream_is_read_to_its_end() {
        for (lines, texts, error) in [
            (&[A, B, DONE][..], &["a", "b"][..], None),
            (&[DONE], &[""], None),
            (&[A], &["a"], Some(ErrorKind::Incomplete)),
            (&[], &[], Some(ErrorKind::Incomplete)),
            (&[r#"{"message":{"content":"chat"},"done":true}"#], &[], Some(ErrorKind::InvalidResponse)),
            (&[A, r#"{"error":"boom"}"#, B], &["a"], Some(ErrorKind::Stream)),
            (&[A, "{", B], &["a"], Some(ErrorKind::Decode)),
        ] {
            let (chunks, end) = decode(CompletionStream::default(), lines);
            assert_eq!(chunks, texts, "{lines:?}");
            assert_eq!(end.err().map(|error| error.kind()), error, "{lines:?}");
        }
    }
}
