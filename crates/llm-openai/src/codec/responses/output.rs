//! Complete answers.

use catena_core::{AiMessage, Content, ContentBlock, Error, ErrorKind, Result, ToolCallChunk};
use catena_http::service::bounded;
use serde_json::{Map, Value, json};

use super::usage::decode_usage;
use crate::codec::custom_tool::custom_arguments;
use crate::codec::envelope::{keep, not_an_answer};
use crate::codec::error::error_in_body;
use crate::codec::lenient::is_truthy;
use crate::codec::origin::Origin;
use crate::codec::response_headers::add_headers;

/// Members of a response that repeat the request.
const ECHO: [&str; 20] = [
    "background",
    "conversation",
    "include",
    "instructions",
    "max_output_tokens",
    "max_tool_calls",
    "parallel_tool_calls",
    "previous_response_id",
    "prompt",
    "prompt_cache_key",
    "reasoning",
    "safety_identifier",
    "store",
    "temperature",
    "text",
    "tool_choice",
    "tools",
    "top_logprobs",
    "top_p",
    "truncation",
];

/// Output items that are kept as content blocks, unchanged, because a later request may need them.
pub(super) const KEPT_ITEMS: [&str; 17] = [
    "compaction",
    "web_search_call",
    "file_search_call",
    "computer_call",
    "code_interpreter_call",
    "mcp_call",
    "mcp_list_tools",
    "mcp_approval_request",
    "image_generation_call",
    "tool_search_call",
    "tool_search_output",
    "apply_patch_call",
    "apply_patch_call_output",
    "shell_call",
    "shell_call_output",
    "local_shell_call",
    "local_shell_call_output",
];

/// Decodes a complete answer. `headers`: whether its metadata includes the response headers.
///
/// # Errors
/// `Decode` for what is not JSON, `InvalidResponse` for an answer without output, `Incomplete` for one that is still
/// being generated, or the error that the body contains.
pub(crate) fn decode_response(body: &[u8], origin: &Origin, headers: bool) -> Result<AiMessage> {
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    let response: Map<String, Value> =
        serde_json::from_slice(body).map_err(|error| not_an_answer(body, &error, origin))?;
    let mut message = message(response, origin)?;
    if headers {
        add_headers(origin, &mut message.metadata);
    }
    Ok(message)
}

/// Returns the message of a response object.
pub(super) fn message(mut response: Map<String, Value>, origin: &Origin) -> Result<AiMessage> {
    if let Some(error) = failure(&response, ErrorKind::InvalidResponse, origin) {
        return Err(error);
    }
    let Some(Value::Array(output)) = response.remove("output") else {
        let error = Error::new(ErrorKind::InvalidResponse, "the answer holds no output");
        return Err(error.with_service(origin.service_error(&Value::from(response).to_string())));
    };
    if let Some(status) = pending(&response).filter(|_| output.is_empty()) {
        return Err(unanswered(&response, status, origin));
    }
    let mut reader = Reader::default();
    output.into_iter().for_each(|item| reader.add_item(item));
    let mut message = reader.finish();
    describe(response, &mut message, origin);
    Ok(message.into_whole())
}

/// Returns the status of a response that has no answer yet, or never will.
fn pending(response: &Map<String, Value>) -> Option<&str> {
    let status = response.get("status")?.as_str()?;
    ["queued", "in_progress", "cancelled"].contains(&status).then_some(status)
}

/// Returns the error of a response without an answer, which it may still get.
fn unanswered(response: &Map<String, Value>, status: &str, origin: &Origin) -> Error {
    let id = bounded(response.get("id").and_then(Value::as_str).unwrap_or("without an id"), 100);
    let advice = match status {
        "cancelled" => "ask again",
        _ => {
            "fetch it by its id, `responses/{id}` with an `OpenAiClient`, until it is completed, or ask without `background`"
        }
    };
    let message =
        format!("the response {id} holds no answer, it is {status}: {}", advice.replace("{id}", &id));
    // A retry would start another response.
    let error = Error::new(ErrorKind::Incomplete, message).with_retryable(false);
    error.with_service(origin.service_error(&Value::from(response.clone()).to_string()))
}

/// Returns the error of a failed response.
pub(super) fn failure(response: &Map<String, Value>, kind: ErrorKind, origin: &Origin) -> Option<Error> {
    let error = response.get("error").filter(|error| is_truthy(error));
    let failed = response.get("status").is_some_and(|status| status == "failed");
    if error.is_none() && !failed {
        return None;
    }
    let message = json!({ "message": "the response failed, and the service does not say why" });
    let body = json!({ "error": error.unwrap_or(&message) }).to_string();
    Some(error_in_body(kind, &body, origin.service_error(&body), origin))
}

/// Adds the call's metadata.
pub(super) fn describe(mut response: Map<String, Value>, message: &mut AiMessage, origin: &Origin) {
    let mut text = |name: &str| match response.remove(name) {
        Some(Value::String(text)) if !text.is_empty() => Some(text),
        _ => None,
    };
    message.id = text("id");
    message.metadata.model = text("model");
    message.metadata.request_id.clone_from(&origin.request_id);
    name_provider(message);
    let usage = response.remove("usage").unwrap_or_default();
    message.usage = decode_usage(&usage);
    if is_truthy(&usage) {
        message.metadata.token_usage = Some(usage.into());
    }
    response.retain(|name, value| !ECHO.contains(&name.as_str()) && *value != json!({}));
    keep(&mut response, &mut message.metadata.extra);
}

/// Marks the blocks as OpenAI's, for `content_blocks`.
pub(super) fn name_provider(message: &mut AiMessage) {
    message.metadata.extra.push_json("model_provider", "\"openai\"");
}

/// Separates the parts of reasoning, or of its summary.
pub(super) const THOUGHT_BREAK: &str = "\n\n";

/// Converts output items into a message.
#[derive(Default)]
struct Reader {
    message: AiMessage,
    blocks: Vec<ContentBlock>,
    thoughts: Vec<String>,
    calls: i64,
    unknown: Vec<Value>,
}

impl Reader {
    fn add_item(&mut self, item: Value) {
        let Value::Object(item) = item else { return };
        match item.get("type").and_then(Value::as_str).unwrap_or_default() {
            "message" => self.add_message(item),
            "function_call" => {
                self.add_call(&item, "arguments");
                self.add_block(item);
            }
            "custom_tool_call" => {
                self.add_call(&item, "input");
                self.add_block(item);
            }
            "reasoning" => {
                self.thoughts.extend(thoughts(&item));
                self.add_block(item);
            }
            kind if KEPT_ITEMS.contains(&kind) => self.add_block(item),
            _ => self.unknown.push(item.into()),
        }
    }

    /// Keeps an item as a block, without empty members.
    fn add_block(&mut self, mut item: Map<String, Value>) {
        item.retain(|_, value| !value.is_null());
        self.blocks.push(ContentBlock::Data(item));
    }

    fn add_message(&mut self, mut item: Map<String, Value>) {
        let (id, phase) = (item.remove("id"), item.remove("phase"));
        let Some(Value::Array(parts)) = item.remove("content") else { return };
        for part in parts {
            let Some(mut block) = message_block(part, &mut self.unknown) else { continue };
            if let Some(refusal) = block.get("refusal").and_then(Value::as_str) {
                self.message.refusal.get_or_insert_default().push_str(refusal);
            }
            for (name, value) in [("id", &id), ("phase", &phase)] {
                if let Some(value) = value.as_ref().filter(|value| !value.is_null()) {
                    block.insert(name.to_owned(), value.clone());
                }
            }
            self.blocks.push(ContentBlock::Data(block));
        }
    }

    fn add_call(&mut self, item: &Map<String, Value>, arguments: &str) {
        let mut piece = call(item, self.calls);
        piece.args = Some(match (item.get(arguments), arguments) {
            (Some(Value::String(input)), "input") => custom_arguments(input),
            (Some(Value::String(arguments)), _) => arguments.clone(),
            (None | Some(Value::Null), _) => String::new(),
            (Some(other), _) => other.to_string(),
        });
        self.message.push_tool_call_chunk(piece);
        self.calls += 1;
    }

    fn finish(self) -> AiMessage {
        let mut message = self.message;
        if !self.blocks.is_empty() {
            message.content = Content::from(self.blocks);
        }
        if !self.thoughts.is_empty() {
            message.reasoning = Some(self.thoughts.join(THOUGHT_BREAK));
        }
        keep_unknown(self.unknown, &mut message);
        message
    }
}

/// Keeps items that are unknown today in the metadata.
pub(super) fn keep_unknown(unknown: Vec<Value>, message: &mut AiMessage) {
    if !unknown.is_empty() {
        message.metadata.extra.insert("other_output".to_owned(), unknown.into());
    }
}

/// Converts a part of a message into a block.
fn message_block(part: Value, unknown: &mut Vec<Value>) -> Option<Map<String, Value>> {
    let Value::Object(mut part) = part else { return None };
    let mut text = |name: &str| part.remove(name).filter(Value::is_string).unwrap_or_else(|| "".into());
    let mut block = Map::new();
    match text("type").as_str().unwrap_or_default() {
        "output_text" => {
            block.insert("type".to_owned(), "text".into());
            block.insert("text".to_owned(), text("text"));
            let annotations = match part.remove("annotations") {
                Some(Value::Array(annotations)) => annotations.into_iter().map(rename_index).collect(),
                _ => Vec::new(),
            };
            block.insert("annotations".to_owned(), annotations.into());
            // Present unless not requested.
            if let Some(logprobs) = part.remove("logprobs").filter(is_truthy) {
                block.insert("logprobs".to_owned(), logprobs);
            }
        }
        "refusal" => {
            block.insert("type".to_owned(), "refusal".into());
            block.insert("refusal".to_owned(), text("refusal"));
        }
        kind => {
            let kind = kind.to_owned();
            part.insert("type".to_owned(), kind.into());
            unknown.push(part.into());
            return None;
        }
    }
    Some(block)
}

/// `index` is the merge key of stream chunks, so a citation's own `index`, a position in the text, is renamed.
pub(super) fn rename_index(mut annotation: Value) -> Value {
    if let Value::Object(members) = &mut annotation
        && members.get("type").is_some_and(|kind| kind == "file_citation")
        && let Some(index) = members.remove("index")
    {
        members.insert("file_index".to_owned(), index);
    }
    annotation
}

/// Returns the texts of a reasoning item.
pub(super) fn thoughts(item: &Map<String, Value>) -> Vec<String> {
    let parts = ["summary", "content"].into_iter().filter_map(|name| item.get(name)?.as_array()).flatten();
    let texts = parts.filter_map(|part| part.get("text")?.as_str());
    texts.filter(|text| !text.is_empty()).map(str::to_owned).collect()
}

/// Returns a call without its arguments. Results refer to the `call_id`, not to the item's id.
pub(super) fn call(item: &Map<String, Value>, index: i64) -> ToolCallChunk {
    let text = |name: &str| item.get(name).and_then(Value::as_str).map(str::to_owned);
    let mut piece = ToolCallChunk::new(index);
    piece.id = text("call_id").or_else(|| text("id"));
    piece.name = text("name");
    piece
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::fixtures::origin;
    use catena_core::{ToolCall, Usage};

    fn response(output: Value) -> Value {
        json!({"id": "resp_1", "object": "response", "created_at": 1.0, "status": "completed", "model": "m",
            "tools": [], "metadata": {}, "error": null, "output": output,
            "usage": {"input_tokens": 1, "output_tokens": 2, "total_tokens": 3}})
    }

    fn decode(response: &Value) -> Result<AiMessage> {
        decode_response(response.to_string().as_bytes(), &origin(), false)
    }

    #[test]
    fn what_the_model_says_becomes_blocks() {
        let output = json!([
            {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "one"}, {"type": "summary_text", "text": "two"}],
                "encrypted_content": null},
            {"type": "message", "id": "msg_1", "role": "assistant", "phase": "final", "content": [
                {"type": "output_text", "text": "Hi", "annotations": null, "logprobs": []},
                {"type": "output_text", "text": "!", "annotations": [{"type": "file_citation", "index": 3}]},
                {"type": "refusal", "refusal": "No."},
                {"type": "hologram", "data": 1}]},
            {"type": "hologram_call", "id": "h_1"},
            {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": null},
        ]);
        let message = decode(&response(output)).expect("an answer");
        assert_eq!((message.text().as_ref(), message.refusal.as_deref()), ("Hi!", Some("No.")));
        assert_eq!(message.reasoning.as_deref(), Some("one\n\ntwo"));
        assert_eq!((message.id.as_deref(), message.usage), (Some("resp_1"), Some(Usage::new(1, 2))));
        let content = serde_json::to_value(&message.content).expect("JSON");
        assert_eq!(
            content,
            json!([
                {"type": "reasoning", "id": "rs_1",
                    "summary": [{"type": "summary_text", "text": "one"}, {"type": "summary_text", "text": "two"}]},
                {"type": "text", "text": "Hi", "annotations": [], "id": "msg_1", "phase": "final"},
                {"type": "text", "text": "!", "annotations": [{"type": "file_citation", "file_index": 3}], "id": "msg_1", "phase": "final"},
                {"type": "refusal", "refusal": "No.", "id": "msg_1", "phase": "final"},
                {"type": "web_search_call", "id": "ws_1", "status": "completed"},
            ])
        );
        let extra = json!({"object": "response", "created_at": 1.0, "status": "completed", "model_provider": "openai",
            "other_output": [{"type": "hologram", "data": 1}, {"type": "hologram_call", "id": "h_1"}]});
        assert_eq!(Value::from(message.metadata.extra), extra);
        let counted = json!({"input_tokens": 1, "output_tokens": 2, "total_tokens": 3});
        assert_eq!(message.metadata.token_usage, Some(counted.into()));
        assert_eq!(message.metadata.finish_reason, None, "this API has a status instead");
    }

    #[test]
    fn calls_are_read_whole() {
        let output = json!([
            {"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "f", "arguments": "{\"a\":1}"},
            {"type": "function_call", "id": "fc_2", "call_id": "c2", "name": "g", "arguments": ""},
            {"type": "function_call", "id": "fc_3", "call_id": "c3", "name": "h", "arguments": "{\"a\": "},
            {"type": "custom_tool_call", "id": "ct_1", "call_id": "c4", "name": "run", "input": "1 \"+\" 1"},
        ]);
        let message = decode(&response(output)).expect("an answer");
        let calls = [
            ToolCall::new("f", [("a", 1)]).with_id("c1"),
            ToolCall::new("g", [("", 0); 0]).with_id("c2"),
            ToolCall::new("run", [("__arg1", "1 \"+\" 1")]).with_id("c4"),
        ];
        assert_eq!(message.tool_calls(), calls);
        assert_eq!(message.invalid_tool_calls()[0].args.as_deref(), Some("{\"a\": "));
        assert_eq!(message.content.as_blocks().map(<[_]>::len), Some(4));
    }

    #[track_caller]
    fn check_error(body: &str, kind: ErrorKind, part: &str) {
        let error = decode_response(body.as_bytes(), &origin(), false).expect_err(body);
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(part), "{error}");
        assert_eq!(error.service().and_then(|service| service.request_id.as_deref()), Some("req_1"));
    }

    #[test]
    fn what_is_no_answer_is_an_error() {
        let mut failed = response(json!([]));
        failed["status"] = "failed".into();
        check_error(&failed.to_string(), ErrorKind::InvalidResponse, "does not say why");
        failed["error"] = json!({"code": "server_error", "message": "The model failed."});
        check_error(&failed.to_string(), ErrorKind::InvalidResponse, "server_error");
        check_error(&failed.to_string(), ErrorKind::InvalidResponse, "The model failed.");
        check_error(r#"{"error":{"code":429,"message":"slow"}}"#, ErrorKind::RateLimit, "slow");
        check_error(r#"{"error":"model not loaded"}"#, ErrorKind::InvalidResponse, "model not loaded");
        check_error("{}", ErrorKind::InvalidResponse, "no output");
        check_error(r#"{"output":null}"#, ErrorKind::InvalidResponse, "no output");
        for status in ["queued", "in_progress", "cancelled"] {
            let mut pending = response(json!([]));
            pending["status"] = status.into();
            check_error(
                &pending.to_string(),
                ErrorKind::Incomplete,
                &format!("resp_1 holds no answer, it is {status}"),
            );
            pending["output"] =
                json!([{"type": "message", "content": [{"type": "output_text", "text": "Hi"}]}]);
            assert_eq!(decode(&pending).expect("as far as it is").text(), "Hi");
        }
        check_error("", ErrorKind::Decode, "is empty");
        check_error("[]", ErrorKind::InvalidResponse, "expected shape");
        check_error("<html><body>Sign in", ErrorKind::InvalidResponse, "Sign in");
        check_error(r#"{"output":[{"#, ErrorKind::Decode, "not JSON");
    }

    #[test]
    fn strange_members_break_nothing() {
        for item in [
            json!(1),
            json!({}),
            json!({"type": 1}),
            json!({"type": "message"}),
            json!({"type": "message", "content": [1, {}, {"type": "output_text"}]}),
            json!({"type": "function_call"}),
            json!({"type": "function_call", "arguments": {"a": 1}}),
            json!({"type": "reasoning", "summary": [1], "content": {}}),
        ] {
            decode(&response(json!([item]))).expect("an answer");
        }
    }
}
