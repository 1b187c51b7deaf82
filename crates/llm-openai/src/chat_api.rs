//! The two APIs of chat models.

use std::borrow::Cow;

use catena_core::{AiMessage, Result};
use catena_http::service::read_mended;

use crate::codec::chat_response::{decode_chat, decode_chat_all};
use crate::codec::chat_stream::ChatStream;
use crate::codec::responses::{ResponsesStream, decode_response};
use crate::codec::{Origin, StreamDecoder};

/// The API that a call goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ChatApi {
    Completions,
    Responses,
}

/// An encoded request.
pub(crate) struct ChatRequest<'a> {
    pub(crate) api: ChatApi,
    pub(crate) model: Cow<'a, str>,
    pub(crate) body: Vec<u8>,
}

impl ChatApi {
    /// The path below the base URL.
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::Completions => "chat/completions",
            Self::Responses => "responses",
        }
    }

    /// Decodes a complete answer. If `headers` is true, the answer carries the response headers.
    pub(crate) fn decode(self, body: &[u8], origin: &Origin, headers: bool) -> Result<AiMessage> {
        read_mended(body, |body| match self {
            Self::Completions => decode_chat(body, origin, headers),
            Self::Responses => decode_response(body, origin, headers),
        })
    }

    /// Decodes all answers of a call.
    pub(crate) fn decode_all(self, body: &[u8], origin: &Origin, headers: bool) -> Result<Vec<AiMessage>> {
        read_mended(body, |body| match self {
            Self::Completions => decode_chat_all(body, origin, headers),
            Self::Responses => decode_response(body, origin, headers).map(|message| vec![message]),
        })
    }

    /// Returns a decoder for a streamed answer.
    pub(crate) fn decoder(self, headers: bool) -> ChatDecoder {
        match self {
            Self::Completions => ChatDecoder::Completions(ChatStream::new(headers)),
            Self::Responses => ChatDecoder::Responses(ResponsesStream::new(headers)),
        }
    }
}

/// Decodes a stream of either API.
pub(crate) enum ChatDecoder {
    Completions(ChatStream),
    Responses(ResponsesStream),
}

impl StreamDecoder for ChatDecoder {
    type Chunk = AiMessage;

    fn event(&mut self, name: Option<&str>, data: &str, origin: &Origin) -> Result<Option<AiMessage>> {
        match self {
            Self::Completions(stream) => stream.event(name, data, origin),
            Self::Responses(stream) => stream.event(name, data, origin),
        }
    }

    fn is_complete(&self) -> bool {
        match self {
            Self::Completions(stream) => stream.is_complete(),
            Self::Responses(stream) => stream.is_complete(),
        }
    }

    fn end(&mut self, marked: bool, origin: &Origin) -> Result<Option<AiMessage>> {
        match self {
            Self::Completions(stream) => stream.end(marked, origin),
            Self::Responses(stream) => stream.end(marked, origin),
        }
    }

    fn whole(&mut self, body: &[u8], origin: &Origin) -> Result<AiMessage> {
        match self {
            Self::Completions(stream) => stream.whole(body, origin),
            Self::Responses(stream) => stream.whole(body, origin),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use catena_core::Data;

    #[test]
    fn half_a_character_costs_no_member_that_nobody_knows() {
        let body =
            br#"{"choices":[{"message":{"content":"a","details":[{"text":"b\ud83d"}]}}],"more":"c\ude00"}"#;
        let answer = ChatApi::Completions.decode(body, &Origin::default(), false).expect("an answer");
        let extra = &answer.metadata.extra;
        assert_eq!(
            (&extra["details"][0]["text"], &extra["more"]),
            (&"b\u{FFFD}".into(), &"c\u{FFFD}".into())
        );
    }

    #[test]
    fn half_a_character_costs_no_answer() {
        let chat = r#"{"choices":[{"message":{"content":"a\ud83d","reasoning":"b\ude00","refusal":"c\ud83dc","tool_calls":[
            {"id":"c1","function":{"name":"f","arguments":"{\"x\":\"d\ud83d\"}"}}]}}]}"#;
        let responses = r#"{"output":[{"type":"reasoning","summary":[{"type":"summary_text","text":"b\ude00"}]},
            {"type":"message","content":[{"type":"output_text","text":"a\ud83d"},{"type":"refusal","refusal":"c\ud83dc"}]},
            {"type":"function_call","call_id":"c1","name":"f","arguments":"{\"x\":\"d\ud83d\"}"}]}"#;
        for (api, body) in [(ChatApi::Completions, chat), (ChatApi::Responses, responses)] {
            let mut decoder = api.decoder(false);
            let streamed = read_mended(body.as_bytes(), |body| decoder.whole(body, &Origin::default()));
            for message in [api.decode(body.as_bytes(), &Origin::default(), false), streamed] {
                let message = message.expect("an answer");
                assert_eq!(message.text(), "a\u{FFFD}");
                assert_eq!(message.reasoning.as_deref(), Some("b\u{FFFD}"));
                assert_eq!(message.refusal.as_deref(), Some("c\u{FFFD}c"));
                assert_eq!(message.tool_calls()[0].args.get("x"), Some(&Data::from("d\u{FFFD}")));
            }
        }
    }
}
