//! Documents: texts with metadata.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Chunk, Data, Error, ErrorKind, FromData, Prompt, PromptTemplate, Record, Result};

/// A text with metadata: what retrievers return, and what chains over documents read.
///
/// As [`Data`] it is a record of `page_content`, `metadata` and, if present, `id`. A plain text converts into a
/// document without metadata.
///
/// # Example
/// ```
/// use catena_core::{vars, Data, Document, FromData};
/// let document = Document::new("Tea is a drink.").with_metadata("page", 7);
/// let data = Data::from(document.clone());
/// assert_eq!(data, vars! { page_content: "Tea is a drink.", metadata: vars! { page: 7 } });
/// assert_eq!(Document::from_data(data)?, document);
/// # Ok::<(), catena_core::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Document {
    /// The text.
    pub page_content: String,
    /// Named facts about the text, in order: for example its source or page.
    #[serde(default)]
    pub metadata: Record,
    /// Its id in the store it comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

impl Document {
    /// Creates a document without metadata.
    pub fn new(page_content: impl Into<String>) -> Self {
        Self { page_content: page_content.into(), ..Self::default() }
    }

    /// Adds a metadata value.
    #[must_use]
    pub fn with_metadata(mut self, name: impl Into<String>, value: impl Into<Data>) -> Self {
        self.metadata.insert(name, value);
        self
    }

    /// Sets its id in the store.
    #[must_use]
    pub fn with_id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }
}

/// Formats a document with a prompt, whose variables are `page_content` and the document's metadata.
///
/// # Errors
/// [`MissingKey`](ErrorKind::MissingKey) if the document lacks metadata that the prompt requires.
///
/// # Example
/// ```
/// use catena_core::{format_document, Document, PromptTemplate};
/// let document = Document::new("Tea is a drink.").with_metadata("page", 7);
/// let prompt = PromptTemplate::new("{page}: {page_content}")?;
/// assert_eq!(format_document(&document, &prompt)?, "7: Tea is a drink.");
/// assert!(format_document(&document, &PromptTemplate::new("{author}")?).is_err());
/// # Ok::<(), catena_core::Error>(())
/// ```
pub fn format_document(document: &Document, prompt: &PromptTemplate) -> Result<String> {
    let mut values = Record::from_iter([("page_content", document.page_content.as_str())]);
    values.extend(document.metadata.clone());
    prompt.format_prompt(&values.into()).map(crate::PromptValue::into_text)
}

/// The last document wins: documents do not arrive in pieces.
impl Chunk for Document {
    fn to_json(&self) -> Value {
        Data::from(self.clone()).into_json()
    }
}

impl From<&str> for Document {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for Document {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl From<Document> for Data {
    fn from(document: Document) -> Self {
        let Document { page_content, metadata, id } = document;
        let mut record = Record::new();
        record.insert("page_content", page_content);
        record.insert("metadata", metadata);
        if let Some(id) = id {
            record.insert("id", id);
        }
        record.into()
    }
}

impl FromData for Document {
    fn from_data(data: Data) -> Result<Self> {
        let record = match data.into_plain() {
            Data::Text(text) => return Ok(Self::new(text)),
            Data::Record(record) => record,
            other => return Err(unfit(other.kind())),
        };
        let mut document = Self::default();
        let mut has_text = false;
        for (name, value) in record {
            match (name.as_str(), value.into_plain()) {
                ("page_content", Data::Text(text)) => {
                    document.page_content = text;
                    has_text = true;
                }
                ("metadata", Data::Record(metadata)) => document.metadata = metadata,
                ("id", Data::Text(id)) => document.id = Some(id),
                ("metadata" | "id", Data::Null) => {}
                ("page_content" | "metadata" | "id", other) => {
                    return Err(unfit(&format!("{} as `{name}`", other.kind())));
                }
                _ => {}
            }
        }
        if has_text { Ok(document) } else { Err(unfit("a record without `page_content`")) }
    }
}

fn unfit(got: &str) -> Error {
    Error::new(
        ErrorKind::InvalidInput,
        format!(
            "expected a document (a string, or a record with a string `page_content` and a record `metadata`), got {got}"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(value: Value, expected: Result<Document, &str>) {
        let read = Document::from_data(value.into()).map_err(|error| error.message().to_owned());
        match expected {
            Ok(document) => assert_eq!(read, Ok(document)),
            Err(says) => assert!(read.as_ref().is_err_and(|text| text.contains(says)), "{read:?}"),
        }
    }

    #[test]
    fn reads_what_is_meant_as_a_document() {
        check(json!("a"), Ok("a".into()));
        check(json!({"page_content": "a"}), Ok("a".into()));
        let whole = json!({"page_content": "a", "metadata": {"p": 1}, "id": "x", "type": "Document"});
        check(whole, Ok(Document::new("a").with_metadata("p", 1).with_id("x")));
        check(json!({"metadata": {}}), Err("without `page_content`"));
        check(json!({"page_content": 1}), Err("a number as `page_content`"));
        check(json!([1]), Err("a list"));
    }

    #[test]
    fn is_json_as_its_fields() {
        let document = Document::new("a").with_metadata("z", 1).with_metadata("a", 2);
        let text = r#"{"page_content":"a","metadata":{"z":1,"a":2}}"#;
        assert_eq!(serde_json::to_string(&document).ok().as_deref(), Some(text));
        assert_eq!(serde_json::from_str::<Document>(text).ok(), Some(document));
    }
}
