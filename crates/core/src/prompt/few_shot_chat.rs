//! Messages that show how it is done.

use super::example_selector::Examples;
use super::few_shot::{at_once, named, of_example};
use super::values::Values;
use crate::{ChatPromptTemplate, Data, Message, Outline, Prompt, PromptValue, Record, Result};

/// Examples as messages, each written as a chat prompt says.
///
/// Stands alone, or in a [`ChatPromptTemplate`]. A selector of it must choose without waiting for anything.
///
/// # Errors
/// Filling it fails with [`MissingKey`](crate::ErrorKind::MissingKey) when an example lacks a value, with
/// [`Unsupported`](crate::ErrorKind::Unsupported) if the selector has to wait, and as the selector does.
///
/// # Example
/// ```
/// use catena_core::{vars, ChatPromptTemplate, Examples, FewShotChatMessagePromptTemplate};
/// let example = ChatPromptTemplate::new([("human", "{q}"), ("ai", "{a}")])?;
/// let examples = Examples::new([vars! { q: "2+2", a: "4" }, vars! { q: "3+3", a: "6" }]);
/// let examples = FewShotChatMessagePromptTemplate::new(examples, example);
/// assert_eq!(examples.format(vars! {})?, "Human: 2+2\nAI: 4\nHuman: 3+3\nAI: 6");
/// # Ok::<(), catena_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct FewShotChatMessagePromptTemplate {
    pub(super) examples: Examples,
    pub(super) example_prompt: ChatPromptTemplate,
}

impl FewShotChatMessagePromptTemplate {
    /// Examples, each written as `example_prompt` says.
    pub fn new(examples: Examples, example_prompt: ChatPromptTemplate) -> Self {
        Self { examples, example_prompt }
    }

    /// The messages of the examples for this input.
    ///
    /// # Errors
    /// Those of the type.
    pub fn format_messages(&self, vars: impl Into<Data>) -> Result<Vec<Message>> {
        let mut messages = Vec::new();
        self.fill(&vars.into(), &mut messages)?;
        Ok(messages)
    }

    /// The messages as a transcript.
    ///
    /// # Errors
    /// Those of the type.
    pub fn format(&self, vars: impl Into<Data>) -> Result<String> {
        self.format_messages(vars).map(|messages| PromptValue::from(messages).to_string())
    }

    fn fill(&self, vars: &Data, messages: &mut Vec<Message>) -> Result<()> {
        let examples = at_once(self.examples.of(vars))?;
        for (index, example) in examples.iter().enumerate() {
            let example =
                self.example_prompt.format_prompt(example).map_err(|error| of_example(index, &error))?;
            messages.extend(example.into_messages());
        }
        Ok(())
    }

    /// Fills it as a part of the prompt that the values are for.
    pub(super) fn fill_part(
        &self,
        values: Values<'_>,
        partials: &Record,
        messages: &mut Vec<Message>,
    ) -> Result<()> {
        self.fill(&named(values.input(), values.needed(), partials), messages)
    }
}

impl Prompt for FewShotChatMessagePromptTemplate {
    type Input = Data;

    fn format_prompt(&self, vars: &Data) -> Result<PromptValue> {
        let mut messages = Vec::new();
        self.fill(vars, &mut messages)?;
        Ok(messages.into())
    }

    fn describe(&self, outline: Outline) -> Outline {
        outline.with_constructor(self.constructor())
    }
}

crate::impl_prompt_runnable!(FewShotChatMessagePromptTemplate);
