//! Parsers of function calls.

use catena::prelude::*;
use catena::{
    DynRunnable, JsonKeyOutputFunctionsParser, JsonOutputFunctionsParser, OutputFunctionsParser, Record,
    Result,
};

use super::{flag, need};

fn wants_name(options: &Record) -> bool {
    options.get("args_only") == Some(&Data::Bool(false))
}

pub(super) fn functions(options: &Record) -> Result<DynRunnable> {
    let parser = OutputFunctionsParser::new();
    Ok(if wants_name(options) { parser.with_name().dynamic() } else { parser.dynamic() })
}

pub(super) fn json_functions(options: &Record) -> Result<DynRunnable> {
    let mut parser = JsonOutputFunctionsParser::new();
    if wants_name(options) {
        parser = parser.with_name();
    }
    if flag(options, "strict") {
        parser = parser.strict();
    }
    Ok(parser.dynamic())
}

pub(super) fn json_key_functions(options: &Record) -> Result<DynRunnable> {
    Ok(JsonKeyOutputFunctionsParser::new(need(options, "key_name")?).dynamic())
}
