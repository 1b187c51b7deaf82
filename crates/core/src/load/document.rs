//! Documents.

use serde_json::Value;

use super::{Constructor, Kwargs, Loaded, Serializable};
use crate::{Data, Document, Result};

impl Serializable for Document {
    fn to_lc(&self) -> Value {
        let mut made = Constructor::new(["langchain", "schema", "document", "Document"]);
        if let Some(id) = &self.id {
            made = made.with("id", id.as_str());
        }
        if !self.metadata.is_empty() {
            made = made.with("metadata", Data::from(self.metadata.clone()));
        }
        made.with("page_content", self.page_content.as_str()).with("type", "Document").to_lc()
    }
}

/// Makes a document, as data.
pub(super) fn document(_class: &str, mut kwargs: Kwargs) -> Result<Loaded> {
    let Some(page_content) = kwargs.text("page_content")? else { return kwargs.need("page_content") };
    let (metadata, id) = (kwargs.record("metadata")?, kwargs.text("id")?);
    Ok(Loaded::Data(Document { page_content, metadata, id }.into()))
}
