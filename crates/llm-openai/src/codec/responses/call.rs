//! Tool calls of earlier answers as items of a request's input.

use std::collections::HashSet;

use catena_core::{AiMessage, Record};
use serde_json::{Map, Value};

use super::item::object;
use crate::codec::custom_tool::{custom_input, is_custom};

/// The item of a call of a function.
pub(super) fn function_call(id: Option<&str>, name: &str, arguments: String) -> Map<String, Value> {
    object([
        ("type", "function_call".into()),
        ("name", name.into()),
        ("arguments", arguments.into()),
        ("call_id", id.into()),
    ])
}

/// The arguments of a call as the text that is sent.
pub(super) fn arguments(args: &Record) -> String {
    // A record has nothing that JSON cannot say.
    serde_json::to_string(args).unwrap_or_default()
}

/// The calls of an answer, except those whose ids are `known`: they are in its content already.
pub(super) fn calls<'a>(
    message: &'a AiMessage,
    known: &'a HashSet<String>,
) -> impl Iterator<Item = Map<String, Value>> + 'a {
    let is_new = |id: Option<&String>| id.is_none_or(|id| !known.contains(id));
    let whole = message.tool_calls().iter().filter(move |call| is_new(call.id.as_ref())).map(|call| {
        let input = is_custom(&call.extra).then(|| custom_input(&call.args)).flatten();
        let given = input.map_or_else(|| arguments(&call.args), str::to_owned);
        item(call.id.as_deref(), &call.name, given, &call.extra)
    });
    let is_new = |id: Option<&String>| id.is_none_or(|id| !known.contains(id));
    let broken =
        message.invalid_tool_calls().iter().filter(move |call| is_new(call.id.as_ref())).map(|call| {
            let arguments = call.args.clone().unwrap_or_default();
            item(call.id.as_deref(), call.name.as_deref().unwrap_or_default(), arguments, &call.extra)
        });
    whole.chain(broken)
}

fn item(id: Option<&str>, name: &str, arguments: String, extra: &Map<String, Value>) -> Map<String, Value> {
    if !is_custom(extra) {
        return function_call(id, name, arguments);
    }
    object([
        ("type", "custom_tool_call".into()),
        ("name", name.into()),
        ("input", arguments.into()),
        ("call_id", id.into()),
    ])
}
