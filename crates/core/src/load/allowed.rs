//! Which classes may be loaded.

use super::class::Class;

/// Which classes may be loaded, of those that a [`Loader`](super::Loader) knows.
///
/// # Example
/// ```
/// use catena_core::load::{dumps, AllowedObjects, Loader};
/// use catena_core::{fakes::FakeLlm, Message, PromptTemplate, RunnableExt};
/// let messages = Loader::new().with_allowed(AllowedObjects::Messages);
/// assert!(messages.loads(&dumps(&Message::human("Hi"))).is_ok());
/// assert!(messages.loads(&dumps(&PromptTemplate::new("{x}")?)).is_err());
///
/// // A class that the loader was given needs `All`, which is the default, or its name.
/// let models = Loader::new().with_class(["acme", "Model"], |_| Ok(FakeLlm::new(["Hi"]).dynamic().into()));
/// let text = r#"{"lc": 1, "type": "constructor", "id": ["acme", "Model"], "kwargs": {}}"#;
/// assert!(models.loads(text).is_ok());
/// assert!(models.with_allowed(AllowedObjects::Core).loads(text).is_err());
///
/// let prompts = Loader::new().with_allowed(AllowedObjects::only(["PromptTemplate"]));
/// assert!(prompts.loads(&dumps(&PromptTemplate::new("{x}")?)).is_ok());
/// # Ok::<(), catena_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum AllowedObjects {
    /// What people, models, tools and the application say, and nothing that the loader [was
    /// given](super::Loader::with_class): safe to load from anywhere.
    Messages,
    /// All classes of this crate, and none that the loader was given.
    Core,
    /// All classes that the loader knows: those of this crate and those it was given.
    #[default]
    All,
    /// These: names of classes (`AIMessage`) or ids with dots (`langchain.schema.messages.AIMessage`).
    Only(Vec<String>),
}

impl AllowedObjects {
    /// The classes of these names or ids.
    pub fn only<S: Into<String>>(classes: impl IntoIterator<Item = S>) -> Self {
        Self::Only(classes.into_iter().map(Into::into).collect())
    }

    /// Whether a class may be loaded. It is `None` for one that the loader was given.
    pub(super) fn allows(&self, class: Option<&Class>, id: &[&str]) -> bool {
        match self {
            Self::All => true,
            Self::Core => class.is_some(),
            Self::Messages => class.is_some_and(Class::is_plain_message),
            Self::Only(listed) => {
                let (whole, name) = (id.join("."), id.last().copied().unwrap_or_default());
                listed.iter().any(|listed| *listed == whole || listed == name)
            }
        }
    }
}
