//! Redaction of credentials in tools of a service.

use std::fmt;

use serde_json::{Map, Value};

/// Members of the arguments that contain further arguments, which are sent as they are.
const NESTED: [&str; 2] = ["extra_body", "model_kwargs"];

/// The arguments of model calls, redacted for `Debug`. Of an MCP server, its address and permissions are shown, but not
/// the credentials.
///
/// # Example
/// ```
/// use catena_core::RedactedArguments;
/// let arguments = serde_json::json!({"tools": [{"type": "mcp", "server_label": "files", "authorization": "s3cret"}]});
/// let shown = format!("{:?}", RedactedArguments(arguments.as_object().unwrap()));
/// assert!(shown.contains("files") && !shown.contains("s3cret"));
/// ```
#[derive(Clone, Copy)]
pub struct RedactedArguments<'a>(pub &'a Map<String, Value>);

impl RedactedArguments<'_> {
    /// Returns `true` if anything is redacted: such arguments are not written to files.
    pub fn hides_something(&self) -> bool {
        !places(self.0).is_empty()
    }
}

impl fmt::Debug for RedactedArguments<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let places = places(self.0);
        if places.is_empty() {
            return self.0.fmt(f);
        }
        let mut shown = self.0.clone();
        for place in places {
            hide(&mut shown, &place);
        }
        shown.fmt(f)
    }
}

/// Returns the places that may hold credentials, as JSON pointers.
fn places(arguments: &Map<String, Value>) -> Vec<String> {
    let mut places = Vec::new();
    for (name, value) in arguments {
        match value {
            Value::Object(inner) if NESTED.contains(&name.as_str()) => {
                places.extend(self::places(inner).into_iter().map(|place| format!("/{name}{place}")));
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    let inside = places_in(name, item);
                    places.extend(inside.into_iter().map(|place| format!("/{name}/{index}{place}")));
                }
            }
            _ => {}
        }
    }
    places
}

/// Returns the places where a tool or server in this list may hold credentials. The names are those of OpenAI,
/// Anthropic and Gemini, whose tools may themselves contain servers.
fn places_in(list: &str, item: &Value) -> Vec<String> {
    let own: &[&str] = match list {
        "tools" if item["type"] == "mcp" => &["/authorization", "/headers"],
        "mcp_servers" | "mcpServers" => &[
            "/authorization_token",
            "/streamableHttpTransport/headers",
            "/streamable_http_transport/headers",
        ],
        _ => &[],
    };
    let own = own.iter().filter(|place| item.pointer(place).is_some());
    let servers = item.as_object().filter(|_| list == "tools").map(places);
    own.map(|place| (*place).to_owned()).chain(servers.unwrap_or_default()).collect()
}

/// Replaces a credential by asterisks.
fn hide(arguments: &mut Map<String, Value>, place: &str) {
    let (name, rest) = place[1..].split_once('/').unwrap_or((&place[1..], ""));
    let inner = arguments.get_mut(name);
    if let Some(key) = inner.and_then(|inner| inner.pointer_mut(&format!("/{rest}"))) {
        *key = "***".into();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(arguments: Value, hides: bool) {
        let arguments = arguments.as_object().expect("an object");
        let shown = format!("{:?}", RedactedArguments(arguments));
        assert_eq!(RedactedArguments(arguments).hides_something(), hides, "{shown}");
        assert_eq!(shown.contains("s3cret"), !hides, "{shown}");
    }

    #[test]
    fn keys_to_servers_are_not_shown() {
        check(json!({"tools": [{"type": "mcp", "authorization": "s3cret"}]}), true);
        check(json!({"tools": [{"name": "f"}, {"type": "mcp", "headers": {"x-key": "s3cret"}}]}), true);
        check(json!({"mcp_servers": [{"type": "url", "authorization_token": "s3cret"}]}), true);
        check(json!({"mcp_servers": [{"authorization_token": "s3cret"}]}), true);
        check(json!({"tools": [{"type": "mcp", "server_label": "s3cret"}]}), false);
        check(json!({"tools": [{"type": "function", "headers": "s3cret"}]}), false);
        check(json!({"tools": "s3cret", "headers": null}), false);
    }

    #[test]
    fn neither_are_those_further_inside() {
        let headers = json!({"url": "u", "headers": {"x-key": "s3cret"}});
        check(json!({"tools": [{"mcpServers": [{"streamableHttpTransport": headers}]}]}), true);
        check(json!({"tools": [{"mcp_servers": [{"streamable_http_transport": headers}]}]}), true);
        check(json!({"extra_body": {"mcp_servers": [{"authorization_token": "s3cret"}]}}), true);
        check(json!({"model_kwargs": {"tools": [{"type": "mcp", "authorization": "s3cret"}]}}), true);
        check(json!({"other": {"tools": [{"type": "mcp", "authorization": "s3cret"}]}}), false);
    }
}
