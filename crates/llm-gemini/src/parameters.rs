//! Settings of a model that shape its answers.

use std::fmt;

use catena_core::{Error, ErrorKind, RedactedArguments, Result};
use serde_json::{Map, Number, Value};

/// Settings under the names shared by all providers. Unset members are not sent, so the service's defaults apply.
#[derive(Clone, Default)]
pub(crate) struct Parameters {
    pub(crate) members: Map<String, Value>,
    /// Members of the request that are sent unchanged and override those above.
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
    pub(crate) fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.members.insert(name.to_owned(), value.into());
    }

    pub(crate) fn set_number(&mut self, name: &'static str, number: f64) {
        match Number::from_f64(number) {
            Some(number) => self.set(name, number),
            None => self.not_finite = Some(name),
        }
    }

    /// Rejects what JSON cannot represent. Ranges are left to the service, as they differ between models.
    pub(crate) fn check(&self) -> Result<()> {
        let message = match (self.not_finite, self.members.get("n")) {
            (Some(name), _) => format!("`{name}` is not a finite number"),
            (None, Some(n)) if *n == 0 => "`n` must be at least 1".to_owned(),
            _ => return Ok(()),
        };
        Err(Error::new(ErrorKind::Config, message))
    }

    /// Returns everything that shapes an answer, for comparing models.
    pub(crate) fn described(&self, base_url: &str, model: &str) -> Map<String, Value> {
        let facts = [("base_url", base_url), ("model", model)];
        let facts = facts.into_iter().map(|(name, value)| (name.to_owned(), value.into()));
        facts.chain(self.members.clone()).chain(self.extra.clone()).collect()
    }
}
