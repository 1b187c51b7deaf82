//! Tool calls.

use serde_json::{Value, json};

/// Calls of a stream, by what its pieces say together.
pub(super) fn change(recording: &mut Value) {
    let result = &mut recording["expected_result"];
    let mut calls = Calls::default();
    let deltas = result.get_mut("deltas").and_then(Value::as_array_mut).into_iter().flatten();
    for piece in deltas.filter_map(|delta| delta.get_mut("tool_call_chunks")?.as_array_mut()).flatten() {
        calls.add(piece);
    }
    if !calls.calls.is_empty() && result["message"].is_object() {
        calls.show(&mut result["message"]);
    }
}

#[derive(Default)]
pub(super) struct Calls {
    calls: Vec<Call>,
}

struct Call {
    index: Value,
    id: Value,
    name: Value,
    args: String,
}

impl Calls {
    fn add(&mut self, piece: &mut Value) {
        let continues = |call: &Call| match (&piece["index"], &call.index) {
            // A piece without a place belongs to the call before it.
            (Value::Null, _) => piece["id"].is_null(),
            (index, known) => index == known && (piece["id"].is_null() || piece["id"] == call.id),
        };
        let args = piece["args"].as_str().unwrap_or_default();
        match self.calls.iter_mut().rfind(|call| continues(call)) {
            Some(call) => {
                call.args.push_str(args);
                // What is repeated is said once.
                if piece["name"] == call.name {
                    piece["name"] = Value::Null;
                } else if call.name.is_null() {
                    call.name = piece["name"].clone();
                }
            }
            None => {
                let [index, id, name] = ["index", "id", "name"].map(|name| piece[name].clone());
                self.calls.push(Call { index, id, name, args: args.to_owned() });
            }
        }
    }

    /// The calls of a complete answer, of either API.
    pub(super) fn of_answer<'a>(calls: impl Iterator<Item = &'a Value>) -> Self {
        let call = |call: &Value| {
            let function = call.get("function").unwrap_or(call);
            let args = match &function["arguments"] {
                Value::Null => String::new(),
                Value::String(text) => text.clone(),
                // Arguments that are no text are what they are.
                other => other.to_string(),
            };
            let id = call.get("call_id").unwrap_or(&call["id"]);
            Call { index: Value::Null, id: id.clone(), name: function["name"].clone(), args }
        };
        Self { calls: calls.map(call).collect() }
    }

    /// Puts them into a message.
    pub(super) fn show(&self, message: &mut Value) {
        let (mut valid, mut invalid) = (Vec::new(), Vec::new());
        for Call { id, name, args, .. } in &self.calls {
            match serde_json::from_str::<Value>(args) {
                Ok(args) if args.is_object() => valid.push(json!({ "id": id, "name": name, "args": args })),
                // No text and `null` are no arguments.
                Ok(Value::Null) => valid.push(json!({ "id": id, "name": name })),
                _ if args.trim().is_empty() => valid.push(json!({ "id": id, "name": name })),
                // A call that was cut off is none, and its text is kept.
                _ => invalid.push(json!({ "id": id, "name": name, "args": args })),
            }
        }
        message["tool_calls"] = valid.into();
        message["invalid_tool_calls"] = invalid.into();
    }
}

/// What ends the calls of custom tools, as their argument is known to be complete at the end only.
pub(super) fn last_pieces(deltas: &[Value]) -> Value {
    let pieces = deltas.iter().filter_map(|delta| delta["tool_call_chunks"].as_array()).flatten();
    let is_open =
        |piece: &&Value| piece["args"].as_str().is_some_and(|args| args.starts_with("{\"__arg1\":\""));
    let is_custom = |piece: &&Value| is_open(piece) && piece["id"].is_string();
    pieces.filter(is_custom).map(|piece| json!({ "index": piece["index"], "args": "\"}" })).collect()
}

/// The pieces of calls in a delta of chat completions, as recordings show them.
pub(super) fn pieces(delta: &Value) -> Vec<Value> {
    let calls = delta["tool_calls"].as_array().into_iter().flatten();
    let piece = |call: &Value| {
        if let Some(custom) = call.get("custom") {
            // The input of a custom tool is its only argument.
            let input = custom["input"].to_string();
            let input = input.trim_matches('"');
            let args =
                if call["id"].is_null() { input.to_owned() } else { format!("{{\"__arg1\":\"{input}") };
            return json!({ "index": call["index"], "id": call["id"], "name": custom["name"], "args": args });
        }
        let function = &call["function"];
        // Arguments that are no text are what they are.
        let args = match &function["arguments"] {
            Value::Object(args) => Value::from(args.clone()).to_string().into(),
            other => other.clone(),
        };
        json!({ "index": call["index"], "id": call["id"], "name": function["name"], "args": args })
    };
    calls.map(piece).collect()
}
