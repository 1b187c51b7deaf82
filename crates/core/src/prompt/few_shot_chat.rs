//! Few-shot examples as chat messages.

use super::example_selector::Examples;
use super::few_shot::{at_once, named, of_example};
use super::values::Values;
use crate::{ChatPromptTemplate, Data, Message, Outline, Prompt, PromptValue, Record, Result};

/// Few-shot examples as messages, each formatted with a chat prompt.
///
/// Used on its own or inside a [`ChatPromptTemplate`]. Its selector must choose without waiting.
///
/// # Errors
/// Filling it fails with [`MissingKey`](crate::ErrorKind::MissingKey) when an example lacks a value, with
/// [`Unsupported`](crate::ErrorKind::Unsupported) if the selector has to wait, and with the errors of the selector.
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
    /// Creates the prompt from examples, each formatted with `example_prompt`.
    pub fn new(examples: Examples, example_prompt: ChatPromptTemplate) -> Self {
        Self { examples, example_prompt }
    }

    /// Returns the messages of the examples chosen for this input.
    ///
    /// # Errors
    /// Those listed on the type.
    pub fn format_messages(&self, vars: impl Into<Data>) -> Result<Vec<Message>> {
        let mut messages = Vec::new();
        self.fill(&vars.into(), &mut messages)?;
        Ok(messages)
    }

    /// Returns the messages as a transcript.
    ///
    /// # Errors
    /// Those listed on the type.
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

    /// Fills it as part of a larger prompt, whose values these are.
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
