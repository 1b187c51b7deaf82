//! Prompts: templates that turn variables into the input of a model.

mod chat_composition;
mod chat_entry;
mod chat_messages;
mod chat_prompt_template;
mod content_template;
mod dict_prompt_template;
mod envelope;
mod example_selector;
mod few_shot;
mod few_shot_chat;
mod field_value;
mod format_spec;
mod fstring;
mod image_prompt_template;
#[cfg(feature = "jinja2")]
mod jinja2;
mod message_template;
mod messages_placeholder;
#[cfg(feature = "mustache")]
mod mustache;
mod partials;
mod prompt_composition;
mod prompt_template;
mod prompt_value;
mod saved;
mod structured_prompt;
mod template;
mod template_format;
mod text_of;
mod values;

pub use chat_prompt_template::ChatPromptTemplate;
pub(crate) use content_template::Block;
pub use dict_prompt_template::DictPromptTemplate;
pub(crate) use envelope::{TextOrBlock, message_prompt};
pub use example_selector::{
    ExampleSelector, Examples, LengthBasedExampleSelector, MaxMarginalRelevanceExampleSelector,
    SemanticSimilarityExampleSelector,
};
pub use few_shot::FewShotPromptTemplate;
pub use few_shot_chat::FewShotChatMessagePromptTemplate;
pub use field_value::{FieldValue, fill_in_order};
pub(crate) use format_spec::quoted;
pub use image_prompt_template::ImagePromptTemplate;
pub use messages_placeholder::MessagesPlaceholder;
#[cfg(feature = "mustache")]
pub use mustache::MustacheTemplate;
pub use prompt_template::PromptTemplate;
pub use prompt_value::PromptValue;
pub use structured_prompt::StructuredPrompt;
pub use template_format::TemplateFormat;
pub(crate) use text_of::push_number;
pub use text_of::stringify_value;

use crate::{Chunk, Outline, Result};

/// Turns an input into a [`PromptValue`], synchronously and without side effects.
///
/// # Contract
/// The same input gives the same value. Inserted values are never parsed as templates.
///
/// # Errors
/// [`MissingKey`](crate::ErrorKind::MissingKey) for a variable that the input lacks.
///
/// # Wrappers
/// [`impl_prompt_runnable!`](crate::impl_prompt_runnable) makes a prompt a [`Runnable`](crate::Runnable) that composes
/// with `|`.
///
/// # Example
/// ```
/// use catena_core::{impl_prompt_runnable, Prompt, PromptValue, Result, RunnableExt};
///
/// struct Translate;
///
/// impl Prompt for Translate {
///     type Input = String;
///     fn format_prompt(&self, text: &String) -> Result<PromptValue> {
///         Ok(format!("Translate to French: {text}").into())
///     }
/// }
/// impl_prompt_runnable!(Translate);
///
/// # futures_executor::block_on(async {
/// assert_eq!(Translate.invoke("bread").await?.to_string(), "Translate to French: bread");
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
pub trait Prompt: Send + Sync {
    /// The input that fills the prompt.
    type Input: Chunk;

    /// Fills the prompt.
    fn format_prompt(&self, input: &Self::Input) -> Result<PromptValue>;

    /// Adds what is known of the prompt to the outline: its variables as the input schema, and its template.
    fn describe(&self, outline: Outline) -> Outline {
        outline
    }
}

/// Makes a [`Prompt`] a [`Runnable`](crate::Runnable) that can stand on either side of `|`.
///
/// # Example
/// See [`Prompt`].
#[macro_export]
macro_rules! impl_prompt_runnable {
    ($type:ty) => {
        #[$crate::async_trait]
        impl $crate::Runnable for $type {
            type Input = <$type as $crate::Prompt>::Input;
            type Output = $crate::PromptValue;

            async fn call(
                &self,
                input: Self::Input,
                _cx: &$crate::Context,
            ) -> $crate::Result<$crate::PromptValue> {
                $crate::Prompt::format_prompt(self, &input)
            }

            fn kind(&self) -> $crate::RunKind {
                $crate::RunKind::Prompt
            }

            fn outline(&self) -> $crate::Outline {
                $crate::Prompt::describe(self, $crate::Outline::of(self))
            }
        }
        $crate::impl_pipe!($type);
    };
}
