//! Earlier answers as items of a request's input.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use catena_core::{AiMessage, Content, ContentBlock};
use serde_json::{Map, Value, json};

use super::call::{arguments, calls, function_call};
use super::item::{Item, object, without_index};
use super::server_tool::{add_result, call_item, tools_found};

/// Items that the API accepts back unchanged.
const OWN_ITEMS: [&str; 18] = [
    "compaction",
    "web_search_call",
    "file_search_call",
    "function_call",
    "computer_call",
    "custom_tool_call",
    "code_interpreter_call",
    "mcp_call",
    "mcp_list_tools",
    "mcp_approval_request",
    "tool_search_call",
    "tool_search_output",
    "apply_patch_call",
    "apply_patch_call_output",
    "shell_call",
    "shell_call_output",
    "local_shell_call",
    "local_shell_call_output",
];

/// Returns the items of an answer, omitting what other services put into it.
pub(super) fn echo(message: &AiMessage, store: bool) -> Vec<Item<'_>> {
    let mut echo = Echo { message, store, items: Vec::new(), said: HashMap::new(), called: HashSet::new() };
    match &message.content {
        Content::Text(text) => echo.add_text(text),
        Content::Blocks(blocks) => blocks.iter().for_each(|block| echo.add(block)),
    }
    echo.items.extend(calls(message, &echo.called));
    echo.items.into_iter().map(Item::Data).collect()
}

struct Echo<'a> {
    message: &'a AiMessage,
    store: bool,
    items: Vec<Map<String, Value>>,
    /// The position of each message, by its id.
    said: HashMap<&'a str, usize>,
    /// The ids of calls in the content.
    called: HashSet<String>,
}

impl<'a> Echo<'a> {
    /// Adds the content of an answer from another API.
    fn add_text(&mut self, text: &str) {
        let message = self.message;
        let calls = !message.tool_calls().is_empty() || !message.invalid_tool_calls().is_empty();
        let refusal = message.refusal.as_deref().filter(|refusal| !refusal.is_empty());
        if !text.is_empty() || (!calls && refusal.is_none()) {
            self.say(None, None, output_text(text, None));
        }
        if let Some(refusal) = refusal {
            self.say(None, None, json!({ "type": "refusal", "refusal": refusal }));
        }
    }

    fn add(&mut self, block: &'a ContentBlock) {
        match block {
            ContentBlock::Plain(text) => self.say(None, None, output_text(text, None)),
            ContentBlock::Data(block) => self.add_block(block),
            _ => {}
        }
    }

    fn add_block(&mut self, block: &'a Map<String, Value>) {
        let text = |name: &str| block.get(name).and_then(Value::as_str);
        match text("type").unwrap_or_default() {
            "text" | "output_text" => {
                if let Some(said) = text("text") {
                    self.say(text("id"), phase(block), output_text(said, block.get("annotations")));
                }
            }
            "refusal" => {
                if let Some(refusal) = text("refusal").filter(|refusal| !refusal.is_empty()) {
                    self.say(text("id"), phase(block), json!({ "type": "refusal", "refusal": refusal }));
                }
            }
            "reasoning" => self.add_reasoning(block),
            "tool_call" | "invalid_tool_call" => self.add_call(block),
            "server_tool_call" => self.items.extend(call_item(block)),
            "server_tool_result" => self.add_result(block),
            "image_generation_call" => self.add_image(Cow::Borrowed(block)),
            "image" if text("id").is_some_and(|id| id.starts_with("ig_")) => {
                let result = block.get("base64").cloned().unwrap_or_default();
                let id = block.get("id").cloned().unwrap_or_default();
                let kind = ("type", "image_generation_call".into());
                self.add_image(Cow::Owned(object([kind, ("id", id), ("result", result)])));
            }
            "non_standard" => {
                // Its value is a block of this API, and may not contain another one.
                let value = block.get("value").and_then(Value::as_object);
                if let Some(value) =
                    value.filter(|value| value.get("type").is_some_and(|kind| kind != "non_standard"))
                {
                    self.add_block(value);
                }
            }
            kind if OWN_ITEMS.contains(&kind) => {
                self.called.extend(text("call_id").map(str::to_owned));
                self.items.push(without_index(block));
            }
            _ => {}
        }
    }

    /// Adds a part to the message with this id, or starts one.
    fn say(&mut self, id: Option<&'a str>, phase: Option<&Value>, part: Value) {
        // The service does not know generated ids, nor any id if it stores nothing.
        let id = id.filter(|id| self.store && !id.is_empty() && !id.starts_with("lc_"));
        let at = match id.and_then(|id| self.said.get(id)) {
            Some(&at) => at,
            None => {
                let mut item = object([
                    ("type", "message".into()),
                    ("role", "assistant".into()),
                    ("content", Value::Array(Vec::new())),
                ]);
                if let Some(id) = id {
                    item.insert("id".to_owned(), id.into());
                    self.said.insert(id, self.items.len());
                }
                self.items.push(item);
                self.items.len() - 1
            }
        };
        if let Some(Value::Array(content)) = self.items[at].get_mut("content") {
            content.push(part);
        }
        if let Some(phase) = phase {
            self.items[at].insert("phase".to_owned(), phase.clone());
        }
    }

    fn add_reasoning(&mut self, block: &Map<String, Value>) {
        let item = reasoning(block);
        let is_same = |open: &Map<String, Value>| {
            block.contains_key("reasoning")
                && open.get("type") == item.get("type")
                && open.get("id") == item.get("id")
        };
        match self.items.last_mut().filter(|open| is_same(open)) {
            Some(open) => continue_reasoning(open, item),
            None if self.store || item.get("encrypted_content").is_some_and(|content| content != "") => {
                self.items.push(item);
            }
            // The service could not find it by its id.
            None => {}
        }
    }

    /// Adds a call in standard form. Its arguments are in the message's calls, or in the block.
    fn add_call(&mut self, block: &Map<String, Value>) {
        let extras = block.get("extras").and_then(Value::as_object);
        let extra = |name: &str| extras.and_then(|extras| extras.get(name));
        let id = block.get("id").and_then(Value::as_str);
        let call = self.message.tool_calls().iter().find(|call| id.is_some() && call.id.as_deref() == id);
        let given = extra("arguments").and_then(Value::as_str).map(str::to_owned);
        let arguments =
            given.or_else(|| call.map(|call| arguments(&call.args))).unwrap_or_else(|| {
                match block.get("args") {
                    None => "{}".to_owned(),
                    Some(Value::String(broken)) => broken.clone(),
                    Some(args) => args.to_string(),
                }
            });
        let name = block.get("name").and_then(Value::as_str).or(call.map(|call| call.name.as_str()));
        let mut item = function_call(id, name.unwrap_or_default(), arguments);
        for (name, from) in
            [("id", "item_id"), ("status", "status"), ("namespace", "namespace"), ("async", "async")]
        {
            if let Some(value) = extra(from) {
                item.insert(name.to_owned(), value.clone());
            }
        }
        self.called.extend(id.map(str::to_owned));
        self.items.push(item);
    }

    /// Adds the result of a server tool: part of the preceding call, or a separate item.
    fn add_result(&mut self, block: &Map<String, Value>) {
        if !self.items.last_mut().is_some_and(|call| add_result(call, block)) {
            self.items.extend(tools_found(block));
        }
    }

    /// Adds an image generated by the service: a reference if the service stores it, else the image.
    fn add_image(&mut self, block: Cow<'_, Map<String, Value>>) {
        if self.store {
            let id = block.get("id").cloned().unwrap_or_default();
            self.items.push(object([("type", "image_generation_call".into()), ("id", id)]));
        } else if block.keys().any(|name| !matches!(name.as_str(), "type" | "id" | "index")) {
            self.items.push(without_index(&block));
        }
    }
}

fn phase(block: &Map<String, Value>) -> Option<&Value> {
    let phase = block.get("phase").or_else(|| block.get("extras")?.get("phase"));
    phase.filter(|phase| !phase.is_null())
}

fn output_text(text: &str, annotations: Option<&Value>) -> Value {
    let annotations = annotations.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let annotations: Vec<Value> = annotations.iter().map(annotation).collect();
    json!({ "type": "output_text", "text": text, "annotations": annotations })
}

/// Converts a citation to the API's form, from the standard form or as renamed by `rename_index`.
fn annotation(annotation: &Value) -> Value {
    let Value::Object(members) = annotation else { return annotation.clone() };
    let mut members = members.clone();
    match members.get("type").and_then(Value::as_str) {
        Some("file_citation") => {
            if let Some(index) = members.remove("file_index") {
                members.insert("index".to_owned(), index);
            }
        }
        Some("citation") => return citation(members),
        Some("non_standard_annotation") => return members.remove("value").unwrap_or_default(),
        _ => {}
    }
    members.into()
}

fn citation(mut members: Map<String, Value>) -> Value {
    let mut citation = Map::new();
    let is_web = members.contains_key("url");
    let (kind, title) = if is_web { ("url_citation", "title") } else { ("file_citation", "filename") };
    citation.insert("type".to_owned(), kind.into());
    for (from, to) in
        [("start_index", "start_index"), ("end_index", "end_index"), ("url", "url"), ("title", title)]
    {
        if let Some(value) = members.remove(from) {
            citation.insert(to.to_owned(), value);
        }
    }
    if let Some(Value::Object(mut extras)) = members.remove("extras") {
        let index = extras.remove("file_index").map(|index| ("index".to_owned(), index));
        citation.extend(extras.into_iter().chain(index));
    }
    citation.into()
}

/// Returns a reasoning item: unchanged, or converted from a block in standard form.
fn reasoning(block: &Map<String, Value>) -> Map<String, Value> {
    let mut item = without_index(block);
    if item.contains_key("summary") {
        return item;
    }
    let extras = item.remove("extras");
    // Without a summary, the text is the reasoning itself, which is in the extras.
    let has_thoughts = extras.as_ref().is_some_and(|extras| extras.get("content").is_some());
    let text = item.remove("reasoning").filter(|_| !has_thoughts);
    let summary = text.map(|text| json!({ "type": "summary_text", "text": text }));
    if let Some(Value::Object(extras)) = extras {
        item.extend(extras);
    }
    item.insert("summary".to_owned(), summary.into_iter().collect());
    item
}

/// Adds the summary of a later block of the same item.
fn continue_reasoning(open: &mut Map<String, Value>, mut item: Map<String, Value>) {
    let summary = item.remove("summary");
    if let (Some(Value::Array(open)), Some(Value::Array(more))) = (open.get_mut("summary"), summary) {
        open.extend(more);
    }
    open.extend(item);
}
