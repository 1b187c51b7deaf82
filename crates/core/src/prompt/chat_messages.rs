//! What else a chat prompt may be made of: parsed templates, named speakers, blocks, examples.

use serde_json::Value;

use super::chat_entry::Entry;
use super::content_template::ContentTemplate;
use super::message_template::{MessageTemplate, Role};
use super::{ChatPromptTemplate, FewShotChatMessagePromptTemplate, PromptTemplate};
use crate::{Data, Error, ErrorKind, Result};

impl ChatPromptTemplate {
    /// Adds a role and a template that was parsed before, with its own language and what it has filled beforehand.
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

    /// Adds a template of what someone says who has a name instead of a role.
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

    /// Adds a role and content of several parts: a list of texts, and of blocks as services know them. Every text in
    /// them is a template; text parts that come out empty are left away.
    ///
    /// # Errors
    /// [`Config`](crate::ErrorKind::Config) for an unknown role or what is no block, [`Template`](crate::ErrorKind::Template) for what is malformed.
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

    /// Gives the message or message template that was added last what a single service takes beside its content.
    ///
    /// # Errors
    /// [`Config`](crate::ErrorKind::Config) if what was added last is no message: a placeholder, examples, or nothing.
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

    /// Adds examples as messages. See [`FewShotChatMessagePromptTemplate`].
    #[must_use]
    pub fn with_examples(self, examples: FewShotChatMessagePromptTemplate) -> Self {
        self.with_entry(Entry::Examples(examples))
    }
}
