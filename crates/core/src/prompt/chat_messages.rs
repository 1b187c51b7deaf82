//! Further entries of a chat prompt: parsed templates, named speakers, content blocks, examples.

use serde_json::Value;

use super::chat_entry::Entry;
use super::content_template::ContentTemplate;
use super::message_template::{MessageTemplate, Role};
use super::{ChatPromptTemplate, FewShotChatMessagePromptTemplate, PromptTemplate};
use crate::{Data, Error, ErrorKind, Result};

impl ChatPromptTemplate {
    /// Adds a message with this role and an already parsed template, which keeps its language and the variables it
    /// fills in advance.
    ///
    /// # Errors
    /// [`Config`](crate::ErrorKind::Config) for an unknown role.
    ///
    /// # Example
    /// ```
    /// use catena_core::{ChatPromptTemplate, Message, PromptTemplate};
    /// let template = PromptTemplate::new("{greeting}, {name}!")?.with_partial("greeting", "Hello");
    /// let prompt = ChatPromptTemplate::default().with_prompt("human", template)?;
    /// assert_eq!(prompt.format_messages("Ann")?, [Message::human("Hello, Ann!")]);
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    pub fn with_prompt(self, role: impl AsRef<str>, template: PromptTemplate) -> Result<Self> {
        let role = Role::parse(role.as_ref())?;
        Ok(self.with_entry(Entry::Template(MessageTemplate::new(role, template))))
    }

    /// Adds a message template for a speaker identified by name instead of role.
    ///
    /// # Example
    /// ```
    /// use catena_core::{ChatPromptTemplate, PromptTemplate};
    /// let prompt = ChatPromptTemplate::default().with_speaker("Narrator", PromptTemplate::new("Then {what} came.")?);
    /// assert_eq!(prompt.format_messages("rain")?[0].text(), "Then rain came.");
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    #[doc(alias = "ChatMessagePromptTemplate")]
    #[must_use]
    pub fn with_speaker(self, name: impl Into<String>, template: PromptTemplate) -> Self {
        self.with_entry(Entry::Template(MessageTemplate::new(Role::Named(name.into()), template)))
    }

    /// Adds a message with this role and multi-part content: a list of texts and of content blocks in a provider's
    /// format. Every text in them is a template; text parts that come out empty are omitted.
    ///
    /// # Errors
    /// [`Config`](crate::ErrorKind::Config) for an unknown role or an invalid block,
    /// [`Template`](crate::ErrorKind::Template) for a malformed template.
    ///
    /// # Example
    /// ```
    /// use catena_core::{vars, ChatPromptTemplate, Data};
    /// use serde_json::json;
    /// let content = json!(["{question}", {"type": "image_url", "image_url": "https://example.com/{id}.png"}]);
    /// let prompt = ChatPromptTemplate::default().with_content("human", content)?;
    /// let messages = prompt.format_messages(vars! { question: "What is this?", id: 7 })?;
    /// assert_eq!(serde_json::to_value(&messages[0]).unwrap()["content"][1]["image_url"]["url"], "https://example.com/7.png");
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    pub fn with_content(self, role: impl AsRef<str>, content: impl Into<Data>) -> Result<Self> {
        let role = Role::parse(role.as_ref())?;
        let content =
            ContentTemplate::parse(content.into(), self.format).map_err(|error| self.in_message(&error))?;
        Ok(self.with_entry(Entry::Template(MessageTemplate::with_content(role, content))))
    }

    /// Adds provider-specific fields to the message or message template that was added last.
    ///
    /// # Errors
    /// [`Config`](crate::ErrorKind::Config) if the last entry is not a message: a placeholder, examples, or nothing.
    ///
    /// # Example
    /// ```
    /// use catena_core::{ChatPromptTemplate, Message};
    /// let prompt = ChatPromptTemplate::new([("system", "Be {how}.")])?
    ///     .with_additional_kwargs([("cache_control", "ephemeral")])?;
    /// let messages = prompt.format_messages("brief")?;
    /// assert_eq!(serde_json::to_value(&messages[0]).unwrap()["additional_kwargs"]["cache_control"], "ephemeral");
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    #[doc(alias = "additional_kwargs")]
    pub fn with_additional_kwargs<K: Into<String>, V: Into<Value>>(
        mut self,
        members: impl IntoIterator<Item = (K, V)>,
    ) -> Result<Self> {
        let kwargs = match self.entries.last_mut() {
            Some(Entry::Template(template)) => Some(&mut template.additional_kwargs),
            Some(Entry::Message(message)) => message.additional_kwargs_mut(),
            _ => None,
        };
        let Some(kwargs) = kwargs else {
            let message = "`with_additional_kwargs` must follow a message: the last entry is not one";
            return Err(Error::new(ErrorKind::Config, message));
        };
        kwargs.extend(members.into_iter().map(|(name, value)| (name.into(), value.into())));
        Ok(self)
    }

    /// Adds few-shot examples as messages. See [`FewShotChatMessagePromptTemplate`].
    #[must_use]
    pub fn with_examples(self, examples: FewShotChatMessagePromptTemplate) -> Self {
        self.with_entry(Entry::Examples(examples))
    }
}
