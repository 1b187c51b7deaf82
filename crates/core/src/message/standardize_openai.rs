//! Conversion of OpenAI's answers to standard form: items of the Responses API, and the text and calls of chat
//! completions.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::standardize::{standard, text};
use super::standardize_openai_tools::{Item, index, rest, server_tool};
use super::{
    AiMessage, Annotation, Citation, Content, ContentBlock, InvalidToolCall, MediaBlock, ReasoningBlock,
    StandardBlock, TextBlock, ToolCall, ToolCallChunk, standardize_openai_v03,
};

/// Returns the blocks of an answer.
pub(super) fn from_answer(message: &AiMessage) -> Vec<StandardBlock> {
    match &message.content {
        Content::Text(text) => from_chat(message, text),
        Content::Blocks(blocks) => {
            let old = standardize_openai_v03::items(message, blocks);
            let blocks = old.as_deref().unwrap_or(blocks);
            let answer = Answer::new(message, blocks);
            blocks.iter().flat_map(|block| answer.standard(block)).collect()
        }
    }
}

/// Returns the text followed by the calls, as chunks while streaming.
fn from_chat(message: &AiMessage, text: &str) -> Vec<StandardBlock> {
    let text = (!text.is_empty()).then(|| StandardBlock::Text(TextBlock::new(text)));
    let pieces = message.tool_call_chunks();
    if pieces.is_empty() || message.is_complete() {
        let calls = message.tool_calls().iter().cloned().map(StandardBlock::ToolCall);
        return text.into_iter().chain(calls).collect();
    }
    text.into_iter().chain(pieces.iter().cloned().map(StandardBlock::ToolCallChunk)).collect()
}

/// An answer of the Responses API, whose items refer to calls and to each other.
struct Answer<'a> {
    /// The tool call chunk in this chunk of an answer.
    piece: Option<&'a ToolCallChunk>,
    calls: HashMap<&'a str, &'a ToolCall>,
    invalid: HashMap<&'a str, &'a InvalidToolCall>,
    /// The searches whose results are separate items.
    searched: HashSet<&'a str>,
}

impl<'a> Answer<'a> {
    fn new(message: &'a AiMessage, blocks: &'a [ContentBlock]) -> Self {
        // Of several calls with the same id, the first is used.
        let calls = message.tool_calls().iter().rev();
        let invalid = message.invalid_tool_calls().iter().rev();
        let results = blocks.iter().filter(|block| block.kind() == Some("web_search_result"));
        Self {
            piece: match message.tool_call_chunks() {
                [piece] if !message.is_complete() => Some(piece),
                _ => None,
            },
            calls: calls.filter_map(|call| Some((call.id.as_deref()?, call))).collect(),
            invalid: invalid.filter_map(|call| Some((call.id.as_deref()?, call))).collect(),
            searched: results.filter_map(|result| result.get("id")?.as_str()).collect(),
        }
    }

    /// Converts an item to its blocks: usually one; a server tool call with its result gives two.
    fn standard(&self, block: &ContentBlock) -> Vec<StandardBlock> {
        let item = match block {
            ContentBlock::Plain(text) => return vec![StandardBlock::Text(TextBlock::new(text))],
            ContentBlock::Data(item) => item,
        };
        let known = match item.get("type").and_then(Value::as_str).unwrap_or_default() {
            "text" => Some(vec![said(item)]),
            "reasoning" => explode_reasoning(item),
            "image_generation_call" => image(item).map(|image| vec![image]),
            "function_call" => Some(self.call(item).into_iter().collect()),
            kind => {
                let id = text(item, "id");
                let is_apart = id.as_deref().is_some_and(|id| self.searched.contains(id));
                id.and_then(|id| server_tool(kind, id, item, is_apart))
            }
        };
        known.unwrap_or_else(|| vec![standard(block, |_| None)])
    }

    /// Returns the call of an item, with the item's other members. `None` if the item has no matching call in the
    /// answer.
    fn call(&self, item: &Item) -> Option<StandardBlock> {
        let named = [("id", "item_id"), ("status", "status"), ("namespace", "namespace"), ("async", "async")];
        let said = named.into_iter().filter_map(|(from, to)| Some((to.to_owned(), item.get(from)?.clone())));
        let mut extra = extras(said.collect());
        if let Some(piece) = self.piece {
            let mut piece = piece.clone();
            piece.extra.append(&mut extra);
            return Some(StandardBlock::ToolCallChunk(piece));
        }
        extra.extend(index(item, "lc_tc").map(|index| ("index".to_owned(), index)));
        let id = item.get("call_id")?.as_str().filter(|id| !id.is_empty())?;
        if let Some(&call) = self.calls.get(id) {
            return Some(StandardBlock::ToolCall(ToolCall { extra, ..call.clone() }));
        }
        let mut call = (*self.invalid.get(id)?).clone();
        call.extra.append(&mut extra);
        Some(StandardBlock::InvalidToolCall(call))
    }
}

/// Converts a text with its citations.
fn said(item: &Item) -> StandardBlock {
    let mut block = item.clone();
    block.entry("text").or_insert_with(|| "".into());
    let annotations = match block.remove("annotations") {
        Some(Value::Array(annotations)) => annotations.into_iter().filter_map(annotation).collect(),
        _ => Vec::new(),
    };
    if let Some(index) = index(item, "lc_txt") {
        block.insert("index".to_owned(), index);
    }
    match StandardBlock::from_data(block) {
        StandardBlock::Text(text) => StandardBlock::Text(TextBlock { annotations, ..text }),
        _ => StandardBlock::NonStandard(item.clone()),
    }
}

/// Converts web pages and files to citations; other annotations are unchanged.
fn annotation(annotation: Value) -> Option<Annotation> {
    let Value::Object(annotation) = annotation else { return None };
    Some(match annotation.get("type").and_then(Value::as_str).unwrap_or_default() {
        "url_citation" if annotation.contains_key("url") => Annotation::Citation(page(&annotation)),
        "file_citation" => Annotation::Citation(file(&annotation)),
        _ => Annotation::Other(Map::from_iter([
            ("type".to_owned(), "non_standard_annotation".into()),
            ("value".to_owned(), annotation.into()),
        ])),
    })
}

fn page(annotation: &Item) -> Citation {
    let place = |name: &str| annotation.get(name).and_then(Value::as_u64);
    let known = ["type", "url", "title", "cited_text", "start_index", "end_index"];
    Citation {
        url: text(annotation, "url"),
        title: text(annotation, "title"),
        start_index: place("start_index"),
        end_index: place("end_index"),
        other: extras(rest(annotation, &known)),
        ..Citation::default()
    }
}

fn file(annotation: &Item) -> Citation {
    let known = ["type", "title", "cited_text", "start_index", "end_index", "filename"];
    let other = extras(rest(annotation, &known));
    Citation { title: text(annotation, "filename"), other, ..Citation::default() }
}

/// Wraps extras as a member, unless there are none.
fn extras(extras: Map<String, Value>) -> Map<String, Value> {
    (!extras.is_empty()).then(|| ("extras".to_owned(), extras.into())).into_iter().collect()
}

/// Returns one block per part of the reasoning summary; the first also holds the other members. `None` for reasoning
/// without a summary, which is in standard form already.
fn explode_reasoning(item: &Item) -> Option<Vec<StandardBlock>> {
    let summary = item.get("summary")?.as_array().map(Vec::as_slice).unwrap_or_default();
    let mut others = rest(item, &["type", "id", "index", "summary", "reasoning"]);
    let block = |part: u64| ReasoningBlock {
        id: text(item, "id"),
        index: item.get("index").map(|index| reasoning_index(index, part)),
        ..ReasoningBlock::default()
    };
    if summary.is_empty() {
        let reasoning = text(item, "reasoning");
        return Some(vec![StandardBlock::Reasoning(ReasoningBlock {
            reasoning,
            extras: others,
            ..block(0)
        })]);
    }
    let parts = summary.iter().map(|part| {
        StandardBlock::Reasoning(ReasoningBlock {
            reasoning: Some(part.get("text").and_then(Value::as_str).unwrap_or_default().to_owned()),
            other: std::mem::take(&mut others),
            ..block(part.get("index").and_then(Value::as_u64).unwrap_or_default())
        })
    });
    Some(parts.collect())
}

/// Returns LangChain's index of a part of the reasoning: `index_part`, with each byte in hexadecimal.
fn reasoning_index(index: &Value, part: u64) -> Value {
    let place = match index {
        Value::String(index) => format!("{index}_{part}"),
        index => format!("{index}_{part}"),
    };
    let mut text = "lc_rs_".to_owned();
    for byte in place.bytes() {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text.into()
}

/// Converts a generated image. `None` if it is not available yet.
fn image(item: &Item) -> Option<StandardBlock> {
    let mut image = MediaBlock {
        base64: Some(text(item, "result").filter(|result| !result.is_empty())?),
        id: text(item, "id"),
        index: index(item, "lc_img"),
        ..MediaBlock::default()
    };
    let format = text(item, "output_format").filter(|format| !format.is_empty());
    image.mime_type = format.map(|format| format!("image/{format}"));
    let names = ["status", "background", "output_format", "quality", "revised_prompt", "size"];
    let said = names.into_iter().filter_map(|name| Some((name.to_owned(), item.get(name)?.clone())));
    image.extras = said.collect();
    Some(StandardBlock::Image(image))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Chunk, Message};
    use serde_json::json;

    fn answer(members: Value) -> AiMessage {
        let mut message: AiMessage = serde_json::from_value(members).expect("an answer");
        message.metadata.extra.insert("model_provider".to_owned(), "openai".into());
        message
    }

    #[track_caller]
    fn check(members: Value, expected: Value) {
        let blocks = answer(members).content_blocks();
        assert_eq!(serde_json::to_value(blocks).expect("JSON"), expected);
    }

    #[track_caller]
    fn check_items(items: Value, expected: Value) {
        check(json!({ "content": items }), expected);
    }

    #[test]
    fn texts_have_citations() {
        check_items(
            json!([{"type": "text", "text": "x", "id": "msg_1", "phase": "final", "annotations": [
                {"type": "url_citation", "url": "https://e.org", "title": "T", "start_index": 0, "end_index": 1, "x": 2},
                {"type": "file_citation", "file_id": "f", "filename": "a.pdf", "file_index": 3},
                {"type": "container_file_citation", "container_id": "c"}]}]),
            json!([{"type": "text", "text": "x", "id": "msg_1", "phase": "final", "annotations": [
                {"type": "citation", "url": "https://e.org", "title": "T", "start_index": 0, "end_index": 1, "extras": {"x": 2}},
                {"type": "citation", "title": "a.pdf", "extras": {"file_id": "f", "file_index": 3}},
                {"type": "non_standard_annotation", "value": {"type": "container_file_citation", "container_id": "c"}}]}]),
        );
        check_items(
            json!(["plain", {"type": "text"}]),
            json!([
            {"type": "text", "text": "plain"}, {"type": "text", "text": ""}]),
        );
        for odd in [
            json!({"type": "text", "text": 5, "annotations": [{"type": "x"}]}),
            json!({"x": 1}),
            json!({"type": 5}),
        ] {
            check_items(json!([odd]), json!([{"type": "non_standard", "value": odd}]));
        }
    }

    #[test]
    fn thoughts_are_a_block_for_each_part() {
        check_items(
            json!([{"type": "reasoning", "id": "rs_1", "encrypted_content": "e", "index": 0,
                "summary": [{"type": "summary_text", "text": "a", "index": 0}, {"type": "summary_text", "text": "b", "index": 1}]}]),
            json!([
                {"type": "reasoning", "id": "rs_1", "reasoning": "a", "encrypted_content": "e", "index": "lc_rs_305f30"},
                {"type": "reasoning", "id": "rs_1", "reasoning": "b", "index": "lc_rs_305f31"}]),
        );
        check_items(
            json!([{"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "e"}]),
            json!([{"type": "reasoning", "id": "rs_1", "extras": {"encrypted_content": "e"}}]),
        );
        check_items(
            json!([{"type": "reasoning", "reasoning": "a"}]),
            json!([{"type": "reasoning", "reasoning": "a"}]),
        );
    }

    #[test]
    fn thoughts_that_have_no_summary_are_those_of_the_answer() {
        let item = json!({"type": "reasoning", "id": "rs_1", "summary": [], "content": [{"type": "reasoning_text", "text": "hm"}]});
        let thoughts = json!({"type": "reasoning", "id": "rs_1", "reasoning": "hm", "extras": {"content": item["content"]}});
        check(
            json!({"content": [item, {"type": "text", "text": "x"}], "reasoning": "hm"}),
            json!([thoughts, {"type": "text", "text": "x"}]),
        );
        check(
            json!({"content": "x", "reasoning": "hm"}),
            json!([{"type": "reasoning", "reasoning": "hm"}, {"type": "text", "text": "x"}]),
        );
    }

    #[test]
    fn calls_stand_where_their_items_do() {
        let items = json!([
            {"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "f", "arguments": "{\"a\":1}", "status": "completed", "index": 2},
            {"type": "text", "text": "x"},
            {"type": "function_call", "call_id": "c2", "name": "f", "arguments": "{"},
            {"type": "function_call", "call_id": "c3", "name": "f", "arguments": "{}"},
            {"type": "custom_tool_call", "call_id": "c4", "name": "g", "input": "i"}]);
        check(
            json!({"content": items,
                "tool_calls": [{"name": "f", "args": {"a": 1}, "id": "c1"}, {"name": "g", "args": {"__arg1": "i"}, "id": "c4"}],
                "invalid_tool_calls": [{"name": "f", "args": "{", "id": "c2", "error": null}]}),
            json!([
                {"type": "tool_call", "name": "f", "args": {"a": 1}, "id": "c1", "index": "lc_tc_2",
                    "extras": {"item_id": "fc_1", "status": "completed"}},
                {"type": "text", "text": "x"},
                {"type": "invalid_tool_call", "name": "f", "args": "{", "id": "c2", "error": null},
                {"type": "non_standard", "value": items[4]}]),
        );
    }

    #[test]
    fn pieces_of_calls_are_pieces_until_the_answer_is_complete() {
        let piece = |index: i64, args: &str| {
            answer(json!({
            "content": [{"type": "function_call", "call_id": "c1", "id": "fc_1", "name": "f", "arguments": args, "index": index}],
            "tool_call_chunks": [{"name": "f", "args": args, "id": "c1", "index": index}]}))
        };
        let standard = json!([{"type": "tool_call_chunk", "name": "f", "args": "{\"a\":", "id": "c1", "index": 1, "extras": {"item_id": "fc_1"}}]);
        let mut whole = piece(1, "{\"a\":");
        assert_eq!(serde_json::to_value(whole.content_blocks()).expect("JSON"), standard);
        let rest = json!({"content": [{"type": "function_call", "arguments": "1}", "index": 1}],
            "tool_call_chunks": [{"args": "1}", "index": 1}], "response_metadata": {"status": "completed"}});
        whole.merge(answer(rest));
        let standard = json!([{"type": "tool_call", "name": "f", "args": {"a": 1}, "id": "c1", "index": "lc_tc_1", "extras": {"item_id": "fc_1"}}]);
        assert_eq!(serde_json::to_value(whole.content_blocks()).expect("JSON"), standard);
    }

    #[test]
    fn chat_completions_have_calls_behind_the_text() {
        let call = json!({"type": "tool_call", "name": "f", "args": {}, "id": null});
        check(json!({"content": "x", "tool_calls": [call]}), json!([{"type": "text", "text": "x"}, call]));
        let piece = json!({"type": "tool_call_chunk", "name": "f", "args": "{", "id": "c1", "index": 0});
        check(
            json!({"content": "x", "tool_call_chunks": [piece]}),
            json!([{"type": "text", "text": "x"}, piece]),
        );
        check(
            json!({"content": "", "tool_call_chunks": [piece], "response_metadata": {"finish_reason": "length"}}),
            json!([]),
        );
    }

    #[test]
    fn images_that_came_are_images() {
        check_items(
            json!([{"type": "image_generation_call", "id": "ig_1", "status": "completed", "result": "QQ==", "output_format": "png"},
                {"type": "image_generation_call", "id": "ig_2", "status": "in_progress"}]),
            json!([
                {"type": "image", "base64": "QQ==", "mime_type": "image/png", "id": "ig_1",
                    "extras": {"status": "completed", "output_format": "png"}},
                {"type": "non_standard", "value": {"type": "image_generation_call", "id": "ig_2", "status": "in_progress"}}]),
        );
    }

    #[test]
    fn standard_form_stays_what_it_is() {
        let items = json!([
            {"type": "reasoning", "id": "rs_1", "summary": []},
            {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"type": "search", "query": "q"}},
            {"type": "custom_tool_call", "call_id": "c4", "name": "g", "input": "i"},
            {"type": "text", "text": "x", "annotations": [{"type": "url_citation", "url": "https://e.org"}, {"type": "z"}]}]);
        let said = answer(json!({"content": items, "reasoning": "hm",
            "tool_calls": [{"name": "g", "args": {"__arg1": "i"}, "id": "c4"}]}));
        let standard = said.clone().into_standard();
        assert_eq!(standard.content_blocks(), said.content_blocks());
        assert_eq!(standard.clone().into_standard(), standard);
        assert_eq!(Message::from(standard).content_blocks(), said.content_blocks());
    }

    #[test]
    fn many_calls_take_time_in_proportion() {
        let numbers = 0..20_000;
        let items: Vec<_> =
            numbers.clone().map(|n| json!({"type": "function_call", "call_id": format!("c{n}")})).collect();
        let calls: Vec<_> =
            numbers.map(|n| json!({"name": "f", "args": {}, "id": format!("c{n}")})).collect();
        let blocks = answer(json!({"content": items, "tool_calls": calls})).content_blocks();
        assert_eq!(blocks.len(), 20_000);
    }
}
