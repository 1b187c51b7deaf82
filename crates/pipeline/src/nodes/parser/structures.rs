//! Parsers of JSON, XML and YAML.

use catena_core::{JsonSchemaOutputParser, ResponseSchema, Result, StructuredOutputParser, XmlOutputParser};

use super::{Parser, flag, parser, text};
use crate::Spec;

pub(super) fn json_schema(options: &Spec<'_>) -> Result<Parser> {
    let schema = options.required("schema")?;
    let made = JsonSchemaOutputParser::new(schema.data().clone().into_json())
        .map_err(|error| schema.locate(error))?;
    let made = if flag(options, "defaults", false)? { made.with_defaults() } else { made };
    Ok(parser(if flag(options, "lenient", false)? { made.lenient() } else { made }))
}

pub(super) fn structured(options: &Spec<'_>) -> Result<Parser> {
    let schemas = options.required("response_schemas")?.items()?;
    let schemas = schemas.iter().map(response_schema).collect::<Result<Vec<_>>>()?;
    Ok(parser(StructuredOutputParser::new(schemas)))
}

fn response_schema(schema: &Spec<'_>) -> Result<ResponseSchema> {
    schema.only(&["name", "description", "type"])?;
    let (name, description) = (schema.required("name")?.text()?, schema.required("description")?.text()?);
    let made = ResponseSchema::new(name, description);
    Ok(match text(schema, "type")? {
        Some(type_name) => made.with_type(type_name),
        None => made,
    })
}

pub(super) fn xml(options: &Spec<'_>) -> Result<Parser> {
    let tags = options.get("tags").map(|tags| tags.texts()).transpose()?.unwrap_or_default();
    Ok(parser(XmlOutputParser::new().with_tags(tags)))
}

#[cfg(feature = "yaml")]
pub(super) fn yaml(options: &Spec<'_>) -> Result<Parser> {
    let made = catena_core::YamlOutputParser::<catena_core::Data>::new();
    Ok(parser(match options.get("schema") {
        Some(schema) => made.with_schema(schema.data().clone().into_json()),
        None => made,
    }))
}

#[cfg(not(feature = "yaml"))]
pub(super) fn yaml(options: &Spec<'_>) -> Result<Parser> {
    super::without("yaml", options)
}
