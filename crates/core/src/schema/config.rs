//! The fields that can be configured per call.

use serde_json::{Map, Value, json};

use super::definitions::definition_name;
use super::title_of;
use crate::{ConfigurableField, Error, ErrorKind, Outline, Result};

/// Returns the fields of a runnable and all its parts, by id, each once.
pub(crate) fn config_specs(outline: &Outline) -> Result<Vec<ConfigurableField>> {
    let mut fields = Vec::new();
    collect(outline, &mut fields);
    fields.sort_by(|a, b| a.id.cmp(&b.id));
    fields.dedup();
    if let Some(pair) = fields.windows(2).find(|pair| pair[0].id == pair[1].id) {
        let message = format!("conflicting configurable fields with the id `{}`", pair[0].id);
        return Err(Error::new(ErrorKind::Config, message));
    }
    Ok(fields)
}

fn collect(outline: &Outline, fields: &mut Vec<ConfigurableField>) {
    fields.extend_from_slice(&outline.fields);
    outline.parts.iter().for_each(|part| collect(part, fields));
}

/// Returns the JSON Schema of a config for this runnable.
pub(crate) fn config_schema(outline: &Outline) -> Result<Value> {
    let (mut properties, mut definitions) = (Map::new(), Map::new());
    for field in config_specs(outline)? {
        let schema = field_schema(&field, &mut definitions);
        properties.insert(field.id, schema);
    }
    let title = outline.name_with_suffix("config");
    if properties.is_empty() {
        return Ok(json!({ "title": title, "type": "object", "properties": {} }));
    }
    let configurable = json!({ "title": "Configurable", "type": "object", "properties": properties });
    definitions.insert("Configurable".to_owned(), configurable);
    let properties = json!({ "configurable": { "$ref": "#/$defs/Configurable" } });
    Ok(json!({ "$defs": definitions, "title": title, "type": "object", "properties": properties }))
}

fn field_schema(field: &ConfigurableField, definitions: &mut Map<String, Value>) -> Value {
    let mut schema = if field.options.is_empty() {
        let title = field.name.clone().unwrap_or_else(|| title_of(&field.id));
        typed_like(field.default.as_ref(), title)
    } else {
        let title = field.name.as_ref().unwrap_or(&field.id);
        let choices = json!({ "title": title, "type": "string", "enum": field.options });
        let name = definition_name(&choices);
        let reference = json!({ "$ref": format!("#/$defs/{name}") });
        definitions.insert(name, choices);
        reference
    };
    if let Some(description) = &field.description {
        schema["description"] = description.as_str().into();
    }
    if let Some(default) = &field.default {
        schema["default"] = default.clone();
    }
    schema
}

/// Returns a schema with the type of the default.
fn typed_like(default: Option<&Value>, title: String) -> Value {
    let kind = match default {
        None | Some(Value::Null) => return json!({ "title": title }),
        Some(Value::Bool(_)) => "boolean",
        Some(Value::Number(number)) if number.is_f64() => "number",
        Some(Value::Number(_)) => "integer",
        Some(Value::String(_)) => "string",
        Some(Value::Array(_)) => "array",
        Some(Value::Object(_)) => "object",
    };
    json!({ "title": title, "type": kind })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RunKind;

    fn with(fields: impl IntoIterator<Item = ConfigurableField>) -> Outline {
        let mut outline = Outline::leaf("Step", RunKind::Chain);
        outline.fields.extend(fields);
        outline
    }

    #[test]
    fn fields_are_listed_once_and_by_id() {
        let (a, b) = (ConfigurableField::new("a"), ConfigurableField::new("b"));
        let chain = Outline::sequence("Chain", [with([b.clone(), a.clone()]), with([a.clone()])]);
        assert_eq!(config_specs(&chain).unwrap(), [a.clone(), b]);
        let conflict = Outline::sequence("Chain", [with([a.clone()]), with([a.with_default(1)])]);
        assert_eq!(config_specs(&conflict).unwrap_err().kind(), ErrorKind::Config);
    }

    #[test]
    fn schema_of_a_config() {
        let text = ConfigurableField::new("my_text").with_description("a text").with_default("x");
        let which = ConfigurableField::new("w").with_name("The W").with_options(["one", "two"]);
        assert_eq!(
            config_schema(&with([text, which])).unwrap(),
            json!({
                "$defs": {
                    "Configurable": {"title": "Configurable", "type": "object", "properties": {
                        "my_text": {"title": "My Text", "type": "string", "description": "a text", "default": "x"},
                        "w": {"$ref": "#/$defs/The_W"},
                    }},
                    "The_W": {"title": "The W", "type": "string", "enum": ["one", "two"]},
                },
                "title": "StepConfig", "type": "object",
                "properties": {"configurable": {"$ref": "#/$defs/Configurable"}},
            })
        );
        assert_eq!(config_schema(&with([])).unwrap()["properties"], json!({}));
    }
}
