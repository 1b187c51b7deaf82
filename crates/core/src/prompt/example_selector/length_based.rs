//! Selection of as many examples as fit.

use async_trait::async_trait;

use super::{ExampleSelector, text_of_record};
use crate::{Data, PromptTemplate, Result};

/// The default maximum length of a prompt.
const MAX_LENGTH: usize = 2048;

/// Selects examples in order until the next one would make the prompt too long.
///
/// Length is counted in words, separated by spaces and newlines, unless another measure is set.
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
    /// Creates a selector of these examples; the length of each is that of its formatted text.
    ///
    /// # Errors
    /// Those of the prompt, for an example that it cannot format.
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

    /// Sets the maximum total length of the input and the examples; 2048 by default.
    #[must_use]
    pub fn with_max_length(mut self, max_length: usize) -> Self {
        self.max_length = max_length;
        self
    }

    /// Sets the function that measures length, for example in characters or tokens.
    ///
    /// # Errors
    /// Those of [`new`](LengthBasedExampleSelector::new).
    pub fn with_measure(mut self, measure: fn(&str) -> usize) -> Result<Self> {
        self.measure = measure;
        self.lengths = self.examples.iter().map(|example| self.length_of(example)).collect::<Result<_>>()?;
        Ok(self)
    }

    /// Appends an example.
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

/// Counts the pieces between single spaces and newlines, including empty ones.
fn words(text: &str) -> usize {
    text.split(['\n', ' ']).count()
}
