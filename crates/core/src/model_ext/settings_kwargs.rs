//! Structured output settings as the keyword arguments of LangChain's `with_structured_output`.

use serde_json::{Map, Value};

use super::StructuredMethod;
use super::plan::Settings;
use crate::{Error, ErrorKind, Result};

const METHODS: [(StructuredMethod, &str); 3] = [
    (StructuredMethod::JsonSchema, "json_schema"),
    (StructuredMethod::FunctionCalling, "function_calling"),
    (StructuredMethod::JsonMode, "json_mode"),
];

impl Settings {
    /// Returns the settings other than the schema.
    pub(crate) fn kwargs(&self) -> Map<String, Value> {
        let method = METHODS.iter().find(|(method, _)| self.method == Some(*method));
        let set = [
            ("method", method.map(|(_, name)| Value::from(*name))),
            ("strict", self.strict.map(Value::from)),
            ("include_raw", self.include_raw.then_some(true.into())),
            ("tools", (!self.tools.is_empty()).then(|| self.tools.clone().into())),
        ];
        set.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
    }

    /// Applies the named settings.
    ///
    /// # Errors
    /// `Unsupported` for an unknown setting or method, `InvalidInput` for a value of the wrong type.
    pub(crate) fn set_kwargs(&mut self, kwargs: Map<String, Value>) -> Result<()> {
        let kwargs = kwargs.into_iter().filter(|(_, value)| !value.is_null());
        kwargs.into_iter().try_for_each(|(name, value)| self.set_kwarg(&name, value))
    }

    fn set_kwarg(&mut self, name: &str, value: Value) -> Result<()> {
        match (name, value) {
            ("method", Value::String(given)) => match METHODS.iter().find(|(_, name)| *name == given) {
                Some((method, _)) => self.method = Some(*method),
                None => {
                    let message = format!(
                        "unknown structured output method `{given:.80}`: expected `json_schema`, `function_calling` or `json_mode`"
                    );
                    return Err(Error::new(ErrorKind::Unsupported, message));
                }
            },
            ("strict", Value::Bool(strict)) => self.strict = Some(strict),
            ("include_raw", Value::Bool(include_raw)) => self.include_raw = include_raw,
            ("tools", Value::Array(tools)) => self.tools = tools,
            ("method" | "strict" | "include_raw" | "tools", other) => {
                let message = format!(
                    "invalid value for the structured output setting `{name}`: {:.80}",
                    other.to_string()
                );
                return Err(Error::new(ErrorKind::InvalidInput, message));
            }
            (other, _) => {
                let message = format!("unsupported structured output setting `{other:.80}`");
                return Err(Error::new(ErrorKind::Unsupported, message));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(kwargs: Value, expected: Result<Value, ErrorKind>) {
        let mut settings = Settings::default();
        let set = settings.set_kwargs(kwargs.as_object().cloned().expect("an object"));
        assert_eq!(set.map(|()| settings.kwargs().into()).map_err(|error| error.kind()), expected);
    }

    #[test]
    fn what_is_read_is_written() {
        for kwargs in [
            json!({}),
            json!({"method": "json_mode"}),
            json!({"method": "json_schema", "strict": true}),
            json!({"method": "function_calling", "strict": false, "include_raw": true, "tools": [{"name": "f"}]}),
        ] {
            check(kwargs.clone(), Ok(kwargs));
        }
        check(json!({"method": null, "include_raw": false, "tools": []}), Ok(json!({})));
        check(json!({"method": "guess"}), Err(ErrorKind::Unsupported));
        check(json!({"method": 1}), Err(ErrorKind::InvalidInput));
        check(json!({"strict": "yes"}), Err(ErrorKind::InvalidInput));
        check(json!({"temperature": 1}), Err(ErrorKind::Unsupported));
    }
}
