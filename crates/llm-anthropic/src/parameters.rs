//! The settings that shape an answer.

use std::fmt;

use catena_core::{Error, ErrorKind, RedactedArguments, Result};
use serde_json::{Map, Number, Value};

/// Members of the request body, as the application named them. Unset members are not sent, so the service's defaults
/// apply.
#[derive(Clone, Default)]
pub(crate) struct Parameters {
    pub(crate) members: Map<String, Value>,
    /// Members that are sent unchanged and override those above.
    pub(crate) extra: Map<String, Value>,
    /// The name of a number that is not finite, which JSON cannot represent.
    not_finite: Option<&'static str>,
}

/// Redacts the keys to MCP servers.
impl fmt::Debug for Parameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [members, extra] = [&self.members, &self.extra].map(RedactedArguments);
        let mut shown = f.debug_struct("Parameters");
        shown.field("members", &members).field("extra", &extra).field("not_finite", &self.not_finite).finish()
    }
}

impl Parameters {
    /// Returns true if a tool holds a key. Such a model is not written to files.
    pub(crate) fn has_secrets(&self) -> bool {
        [&self.members, &self.extra].map(RedactedArguments).iter().any(RedactedArguments::hides_something)
    }

    pub(crate) fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.members.insert(name.to_owned(), value.into());
    }

    pub(crate) fn set_number(&mut self, name: &'static str, number: f64) {
        match Number::from_f64(number) {
            Some(number) => self.set(name, number),
            None => self.not_finite = Some(name),
        }
    }

    /// Rejects what JSON cannot represent and what would contradict the call. Ranges are left to the service, as they
    /// differ.
    pub(crate) fn check(&self) -> Result<()> {
        let config = |message: String| Err(Error::new(ErrorKind::Config, message));
        if self.extra.contains_key("stream") {
            let message = "`stream` cannot be an extra field: it is set by the method that is called";
            return config(message.to_owned());
        }
        match self.not_finite {
            Some(name) => config(format!("`{name}` is not a finite number")),
            None => Ok(()),
        }
    }
}
