//! Streamed chat answers.

use catena_core::{AiMessage, Chunk, Result};
use serde_json::{Map, Value};

use super::StreamDecoder;
use super::call_pieces::CallPieces;
use super::chat_response::{ChatChoice, decode_chat};
use super::envelope::keep;
use super::event::{Event, EventChoice, Known};
use super::lenient::Text;
use super::members::read_facts;
use super::origin::Origin;
use super::progress::Progress;
use super::repeated_event::RepeatedEvent;
use super::response_headers::add_headers;

/// Decodes a streamed answer. Metadata is delivered with the next chunk that has content.
#[derive(Debug, Default)]
pub(crate) struct ChatStream {
    /// Whether the first chunk carries the response headers.
    headers: bool,
    progress: Progress,
    /// What has been received and not delivered yet.
    pending: AiMessage,
    id: Option<String>,
    model: Option<String>,
    /// What else is repeated in every event.
    known: Known,
    /// The last event, if it held a text and nothing else.
    repeated: RepeatedEvent,
    calls: CallPieces,
    /// Unknown members of deltas. They are increments, and are merged and delivered at the end.
    increments: Map<String, Value>,
}

impl<'de> EventChoice<'de> for ChatChoice<'de> {
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

impl StreamDecoder for ChatStream {
    type Chunk = AiMessage;

    fn event(&mut self, name: Option<&str>, data: &str, origin: &Origin) -> Result<Option<AiMessage>> {
        if let Some(text) = self.repeated.content_of(data) {
            return Ok((!text.is_empty()).then(|| AiMessage::new(text.into_owned())));
        }
        self.repeated.forget();
        let Some(mut event) = Event::<ChatChoice<'_>>::decode(name, data, origin)? else { return Ok(None) };
        if std::mem::take(&mut self.headers) {
            add_headers(origin, &mut self.pending.metadata);
        }
        if let Some(id) = changed(&mut self.id, &event.id) {
            self.pending.id = Some(id);
            self.pending.metadata.request_id.clone_from(&origin.request_id);
        }
        if let Some(model) = changed(&mut self.model, &event.model) {
            self.pending.metadata.model = Some(model);
        }
        let usage = event.describe(&mut self.known, &mut self.pending.metadata);
        let choice = event.take_choice();
        let text = choice.as_ref().and_then(ChatChoice::only_text);
        let says_something = choice.is_some_and(|choice| self.add(choice)) || usage.is_some();
        self.pending.usage = usage.or(self.pending.usage);
        let chunk = says_something.then(|| self.deliver());
        if let (Some(text), Some(chunk)) = (text, &chunk)
            && *chunk == AiMessage::new(text)
        {
            self.repeated.learn(data, text, event.padding());
        }
        Ok(chunk)
    }

    fn end(&mut self, marked: bool, origin: &Origin) -> Result<Option<AiMessage>> {
        self.progress.end(marked, origin)?;
        self.calls.end(&mut self.pending);
        let mut increments = std::mem::take(&mut self.increments);
        keep(&mut increments, &mut self.pending.metadata.extra);
        let left = !self.progress.emitted || self.pending != AiMessage::default();
        Ok(left.then(|| self.deliver()))
    }

    fn whole(&mut self, body: &[u8], origin: &Origin) -> Result<AiMessage> {
        decode_chat(body, origin, self.headers)
    }
}

impl ChatStream {
    /// `headers`: whether the answer's metadata includes the response headers.
    pub(crate) fn new(headers: bool) -> Self {
        Self { headers, ..Self::default() }
    }

    /// Adds a choice. Returns true if it has content: text, reasoning, a refusal, a tool call delta or a finish reason.
    fn add(&mut self, choice: ChatChoice<'_>) -> bool {
        let metadata = &mut self.pending.metadata;
        self.known.keep_all(&choice.facts, metadata);
        if let Some(logprobs) = choice.logprobs {
            self.increments.merge(Map::from_iter([("logprobs".to_owned(), *logprobs)]));
        }
        let finish = choice.finish_reason.into_string();
        self.progress.finished |= finish.is_some();
        let finishes = finish.is_some();
        metadata.finish_reason = finish.or_else(|| metadata.finish_reason.take());
        // Some gateways that cannot stream send the complete message as the only event.
        let whole = choice.message.filter(|_| !self.progress.emitted);
        let Some(mut delta) = choice.delta.or_else(|| whole.map(|whole| *whole)) else { return finishes };
        delta.add_to(&mut self.pending);
        let calls = self.calls.add(std::mem::take(&mut delta.tool_calls), &mut self.pending);
        self.increments.merge(read_facts(&delta.facts));
        let pending = &self.pending;
        let says_something = calls
            || !pending.content.is_empty()
            || !pending.additional_kwargs.is_empty()
            || pending.reasoning.is_some()
            || pending.refusal.is_some();
        self.progress.said |= says_something;
        finishes || says_something
    }

    fn deliver(&mut self) -> AiMessage {
        if self.progress.finished {
            self.calls.end(&mut self.pending);
        }
        self.progress.emitted = true;
        std::mem::take(&mut self.pending)
    }
}

/// Returns the value of a member that is repeated in every event, the first time and whenever it changes.
fn changed(known: &mut Option<String>, text: &Text<'_>) -> Option<String> {
    let text = text.as_str()?;
    if known.as_deref() == Some(text) {
        return None;
    }
    *known = Some(text.to_owned());
    known.clone()
}

#[cfg(test)]
mod tests {
    use super::super::chat_response::decode_chat;
    use super::super::fixtures::{decode, fold, origin};
    use super::*;
    use catena_core::{ErrorKind, Usage};

    const HEL: &str = r#"{"id":"c","model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"Hel"},"finish_reason":null}],"usage":null}"#;
    const LO: &str = r#"{"id":"c","model":"m","choices":[{"index":0,"delta":{"content":"lo"}}]}"#;
    const STOP: &str = r#"{"id":"c","model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#;
    const USAGE: &str =
        r#"{"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":3,"total_tokens":12}}"#;

    /// Checks the pieces of text and the reason at the end.
    #[track_caller]
    fn check(events: &[&str], texts: &[&str], finish_reason: Option<&str>, usage: Option<Usage>) {
        let (chunks, end) = decode(ChatStream::default(), events);
        end.expect("a complete answer");
        let seen: Vec<_> = chunks.iter().map(|chunk| chunk.text().into_owned()).collect();
        let seen: Vec<_> = seen.iter().filter(|text| !text.is_empty()).collect();
        assert_eq!(seen, texts);
        let whole = fold(chunks);
        assert_eq!(whole.metadata.finish_reason.as_deref(), finish_reason);
        assert_eq!(whole.usage, usage);
    }

    #[test]
    fn text_arrives_piece_by_piece() {
        check(&[HEL, LO, STOP, "[DONE]"], &["Hel", "lo"], Some("stop"), None);
        check(&[HEL, LO, STOP], &["Hel", "lo"], Some("stop"), None);
        check(&[HEL, LO, "[DONE]"], &["Hel", "lo"], None, None);
        check(&["", HEL, " ", LO, STOP, "[DONE]"], &["Hel", "lo"], Some("stop"), None);
    }

    #[test]
    fn the_whole_message_may_be_the_only_event() {
        let whole =
            r#"{"choices":[{"message":{"role":"assistant","content":"Hello"},"finish_reason":"stop"}]}"#;
        check(&[whole, "[DONE]"], &["Hello"], Some("stop"), None);
        // After its pieces it says nothing new.
        check(&[HEL, LO, whole, "[DONE]"], &["Hel", "lo"], Some("stop"), None);
    }

    #[test]
    fn an_event_counts_the_same_whether_it_repeats_the_last_or_not() {
        let say =
            |text: &str, rest: &str| format!(r#"{{"choices":[{{"delta":{{"content":{text}}}}}]{rest}}}"#);
        let padded = |text: &str, padding: &str| say(text, &format!(r#","obfuscation":{padding}"#));
        let stop = r#"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#.to_owned();
        for (events, texts) in [
            (vec![say("\"a\"", ""), say("\"b\"", ""), say("\"c\"", "")], vec!["a", "b", "c"]),
            (vec![say("\"a\"", ""), say("\"\"", ""), say("null", ""), say("\"c\"", "")], vec!["a", "c"]),
            (
                vec![say("\"a\"", ""), say(r#""\n\"é""#, ""), say(r#""{\"b\"}""#, "")],
                vec!["a", "\n\"é", "{\"b\"}"],
            ),
            (
                vec![padded("\"a\"", "\"x\""), padded("\"b\"", "\"yz\""), padded("\"c\"", "7")],
                vec!["a", "b", "c"],
            ),
            (vec![say("\"a\"", ""), say("[\"b\"]", ""), say("\"c\"", "")], vec!["a", "b", "c"]),
        ] {
            let events: Vec<&str> = events.iter().chain([&stop]).map(String::as_str).collect();
            check(&events, &texts, Some("stop"), None);
        }
    }

    #[test]
    fn a_character_that_is_cut_between_two_pieces_is_whole() {
        let say = |delta: &str| format!(r#"{{"choices":[{{"delta":{delta}}}]}}"#);
        let content = |text: &str| say(&format!(r#"{{"content":"{text}"}}"#));
        let stop = STOP.to_owned();
        for (events, expected) in [
            (vec![content("a"), content("b\\ud83d"), content("\\ude00c"), content("d")], "ab😀cd"),
            (vec![content("\\ud83d"), content(""), content("\\ude00")], "😀"),
            (vec![content("\\ud83dx"), content("\\ude00")], "\u{FFFD}x\u{FFFD}"),
        ] {
            let events: Vec<&str> = events.iter().chain([&stop]).map(String::as_str).collect();
            let (chunks, end) = decode(ChatStream::default(), &events);
            end.expect("a complete answer");
            assert_eq!(fold(chunks).text(), expected);
        }
        check_calls(
            &[
                r#"[{"index":0,"id":"c1","function":{"name":"f","arguments":"{\"a\": \"\ud83d"}}]"#,
                r#"[{"index":0,"function":{"arguments":"\ude00\"}"}}]"#,
            ],
            &[r#"f({"a": "😀"})#c1"#],
        );
    }

    #[test]
    fn half_a_character_in_what_nobody_knows_loses_nothing() {
        let event = r#"{"choices":[{"delta":{"content":"a","details":[{"text":"b\ud83d"}]}}]}"#;
        let (chunks, end) = decode(ChatStream::default(), &[event, STOP]);
        end.expect("a complete answer");
        // The other half did not come.
        assert_eq!(fold(chunks).metadata.extra["details"][0]["text"], "b");
        let event = r#"{"choices":[],"x_groq":"abc"}"#;
        decode(ChatStream::default(), &[event, STOP]).1.expect("a complete answer");
    }

    #[test]
    fn custom_tools_are_given_texts_in_pieces() {
        check_calls(
            &[
                r#"[{"index":0,"id":"c1","type":"custom","custom":{"name":"run","input":""}}]"#,
                r#"[{"index":0,"custom":{"input":"1 \"+"}}]"#,
                r#"[{"index":1,"id":"c2","type":"custom","custom":{"name":"run","input":"2"}}]"#,
                r#"[{"index":0,"custom":{"input":"\" 1"}}]"#,
            ],
            &[r#"run({"__arg1": "1 \"+\" 1"})#c1"#, r#"run({"__arg1": "2"})#c2"#],
        );
    }

    #[test]
    fn what_an_event_adds_up_or_changes_is_never_taken_for_a_repetition() {
        let [a, b] =
            ["a", "b"].map(|id| format!(r#"{{"id":"{id}","choices":[{{"delta":{{"content":"x"}}}}]}}"#));
        let (chunks, end) = decode(ChatStream::default(), &[&a, &a, &a, &b, &a, &a, STOP, "[DONE]"]);
        end.expect("a complete answer");
        let ids: Vec<_> = chunks.iter().map(|chunk| chunk.id.as_deref()).collect();
        assert_eq!(ids, [Some("a"), None, None, Some("b"), Some("a"), None, Some("c")]);
        for more in
            [r#""delta":{"content":"x","note":"n"}"#, r#""delta":{"content":"x"},"logprobs":{"note":["n"]}"#]
        {
            let event = format!(r#"{{"choices":[{{{more}}}]}}"#);
            let once = fold(decode(ChatStream::default(), &[&event, STOP]).0);
            let thrice = fold(decode(ChatStream::default(), &[&event, &event, &event, STOP]).0);
            assert_eq!(thrice.text(), "xxx");
            assert_ne!(once.metadata.extra, thrice.metadata.extra, "{more}");
        }
    }

    #[test]
    fn the_last_usage_wins_wherever_it_stands() {
        let usage = Some(Usage::new(9, 3));
        check(&[HEL, STOP, USAGE, "[DONE]"], &["Hel"], Some("stop"), usage);
        let early =
            r#"{"choices":[{"delta":{"content":"a"}}],"usage":{"prompt_tokens":9,"completion_tokens":1}}"#;
        check(&[early, STOP, USAGE, "[DONE]"], &["a"], Some("stop"), usage);
        check(&[early, STOP, "[DONE]"], &["a"], Some("stop"), Some(Usage::new(9, 1)));
        let groq = r#"{"choices":[{"delta":{},"finish_reason":"stop"}],
            "x_groq":{"usage":{"prompt_tokens":9,"completion_tokens":3}}}"#;
        check(&[HEL, groq, "[DONE]"], &["Hel"], Some("stop"), usage);
    }

    #[test]
    fn events_without_a_choice_are_skipped() {
        let empty = [
            r#"{"choices":[]}"#,
            r#"{"choices":null}"#,
            "{}",
            r#"{"choices":[{"index":0,"delta":null}]}"#,
            r#"{"choices":[{"index":1,"delta":{"content":"other"}}]}"#,
            r#"{"choices":[{"delta":{"content":null,"refusal":null,"tool_calls":null}}],"error":null}"#,
        ];
        for event in empty {
            check(&[event, HEL, event, STOP, event, "[DONE]"], &["Hel"], Some("stop"), None);
        }
    }

    /// Some gateways end a stream that failed as if it were complete.
    #[test]
    fn an_error_that_is_dressed_as_an_answer_is_one() {
        let role = r#"{"choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}"#;
        let in_delta = r#"{"choices":[{"delta":{"role":"assistant","finish_reason":"stop"}}]}"#;
        let usage_alone = r#"{"choices":[],"usage":{"prompt_tokens":1}}"#;
        let fastchat = r#"{"text":"**NETWORK ERROR**","error_code":50001}"#;
        let portkey = r#"{"choices":[{"delta":{"content":""},"finish_reason":"overloaded_error"}]}"#;
        let invalid = r#"{"choices":[{"delta":{},"finish_reason":"invalid_request_error"}]}"#;
        for (events, kind, retryable, text) in [
            (vec![role, "[DONE]"], ErrorKind::InvalidResponse, false, "no answer"),
            (vec![role, usage_alone, "[DONE]"], ErrorKind::InvalidResponse, false, "no answer"),
            (vec![in_delta, "[DONE]"], ErrorKind::InvalidResponse, false, "no answer"),
            (vec![role, fastchat, "[DONE]"], ErrorKind::Stream, false, "code 50001): **NETWORK ERROR**"),
            (vec![HEL, fastchat, "[DONE]"], ErrorKind::Stream, false, "code 50001): **NETWORK ERROR**"),
            (vec![HEL, portkey, "[DONE]"], ErrorKind::Stream, true, "code overloaded_error"),
            (vec![invalid], ErrorKind::Stream, false, "code invalid_request_error"),
        ] {
            let error = decode(ChatStream::default(), &events).1.expect_err(events[0]);
            assert_eq!((error.kind(), error.is_retryable()), (kind, retryable), "{events:?}");
            assert!(error.to_string().contains(text), "{error}");
        }
        let fine = r#"{"choices":[{"delta":{"content":"Hi"}}],"error_code":50001}"#;
        check(&[fine, "[DONE]"], &["Hi"], None, None);
        check(&[r#"{"text":"","error_code":0}"#, HEL, "[DONE]"], &["Hel"], None, None);
        check(&[HEL, in_delta, "[DONE]"], &["Hel"], None, None);
    }

    #[test]
    fn facts_travel_with_the_first_piece_that_says_something() {
        let role =
            r#"{"id":"c","model":"m","created":1,"choices":[{"delta":{"role":"assistant","content":""}}]}"#;
        let (chunks, end) = decode(ChatStream::default(), &[role, HEL, LO, STOP, "[DONE]"]);
        end.expect("a complete answer");
        assert_eq!(chunks.len(), 3);
        assert_eq!((chunks[0].id.as_deref(), chunks[0].metadata.model.as_deref()), (Some("c"), Some("m")));
        assert_eq!(chunks[0].metadata.request_id.as_deref(), Some("req_1"));
        assert_eq!(chunks[0].metadata.extra["created"], 1);
        assert_eq!(chunks[1], AiMessage::new("lo"));
    }

    #[test]
    fn folded_pieces_are_the_whole_answer() {
        let events = [
            r#"{"id":"c","object":"chat.completion.chunk","model":"m","system_fingerprint":"f","obfuscation":"xx",
                "choices":[{"index":0,"delta":{"role":"assistant","content":"","refusal":null},"logprobs":null}]}"#,
            r#"{"id":"c","model":"m","system_fingerprint":"f","choices":[{"index":0,"delta":{"reasoning":"h"},
                "logprobs":{"content":[{"token":"a"}]}}]}"#,
            r#"{"id":"c","model":"m","system_fingerprint":"f","choices":[{"index":0,"delta":{"reasoning":"m",
                "audio":{"id":"au","data":"QU"}},"logprobs":{"content":[{"token":"b"}]}}]}"#,
            r#"{"id":"c","model":"m","system_fingerprint":"f","choices":[{"index":0,
                "delta":{"content":"Hi","audio":{"data":"I="}}}]}"#,
            r#"{"id":"c","model":"m","system_fingerprint":"f","choices":[{"index":0,"delta":{"refusal":"N"}}]}"#,
            r#"{"id":"c","model":"m","system_fingerprint":"f","choices":[{"index":0,"delta":{"refusal":"o"}}]}"#,
            r#"{"id":"c","model":"m","system_fingerprint":"f","choices":[{"index":0,"delta":{},
                "finish_reason":"length"}]}"#,
            USAGE,
            "[DONE]",
        ];
        let whole = r#"{"id":"c","object":"chat.completion","model":"m","system_fingerprint":"f",
            "choices":[{"index":0,"finish_reason":"length","logprobs":{"content":[{"token":"a"},{"token":"b"}]},
            "message":{"role":"assistant","content":"Hi","reasoning":"hm","refusal":"No",
            "audio":{"id":"au","data":"QUI="}}}],
            "usage":{"prompt_tokens":9,"completion_tokens":3,"total_tokens":12}}"#;
        let (chunks, end) = decode(ChatStream::default(), &events);
        end.expect("a complete answer");
        assert_eq!(fold(chunks), decode_chat(whole.as_bytes(), &origin(), false).expect("an answer"));
    }

    /// Decodes deltas of tool calls and shows the calls they make.
    #[track_caller]
    fn check_calls(deltas: &[&str], expected: &[&str]) {
        let events: Vec<_> = deltas
            .iter()
            .map(|delta| format!(r#"{{"choices":[{{"delta":{{"tool_calls":{delta}}}}}]}}"#))
            .chain([STOP.to_owned()])
            .collect();
        let events: Vec<&str> = events.iter().map(String::as_str).collect();
        let (chunks, end) = decode(ChatStream::default(), &events);
        end.expect("a complete answer");
        let whole = fold(chunks);
        let calls = whole.tool_calls().iter();
        let calls =
            calls.map(|call| format!("{}({:?})#{}", call.name, call.args, call.id.as_deref().unwrap_or("-")));
        assert_eq!(calls.collect::<Vec<_>>(), expected, "{deltas:?}");
        assert_eq!(whole.invalid_tool_calls(), []);
    }

    #[test]
    fn tool_calls_arrive_in_pieces_of_many_kinds() {
        check_calls(
            &[
                r#"[{"index":0,"id":"c1","type":"function","function":{"name":"f","arguments":""}}]"#,
                r#"[{"index":0,"function":{"arguments":"{\"a\""}}]"#,
                r#"[{"index":2,"id":"c2","function":{"name":"g"}},{"index":0,"function":{"arguments":": 1}"}}]"#,
            ],
            &[r#"f({"a": 1})#c1"#, "g({})#c2"],
        );
        // What is repeated, null or empty on later pieces changes nothing.
        check_calls(
            &[
                r#"[{"index":0,"id":"c1","function":{"name":"f","arguments":"{"}}]"#,
                r#"[{"index":0,"id":"c1","function":{"name":"f","arguments":"}"}}]"#,
                r#"[{"index":0,"id":"","function":{"name":null,"arguments":null}}]"#,
            ],
            &["f({})#c1"],
        );
        // Without indices the position counts, and a new id starts a new call.
        check_calls(
            &[
                r#"[{"id":"c1","function":{"name":"f","arguments":{"a":1}}}]"#,
                r#"[{"id":"c2","function":{"name":"f","arguments":"{}"}}]"#,
            ],
            &[r#"f({"a": 1})#c1"#, "f({})#c2"],
        );
        check_calls(
            &[r#"[{"id":"c1","function":{"name":"f"}},{"id":"c2","function":{"name":"g"}}]"#, "[]", "null"],
            &["f({})#c1", "g({})#c2"],
        );
        check_calls(
            &[
                r#"[{"index":0,"id":"c1","function":{"name":"f","arguments":"{}"}}]"#,
                r#"[{"index":0,"id":"c2","function":{"name":"g","arguments":"{}"}}]"#,
            ],
            &["f({})#c1", "g({})#c2"],
        );
    }

    #[track_caller]
    fn check_error(events: &[&str], kind: ErrorKind, part: &str, retryable: bool) {
        let (chunks, end) = decode(ChatStream::default(), events);
        let error = end.expect_err("an error");
        assert_eq!((error.kind(), error.is_retryable()), (kind, retryable), "{error}");
        assert!(error.to_string().contains(part), "{error}");
        assert_eq!(fold(chunks).text(), "Hello", "what came before is delivered");
        assert_eq!(error.service().and_then(|service| service.request_id.as_deref()), Some("req_1"));
    }

    #[test]
    fn an_error_follows_the_text_that_came_before() {
        check_error(&[HEL, LO], ErrorKind::Incomplete, "before the answer was complete", true);
        let server = r#"{"error":{"message":"boom","type":"server_error","code":null}}"#;
        check_error(&[HEL, LO, server, STOP], ErrorKind::Stream, "boom", true);
        check_error(
            &[HEL, LO, r#"{"error":"GPU out of memory"}"#],
            ErrorKind::Stream,
            "GPU out of memory",
            false,
        );
        let coded = r#"{"error":{"message":"m","code":529},"choices":[{"delta":{"content":""}}]}"#;
        check_error(&[HEL, LO, coded], ErrorKind::Stream, "529", true);
        let flat = r#"{"object":"error","message":"gone","type":"x","param":null,"code":400}"#;
        check_error(&[HEL, LO, flat, "[DONE]"], ErrorKind::Stream, "gone", false);
        let of_choice = r#"{"choices":[{"delta":{"content":""},"finish_reason":"error","error":{"code":502,"message":"gone"}}]}"#;
        check_error(&[HEL, LO, of_choice, "[DONE]"], ErrorKind::Stream, "gone", true);
        let of_groq = r#"{"choices":[],"x_groq":{"id":"req_9","error":"over capacity"}}"#;
        check_error(&[HEL, LO, of_groq, STOP, "[DONE]"], ErrorKind::Stream, "over capacity", false);
        let quota = r#"{"error":{"message":"m","code":429,"type":"insufficient_quota"}}"#;
        check_error(&[HEL, LO, quota], ErrorKind::Stream, "429", false);
        let overflow = r#"{"error":{"message":"m","code":"context_length_exceeded"}}"#;
        check_error(&[HEL, LO, overflow], ErrorKind::ContextOverflow, "too long", false);
        check_error(&[HEL, LO, r#"{"choices":[{"delta":{"con"#], ErrorKind::Decode, "not JSON", false);
        check_error(&[HEL, LO, "<html>502"], ErrorKind::Decode, "502", false);
        check_error(&[HEL, LO, r#"{"choices":1}"#], ErrorKind::InvalidResponse, "shape", false);
    }

    #[test]
    fn a_marked_end_without_an_answer_is_an_error() {
        let (chunks, end) = decode(ChatStream::default(), &["[DONE]"]);
        assert!(chunks.is_empty());
        assert_eq!(end.expect_err("an error").kind(), ErrorKind::InvalidResponse);
    }

    #[test]
    fn an_event_named_error_is_one() {
        let mut decoder = ChatStream::default();
        let error = decoder.event(Some("error"), r#"{"message":"flat"}"#, &origin()).expect_err("an error");
        assert_eq!(error.kind(), ErrorKind::Stream);
        assert!(error.to_string().contains("flat"), "{error}");
        let error = decoder.event(Some("error"), "plain text", &origin()).expect_err("an error");
        assert_eq!(error.kind(), ErrorKind::Stream);
        assert!(error.to_string().contains("plain text"), "{error}");
    }
}
