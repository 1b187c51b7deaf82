//! Streamed text completion.

use std::borrow::Cow;

use catena_core::Result;
use catena_http::service::{CountingDecoder, Used};
use serde::de::MapAccess;
use serde_json::Value;

use super::StreamDecoder;
use super::completions::{decode_completion, not_a_text};
use super::event::{Event, EventChoice};
use super::lenient::Text;
use super::members::{Members, Number, deserialize_members, skip};
use super::origin::Origin;
use super::progress::Progress;

/// A delta of a text.
#[derive(Debug, Default)]
struct Piece<'a> {
    index: Number,
    text: Text<'a>,
    finish_reason: Text<'a>,
    error: Option<Box<Value>>,
    /// Whether it is of a chat.
    is_of_chat: bool,
}

impl<'de> Members<'de> for Piece<'de> {
    fn member<A: MapAccess<'de>>(&mut self, name: Cow<'de, str>, object: &mut A) -> Result<(), A::Error> {
        match &*name {
            "index" => self.index = object.next_value()?,
            "text" => self.text = object.next_value()?,
            "finish_reason" => self.finish_reason = object.next_value()?,
            "error" => self.error = object.next_value()?,
            "delta" | "message" => {
                self.is_of_chat = true;
                skip(object)?;
            }
            _ => skip(object)?,
        }
        Ok(())
    }
}

deserialize_members!(Piece);

impl<'de> EventChoice<'de> for Piece<'de> {
    fn index(&self) -> i64 {
        self.index.0.unwrap_or(0)
    }

    fn error(&self) -> Option<&Value> {
        self.error.as_deref()
    }

    fn finish_reason(&self) -> Option<&str> {
        self.finish_reason.as_str()
    }
}

/// Decodes a streamed answer into chunks of text.
#[derive(Debug, Default)]
pub(crate) struct CompletionStream {
    progress: Progress,
    used: Option<Used>,
}

impl CountingDecoder for CompletionStream {
    fn take_used(&mut self) -> Option<Used> {
        self.used.take()
    }
}

impl StreamDecoder for CompletionStream {
    type Chunk = String;

    fn event(&mut self, name: Option<&str>, data: &str, origin: &Origin) -> Result<Option<String>> {
        let Some(mut event) = Event::<Piece<'_>>::decode(name, data, origin)? else { return Ok(None) };
        if let Some(usage) = event.counted() {
            self.used = Some(Used { usage, model: event.model.as_str().map(str::to_owned) });
        }
        let Some(choice) = event.take_choice() else { return Ok(None) };
        if choice.is_of_chat && choice.text.as_str().is_none() {
            return Err(not_a_text(origin.service_error(data)));
        }
        self.progress.finished |= choice.finish_reason.as_str().is_some();
        let text = choice.text.into_string();
        self.progress.emitted |= text.is_some();
        self.progress.said |= text.as_ref().is_some_and(|text| !text.is_empty());
        Ok(text)
    }

    fn end(&mut self, marked: bool, origin: &Origin) -> Result<Option<String>> {
        self.progress.end(marked, origin)?;
        // An empty answer is also an answer.
        Ok((!self.progress.emitted).then(String::new))
    }

    fn whole(&mut self, body: &[u8], origin: &Origin) -> Result<String> {
        let completion = decode_completion(body, origin)?;
        self.used = completion.usage.map(|usage| Used { usage, model: completion.model });
        Ok(completion.text)
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::decode;
    use super::*;
    use catena_core::ErrorKind;

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
        let of_choice = r#"{"choices":[{"text":"","finish_reason":"error","error":{"message":"boom"}}]}"#;
        check(&[A, of_choice, "[DONE]"], &["a"], Some(ErrorKind::Stream));
        check(&[A, "{", B], &["a"], Some(ErrorKind::Decode));
        for of_chat in [r#"{"choices":[{"delta":{"content":"Hel"}}]}"#, r#"{"choices":[{"message":{}}]}"#] {
            check(&[of_chat, STOP, "[DONE]"], &[], Some(ErrorKind::InvalidResponse));
        }
        let nothing = r#"{"choices":[{"text":"","finish_reason":null}]}"#;
        check(&[nothing, "[DONE]"], &[], Some(ErrorKind::InvalidResponse));
        check(&[nothing, A, nothing, "[DONE]"], &["a"], None);
        let broken = r#"{"choices":[{"text":"","finish_reason":"overloaded_error"}]}"#;
        check(&[A, broken, "[DONE]"], &["a"], Some(ErrorKind::Stream));
    }
}
