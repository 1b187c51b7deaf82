//! Formatting of documents for a prompt.

use catena_core::{Document, Error, PromptTemplate, Result, format_document};

/// Formats documents for a prompt: each with a template, joined by a separator.
///
/// By default, a document is formatted as its text, and the separator is a blank line.
///
/// # Example
/// ```
/// use catena_chains::DocumentWriting;
/// use catena_core::{Document, PromptTemplate};
/// let documents = [Document::new("tea").with_metadata("page", 1), Document::new("socks").with_metadata("page", 2)];
/// assert_eq!(DocumentWriting::new().write(&documents)?, "tea\n\nsocks");
/// let writing = DocumentWriting::new()
///     .with_prompt(PromptTemplate::new("[{page}] {page_content}")?)
///     .with_separator("; ");
/// assert_eq!(writing.write(&documents)?, "[1] tea; [2] socks");
/// # Ok::<(), catena_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct DocumentWriting {
    /// `None` for the unchanged text.
    prompt: Option<PromptTemplate>,
    separator: String,
}

impl DocumentWriting {
    /// Creates the default formatting: texts separated by blank lines.
    pub fn new() -> Self {
        Self { prompt: None, separator: "\n\n".to_owned() }
    }

    /// Formats each document with this template, which may use its metadata.
    #[must_use]
    #[doc(alias = "document_prompt")]
    pub fn with_prompt(mut self, prompt: PromptTemplate) -> Self {
        self.prompt = Some(prompt);
        self
    }

    /// Sets the separator between documents.
    #[must_use]
    #[doc(alias = "document_separator")]
    pub fn with_separator(mut self, separator: impl Into<String>) -> Self {
        self.separator = separator.into();
        self
    }

    /// Formats all documents as one text.
    ///
    /// # Errors
    /// [`MissingKey`](catena_core::ErrorKind::MissingKey) when a document lacks metadata that the template requires.
    pub fn write(&self, documents: &[Document]) -> Result<String> {
        let texts = documents.iter().enumerate().map(|(index, document)| {
            let text = self.write_one(document);
            text.map_err(|error| Error::new(error.kind(), format!("document {index}: {}", error.message())))
        });
        Ok(texts.collect::<Result<Vec<_>>>()?.join(&self.separator))
    }

    /// Formats one document.
    pub(crate) fn write_one(&self, document: &Document) -> Result<String> {
        match &self.prompt {
            Some(prompt) => format_document(document, prompt),
            None => Ok(document.page_content.clone()),
        }
    }
}

impl Default for DocumentWriting {
    fn default() -> Self {
        Self::new()
    }
}
