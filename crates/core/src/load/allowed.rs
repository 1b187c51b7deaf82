//! Which classes may be loaded.

use super::class::Class;

/// Which classes may be loaded; those that a [`Loader`](super::Loader) is given may unless they are listed by name.
///
/// # Example
/// ```
/// use catena_core::load::{dumps, AllowedObjects, Loader};
/// use catena_core::{Message, PromptTemplate};
/// let messages = Loader::new().with_allowed(AllowedObjects::Messages);
/// assert!(messages.loads(&dumps(&Message::human("Hi"))).is_ok());
/// assert!(messages.loads(&dumps(&PromptTemplate::new("{x}")?)).is_err());
///
/// let prompts = Loader::new().with_allowed(AllowedObjects::only(["PromptTemplate"]));
/// assert!(prompts.loads(&dumps(&PromptTemplate::new("{x}")?)).is_ok());
/// # Ok::<(), catena_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum AllowedObjects {
    /// What people, models, tools and the application say: safe to load from anywhere.
    Messages,
    /// All classes of this crate.
    #[default]
    Core,
    /// All classes that the loader knows.
    All,
    /// These: names of classes (`AIMessage`) or ids with dots (`langchain.schema.messages.AIMessage`).
    Only(Vec<String>),
}

impl AllowedObjects {
    /// The classes of these names or ids.
    pub fn only<S: Into<String>>(classes: impl IntoIterator<Item = S>) -> Self {
        Self::Only(classes.into_iter().map(Into::into).collect())
    }

    /// Whether a class may be loaded: one of this crate, or one that the loader was given.
    pub(super) fn allows(&self, class: Option<&Class>, id: &[&str]) -> bool {
        match self {
            Self::All | Self::Core => true,
            Self::Messages => class.is_none_or(Class::is_plain_message),
            Self::Only(listed) => {
                let (whole, name) = (id.join("."), id.last().copied().unwrap_or_default());
                listed.iter().any(|listed| *listed == whole || listed == name)
            }
        }
    }
}
