//! Generation parameters: set on the builder, or bound to a call under OpenAI's names.

use catena_core::{Error, ErrorKind, Result};
use serde_json::{Map, Value, json};

use crate::failure::bounded;

/// How tokens are sampled, and when an answer ends.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Settings {
    pub(crate) temperature: f32,
    pub(crate) top_p: f32,
    /// 0 considers all tokens.
    pub(crate) top_k: usize,
    /// 1 has no effect.
    pub(crate) repeat_penalty: f32,
    pub(crate) presence_penalty: f32,
    pub(crate) frequency_penalty: f32,
    pub(crate) seed: Option<u64>,
    pub(crate) max_tokens: Option<usize>,
    pub(crate) stop: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            temperature: 0.8,
            top_p: 0.95,
            top_k: 40,
            repeat_penalty: 1.1,
            presence_penalty: 0.0,
            frequency_penalty: 0.0,
            seed: None,
            max_tokens: None,
            stop: Vec::new(),
        }
    }
}

impl Settings {
    /// Returns these settings, overridden by the arguments of a call.
    ///
    /// # Errors
    /// `Unsupported` for what a local model does not support, `InvalidInput` for values out of range.
    pub(crate) fn called(&self, arguments: Option<&Map<String, Value>>) -> Result<Self> {
        let mut settings = self.clone();
        for (name, value) in arguments.into_iter().flatten().filter(|(_, value)| !value.is_null()) {
            settings.set(name, value)?;
        }
        settings.check(ErrorKind::InvalidInput)?;
        Ok(settings)
    }

    fn set(&mut self, name: &str, value: &Value) -> Result<()> {
        match name {
            "temperature" => self.temperature = number(name, value)?,
            "top_p" => self.top_p = number(name, value)?,
            "top_k" => self.top_k = count(name, value)?,
            "repeat_penalty" => self.repeat_penalty = number(name, value)?,
            "presence_penalty" => self.presence_penalty = number(name, value)?,
            "frequency_penalty" => self.frequency_penalty = number(name, value)?,
            "seed" => {
                let seed = value.as_u64().or_else(|| value.as_i64().map(i64::cast_unsigned));
                self.seed = Some(seed.ok_or_else(|| wrong(name, value, "a whole number"))?);
            }
            "max_tokens" | "max_completion_tokens" | "max_output_tokens" => {
                self.max_tokens = Some(count(name, value)?);
            }
            "stop" => self.stop = texts(name, value)?,
            _ if asks_nothing(name, value) => {}
            _ => {
                let message = format!("a model in a file cannot do what `{}` asks for", bounded(name));
                return Err(Error::new(ErrorKind::Unsupported, message));
            }
        }
        Ok(())
    }

    /// Rejects numbers out of range.
    pub(crate) fn check(&self, kind: ErrorKind) -> Result<()> {
        let checks = [
            (self.temperature >= 0.0 && self.temperature.is_finite(), "`temperature` is 0 or more"),
            (self.top_p > 0.0 && self.top_p <= 1.0, "`top_p` is more than 0 and at most 1"),
            (self.repeat_penalty > 0.0 && self.repeat_penalty.is_finite(), "`repeat_penalty` is more than 0"),
            (self.presence_penalty.is_finite(), "`presence_penalty` is a finite number"),
            (self.frequency_penalty.is_finite(), "`frequency_penalty` is a finite number"),
            (self.max_tokens != Some(0), "`max_tokens` is at least 1"),
            (self.stop.iter().all(|stop| !stop.is_empty()), "a `stop` text is not empty"),
        ];
        match checks.into_iter().find(|(holds, _)| !holds) {
            Some((_, rule)) => Err(Error::new(kind, rule)),
            None => Ok(()),
        }
    }

    /// Returns the settings for comparing models.
    pub(crate) fn described(&self) -> Map<String, Value> {
        let all = json!({
            "temperature": self.temperature, "top_p": self.top_p, "top_k": self.top_k,
            "repeat_penalty": self.repeat_penalty, "presence_penalty": self.presence_penalty,
            "frequency_penalty": self.frequency_penalty, "seed": self.seed, "max_tokens": self.max_tokens,
            "stop": self.stop,
        });
        let Value::Object(all) = all else { return Map::new() };
        all.into_iter().filter(|(_, value)| !value.is_null()).collect()
    }
}

/// Returns whether an argument that this crate does not support has a value with no effect.
fn asks_nothing(name: &str, value: &Value) -> bool {
    match name {
        "n" => value == 1,
        "tools" => value.as_array().is_some_and(Vec::is_empty),
        "tool_choice" => value == "none" || value == "auto",
        "response_format" => value["type"] == "text",
        "parallel_tool_calls" => true,
        _ => false,
    }
}

fn number(name: &str, value: &Value) -> Result<f32> {
    value.as_f64().map(|number| number as f32).ok_or_else(|| wrong(name, value, "a number"))
}

fn count(name: &str, value: &Value) -> Result<usize> {
    let number = value.as_u64().and_then(|number| usize::try_from(number).ok());
    number.ok_or_else(|| wrong(name, value, "a whole number of 0 or more"))
}

fn texts(name: &str, value: &Value) -> Result<Vec<String>> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let texts = match value {
        Value::Array(values) => values.iter().map(text).collect(),
        value => text(value).map(|text| vec![text]),
    };
    texts.ok_or_else(|| wrong(name, value, "a text or a list of texts"))
}

fn wrong(name: &str, value: &Value, expected: &str) -> Error {
    let value = bounded(&value.to_string());
    Error::new(ErrorKind::InvalidInput, format!("`{name}` is {value}, but it has to be {expected}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn called(arguments: Value) -> Result<Settings> {
        Settings::default().called(arguments.as_object())
    }

    #[test]
    fn arguments_of_a_call_replace_what_is_set() {
        let arguments = json!({"temperature": 0, "top_p": 0.5, "top_k": 7, "seed": -1, "max_completion_tokens": 9,
            "stop": "END", "repeat_penalty": 1, "presence_penalty": 0.5, "frequency_penalty": null});
        let expected = Settings {
            temperature: 0.0,
            top_p: 0.5,
            top_k: 7,
            seed: Some(u64::MAX),
            max_tokens: Some(9),
            stop: vec!["END".to_owned()],
            repeat_penalty: 1.0,
            presence_penalty: 0.5,
            ..Settings::default()
        };
        assert_eq!(called(arguments).unwrap(), expected);
        assert_eq!(called(json!({"stop": ["a", "b"]})).unwrap().stop, ["a", "b"]);
        assert_eq!(Settings::default().called(None).unwrap(), Settings::default());
    }

    #[test]
    fn what_asks_for_nothing_is_no_error() {
        let arguments =
            json!({"n": 1, "tools": [], "tool_choice": "none", "response_format": {"type": "text"}});
        assert_eq!(called(arguments).unwrap(), Settings::default());
    }

    #[test]
    fn what_cannot_be_done_or_meant_is_refused() {
        let check = |arguments: Value, kind| {
            assert_eq!(called(arguments.clone()).unwrap_err().kind(), kind, "{arguments}");
        };
        for arguments in [
            json!({"n": 2}),
            json!({"tools": [{"type": "function"}]}),
            json!({"tool_choice": "required"}),
            json!({"response_format": {"type": "json_object"}}),
            json!({"logit_bias": {"1": 2}}),
        ] {
            check(arguments, ErrorKind::Unsupported);
        }
        for arguments in [
            json!({"temperature": "hot"}),
            json!({"temperature": -1}),
            json!({"top_p": 0}),
            json!({"top_p": 1.5}),
            json!({"top_k": -1}),
            json!({"max_tokens": 0}),
            json!({"max_tokens": 1.5}),
            json!({"seed": "x"}),
            json!({"stop": ["a", 1]}),
            json!({"stop": ""}),
            json!({"repeat_penalty": 0}),
        ] {
            check(arguments, ErrorKind::InvalidInput);
        }
    }
}
