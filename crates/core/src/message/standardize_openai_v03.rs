//! Answers of OpenAI's Responses API as stored by LangChain before 1.0: texts in the content, all else in other
//! members.

use serde_json::{Value, json};

use super::standardize_openai_tools::Item;
use super::{AiMessage, ContentBlock};

/// The member that holds the item id of each call.
const ITEM_IDS: &str = "__openai_function_call_ids__";

/// The members that only such an answer has besides its content.
const BESIDE: [&str; 4] = ["reasoning", "tool_outputs", "refusal", ITEM_IDS];

/// The order in which items are reassembled. All others come last.
const ORDER: [&str; 10] = [
    "reasoning",
    "code_interpreter_call",
    "mcp_call",
    "image_generation_call",
    "text",
    "refusal",
    "function_call",
    "computer_call",
    "mcp_list_tools",
    "mcp_approval_request",
];

/// Reassembles the items of such an answer; `None` for any other.
pub(super) fn items(message: &AiMessage, blocks: &[ContentBlock]) -> Option<Vec<ContentBlock>> {
    let content: Option<Vec<&Item>> = blocks.iter().map(data).collect();
    let content = content.filter(|_| is_old(message))?.into_iter().map(|block| match kind(block) {
        "text" => ranked(text(message, block)),
        _ => (ORDER.len(), block.clone()),
    });
    let outputs = message.additional_kwargs.get("tool_outputs").and_then(Value::as_array);
    let outputs = outputs.into_iter().flatten().filter_map(Value::as_object).cloned();
    let beside = reasoning(message).into_iter().chain(refusal(message)).map(ranked);
    let mut items: Vec<_> = beside.chain(content).chain(calls(message).chain(outputs).map(ranked)).collect();
    items.sort_by_key(|(rank, _)| *rank);
    Some(items.into_iter().map(|(_, item)| ContentBlock::Data(item)).collect())
}

/// Pairs the item with its rank in the order.
fn ranked(item: Item) -> (usize, Item) {
    let rank = ORDER.iter().position(|known| *known == kind(&item));
    (rank.unwrap_or(ORDER.len()), item)
}

fn is_old(message: &AiMessage) -> bool {
    let begins = |id: Option<&str>, prefix: &str| id.is_some_and(|id| id.starts_with(prefix));
    let answer = message.metadata.extra.get("id").and_then(Value::as_str);
    BESIDE.iter().any(|name| message.additional_kwargs.contains_key(*name))
        || (begins(message.id.as_deref(), "msg_") && begins(answer, "resp_"))
}

fn reasoning(message: &AiMessage) -> Option<Item> {
    let mut item =
        message.additional_kwargs.get("reasoning")?.as_object().filter(|item| !item.is_empty())?.clone();
    item.entry("type").or_insert_with(|| "reasoning".into());
    Some(item)
}

fn refusal(message: &AiMessage) -> Option<Item> {
    let refusal = message.additional_kwargs.get("refusal")?.as_str().filter(|refusal| !refusal.is_empty())?;
    Some(item(json!({ "type": "refusal", "refusal": refusal })))
}

/// Adds the id of its message item to a text, which was stored as the id of the answer.
fn text(message: &AiMessage, block: &Item) -> Item {
    let mut text = block.clone();
    if let Some(id) = message.id.as_deref().filter(|id| id.starts_with("msg_")) {
        text.insert("id".to_owned(), id.into());
    }
    text
}

/// Returns the items of the calls, or of the tool call chunk in a chunk of an answer.
fn calls(message: &AiMessage) -> impl Iterator<Item = Item> {
    let ids: Vec<Option<&str>> = match message.tool_call_chunks() {
        [piece] if !message.is_complete() => vec![piece.id.as_deref()],
        _ => message.tool_calls().iter().map(|call| call.id.as_deref()).collect(),
    };
    let items = message.additional_kwargs.get(ITEM_IDS).and_then(Value::as_object);
    ids.into_iter().map(move |call_id| {
        let mut call = item(json!({ "type": "function_call", "call_id": call_id }));
        let id = call_id.and_then(|id| items?.get(id));
        call.extend(id.map(|id| ("id".to_owned(), id.clone())));
        call
    })
}

fn data(block: &ContentBlock) -> Option<&Item> {
    match block {
        ContentBlock::Plain(_) => None,
        ContentBlock::Data(data) => Some(data),
    }
}

fn kind(item: &Item) -> &str {
    item.get("type").and_then(Value::as_str).unwrap_or_default()
}

fn item(value: Value) -> Item {
    match value {
        Value::Object(item) => item,
        // Unreachable: it is only given objects.
        _ => Item::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(answer: Value, expected: Option<Value>) {
        let answer: AiMessage = serde_json::from_value(answer).expect("an answer");
        let items = items(&answer, answer.content.as_blocks().expect("blocks"));
        let items = items.map(|items| serde_json::to_value(items).expect("JSON"));
        assert_eq!(items, expected);
    }

    #[test]
    fn what_stands_beside_a_text_goes_where_it_was() {
        check(
            json!({"id": "msg_1", "content": [{"type": "text", "text": "x"}, {"type": "z"}],
                "tool_calls": [{"name": "f", "args": {}, "id": "c1"}, {"name": "g", "args": {}, "id": "c2"}],
                "additional_kwargs": {"reasoning": {"id": "rs_1", "summary": []}, "refusal": "no",
                    "tool_outputs": [{"type": "web_search_call", "id": "ws_1"}, {"type": "mcp_call", "id": "mcp_1"}, 5],
                    ITEM_IDS: {"c1": "fc_1"}}}),
            Some(json!([
                {"type": "reasoning", "id": "rs_1", "summary": []},
                {"type": "mcp_call", "id": "mcp_1"},
                {"type": "text", "text": "x", "id": "msg_1"},
                {"type": "refusal", "refusal": "no"},
                {"type": "function_call", "call_id": "c1", "id": "fc_1"},
                {"type": "function_call", "call_id": "c2"},
                {"type": "z"},
                {"type": "web_search_call", "id": "ws_1"}])),
        );
    }

    #[test]
    fn other_answers_are_left_alone() {
        let text = json!([{"type": "text", "text": "x"}]);
        check(json!({"content": text, "id": "msg_1"}), None);
        check(json!({"content": ["x"], "additional_kwargs": {"refusal": "no"}}), None);
        let old = json!({"content": text, "id": "msg_1", "response_metadata": {"id": "resp_1"}});
        check(old, Some(json!([{"type": "text", "text": "x", "id": "msg_1"}])));
    }
}
