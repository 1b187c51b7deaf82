//! Conversion of content blocks of all providers to parts of OpenAI's chat messages.

use serde_json::{Map, Value, json};

use super::like::invalid;
use super::openai_media::{media_part, own_part, standard_part};
use super::python_text::spaced_json;
use super::{ContentBlock, OpenAiForm, ToolMessage};
use crate::{Error, Result};

type Block = Map<String, Value>;

/// The location of a block, for errors.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    message: usize,
    index: usize,
    block: &'a Block,
}

impl Place<'_> {
    /// Creates the error for a malformed block.
    pub(super) fn wrong(self, what: &str) -> Error {
        let Self { message, index, block } = self;
        let shown = bounded(&Value::Object(block.clone()).to_string());
        invalid(format!(
            "the content block at messages[{message}].content[{index}] {what}. The block: {shown}"
        ))
    }

    /// Fails unless the object has these members.
    pub(super) fn needs(self, what: &str, object: &Block, names: &[&str]) -> Result<()> {
        let missing: Vec<_> = names
            .iter()
            .filter(|name| !object.contains_key(**name))
            .map(|name| format!("'{name}'"))
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        Err(self.wrong(&format!("{what} but is missing expected key(s) [{}]", missing.join(", "))))
    }
}

fn bounded(text: &str) -> String {
    match text.char_indices().nth(300) {
        Some((cut, _)) => format!("{}…", &text[..cut]),
        None => text.to_owned(),
    }
}

/// Converts the blocks of one message.
pub(super) struct Blocks<'a> {
    form: &'a OpenAiForm,
    message: usize,
    /// The ids of the message's tool calls; `None` if it is not from the model and so cannot have any.
    known: Option<Vec<&'a str>>,
    pub(super) parts: Vec<Value>,
    pub(super) calls: Vec<Value>,
    /// The tool results, as separate messages.
    pub(super) results: Vec<Value>,
}

impl<'a> Blocks<'a> {
    pub(super) fn new(form: &'a OpenAiForm, message: usize, known: Option<Vec<&'a str>>) -> Self {
        Self { form, message, known, parts: Vec::new(), calls: Vec::new(), results: Vec::new() }
    }

    pub(super) fn add(&mut self, index: usize, block: &ContentBlock) -> Result<()> {
        let block = match block {
            ContentBlock::Plain(text) => {
                self.parts.push(json!({ "type": "text", "text": text }));
                return Ok(());
            }
            ContentBlock::Data(block) => block,
        };
        let place = Place { message: self.message, index, block };
        match block.get("type").and_then(Value::as_str).unwrap_or_default() {
            kind @ ("text" | "image_url") => {
                place.needs(&format!("has 'type': '{kind}'"), block, &[kind])?;
                self.parts.push(json!({ "type": kind, kind: block[kind] }));
            }
            "tool_use" => self.add_tool_use(place)?,
            "function_call" => self.add_function_call(place)?,
            "tool_result" => self.add_tool_result(place)?,
            kind => {
                let part = match standard_part(place, kind, block)? {
                    Some(part) => Some(part),
                    None => self.other_part(place, kind, block)?,
                };
                self.parts.push(part.ok_or_else(|| {
                    place.wrong("has a type unknown to OpenAI, Anthropic, Bedrock Converse and VertexAI")
                })?);
            }
        }
        Ok(())
    }

    /// Converts any other block; `None` for an unknown block that is not to be passed through.
    fn other_part(&self, place: Place<'_>, kind: &str, block: &Block) -> Result<Option<Value>> {
        if let Some(part) = media_part(place, kind, block)?.or_else(|| own_part(kind, block)) {
            return Ok(Some(part));
        }
        if kind == "json" || block.contains_key("json") {
            place.needs("has 'type': 'json'", block, &["json"])?;
            return Ok(Some(json!({ "type": "text", "text": spaced_json(&block["json"], true) })));
        }
        if kind == "guard_content" || block.contains_key("guard_content") {
            let text = block.get("guard_content").and_then(|guard| guard.get("text"));
            let text = text.map(|text| text.get("text").unwrap_or(text));
            let text = text
                .ok_or_else(|| place.wrong("has 'type': 'guard_content' but no ['guard_content']['text']"))?;
            return Ok(Some(json!({ "type": "text", "text": text })));
        }
        let passes = matches!(kind, "thinking" | "reasoning") || self.form.pass_through_unknown_blocks;
        Ok(passes.then(|| Value::Object(block.clone())))
    }

    /// Returns whether the message has this call.
    fn is_known(&self, place: Place<'_>, id: Option<&Value>) -> Result<bool> {
        let known = self.known.as_ref();
        let known = known.ok_or_else(|| place.wrong("is a tool call, which only AI messages may contain"))?;
        Ok(id.and_then(Value::as_str).is_some_and(|id| known.contains(&id)))
    }

    /// Adds a call in Anthropic's format.
    fn add_tool_use(&mut self, place: Place<'_>) -> Result<()> {
        let block = place.block;
        place.needs("has 'type': 'tool_use'", block, &["id", "name", "input"])?;
        if !self.is_known(place, block.get("id"))? {
            let arguments = spaced_json(&block["input"], false);
            self.calls.push(call(&block["id"], &block["name"], &arguments.into()));
        }
        Ok(())
    }

    /// Adds a call in the format of OpenAI's Responses API.
    fn add_function_call(&mut self, place: Place<'_>) -> Result<()> {
        let block = place.block;
        if !self.is_known(place, block.get("call_id"))? {
            place.needs("has 'type': 'function_call'", block, &["call_id", "name", "arguments"])?;
            self.calls.push(call(&block["call_id"], &block["name"], &block["arguments"]));
        }
        if self.form.pass_through_unknown_blocks {
            self.parts.push(Value::Object(block.clone()));
        }
        Ok(())
    }

    /// Adds a result in Anthropic's format as a separate message.
    fn add_tool_result(&mut self, place: Place<'_>) -> Result<()> {
        let block = place.block;
        place.needs("has 'type': 'tool_result'", block, &["content", "tool_use_id"])?;
        let members = json!({ "content": block["content"], "tool_call_id": block["tool_use_id"] });
        let result: ToolMessage = serde_json::from_value(members)
            .map_err(|error| place.wrong("is not a valid tool result").with_source(error))?;
        let form = OpenAiForm { text_format: self.form.text_format, ..OpenAiForm::default() };
        self.results.extend(form.convert(&[result.into()])?);
        Ok(())
    }
}

fn call(id: &Value, name: &Value, arguments: &Value) -> Value {
    json!({ "type": "function", "id": id, "function": { "name": name, "arguments": arguments } })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Message;

    fn convert(form: &OpenAiForm, blocks: Value) -> Result<Value> {
        let content: crate::Content = serde_json::from_value(blocks).expect("content");
        form.convert(&[Message::ai(content)]).map(|mut messages| messages.remove(0)["content"].take())
    }

    #[track_caller]
    fn check(block: Value, expected: Value) {
        let content = convert(&OpenAiForm::new(), json!([block, {"type": "x"}])).expect("content");
        assert_eq!(content[0], expected);
    }

    #[track_caller]
    fn check_error(block: Value, part: &str) {
        let form = OpenAiForm::new().with_unknown_blocks(false);
        let error =
            convert(&form, json!([{"type": "text", "text": "t"}, block])).expect_err("an error").to_string();
        assert!(error.contains("messages[0].content[1]") && error.contains(part), "{error}");
    }

    #[test]
    fn blocks_of_all_services_become_parts() {
        let image = |url: &str| json!({"type": "image_url", "image_url": {"url": url}});
        check(
            json!({"type": "image", "base64": "QQ==", "mime_type": "image/png"}),
            image("data:image/png;base64,QQ=="),
        );
        check(
            json!({"type": "image", "source": {"type": "base64", "media_type": "image/jpeg", "data": "QQ=="}}),
            image("data:image/jpeg;base64,QQ=="),
        );
        check(json!({"type": "image", "url": "https://e.org/a.png"}), image("https://e.org/a.png"));
        check(
            json!({"type": "audio", "base64": "QQ==", "mime_type": "audio/wav"}),
            json!({"type": "input_audio", "input_audio": {"data": "QQ==", "format": "wav"}}),
        );
        check(
            json!({"type": "file", "base64": "QQ==", "mime_type": "application/pdf", "filename": "a.pdf"}),
            json!({"type": "file", "file": {"file_data": "data:application/pdf;base64,QQ==", "filename": "a.pdf"}}),
        );
        check(json!({"type": "text", "text": "t", "annotations": []}), json!({"type": "text", "text": "t"}));
        check(json!({"json": {"a": "é"}}), json!({"type": "text", "text": "{\"a\": \"\\u00e9\"}"}));
        check(json!({"guard_content": {"text": {"text": "g"}}}), json!({"type": "text", "text": "g"}));
        check(
            json!({"type": "reasoning", "reasoning": "hm"}),
            json!({"type": "reasoning", "reasoning": "hm"}),
        );
    }

    #[test]
    fn what_lacks_a_member_is_an_error_that_says_where() {
        check_error(json!({"type": "text"}), "['text']");
        check_error(json!({"type": "image_url"}), "['image_url']");
        check_error(json!({"type": "image"}), "'source'");
        check_error(json!({"type": "tool_use", "id": "c"}), "['name', 'input']");
        check_error(json!({"type": "weird"}), "weird");
        check_error(json!({"type": "file", "url": "https://e.org/a.pdf"}), "file URLs");
        check_error(json!({"type": "audio", "url": "https://e.org/a.wav"}), "base64");
        let call: crate::Content =
            serde_json::from_value(json!([{"type": "tool_use", "id": "c", "name": "f", "input": {}}]))
                .expect("content");
        let error = OpenAiForm::new().convert(&[Message::human(call)]).expect_err("no answer").to_string();
        assert!(error.contains("messages[0].content[0] is a tool call"), "{error}");
    }
}
