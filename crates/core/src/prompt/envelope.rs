//! LangChain's serialized form of prompts, and message templates read from it.

use serde_json::{Map, Value, json};

use super::chat_entry::Entry;
use super::content_template::{Block, ContentTemplate};
use super::message_template::{MessageTemplate, Role};
use super::partials::Partials;
use super::{
    ChatPromptTemplate, DictPromptTemplate, FewShotChatMessagePromptTemplate, FewShotPromptTemplate,
    ImagePromptTemplate, PromptTemplate,
};
use crate::load::{Constructor, Serializable};
use crate::{Error, ErrorKind, Result};

/// The content of a message template.
pub(crate) enum TextOrBlock {
    Text(PromptTemplate),
    Blocks(Vec<Block>),
}

/// Creates a prompt of one message. A speaker's name takes precedence over the role.
pub(crate) fn message_prompt(
    role: &str,
    speaker: Option<String>,
    content: TextOrBlock,
    more: Map<String, Value>,
) -> Result<ChatPromptTemplate> {
    let role = match speaker {
        Some(name) => Role::Named(name),
        None if role.is_empty() => {
            return Err(Error::new(ErrorKind::MissingKey, "missing `role` of a ChatMessagePromptTemplate"));
        }
        None => Role::parse(role)?,
    };
    let content = match content {
        TextOrBlock::Text(template) => ContentTemplate::Text(template),
        TextOrBlock::Blocks(blocks) => ContentTemplate::Blocks(blocks),
    };
    let mut template = MessageTemplate::with_content(role, content);
    template.additional_kwargs = more;
    Ok(ChatPromptTemplate::default().with_entry(Entry::Template(template)))
}

/// Returns the names sorted, as LangChain writes them.
fn names<'a>(names: impl IntoIterator<Item = &'a String>) -> Vec<String> {
    let mut names: Vec<String> = names.into_iter().cloned().collect();
    names.sort_unstable();
    names
}

/// Adds the variables filled in advance; `None` if any is filled by a function, which cannot be saved.
fn with_partials(made: Constructor, partials: &Partials) -> Option<Constructor> {
    let values = partials.as_data().ok()?;
    Some(if values.is_empty() {
        made
    } else {
        made.with("partial_variables", crate::Data::from(values.clone()))
    })
}

impl PromptTemplate {
    pub(super) fn constructor(&self) -> Option<Constructor> {
        let made = Constructor::new(["langchain", "prompts", "prompt", "PromptTemplate"])
            .with("input_variables", names(self.variables()));
        let made = with_partials(made, &self.partials)?;
        Some(
            made.with("template", self.template())
                .with("template_format", self.template_format().to_string()),
        )
    }
}

impl ChatPromptTemplate {
    pub(super) fn constructor(&self) -> Option<Constructor> {
        self.constructor_as(["langchain", "prompts", "chat", "ChatPromptTemplate"])
    }

    /// Returns how to reconstruct it, as an object of this class.
    pub(super) fn constructor_as(&self, id: [&str; 4]) -> Option<Constructor> {
        let mut partials = self.partials.as_data().ok()?.clone();
        for name in self.optional_variables() {
            if !partials.contains(name) {
                partials.insert(name.as_str(), Vec::<crate::Data>::new());
            }
        }
        let mut made = Constructor::new(id).with("input_variables", names(self.variables()));
        if !self.optional_variables().is_empty() {
            made = made.with("optional_variables", names(self.optional_variables()));
        }
        if !partials.is_empty() {
            made = made.with("partial_variables", crate::Data::from(partials));
        }
        Some(made.with("messages", self.entries.as_slice()))
    }
}

impl Serializable for Entry {
    fn to_lc(&self) -> Value {
        match self {
            Self::Template(template) => template.to_lc(),
            Self::Message(message) => message.to_lc(),
            Self::Placeholder(placeholder) => placeholder.to_lc(),
            Self::Examples(examples) => examples.to_lc(),
        }
    }
}

impl Serializable for MessageTemplate {
    fn to_lc(&self) -> Value {
        let class = match &self.role {
            Role::System => "SystemMessagePromptTemplate",
            Role::Human => "HumanMessagePromptTemplate",
            Role::Ai => "AIMessagePromptTemplate",
            Role::Named(_) => "ChatMessagePromptTemplate",
        };
        let mut made = Constructor::new(["langchain", "prompts", "chat", class]);
        made = match &self.content {
            ContentTemplate::Text(template) => made.with("prompt", template.clone()),
            ContentTemplate::Blocks(blocks) => made.with("prompt", blocks.as_slice()),
        };
        if !self.additional_kwargs.is_empty() {
            made = made.with("additional_kwargs", self.additional_kwargs.clone());
        }
        if let Role::Named(name) = &self.role {
            made = made.with("role", name.as_str());
        }
        made.to_lc()
    }
}

impl Serializable for Block {
    fn to_lc(&self) -> Value {
        match self {
            Self::Text(template) => template.to_lc(),
            Self::Image(template) => template.to_lc(),
            Self::Other(template) => template.to_lc(),
        }
    }
}

impl FewShotPromptTemplate {
    /// Returns the constructor of LangChain's `FewShotPromptWithTemplates`, the few-shot class that can be saved.
    pub(super) fn constructor(&self) -> Option<Constructor> {
        let module = "few_shot_with_templates";
        let made = Constructor::new(["langchain", "prompts", module, "FewShotPromptWithTemplates"])
            .with("input_variables", names(self.variables()))
            .with("examples", self.examples.fixed()?)
            .with("example_prompt", self.example_prompt.clone())
            .with("suffix", self.suffix.clone())
            .with("example_separator", self.separator.as_str())
            .with("template_format", self.suffix.template_format().to_string());
        let made = match &self.prefix {
            Some(prefix) => made.with("prefix", prefix.clone()),
            None => made,
        };
        with_partials(made, &self.partials)
    }
}

impl FewShotChatMessagePromptTemplate {
    pub(super) fn constructor(&self) -> Option<Constructor> {
        let made =
            Constructor::new(["langchain_core", "prompts", "few_shot", "FewShotChatMessagePromptTemplate"]);
        let made = made.with("examples", self.examples.fixed()?);
        Some(made.with("example_prompt", self.example_prompt.clone()))
    }
}

impl ImagePromptTemplate {
    pub(super) fn constructor(&self) -> Constructor {
        let mut template = json!({"url": self.url()});
        if let Some(detail) = self.detail() {
            template["detail"] = detail.into();
        }
        Constructor::new(["langchain", "prompts", "image", "ImagePromptTemplate"])
            .with("input_variables", names(self.variables()))
            .with("template", template)
            .with("template_format", self.format_name().to_string())
    }
}

impl DictPromptTemplate {
    pub(super) fn constructor(&self) -> Constructor {
        Constructor::new(["langchain_core", "prompts", "dict", "DictPromptTemplate"])
            .with("template", self.template())
            .with("template_format", self.template_format().to_string())
    }
}

impl From<PromptTemplate> for Block {
    fn from(template: PromptTemplate) -> Self {
        Self::Text(template)
    }
}

impl From<ImagePromptTemplate> for Block {
    fn from(template: ImagePromptTemplate) -> Self {
        Self::Image(template)
    }
}

impl From<DictPromptTemplate> for Block {
    fn from(template: DictPromptTemplate) -> Self {
        Self::Other(template)
    }
}
