//! Conversion of prompt values to template values, and their output.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use minijinja::value::{Enumerator, Object, Value, ValueKind};
use minijinja::{AutoEscape, Error, ErrorKind, Output, State};

use super::filters::escaped;
use crate::prompt::format_spec::shortest;
use crate::{Chunk, Data, Record};

/// A record with its names in order, or a message with its members that displays as its text.
#[derive(Debug)]
struct Named {
    entries: Vec<(Value, Value)>,
    index: HashMap<String, usize>,
    text: Option<String>,
}

impl Named {
    fn new(record: &Record, text: Option<String>) -> Self {
        let index = record.names().enumerate().map(|(at, name)| (name.to_owned(), at)).collect();
        let entries = record.iter().map(|(name, value)| (Value::from(name), from_data(value))).collect();
        Self { entries, index, text }
    }
}

impl Object for Named {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.index.get(key.as_str()?).map(|at| self.entries[*at].1.clone())
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.entries.iter().map(|(name, _)| name.clone()).collect())
    }

    fn enumerator_len(self: &Arc<Self>) -> Option<usize> {
        Some(self.entries.len())
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.text {
            Some(text) => f.write_str(text),
            None => f.write_str(
                &serde_json::to_string(&Value::from_dyn_object(Arc::clone(self))).unwrap_or_default(),
            ),
        }
    }
}

/// Converts a value.
pub(super) fn from_data(data: &Data) -> Value {
    match data {
        Data::Null => Value::from(()),
        Data::Bool(value) => Value::from(*value),
        Data::Number(number) => match (number.as_i128(), number.as_f64()) {
            (Some(integer), _) => Value::from(integer),
            (None, float) => Value::from(float.unwrap_or_default()),
        },
        Data::Text(text) => Value::from(text.as_str()),
        Data::List(items) => items.iter().map(from_data).collect(),
        Data::Record(record) => Value::from_object(Named::new(record, None)),
        Data::Message(_) | Data::Prompt(_) => {
            let members = Data::from(data.to_json());
            let text = crate::prompt::text_of::text_of(data).into_owned();
            Value::from_object(Named::new(members.as_record().unwrap_or(&Record::new()), Some(text)))
        }
        Data::Json(json) => from_data(json.data()),
        Data::Error(error) => Value::from(error.to_string()),
    }
}

/// Writes a value as in all template languages of prompts: numbers as in Python, lists and records as JSON. Inside
/// `{% autoescape true %}`, it is escaped for HTML.
pub(super) fn write(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    let written = match state.auto_escape() {
        AutoEscape::None => plain(out, value),
        _ if value.is_safe() => plain(out, value),
        _ => {
            let mut text = String::new();
            plain(&mut text, value).and_then(|()| out.write_str(&escaped(&text)))
        }
    };
    written.map_err(|_| Error::from(ErrorKind::WriteFailure))
}

fn plain(out: &mut impl fmt::Write, value: &Value) -> fmt::Result {
    match value.kind() {
        ValueKind::Undefined => Ok(()),
        ValueKind::None => out.write_str("null"),
        ValueKind::Number if !value.is_integer() => match f64::try_from(value.clone()) {
            Ok(float) => out.write_str(&shortest(float)),
            Err(_) => out.write_str(&value.to_string()),
        },
        ValueKind::Map if value.downcast_object_ref::<Named>().is_none() => json(out, value),
        ValueKind::Seq => json(out, value),
        _ => match value.as_str() {
            Some(text) => out.write_str(text),
            None => out.write_str(&value.to_string()),
        },
    }
}

fn json(out: &mut impl fmt::Write, value: &Value) -> fmt::Result {
    match serde_json::to_string(value) {
        Ok(json) => out.write_str(&json),
        Err(_) => out.write_str(&value.to_string()),
    }
}
