//! The models of vectors: as JSON Schemas, and as what their objects look like.

use catena::{Data, Record, Result};
use serde_json::{Map, Value, json};

use super::{items, need, unknown};

/// A model: `{"name", "fields"}`.
#[derive(Clone)]
pub(super) struct Model(Record);

impl Model {
    pub(super) fn read(data: Option<&Data>) -> Result<Self> {
        data.and_then(Data::as_record).cloned().map(Self).ok_or_else(|| unknown("no schema"))
    }

    pub(super) fn name(&self) -> &str {
        need(&self.0, "name").unwrap_or_default()
    }

    /// The JSON Schema, with the models inside as definitions.
    pub(super) fn schema(&self) -> Value {
        let mut definitions = Map::new();
        let mut schema = object(&self.0, &mut definitions);
        if !definitions.is_empty() {
            schema["$defs"] = definitions.into();
        }
        schema
    }

    /// The object as vectors write it: `{"$object": {"class", "fields"}}`.
    pub(super) fn tagged(&self, value: Data) -> Data {
        tagged_object(&self.0, value.into_plain())
    }
}

fn fields(model: &Record) -> impl Iterator<Item = &Record> {
    items(model, "fields").iter().filter_map(Data::as_record)
}

fn object(model: &Record, definitions: &mut Map<String, Value>) -> Value {
    let (mut properties, mut required) = (Map::new(), Vec::new());
    for field in fields(model) {
        let name = need(field, "name").unwrap_or_default();
        let optional = field.get("required") == Some(&Data::Bool(false));
        let default = field.get("default").cloned().or_else(|| optional.then_some(Data::Null));
        let mut schema = of_type(field.get("type").unwrap_or(&Data::Null), field, definitions);
        if schema.get("$ref").is_none() {
            schema["title"] = title(name).into();
        }
        if let Some(description) = field.get("description") {
            schema["description"] = description.clone().into_json();
        }
        match default {
            Some(default) => schema["default"] = default.into_json(),
            None => required.push(Value::from(name)),
        }
        properties.insert(name.to_owned(), schema);
    }
    let mut schema =
        json!({"title": need(model, "name").unwrap_or_default(), "type": "object", "properties": properties});
    if !required.is_empty() {
        schema["required"] = required.into();
    }
    schema
}

/// `first_name` is `First Name`.
fn title(name: &str) -> String {
    let words = name.split('_').map(|word| {
        let mut letters = word.chars();
        letters
            .next()
            .map(|first| first.to_uppercase().chain(letters).collect::<String>())
            .unwrap_or_default()
    });
    words.collect::<Vec<_>>().join(" ")
}

/// The schema of a type, with the bounds of the field.
fn of_type(kind: &Data, field: &Record, definitions: &mut Map<String, Value>) -> Value {
    let plain = Record::new();
    match (kind, kind.as_record().and_then(|kind| kind.iter().next())) {
        (Data::Text(name), _) => bounded(named_type(name), field),
        (_, Some(("optional", inner))) => {
            json!({"anyOf": [of_type(inner, field, definitions), {"type": "null"}]})
        }
        (_, Some(("list", inner))) => {
            bounded(json!({"type": "array", "items": of_type(inner, &plain, definitions)}), field)
        }
        (_, Some(("dict", inner))) => bounded(
            json!({"type": "object", "additionalProperties": of_type(inner, &plain, definitions)}),
            field,
        ),
        (_, Some(("literal", values))) => literal(values.clone().into_json()),
        (_, Some(("object", model))) => {
            let model = model.as_record().cloned().unwrap_or_default();
            let name = need(&model, "name").unwrap_or_default().to_owned();
            if !definitions.contains_key(&name) {
                let schema = object(&model, definitions);
                definitions.insert(name.clone(), schema);
            }
            json!({"$ref": format!("#/$defs/{name}")})
        }
        _ => json!({}),
    }
}

fn named_type(name: &str) -> Value {
    match name {
        "str" => json!({"type": "string"}),
        "int" => json!({"type": "integer"}),
        "float" => json!({"type": "number"}),
        "bool" => json!({"type": "boolean"}),
        "list" => json!({"type": "array", "items": {}}),
        "dict" => json!({"type": "object", "additionalProperties": true}),
        _ => json!({}),
    }
}

fn literal(values: Value) -> Value {
    let all_texts = values.as_array().is_some_and(|values| values.iter().all(Value::is_string));
    let mut schema = match values.as_array().map(Vec::as_slice) {
        Some([only]) => json!({ "const": only }),
        _ => json!({ "enum": values }),
    };
    if all_texts {
        schema["type"] = "string".into();
    }
    schema
}

fn bounded(mut schema: Value, field: &Record) -> Value {
    let sizes = match schema["type"].as_str() {
        Some("array") => ["minItems", "maxItems"],
        Some("object") => ["minProperties", "maxProperties"],
        _ => ["minLength", "maxLength"],
    };
    for (name, keyword) in [
        ("ge", "minimum"),
        ("le", "maximum"),
        ("gt", "exclusiveMinimum"),
        ("lt", "exclusiveMaximum"),
        ("min_length", sizes[0]),
        ("max_length", sizes[1]),
        ("pattern", "pattern"),
    ] {
        if let Some(bound) = field.get(name) {
            schema[keyword] = bound.clone().into_json();
        }
    }
    schema
}

fn tagged_object(model: &Record, value: Data) -> Data {
    let Data::Record(members) = value else { return value };
    let known = fields(model);
    let tagged = known.filter_map(|field| {
        let name = need(field, "name").ok()?;
        Some((name.to_owned(), tagged_value(field.get("type")?, members.get(name)?.clone())))
    });
    let name = Data::from(need(model, "name").unwrap_or_default());
    let fields = Data::Record(tagged.collect());
    Data::from([("$object", Data::from([("class", name), ("fields", fields)]))])
}

fn tagged_value(kind: &Data, value: Data) -> Data {
    match (kind.as_record().and_then(|kind| kind.iter().next()), value) {
        (Some(("optional", inner)), value) => tagged_value(inner, value),
        (Some(("list", inner)), Data::List(values)) => {
            Data::List(values.into_iter().map(|value| tagged_value(inner, value)).collect())
        }
        (Some(("dict", inner)), Data::Record(members)) => Data::Record(
            members.into_iter().map(|(name, value)| (name, tagged_value(inner, value))).collect(),
        ),
        (Some(("object", model)), value) => match model.as_record() {
            Some(model) => tagged_object(model, value),
            None => value,
        },
        (_, value) => value,
    }
}
