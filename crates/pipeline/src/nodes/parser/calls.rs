//! Parsers of tool and function calls.

use catena_core::{
    JsonKeyOutputFunctionsParser, JsonOutputFunctionsParser, JsonOutputKeyToolsParser, JsonOutputToolsParser,
    OutputFunctionsParser, Result,
};

use super::{Parser, flag, untold};
use crate::Spec;

pub(super) fn json_tools(options: &Spec<'_>) -> Result<Parser> {
    let mut made = JsonOutputToolsParser::new();
    for (name, schema) in options.get("tools").map(|tools| tools.members()).transpose()?.unwrap_or_default() {
        let json = schema.data().clone().into_json();
        made = made.with_tool(name, json).map_err(|error| schema.locate(error))?;
    }
    if flag(options, "return_id", false)? {
        made = made.with_id();
    }
    Ok(untold(if flag(options, "first_tool_only", false)? { made.first_tool_only() } else { made }))
}

pub(super) fn json_key_tools(options: &Spec<'_>) -> Result<Parser> {
    let mut made = JsonOutputKeyToolsParser::new(options.required("key_name")?.text()?);
    if flag(options, "return_id", false)? {
        made = made.with_id();
    }
    Ok(untold(if flag(options, "first_tool_only", false)? { made.first_tool_only() } else { made }))
}

pub(super) fn functions(options: &Spec<'_>) -> Result<Parser> {
    let made = OutputFunctionsParser::new();
    Ok(untold(if flag(options, "args_only", true)? { made } else { made.with_name() }))
}

pub(super) fn json_functions(options: &Spec<'_>) -> Result<Parser> {
    let mut made = JsonOutputFunctionsParser::new();
    if flag(options, "strict", false)? {
        made = made.strict();
    }
    Ok(untold(if flag(options, "args_only", true)? { made } else { made.with_name() }))
}

pub(super) fn json_key_functions(options: &Spec<'_>) -> Result<Parser> {
    Ok(untold(JsonKeyOutputFunctionsParser::new(options.required("key_name")?.text()?)))
}
