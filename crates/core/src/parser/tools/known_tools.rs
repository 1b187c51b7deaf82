//! Tools with the schemas of their arguments.

use std::sync::Arc;

use serde_json::Value;

use super::misfit;
use crate::schema::{coerce, fill, listed, unchecked, violations};
use crate::{Data, Error, ErrorKind, Result, ToolCall};

/// The tools that may be called. If empty, any tool may be.
#[derive(Debug, Clone, Default)]
pub(super) struct KnownTools(Vec<(String, Arc<Value>)>);

impl KnownTools {
    pub(super) fn add(&mut self, name: String, schema: Value) -> Result<()> {
        if let Some(why) = unchecked(&schema) {
            let message = format!("unsupported schema of the tool `{name:.100}`: {why}");
            return Err(Error::new(ErrorKind::Config, message));
        }
        self.0.push((name, Arc::new(schema)));
        Ok(())
    }

    /// Returns the call with its arguments coerced to the required types and completed with defaults.
    pub(super) fn checked(&self, call: &ToolCall) -> Result<ToolCall> {
        if self.0.is_empty() {
            return Ok(call.clone());
        }
        let Some((_, schema)) = self.0.iter().find(|(name, _)| *name == call.name) else {
            return Err(misfit(call, one_of(self.0.iter().map(|(name, _)| name.as_str()))));
        };
        let mut args = Data::Record(call.args.clone()).into_json();
        coerce(schema, &mut args);
        match &violations(schema, &args)[..] {
            [] => {
                let mut call = call.clone();
                if let Data::Record(args) = Data::from(fill(schema, args)) {
                    call.args = args;
                }
                Ok(call)
            }
            broken => Err(misfit(call, listed(broken))),
        }
    }

    /// Returns whether no tool has a name that starts with this one.
    pub(super) fn rules_out(&self, name: &str) -> bool {
        rules_out(self.0.iter().map(|(known, _)| known.as_str()), name)
    }
}

/// Returns whether there are names, but none of them starts with `name`, which may be incomplete.
pub(super) fn rules_out<'a>(names: impl IntoIterator<Item = &'a str>, name: &str) -> bool {
    let mut names = names.into_iter().peekable();
    names.peek().is_some() && names.all(|known| !known.starts_with(name))
}

/// Describes the tools that could have been called.
pub(super) fn one_of<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    if names.is_empty() {
        "no call".to_owned()
    } else {
        format!("a call of one of the tools {}", names.join(", "))
    }
}
