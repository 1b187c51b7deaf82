//! How structured output is requested from a model.

use std::fmt;

use serde_json::{Map, Value, json};

use super::StructuredMethod;
use crate::tool::{convert_to_openai_function, convert_to_openai_tool, schema, strict_json_schema};
use crate::{Capabilities, Capability, Error, ErrorKind, RedactedArguments, Result};

/// The settings of a structured output.
#[derive(Clone, Default, PartialEq)]
pub(crate) struct Settings {
    pub(crate) schema: Value,
    /// Whether the schema is that of a Rust type.
    pub(super) typed: bool,
    pub(crate) method: Option<StructuredMethod>,
    pub(crate) strict: Option<bool>,
    /// Whether the raw answer is included.
    pub(crate) include_raw: bool,
    /// Tools that the model may call before it answers.
    pub(crate) tools: Vec<Value>,
}

/// Redacts the credentials of MCP servers.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kwargs = self.kwargs();
        let mut shown = f.debug_struct("Settings");
        shown.field("schema", &self.schema).field("typed", &self.typed);
        shown.field("kwargs", &RedactedArguments(&kwargs)).finish()
    }
}

/// The arguments that request it from a particular model.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Plan {
    pub(super) arguments: Map<String, Value>,
    /// The tool whose arguments are the answer; `None` if the answer is the message's text.
    pub(super) tool: Option<String>,
}

impl Settings {
    /// Returns the plan for a model with these capabilities; `None` if the capabilities are unknown.
    ///
    /// # Errors
    /// `Unsupported` if the model cannot do it, `Config` or `InvalidInput` for inconsistent settings.
    pub(super) fn plan(&self, can: Option<Capabilities>) -> Result<Plan> {
        match self.chosen(can)? {
            StructuredMethod::JsonSchema => self.json_schema(),
            StructuredMethod::FunctionCalling => self.function_calling(can),
            StructuredMethod::JsonMode => self.json_mode(),
        }
    }

    fn chosen(&self, can: Option<Capabilities>) -> Result<StructuredMethod> {
        let has = |capability| can.is_none_or(|can| can.has(capability));
        let lacks = |what: &str| {
            Err(Error::new(ErrorKind::Unsupported, format!("the model does not support {what}")))
        };
        match self.method {
            // A model with unknown capabilities most likely supports tools.
            None if can.is_some_and(|can| can.has(Capability::StructuredOutput)) => {
                Ok(StructuredMethod::JsonSchema)
            }
            None if has(Capability::Tools) => Ok(StructuredMethod::FunctionCalling),
            None => lacks("structured output: neither JSON Schema nor tools"),
            Some(StructuredMethod::JsonSchema) if !has(Capability::StructuredOutput) => lacks(
                "structured output by JSON Schema: use `StructuredMethod::FunctionCalling`, or set no method",
            ),
            Some(StructuredMethod::FunctionCalling) if !has(Capability::Tools) => lacks("tools"),
            Some(method) => Ok(method),
        }
    }

    fn json_schema(&self) -> Result<Plan> {
        let described = if self.typed && self.strict != Some(false) {
            if self.schema.get("type").is_some_and(|kind| kind != "object") {
                let message = "the service accepts only object schemas: wrap the value in a struct";
                return Err(Error::new(ErrorKind::Config, message));
            }
            json!({ "name": self.name()?, "strict": true, "schema": strict_json_schema(self.schema.clone()) })
        } else {
            self.described_format()?
        };
        let format = json!({ "type": "json_schema", "json_schema": described });
        let mut arguments = Map::from_iter([("response_format".to_owned(), format)]);
        if !self.tools.is_empty() {
            let tools = self.tools.iter().map(|tool| convert_to_openai_tool(tool, self.strict));
            arguments.insert("tools".to_owned(), tools.collect::<Result<_>>()?);
        }
        Ok(Plan { arguments, tool: None })
    }

    /// Returns `{"name", "description"?, "strict", "schema"}`. A schema already in this form is returned unchanged.
    fn described_format(&self) -> Result<Value> {
        if self.schema.get("name").is_some() && self.schema.get("schema").is_some() {
            return Ok(self.schema.clone());
        }
        let own = || self.schema.get("strict").and_then(Value::as_bool);
        let strict = self.strict.or_else(own).unwrap_or(false);
        let mut described = convert_to_openai_function(&self.schema, Some(strict))?;
        if let Value::Object(members) = &mut described {
            members.insert("name".to_owned(), self.name()?.into());
            let schema = members.remove("parameters").unwrap_or_else(|| json!({}));
            members.insert("schema".to_owned(), schema);
        }
        Ok(described)
    }

    fn function_calling(&self, can: Option<Capabilities>) -> Result<Plan> {
        if !self.tools.is_empty() {
            let message = "structured output by function calling cannot be combined with other tools: use `StructuredMethod::JsonSchema`";
            return Err(Error::new(ErrorKind::Config, message));
        }
        let name = self.name()?;
        let mut function = convert_to_openai_function(&self.schema, None)?;
        if self.typed {
            let parameters = function.get("parameters").cloned().unwrap_or_default();
            function["parameters"] = schema::parameters(parameters);
        }
        function["name"] = name.clone().into();
        let function = convert_to_openai_function(&function, self.strict)?;
        let tool = json!({ "type": "function", "function": function });
        let mut arguments = Map::from_iter([("tools".to_owned(), json!([tool]))]);
        let offers = |capability| can.is_none_or(|can| can.offers(capability));
        if offers(Capability::ToolChoice) {
            let choice = json!({ "type": "function", "function": { "name": name } });
            arguments.insert("tool_choice".to_owned(), choice);
        }
        // Services that do not know the parameter reject it; if there are several calls, the first is the answer.
        if can.is_some_and(|can| can.offers(Capability::SingleToolCall)) {
            arguments.insert("parallel_tool_calls".to_owned(), false.into());
        }
        Ok(Plan { arguments, tool: Some(name) })
    }

    fn json_mode(&self) -> Result<Plan> {
        if self.strict == Some(true) {
            let message = "JSON mode does not support `strict`: the service does not receive the schema";
            return Err(Error::new(ErrorKind::Config, message));
        }
        let format = json!({ "type": "json_object" });
        Ok(Plan { arguments: Map::from_iter([("response_format".to_owned(), format)]), tool: None })
    }

    /// Returns the name of the schema, in characters that services accept.
    fn name(&self) -> Result<String> {
        let name = ["title", "name"].into_iter().find_map(|member| self.schema.get(member)?.as_str());
        match name.filter(|name| !name.is_empty()) {
            Some(name) => {
                Ok(name.chars().map(|letter| if is_plain(letter) { letter } else { '_' }).take(64).collect())
            }
            None => {
                let message =
                    "the schema of a structured output requires a `title`, which names it for the model";
                Err(Error::new(ErrorKind::InvalidInput, message))
            }
        }
    }
}

fn is_plain(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_' || letter == '-'
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Capability; 4] =
        [Capability::Tools, Capability::ToolChoice, Capability::SingleToolCall, Capability::StructuredOutput];

    fn person() -> Value {
        json!({"title": "Person", "description": "d", "type": "object",
            "properties": {"name": {"type": "string", "title": "Name"}}})
    }

    #[track_caller]
    fn check(settings: Settings, can: &[Capability], expected: Value) {
        let plan = settings.plan(Some(can.iter().copied().collect())).expect("a plan");
        assert_eq!(Value::from(plan.arguments), expected);
    }

    #[track_caller]
    fn check_fails(settings: Settings, can: &[Capability], kind: ErrorKind) {
        let error = settings.plan(Some(can.iter().copied().collect())).expect_err("no plan");
        assert_eq!(error.kind(), kind, "{error}");
    }

    #[test]
    fn the_model_decides_which_way_it_is_asked() {
        let settings = || Settings { schema: person(), ..Settings::default() };
        let plain = json!({"type": "object", "properties": {"name": {"type": "string", "title": "Name"}}});
        let described = json!({"name": "Person", "description": "d", "strict": false, "schema": plain});
        let format = json!({"response_format": {"type": "json_schema", "json_schema": described}});
        check(settings(), &ALL, format);
        let tools = json!([{"type": "function", "function": {"name": "Person", "description": "d", "parameters": plain}}]);
        let choice = json!({"type": "function", "function": {"name": "Person"}});
        check(
            settings(),
            &ALL[..3],
            json!({"tools": tools, "tool_choice": choice, "parallel_tool_calls": false}),
        );
        check(settings(), &ALL[..2], json!({"tools": tools, "tool_choice": choice}));
        check(settings(), &ALL[..1], json!({"tools": tools}));
        let several = [Capability::Tools, Capability::ParallelToolCalls];
        check(settings(), &several, json!({"tools": tools}));
        check_fails(settings(), &[], ErrorKind::Unsupported);
        let asked = |method| Settings { method: Some(method), ..settings() };
        check_fails(asked(StructuredMethod::JsonSchema), &ALL[..3], ErrorKind::Unsupported);
        check_fails(asked(StructuredMethod::FunctionCalling), &ALL[3..], ErrorKind::Unsupported);
        check(asked(StructuredMethod::JsonMode), &[], json!({"response_format": {"type": "json_object"}}));
    }

    #[test]
    fn types_are_asked_for_strictly() {
        let typed = || Settings { schema: person(), typed: true, ..Settings::default() };
        let strict = json!({"title": "Person", "description": "d", "type": "object", "additionalProperties": false,
            "properties": {"name": {"type": "string", "title": "Name"}}, "required": ["name"]});
        let described = json!({"name": "Person", "strict": true, "schema": strict});
        check(typed(), &ALL, json!({"response_format": {"type": "json_schema", "json_schema": described}}));
        let plain = json!({"type": "object", "properties": {"name": {"type": "string"}}});
        let tools = json!([{"type": "function", "function": {"name": "Person", "description": "d", "parameters": plain}}]);
        check(typed(), &ALL[..1], json!({"tools": tools}));
        let plain = json!({"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"], "additionalProperties": false});
        let tools = json!([{"type": "function", "function": {"name": "Person", "description": "d", "parameters": plain, "strict": true}}]);
        check(Settings { strict: Some(true), ..typed() }, &ALL[..1], json!({"tools": tools}));
        check_fails(
            Settings { schema: json!({"title": "X", "type": "array"}), ..typed() },
            &ALL,
            ErrorKind::Config,
        );
    }

    #[test]
    fn settings_that_do_not_fit_are_refused() {
        let settings = |schema| Settings { schema, ..Settings::default() };
        check_fails(settings(json!({"type": "object"})), &ALL, ErrorKind::InvalidInput);
        check_fails(settings(Value::Null), &ALL, ErrorKind::InvalidInput);
        let json_mode =
            Settings { method: Some(StructuredMethod::JsonMode), strict: Some(true), ..Settings::default() };
        check_fails(json_mode, &ALL, ErrorKind::Config);
        let tools = Settings { tools: vec![json!({"name": "f"})], ..settings(person()) };
        check_fails(tools, &ALL[..3], ErrorKind::Config);
    }

    #[test]
    fn names_have_letters_that_services_take() {
        let settings = Settings { schema: json!({"title": "Seite für <User>"}), ..Settings::default() };
        assert_eq!(settings.name().expect("a name"), "Seite_f_r__User_");
    }
}
