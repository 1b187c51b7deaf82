//! Azure's content filter: there, an answer that it withheld is an error. Elsewhere the answer itself says so.

use catena_core::{AiMessage, Error, ErrorKind, Result, ServiceError};
use catena_http::service::{Origin, StreamDecoder};

/// Checks chat answers, if enabled.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ContentFilter(pub(crate) bool);

impl ContentFilter {
    /// # Errors
    /// `ContentFilter` for an answer that was withheld.
    pub(crate) fn check(self, message: &AiMessage, origin: &Origin) -> Result<()> {
        if !self.0 || !is_withheld(message) {
            return Ok(());
        }
        let service = ServiceError { request_id: origin.request_id.clone(), ..ServiceError::default() };
        let message = "Azure's content filter withheld the answer";
        Err(Error::new(ErrorKind::ContentFilter, message).with_service(service))
    }

    /// Wraps a decoder so that its chunks are checked.
    pub(crate) fn decoder<D>(self, decoder: D) -> Filtered<D> {
        Filtered { decoder, filter: self }
    }
}

/// Returns whether the filter ended an answer. Chat completions report that as the finish reason, the Responses API as
/// the reason in `incomplete_details`.
fn is_withheld(message: &AiMessage) -> bool {
    let incomplete = || message.metadata.extra.get("incomplete_details")?.get("reason")?.as_str();
    message.metadata.finish_reason.as_deref().or_else(incomplete) == Some("content_filter")
}

/// A [`StreamDecoder`] that checks its chunks.
#[derive(Debug)]
pub(crate) struct Filtered<D> {
    decoder: D,
    filter: ContentFilter,
}

impl<D: StreamDecoder<Chunk = AiMessage>> StreamDecoder for Filtered<D> {
    type Chunk = AiMessage;

    fn event(&mut self, name: Option<&str>, data: &str, origin: &Origin) -> Result<Option<AiMessage>> {
        let chunk = self.decoder.event(name, data, origin)?;
        chunk.iter().try_for_each(|chunk| self.filter.check(chunk, origin))?;
        Ok(chunk)
    }

    fn is_complete(&self) -> bool {
        self.decoder.is_complete()
    }

    fn end(&mut self, marked: bool, origin: &Origin) -> Result<Option<AiMessage>> {
        let chunk = self.decoder.end(marked, origin)?;
        chunk.iter().try_for_each(|chunk| self.filter.check(chunk, origin))?;
        Ok(chunk)
    }

    fn whole(&mut self, body: &[u8], origin: &Origin) -> Result<AiMessage> {
        let message = self.decoder.whole(body, origin)?;
        self.filter.check(&message, origin)?;
        Ok(message)
    }
}
