//! Conversion of OpenAI's server tool calls to standard form: a call followed by its result.

use serde_json::{Map, Value, json};

use super::{ServerToolCallBlock, ServerToolResultBlock, StandardBlock};

/// An item of a Responses API answer.
pub(super) type Item = Map<String, Value>;

/// Returns the blocks of an item of this kind and id; `None` if it is not a tool call. `is_apart` states that the
/// result of a web search is a separate item.
pub(super) fn server_tool(kind: &str, id: String, item: &Item, is_apart: bool) -> Option<Vec<StandardBlock>> {
    let is_run = item.get("execution").is_some_and(|execution| execution == "server");
    let tool = Tool { id, item };
    Some(match kind {
        "web_search_call" => {
            let (call, result) = tool.web_search();
            [Some(call), (!is_apart).then_some(result)].into_iter().flatten().collect()
        }
        "file_search_call" => tool.file_search(),
        "code_interpreter_call" => tool.code_interpreter(),
        "mcp_call" => tool.mcp(),
        "mcp_list_tools" => tool.mcp_tools(),
        "tool_search_call" if is_run => vec![tool.tool_search()],
        "tool_search_output" if is_run => vec![tool.tools_found()],
        _ => return None,
    })
}

/// Returns all members except these.
pub(super) fn rest(item: &Item, known: &[&str]) -> Map<String, Value> {
    let rest = item.iter().filter(|(name, _)| !known.contains(&name.as_str()));
    rest.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// Returns LangChain's index of a block: the item's index prefixed with the kind of block.
pub(super) fn index(item: &Item, prefix: &str) -> Option<Value> {
    Some(match item.get("index")? {
        Value::String(index) => format!("{prefix}_{index}").into(),
        index => format!("{prefix}_{index}").into(),
    })
}

struct Tool<'a> {
    id: String,
    item: &'a Item,
}

impl Tool<'_> {
    fn web_search(&self) -> (StandardBlock, StandardBlock) {
        let action = self.item.get("action").and_then(Value::as_object);
        let call = ServerToolCallBlock {
            args: action.map(|action| rest(action, &["sources"])).unwrap_or_default(),
            other: rest(self.item, &["type", "id", "action", "status", "index"]),
            ..self.call("web_search", "lc_wsc")
        };
        let sources =
            action.and_then(|action| action.get("sources")).filter(|sources| says_something(sources));
        let result = ServerToolResultBlock {
            output: sources.map(|sources| json!({ "sources": sources })),
            ..self.result("lc_wsr")
        };
        (StandardBlock::ServerToolCall(call), StandardBlock::ServerToolResult(result))
    }

    fn file_search(&self) -> Vec<StandardBlock> {
        let queries = self.item.get("queries").cloned().unwrap_or_else(|| json!([]));
        let call = ServerToolCallBlock {
            args: Map::from_iter([("queries".to_owned(), queries)]),
            other: rest(self.item, &["type", "id", "queries", "results", "status", "index"]),
            ..self.call("file_search", "lc_fsc")
        };
        pair(call, ServerToolResultBlock { output: self.said("results"), ..self.result("lc_fsr") })
    }

    fn code_interpreter(&self) -> Vec<StandardBlock> {
        let code = self.item.get("code").map(|code| ("code".to_owned(), code.clone()));
        let call = ServerToolCallBlock {
            args: code.into_iter().collect(),
            extras: rest(self.item, &["type", "id", "outputs", "status", "code", "extras", "index"]),
            ..self.call("code_interpreter", "lc_cic")
        };
        let output = self.item.get("outputs").cloned();
        pair(call, ServerToolResultBlock { output, ..self.result("lc_cir") })
    }

    fn mcp(&self) -> Vec<StandardBlock> {
        let mut call = self.call("remote_mcp", "lc_mcp");
        let known = ["type", "id", "arguments", "name", "server_label", "output", "error", "extras", "index"];
        call.extras = rest(self.item, &known);
        let kept = [("name", "tool_name"), ("server_label", "server_label")];
        let kept = kept.into_iter().filter_map(|(from, to)| Some((to, self.item.get(from)?.clone())));
        call.extras.extend(kept.map(|(name, value)| (name.to_owned(), value)));
        if let Some(Value::String(arguments)) = self.said("arguments") {
            match serde_json::from_str(&arguments) {
                Ok(args) => call.args = args,
                Err(_) => drop(call.extras.insert("arguments".to_owned(), arguments.into())),
            }
        }
        pair(call, self.mcp_result("output", "lc_mcpr"))
    }

    fn mcp_tools(&self) -> Vec<StandardBlock> {
        let call = ServerToolCallBlock {
            extras: rest(self.item, &["type", "id", "name", "tools", "error", "extras", "index"]),
            ..self.call("mcp_list_tools", "lc_mlt")
        };
        pair(call, self.mcp_result("tools", "lc_mltr"))
    }

    /// Returns the result of an MCP server, or its error.
    fn mcp_result(&self, output: &str, index: &str) -> ServerToolResultBlock {
        let error = self.said("error").map(|error| ("error".to_owned(), error));
        ServerToolResultBlock {
            output: self.said(output),
            status: Some(if error.is_some() { "error" } else { "success" }.to_owned()),
            extras: error.into_iter().collect(),
            ..self.result(index)
        }
    }

    fn tool_search(&self) -> StandardBlock {
        StandardBlock::ServerToolCall(ServerToolCallBlock {
            args: self.item.get("arguments").and_then(Value::as_object).cloned().unwrap_or_default(),
            extras: rest(self.item, &["type", "id", "arguments", "index"]),
            ..self.call("tool_search", "lc_tsc")
        })
    }

    fn tools_found(&self) -> StandardBlock {
        let tools = self.item.get("tools").cloned().unwrap_or_else(|| json!([]));
        let mut extras = rest(self.item, &["type", "id", "status", "tools", "index"]);
        extras.insert("name".to_owned(), "tool_search".into());
        StandardBlock::ServerToolResult(ServerToolResultBlock {
            output: Some(json!({ "tools": tools })),
            index: index(self.item, "lc_tso"),
            extras,
            ..self.result("")
        })
    }

    fn call(&self, name: &str, prefix: &str) -> ServerToolCallBlock {
        ServerToolCallBlock {
            name: name.to_owned(),
            id: Some(self.id.clone()),
            index: index(self.item, prefix),
            ..ServerToolCallBlock::default()
        }
    }

    /// Returns the result of a call; in a stream, its index follows that of the call.
    fn result(&self, prefix: &str) -> ServerToolResultBlock {
        let index = self.item.get("index").and_then(Value::as_i64);
        let (status, other) = match self.item.get("status").filter(|status| says_something(status)) {
            None => (None, None),
            Some(status) if status == "completed" => (Some("success".to_owned()), None),
            Some(status) if status == "failed" => (Some("error".to_owned()), None),
            Some(status) => (None, Some(("status".to_owned(), status.clone()))),
        };
        ServerToolResultBlock {
            tool_call_id: self.id.clone(),
            status,
            index: index.map(|index| format!("{prefix}_{}", index.saturating_add(1)).into()),
            extras: other.into_iter().collect(),
            ..ServerToolResultBlock::default()
        }
    }

    /// Returns a member, unless it is empty.
    fn said(&self, name: &str) -> Option<Value> {
        self.item.get(name).filter(|value| says_something(value)).cloned()
    }
}

fn pair(call: ServerToolCallBlock, result: ServerToolResultBlock) -> Vec<StandardBlock> {
    vec![StandardBlock::ServerToolCall(call), StandardBlock::ServerToolResult(result)]
}

/// Returns false for `null`, zero and empty values, which providers write for absent ones.
fn says_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(value) => value.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(item: Value, expected: Value) {
        let item = item.as_object().expect("an object");
        let kind = item["type"].as_str().expect("a text");
        let blocks = server_tool(kind, "t_1".to_owned(), item, false);
        assert_eq!(serde_json::to_value(blocks).expect("JSON"), expected);
    }

    #[test]
    fn searches_become_calls_and_results() {
        check(
            json!({"type": "web_search_call", "id": "t_1", "status": "completed", "index": 0,
                "action": {"type": "search", "query": "q", "sources": [{"url": "u"}]}}),
            json!([
                {"type": "server_tool_call", "name": "web_search", "id": "t_1", "args": {"type": "search", "query": "q"}, "index": "lc_wsc_0"},
                {"type": "server_tool_result", "tool_call_id": "t_1", "status": "success", "output": {"sources": [{"url": "u"}]}, "index": "lc_wsr_1"}]),
        );
        check(
            json!({"type": "web_search_call", "status": "searching", "x": 1}),
            json!([
                {"type": "server_tool_call", "name": "web_search", "id": "t_1", "args": {}, "x": 1},
                {"type": "server_tool_result", "tool_call_id": "t_1", "extras": {"status": "searching"}}]),
        );
        check(
            json!({"type": "file_search_call", "status": "failed", "queries": ["q"], "results": []}),
            json!([
                {"type": "server_tool_call", "name": "file_search", "id": "t_1", "args": {"queries": ["q"]}},
                {"type": "server_tool_result", "tool_call_id": "t_1", "status": "error"}]),
        );
        let item = json!({"type": "web_search_call"});
        let apart =
            server_tool("web_search_call", "t_1".to_owned(), item.as_object().expect("an object"), true);
        assert_eq!(apart.map(|blocks| blocks.len()), Some(1));
    }

    #[test]
    fn code_and_servers_of_mcp_become_calls_and_results() {
        check(
            json!({"type": "code_interpreter_call", "status": "completed", "code": "1", "container_id": "c", "outputs": []}),
            json!([
                {"type": "server_tool_call", "name": "code_interpreter", "id": "t_1", "args": {"code": "1"}, "extras": {"container_id": "c"}},
                {"type": "server_tool_result", "tool_call_id": "t_1", "status": "success", "output": []}]),
        );
        check(
            json!({"type": "mcp_call", "name": "roll", "server_label": "d", "arguments": "{\"n\": 2}", "output": "4", "status": "completed"}),
            json!([
                {"type": "server_tool_call", "name": "remote_mcp", "id": "t_1", "args": {"n": 2},
                    "extras": {"tool_name": "roll", "server_label": "d", "status": "completed"}},
                {"type": "server_tool_result", "tool_call_id": "t_1", "status": "success", "output": "4"}]),
        );
        check(
            json!({"type": "mcp_call", "arguments": "[", "error": {"code": 1}, "index": i64::MAX}),
            json!([
                {"type": "server_tool_call", "name": "remote_mcp", "id": "t_1", "args": {}, "extras": {"arguments": "["},
                    "index": "lc_mcp_9223372036854775807"},
                {"type": "server_tool_result", "tool_call_id": "t_1", "status": "error", "extras": {"error": {"code": 1}},
                    "index": "lc_mcpr_9223372036854775807"}]),
        );
        check(
            json!({"type": "mcp_list_tools", "server_label": "d", "tools": [{"name": "roll"}]}),
            json!([
                {"type": "server_tool_call", "name": "mcp_list_tools", "id": "t_1", "args": {}, "extras": {"server_label": "d"}},
                {"type": "server_tool_result", "tool_call_id": "t_1", "status": "success", "output": [{"name": "roll"}]}]),
        );
    }

    #[test]
    fn tools_that_the_service_looks_up_are_its_calls() {
        check(
            json!({"type": "tool_search_call", "execution": "server", "arguments": {"paths": ["x"]}, "status": "completed", "index": 1}),
            json!([{"type": "server_tool_call", "name": "tool_search", "id": "t_1", "args": {"paths": ["x"]},
                "extras": {"execution": "server", "status": "completed"}, "index": "lc_tsc_1"}]),
        );
        check(
            json!({"type": "tool_search_output", "execution": "server", "tools": [{"name": "f"}], "status": "completed", "index": 1}),
            json!([{"type": "server_tool_result", "tool_call_id": "t_1", "status": "success", "output": {"tools": [{"name": "f"}]},
                "extras": {"execution": "server", "name": "tool_search"}, "index": "lc_tso_1"}]),
        );
        check(json!({"type": "tool_search_call", "execution": "client"}), Value::Null);
        check(json!({"type": "computer_call"}), Value::Null);
    }
}
