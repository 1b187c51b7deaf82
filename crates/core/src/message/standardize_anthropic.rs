//! Conversion of Anthropic's answers to standard form.

use serde_json::{Map, Value};

use super::standardize::{others, text};
use super::{
    Annotation, Citation, ReasoningBlock, ServerToolCallBlock, ServerToolResultBlock, StandardBlock,
    TextBlock, ToolCall,
};
use crate::{Data, Record};

/// Converts reasoning, texts with citations, tool calls, and calls and results of server tools.
pub(super) fn from_answer(data: &Map<String, Value>) -> Option<StandardBlock> {
    match data.get("type")?.as_str()? {
        "thinking" => Some(StandardBlock::Reasoning(ReasoningBlock {
            reasoning: Some(text(data, "thinking")?),
            index: data.get("index").cloned(),
            extras: extras(data, &["type", "thinking", "index"]),
            ..ReasoningBlock::default()
        })),
        "text" => cited(data),
        "tool_use" => Some(StandardBlock::ToolCall(ToolCall {
            name: text(data, "name")?,
            args: match data.get("input").cloned().map(Data::from) {
                Some(Data::Record(args)) => args,
                _ => Record::new(),
            },
            id: text(data, "id"),
            extra: data.get("index").map(|index| ("index".to_owned(), index.clone())).into_iter().collect(),
            ..ToolCall::default()
        })),
        "server_tool_use" => Some(StandardBlock::ServerToolCall(ServerToolCallBlock {
            name: match text(data, "name")? {
                name if name == "code_execution" => "code_interpreter".to_owned(),
                name => name,
            },
            args: data.get("input").and_then(Value::as_object).cloned().unwrap_or_default(),
            id: text(data, "id"),
            index: data.get("index").cloned(),
            extras: extras(data, &["type", "name", "input", "id", "index"]),
            ..ServerToolCallBlock::default()
        })),
        kind if kind.ends_with("_tool_result") => result(kind, data),
        _ => None,
    }
}

fn extras(data: &Map<String, Value>, known: &[&str]) -> Map<String, Value> {
    others(data, known).map(|(name, value)| (name.to_owned(), value)).collect()
}

fn cited(data: &Map<String, Value>) -> Option<StandardBlock> {
    let citations = data.get("citations")?.as_array().filter(|citations| !citations.is_empty())?;
    Some(StandardBlock::Text(TextBlock {
        text: text(data, "text")?,
        annotations: citations.iter().filter_map(Value::as_object).map(annotation).collect(),
        index: data.get("index").cloned(),
        ..TextBlock::default()
    }))
}

/// Converts locations in documents and on the web to citations; other annotations are unchanged.
fn annotation(data: &Map<String, Value>) -> Annotation {
    let kind = data.get("type").and_then(Value::as_str).unwrap_or_default();
    let (cited_text, url) = (text(data, "cited_text"), text(data, "url"));
    let on_the_web = kind == "web_search_result_location";
    if !kind.ends_with("_location") || cited_text.is_none() || (on_the_web && url.is_none()) {
        let value = Map::from_iter([
            ("type".to_owned(), "non_standard_annotation".into()),
            ("value".to_owned(), data.clone().into()),
        ]);
        return Annotation::Other(value);
    }
    let known: &[&str] = if on_the_web {
        &["type", "cited_text", "title", "url"]
    } else {
        &["type", "cited_text", "title", "document_title"]
    };
    let extras = extras(data, known);
    let other = (!extras.is_empty()).then(|| ("extras".to_owned(), extras.into()));
    Annotation::Citation(Citation {
        url: url.filter(|_| on_the_web),
        title: text(data, "document_title").or_else(|| text(data, "title")),
        cited_text,
        other: other.into_iter().collect(),
        ..Citation::default()
    })
}

fn result(kind: &str, data: &Map<String, Value>) -> Option<StandardBlock> {
    let output = data.get("content").cloned();
    let failed = data.get("is_error") == Some(&Value::Bool(true))
        || output.as_ref().is_some_and(|output| output.get("error_code").is_some_and(|code| !code.is_null()));
    let mut extras = extras(data, &["type", "tool_use_id", "content", "is_error", "index"]);
    extras.insert("block_type".to_owned(), kind.into());
    Some(StandardBlock::ServerToolResult(ServerToolResultBlock {
        tool_call_id: text(data, "tool_use_id")?,
        status: Some(if failed { "error" } else { "success" }.to_owned()),
        output,
        index: data.get("index").cloned(),
        extras,
        ..ServerToolResultBlock::default()
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(block: Value, expected: Value) {
        let block = from_answer(block.as_object().expect("an object"));
        assert_eq!(serde_json::to_value(block).expect("JSON"), expected);
    }

    #[test]
    fn blocks_of_answers_become_standard() {
        check(
            json!({"type": "thinking", "thinking": "hm", "signature": "s"}),
            json!({"type": "reasoning", "reasoning": "hm", "extras": {"signature": "s"}}),
        );
        check(
            json!({"type": "tool_use", "id": "c1", "name": "f", "input": {"a": 1}, "index": 2}),
            json!({"type": "tool_call", "id": "c1", "name": "f", "args": {"a": 1}, "index": 2}),
        );
        check(
            json!({"type": "server_tool_use", "id": "s1", "name": "code_execution", "input": {"code": "1"}}),
            json!({"type": "server_tool_call", "id": "s1", "name": "code_interpreter", "args": {"code": "1"}}),
        );
        check(
            json!({"type": "web_search_tool_result", "tool_use_id": "s1", "content": [{"url": "u"}]}),
            json!({"type": "server_tool_result", "tool_call_id": "s1", "status": "success", "output": [{"url": "u"}],
                "extras": {"block_type": "web_search_tool_result"}}),
        );
        check(
            json!({"type": "web_fetch_tool_result", "tool_use_id": "s1", "content": {"error_code": "x"}}),
            json!({"type": "server_tool_result", "tool_call_id": "s1", "status": "error", "output": {"error_code": "x"},
                "extras": {"block_type": "web_fetch_tool_result"}}),
        );
        for unknown in [
            json!({"type": "redacted_thinking", "data": "xx"}),
            json!({"type": "text", "text": "x"}),
            json!({"type": "text", "text": "x", "citations": []}),
            json!({"type": "tool_result", "tool_use_id": "t", "content": "x"}),
            json!({"type": "thinking"}),
            json!({}),
        ] {
            check(unknown, Value::Null);
        }
    }

    #[test]
    fn citations_become_annotations() {
        let page =
            json!({"type": "page_location", "cited_text": "c", "document_title": "T", "document_index": 0});
        let web = json!({"type": "web_search_result_location", "cited_text": "c", "url": "u", "title": "T",
            "encrypted_index": "e"});
        let other = json!({"type": "new_location", "where": 1});
        check(
            json!({"type": "text", "text": "x", "index": 1, "citations": [page, web, other]}),
            json!({"type": "text", "text": "x", "index": 1, "annotations": [
                {"type": "citation", "cited_text": "c", "title": "T", "extras": {"document_index": 0}},
                {"type": "citation", "cited_text": "c", "title": "T", "url": "u", "extras": {"encrypted_index": "e"}},
                {"type": "non_standard_annotation", "value": other},
            ]}),
        );
    }
}
