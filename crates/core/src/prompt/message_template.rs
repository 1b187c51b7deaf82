//! A chat message whose content has variables.

use serde_json::{Map, Value};

use super::PromptTemplate;
use super::content_template::ContentTemplate;
use super::values::Values;
use crate::message::pretty::title;
use crate::{ChatMessage, Error, ErrorKind, Message, Result};

/// A speaker, and a template of what it says.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct MessageTemplate {
    pub(super) role: Role,
    pub(super) content: ContentTemplate,
    /// Provider-specific fields besides the content.
    pub(super) additional_kwargs: Map<String, Value>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Role {
    System,
    Human,
    Ai,
    /// A speaker identified by name.
    Named(String),
}

impl Role {
    /// Parses the name of a role.
    pub(super) fn parse(name: &str) -> Result<Self> {
        match name {
            "system" => Ok(Self::System),
            "human" | "user" => Ok(Self::Human),
            "ai" | "assistant" => Ok(Self::Ai),
            other => Err(Error::new(
                ErrorKind::Config,
                format!(
                    "unknown role `{other:.40}`: use `system`, `human`, `user`, `ai`, `assistant` or `placeholder`"
                ),
            )),
        }
    }

    /// Returns the heading of a message of this role, for display.
    fn title(&self) -> &'static str {
        match self {
            Self::System => "System Message",
            Self::Human => "Human Message",
            Self::Ai => "AI Message",
            Self::Named(_) => "Chat Message",
        }
    }
}

impl MessageTemplate {
    pub(super) fn new(role: Role, template: PromptTemplate) -> Self {
        Self::with_content(role, ContentTemplate::Text(template))
    }

    pub(super) fn with_content(role: Role, content: ContentTemplate) -> Self {
        Self { role, content, additional_kwargs: Map::new() }
    }

    pub(super) fn variables(&self) -> Vec<&str> {
        self.content.variables()
    }

    /// Appends the message.
    pub(super) fn fill(&self, values: Values<'_>, messages: &mut Vec<Message>) -> Result<()> {
        let content = self.content.fill(values)?;
        messages.push(match &self.role {
            Role::System => Message::system(content),
            Role::Human => Message::human(content),
            Role::Ai => Message::ai(content),
            Role::Named(name) => Message::Chat(ChatMessage::new(name.clone(), content)),
        });
        if !self.additional_kwargs.is_empty()
            && let Some(members) = messages.last_mut().and_then(Message::additional_kwargs_mut)
        {
            members.extend(self.additional_kwargs.clone());
        }
        Ok(())
    }

    pub(super) fn pretty(&self) -> String {
        format!("{}\n\n{}", title(self.role.title()), self.content.pretty())
    }
}
