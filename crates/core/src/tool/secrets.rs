//! Tools of a service that carry keys.

use std::fmt;

use serde_json::{Map, Value};

/// Where arguments have tools of a service, of which type these are, and which of their members may hold keys.
const KEPT: [(&str, &str, &[&str]); 2] =
    [("tools", "mcp", &["authorization", "headers"]), ("mcp_servers", "url", &["authorization_token"])];

/// The arguments of model calls for `Debug`: of an MCP server, where it is and what it may do, but not the key to it.
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
    /// True if there is something that is not shown: such arguments are not written into files.
    pub fn hides_something(&self) -> bool {
        self.0.iter().any(|(name, value)| items(value).any(|item| secrets(name, item).next().is_some()))
    }
}

impl fmt::Debug for RedactedArguments<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.hides_something() {
            return self.0.fmt(f);
        }
        let mut shown = self.0.clone();
        for (name, value) in &mut shown {
            for item in value.as_array_mut().into_iter().flatten() {
                let hidden: Vec<&str> = secrets(name, item).collect();
                hidden.into_iter().for_each(|member| item[member] = "***".into());
            }
        }
        shown.fmt(f)
    }
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// The members of a tool that may hold keys.
fn secrets(list: &str, item: &Value) -> impl Iterator<Item = &'static str> {
    let kept = KEPT.iter().find(|(name, kind, _)| *name == list && item["type"] == *kind);
    let members = kept.map_or(&[][..], |(_, _, members)| *members).iter().copied();
    let present: Vec<&str> = members.filter(|member| item.get(member).is_some()).collect();
    present.into_iter()
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
        check(json!({"tools": [{"type": "mcp", "server_label": "s3cret"}]}), false);
        check(json!({"tools": [{"type": "function", "headers": "s3cret"}]}), false);
        check(json!({"tools": "s3cret", "headers": null}), false);
    }
}
