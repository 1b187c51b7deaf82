//! A message of a chat prompt whose text has variables.

use super::PromptTemplate;
use super::values::Values;
use crate::{Error, ErrorKind, Message, Result};

/// Who speaks, and a template of what they say.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct MessageTemplate {
    role: Role,
    template: PromptTemplate,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    System,
    Human,
    Ai,
}

impl Role {
    /// Reads the name of a role.
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
}

impl MessageTemplate {
    pub(super) fn new(role: Role, template: PromptTemplate) -> Self {
        Self { role, template }
    }

    pub(super) fn variables(&self) -> &[String] {
        self.template.variables()
    }

    pub(super) fn fill(&self, values: Values<'_>) -> Result<Message> {
        let text = self.template.fill(values)?;
        Ok(match self.role {
            Role::System => Message::system(text),
            Role::Human => Message::human(text),
            Role::Ai => Message::ai(text),
        })
    }
}
