//! Prompts: from variables to what a model reads.

mod fstring;
mod prompt_template;
mod prompt_value;

pub use prompt_template::PromptTemplate;
pub use prompt_value::PromptValue;

use crate::{Chunk, Result};

/// Something that makes a [`PromptValue`] of an input, at once and without side effects.
///
/// # Contract
/// The same input gives the same value. A value is never read as a template again.
///
/// # Errors
/// [`MissingKey`](crate::ErrorKind::MissingKey) for a variable that the input lacks.
///
/// # Wrappers
/// [`impl_prompt_runnable!`](crate::impl_prompt_runnable) makes a prompt a [`Runnable`](crate::Runnable) with `|`.
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
    /// What fills the prompt.
    type Input: Chunk;

    /// Fills the prompt.
    fn format_prompt(&self, input: &Self::Input) -> Result<PromptValue>;
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
        }
        $crate::impl_pipe!($type);
    };
}
