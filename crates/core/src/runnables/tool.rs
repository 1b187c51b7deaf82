//! Runnables as tools.

use std::borrow::Cow;
use std::fmt;
use std::future::ready;

use async_trait::async_trait;
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};

use crate::run::step::{self, Place};
use crate::{
    ChunkStream, Context, Data, DynRunnable, Outline, Result, RunKind, Runnable, RunnableExt,
    dereference_refs, gather,
};

/// LangChain's name for the argument of a tool whose input is a single value.
const ONLY_ARGUMENT: &str = "__arg1";

/// A runnable with everything a model needs to call it: a name, a description and a schema of its arguments. Created by
/// [`as_tool`](crate::RunnableExt::as_tool), and converts into a [`Tool`](crate::Tool) where one is expected.
///
/// Models call tools with a record of arguments. A runnable with another input type, such as a string, is described to
/// models with a single argument, `__arg1`, whose value becomes its input; it may also be called with the input
/// directly.
///
/// # Example
/// ```
/// use catena_core::{vars, PromptTemplate, RunnableExt};
/// # futures_executor::block_on(async {
/// let greet = PromptTemplate::new("Hello {name}")?.as_tool("greet", "Greets a person by name.");
/// assert_eq!(greet.definition()["parameters"]["required"][0], "name");
/// let greeting = greet.invoke(vars! { name: "Ada" }).await?;
/// assert_eq!(greeting, catena_core::PromptValue::from("Hello Ada").into());
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[derive(Clone)]
pub struct RunnableTool {
    inner: DynRunnable,
    name: String,
    description: String,
    parameters: Value,
    /// Whether the input is the value of the only argument.
    takes_one: bool,
}

impl RunnableTool {
    pub(crate) fn new(inner: DynRunnable, name: String, description: String) -> Self {
        let schema = inner.input_schema();
        let takes_one = !takes_records(&schema);
        let parameters = if takes_one { of_one_argument(schema) } else { schema };
        Self { inner, name, description, parameters, takes_one }
    }

    /// Sets the JSON Schema of the arguments, replacing that of the runnable's input.
    #[must_use]
    #[doc(alias = "args_schema")]
    pub fn with_parameters(mut self, schema: Value) -> Self {
        self.parameters = schema;
        self
    }

    /// Returns the name, description and schema.
    pub(crate) fn parts(&self) -> (&str, &str, &Value) {
        (&self.name, &self.description, &self.parameters)
    }

    /// Returns the runnable's input for these arguments.
    pub(crate) fn input(&self, arguments: Data) -> Data {
        match arguments {
            Data::Record(arguments) if self.takes_one && arguments.len() == 1 => {
                arguments.into_iter().next().map_or(Data::Null, |(_, argument)| argument)
            }
            other => other,
        }
    }

    pub(crate) fn inner(&self) -> &DynRunnable {
        &self.inner
    }

    /// Returns the definition sent to models: `name`, `description` and `parameters`.
    pub fn definition(&self) -> Value {
        json!({ "name": self.name, "description": self.description, "parameters": self.parameters })
    }
}

impl fmt::Debug for RunnableTool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunnableTool").field("name", &self.name).finish_non_exhaustive()
    }
}

#[async_trait]
impl Runnable for RunnableTool {
    type Input = Data;
    type Output = Data;

    async fn call(&self, input: Data, cx: &Context) -> Result<Data> {
        step::call(&self.inner, self.input(input), cx, Place::Plain).await
    }

    fn transform<'a>(&'a self, input: ChunkStream<'a, Data>, cx: Context) -> ChunkStream<'a, Data> {
        if !self.takes_one {
            return step::transform(&self.inner, input, &cx, Place::Plain);
        }
        // Only a complete record shows how many arguments it has.
        let whole = stream::once(gather(input)).filter_map(|whole| ready(whole.transpose()));
        let input = whole.map(|whole| whole.map(|arguments| self.input(arguments)));
        step::transform(&self.inner, Box::pin(input), &cx, Place::Plain)
    }

    fn name(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.name)
    }

    fn kind(&self) -> RunKind {
        RunKind::Tool
    }

    fn outline(&self) -> Outline {
        let mut outline = Outline::wrapper(self.inner.outline());
        outline.name.clone_from(&self.name);
        outline.kind = RunKind::Tool;
        outline
    }
}

crate::impl_pipe!(RunnableTool);

/// Returns `false` if values of this schema are never records.
fn takes_records(schema: &Value) -> bool {
    let schema = dereference_refs(schema);
    let is = |kind: &Value| kind == "object";
    match (&schema["type"], schema.get("anyOf").or_else(|| schema.get("oneOf")).and_then(Value::as_array)) {
        (Value::Null, Some(choices)) => choices.iter().any(takes_records),
        (Value::Null, None) => schema.get("enum").or_else(|| schema.get("const")).is_none(),
        (Value::Array(kinds), _) => kinds.iter().any(is),
        (kind, _) => is(kind),
    }
}

/// Returns the schema of a record with a single argument of this schema. Definitions move to the root, where references
/// look for them.
fn of_one_argument(mut schema: Value) -> Value {
    let mut parameters = json!({"type": "object", "properties": {}, "required": [ONLY_ARGUMENT]});
    if let Value::Object(members) = &mut schema {
        for name in ["$defs", "definitions"] {
            if let Some(definitions) = members.remove(name) {
                parameters[name] = definitions;
            }
        }
        members.insert("title".to_owned(), ONLY_ARGUMENT.into());
    }
    parameters["properties"][ONLY_ARGUMENT] = schema;
    parameters
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(schema: Value, expected: bool) {
        assert_eq!(takes_records(&schema), expected, "{schema}");
    }

    #[test]
    fn a_record_is_taken_where_it_may_come() {
        check(json!({}), true);
        check(json!({"title": "Input", "type": "object"}), true);
        check(json!({"type": ["object", "null"]}), true);
        check(json!({"anyOf": [{"type": "string"}, {"type": "object"}]}), true);
        check(json!({"$ref": "#/$defs/A", "$defs": {"A": {"type": "object"}}}), true);
        check(json!({"type": "string"}), false);
        check(json!({"type": "array", "items": {"type": "object"}}), false);
        check(json!({"anyOf": [{"type": "string"}, {"type": "null"}]}), false);
        check(json!({"enum": ["a"]}), false);
        check(json!({"$ref": "#/$defs/A", "$defs": {"A": {"type": "integer"}}}), false);
    }

    #[test]
    fn definitions_stay_where_references_look_for_them() {
        let defs = json!({"A": {"type": "string"}});
        let schema = json!({"type": "array", "items": {"$ref": "#/$defs/A"}, "$defs": defs});
        let argument = json!({"title": "__arg1", "type": "array", "items": {"$ref": "#/$defs/A"}});
        let expected = json!({"type": "object", "properties": {"__arg1": argument}, "required": ["__arg1"],
            "$defs": defs});
        assert_eq!(of_one_argument(schema), expected);
    }
}
