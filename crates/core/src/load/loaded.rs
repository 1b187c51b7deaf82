//! What was loaded.

use std::fmt;

use crate::{
    ChatModel, ChatPromptTemplate, Data, DictPromptTemplate, Document, DynRunnable, Error, ErrorKind,
    FewShotChatMessagePromptTemplate, FewShotPromptTemplate, FromData, ImagePromptTemplate, Json, Message,
    MessagesPlaceholder, PromptTemplate, PromptValue, Record, Result, RunnableExt, RunnableParallel,
    StructuredPrompt, TextModel, WithRaw,
};

/// What was loaded. `try_into` makes the type of it that is expected.
///
/// # Errors
/// [`InvalidInput`](ErrorKind::InvalidInput) if something else was loaded than what is expected.
///
/// # Example
/// ```
/// use catena_core::load::loads;
/// use catena_core::{Data, Message};
/// let text = r#"{"lc": 1, "type": "constructor", "id": ["langchain", "schema", "messages", "HumanMessage"],
///     "kwargs": {"content": "Hi"}}"#;
/// let message: Message = loads(text)?.try_into()?;
/// assert_eq!(message, Message::human("Hi"));
/// let data: Data = loads("[1, 2]")?.try_into()?;
/// assert_eq!(data, vec![1, 2].into());
/// # Ok::<(), catena_core::Error>(())
/// ```
#[non_exhaustive]
pub enum Loaded {
    /// Plain data, messages and filled prompts, and lists and records of them.
    Data(Data),
    /// A list in which there is something else than data.
    List(Vec<Loaded>),
    /// Named values among which there is something else than data.
    Record(Vec<(String, Loaded)>),
    /// The value of a secret.
    Secret(String),
    /// A prompt that is one text.
    Prompt(PromptTemplate),
    /// A prompt of messages, or the template of one.
    Chat(ChatPromptTemplate),
    /// A prompt of messages that says which form the answer has.
    Structured(Box<StructuredPrompt>),
    /// The same, whose chain gives the model's message too.
    StructuredRaw(Box<StructuredPrompt<WithRaw<Json>>>),
    /// A place for messages.
    Placeholder(MessagesPlaceholder),
    /// A text with examples.
    FewShot(Box<FewShotPromptTemplate>),
    /// Messages that are examples.
    FewShotChat(FewShotChatMessagePromptTemplate),
    /// An image.
    Image(ImagePromptTemplate),
    /// Data with templates in it.
    Dict(DictPromptTemplate),
    /// A chat model, of a provider that the loader was given.
    ChatModel(ChatModel),
    /// A text completion model, of a provider that the loader was given.
    TextModel(TextModel),
    /// Branches side by side.
    Parallel(RunnableParallel),
    /// A runnable of any other kind.
    Runnable(DynRunnable),
}

impl Loaded {
    /// A list, as data if it is nothing else.
    pub(super) fn list(items: Vec<Self>) -> Self {
        if !items.iter().all(|item| matches!(item, Self::Data(_))) {
            return Self::List(items);
        }
        let data = items.into_iter().filter_map(|item| match item {
            Self::Data(data) => Some(data),
            _ => None,
        });
        Self::Data(Data::List(data.collect()))
    }

    /// Named values, as data if they are nothing else.
    pub(super) fn record(members: Vec<(String, Self)>) -> Self {
        if !members.iter().all(|(_, member)| matches!(member, Self::Data(_))) {
            return Self::Record(members);
        }
        let data = members.into_iter().filter_map(|(name, member)| match member {
            Self::Data(data) => Some((name, data)),
            _ => None,
        });
        Self::Data(Data::Record(data.collect()))
    }

    /// What it is, for messages to people.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Data(data) => data.kind(),
            Self::List(_) => "a list",
            Self::Record(_) => "a record",
            Self::Secret(_) => "a secret",
            Self::Prompt(_) => "a prompt template",
            Self::Chat(_) => "a chat prompt template",
            Self::Structured(_) => "a structured prompt",
            Self::StructuredRaw(_) => "a structured prompt that includes the raw message",
            Self::Placeholder(_) => "a messages placeholder",
            Self::FewShot(_) => "a few-shot prompt template",
            Self::FewShotChat(_) => "a few-shot chat prompt template",
            Self::Image(_) => "an image prompt template",
            Self::Dict(_) => "a dict prompt template",
            Self::ChatModel(_) => "a chat model",
            Self::TextModel(_) => "a text completion model",
            Self::Parallel(_) | Self::Runnable(_) => "a runnable",
        }
    }

    /// The runnable: a prompt, a parser, a chain; a record of runnables is one of parallel branches.
    pub fn into_runnable(self) -> Result<DynRunnable> {
        Ok(match self {
            Self::Prompt(prompt) => prompt.dynamic(),
            Self::Chat(prompt) => prompt.dynamic(),
            Self::Structured(prompt) => prompt.dynamic(),
            Self::StructuredRaw(prompt) => prompt.dynamic(),
            Self::FewShot(prompt) => prompt.dynamic(),
            Self::FewShotChat(prompt) => prompt.dynamic(),
            Self::Image(prompt) => prompt.dynamic(),
            Self::Dict(prompt) => prompt.dynamic(),
            Self::ChatModel(model) => model.dynamic(),
            Self::TextModel(model) => model.dynamic(),
            Self::Parallel(parallel) => parallel.boxed(),
            Self::Runnable(runnable) => runnable,
            Self::Record(branches) => {
                let mut parallel = RunnableParallel::new();
                for (name, branch) in branches {
                    parallel = parallel.with(name, branch.into_runnable()?);
                }
                parallel.boxed()
            }
            other => return Err(other.unfit("a runnable")),
        })
    }

    fn unfit(&self, expected: &str) -> Error {
        Error::new(ErrorKind::InvalidInput, format!("expected {expected}, but {} was loaded", self.kind()))
    }
}

impl TryFrom<Loaded> for Data {
    type Error = Error;

    fn try_from(loaded: Loaded) -> Result<Self> {
        match loaded {
            Loaded::Data(data) => Ok(data),
            Loaded::Secret(secret) => Ok(secret.into()),
            Loaded::List(items) => {
                items.into_iter().map(Self::try_from).collect::<Result<_>>().map(Self::List)
            }
            Loaded::Record(members) => {
                let members = members.into_iter().map(|(name, member)| Ok((name, Self::try_from(member)?)));
                members.collect::<Result<Record>>().map(Self::Record)
            }
            other => Err(other.unfit("plain data")),
        }
    }
}

macro_rules! loaded_data {
    ($($type:ty: $what:literal),*) => {$(
        impl TryFrom<Loaded> for $type {
            type Error = Error;

            fn try_from(loaded: Loaded) -> Result<Self> {
                match loaded {
                    Loaded::Data(data) => Self::from_data(data),
                    other => Err(other.unfit($what)),
                }
            }
        }
    )*};
}
loaded_data!(
    Message: "a message",
    Vec<Message>: "a list of messages",
    PromptValue: "a prompt value",
    Document: "a document"
);

macro_rules! loaded_kinds {
    ($($kind:ident($type:ty): $what:literal),*) => {$(
        impl TryFrom<Loaded> for $type {
            type Error = Error;

            fn try_from(loaded: Loaded) -> Result<Self> {
                match loaded {
                    Loaded::$kind(made) => Ok(made),
                    other => Err(other.unfit($what)),
                }
            }
        }
    )*};
}
loaded_kinds!(
    Prompt(PromptTemplate): "a prompt template",
    Chat(ChatPromptTemplate): "a chat prompt template",
    Placeholder(MessagesPlaceholder): "a messages placeholder",
    FewShotChat(FewShotChatMessagePromptTemplate): "a few-shot chat prompt template",
    Image(ImagePromptTemplate): "an image prompt template",
    Dict(DictPromptTemplate): "a dict prompt template",
    ChatModel(ChatModel): "a chat model",
    TextModel(TextModel): "a text completion model"
);

macro_rules! boxed_kinds {
    ($($kind:ident($type:ty): $what:literal),*) => {$(
        impl TryFrom<Loaded> for $type {
            type Error = Error;

            fn try_from(loaded: Loaded) -> Result<Self> {
                match loaded {
                    Loaded::$kind(made) => Ok(*made),
                    other => Err(other.unfit($what)),
                }
            }
        }
    )*};
}
boxed_kinds!(
    FewShot(FewShotPromptTemplate): "a few-shot prompt template",
    Structured(StructuredPrompt): "a structured prompt",
    StructuredRaw(StructuredPrompt<WithRaw<Json>>): "a structured prompt that includes the raw message"
);

impl TryFrom<Loaded> for DynRunnable {
    type Error = Error;

    fn try_from(loaded: Loaded) -> Result<Self> {
        loaded.into_runnable()
    }
}

impl From<ChatModel> for Loaded {
    fn from(model: ChatModel) -> Self {
        Self::ChatModel(model)
    }
}

impl From<TextModel> for Loaded {
    fn from(model: TextModel) -> Self {
        Self::TextModel(model)
    }
}

impl From<DynRunnable> for Loaded {
    fn from(runnable: DynRunnable) -> Self {
        Self::Runnable(runnable)
    }
}

/// A secret does not show.
impl fmt::Debug for Loaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Data(inner) => inner.fmt(f),
            Self::List(inner) => inner.fmt(f),
            Self::Record(inner) => {
                f.debug_map().entries(inner.iter().map(|(name, value)| (name, value))).finish()
            }
            Self::Secret(_) => f.write_str("a secret"),
            Self::Prompt(inner) => inner.fmt(f),
            Self::Chat(inner) => inner.fmt(f),
            Self::Structured(inner) => inner.fmt(f),
            Self::StructuredRaw(inner) => inner.fmt(f),
            Self::Placeholder(inner) => inner.fmt(f),
            Self::FewShot(inner) => inner.fmt(f),
            Self::FewShotChat(inner) => inner.fmt(f),
            Self::Image(inner) => inner.fmt(f),
            Self::Dict(inner) => inner.fmt(f),
            Self::ChatModel(inner) => f.write_str(&inner.display_name()),
            Self::TextModel(inner) => f.write_str(&inner.display_name()),
            Self::Parallel(inner) => inner.fmt(f),
            Self::Runnable(inner) => inner.fmt(f),
        }
    }
}
