//! What something is made of: its class and what goes into it.

use serde_json::{Map, Value, json};

use super::Serializable;

/// How to make something again: the id of its class, and what its constructor takes.
///
/// # Example
/// ```
/// use catena_core::load::Constructor;
/// let model = Constructor::new(["langchain", "chat_models", "openai", "ChatOpenAI"])
///     .with("model_name", "gpt-4o-mini")
///     .with_secret("openai_api_key", "OPENAI_API_KEY");
/// assert_eq!(model.kwargs()["openai_api_key"]["id"][0], "OPENAI_API_KEY");
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Constructor {
    id: Vec<String>,
    kwargs: Map<String, Value>,
}

impl Constructor {
    /// The class with this id, made of nothing yet.
    pub fn new<S: Into<String>>(id: impl IntoIterator<Item = S>) -> Self {
        Self { id: id.into_iter().map(Into::into).collect(), kwargs: Map::new() }
    }

    /// One of the classes of `langchain.schema.runnable`.
    pub(crate) fn runnable(class: &str) -> Self {
        Self::new(["langchain", "schema", "runnable", class])
    }

    /// With an argument.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Serializable) -> Self {
        self.kwargs.insert(name.into(), value.to_lc());
        self
    }

    /// With an argument that is written by the name of the secret: its value is given anew when it is loaded.
    #[must_use]
    pub fn with_secret(mut self, name: impl Into<String>, secret: &str) -> Self {
        self.kwargs.insert(name.into(), json!({"lc": 1, "type": "secret", "id": [secret]}));
        self
    }

    /// The id of the class.
    pub fn id(&self) -> &[String] {
        &self.id
    }

    /// What the constructor takes, by name, as it is written.
    pub fn kwargs(&self) -> &Map<String, Value> {
        &self.kwargs
    }

    /// With an argument that is written already.
    pub(super) fn with_written(mut self, name: &str, value: Value) -> Self {
        self.kwargs.insert(name.to_owned(), value);
        self
    }

    pub(super) fn into_lc(self) -> Map<String, Value> {
        let mut lc = Map::new();
        lc.insert("lc".to_owned(), 1.into());
        lc.insert("type".to_owned(), "constructor".into());
        lc.insert("id".to_owned(), self.id.into());
        lc.insert("kwargs".to_owned(), self.kwargs.into());
        lc
    }
}
