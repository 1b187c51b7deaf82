//! As many examples as there is room for.

use async_trait::async_trait;

use super::{ExampleSelector, text_of_record};
use crate::{Data, PromptTemplate, Result};

/// How long a prompt may be if nothing else is said.
const MAX_LENGTH: usize = 2048;

/// Takes examples in their order until the next one would make the prompt too long.
///
/// The length is counted in words, parted by blanks and newlines, unless another measure is given.
///
/// # Example
/// ```
/// use catena_core::{vars, ExampleSelector, LengthBasedExampleSelector, PromptTemplate};
/// # futures_executor::block_on(async {
/// let examples = [vars! { text: "a b c" }, vars! { text: "d e" }, vars! { text: "f" }];
/// let selector = LengthBasedExampleSelector::new(PromptTemplate::new("{text}")?, examples)?.with_max_length(7);
/// assert_eq!(selector.select_examples(&vars! { question: "why?" }).await?.len(), 3);
/// assert_eq!(selector.select_examples(&vars! { question: "why is it so?" }).await?.len(), 1);
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct LengthBasedExampleSelector {
    example_prompt: PromptTemplate,
    examples: Vec<Data>,
    lengths: Vec<usize>,
    max_length: usize,
    measure: fn(&str) -> usize,
}

impl LengthBasedExampleSelector {
    /// A selector of these examples, each as long as the prompt makes it.
    ///
    /// # Errors
    /// Those of the prompt, for an example that does not fill it.
    pub fn new<T: Into<Data>>(
        example_prompt: PromptTemplate,
        examples: impl IntoIterator<Item = T>,
    ) -> Result<Self> {
        let mut selector = Self {
            example_prompt,
            examples: Vec::new(),
            lengths: Vec::new(),
            max_length: MAX_LENGTH,
            measure: words,
        };
        examples.into_iter().try_for_each(|example| selector.add_example(example))?;
        Ok(selector)
    }

    /// Sets how long the input and the examples may be together.
    #[must_use]
    pub fn with_max_length(mut self, max_length: usize) -> Self {
        self.max_length = max_length;
        self
    }

    /// Sets how lengths are counted: in characters, in tokens.
    ///
    /// # Errors
    /// Those of [`new`](LengthBasedExampleSelector::new).
    pub fn with_measure(mut self, measure: fn(&str) -> usize) -> Result<Self> {
        self.measure = measure;
        self.lengths = self.examples.iter().map(|example| self.length_of(example)).collect::<Result<_>>()?;
        Ok(self)
    }

    /// Adds an example behind the others.
    ///
    /// # Errors
    /// Those of [`new`](LengthBasedExampleSelector::new).
    pub fn add_example(&mut self, example: impl Into<Data>) -> Result<()> {
        let example = example.into();
        self.lengths.push(self.length_of(&example)?);
        self.examples.push(example);
        Ok(())
    }

    fn length_of(&self, example: &Data) -> Result<usize> {
        self.example_prompt.fill_strictly(example).map(|text| (self.measure)(&text))
    }
}

#[async_trait]
impl ExampleSelector for LengthBasedExampleSelector {
    async fn select_examples(&self, input: &Data) -> Result<Vec<Data>> {
        let mut room = self.max_length.saturating_sub((self.measure)(&text_of_record(input, &[])));
        let fits = |length: &&usize| {
            let left = if room == 0 { None } else { room.checked_sub(**length) };
            left.inspect(|left| room = *left).is_some()
        };
        let count = self.lengths.iter().take_while(fits).count();
        Ok(self.examples[..count].to_vec())
    }
}

/// Pieces between single blanks and newlines, empty ones among them.
fn words(text: &str) -> usize {
    text.split(['\n', ' ']).count()
}
