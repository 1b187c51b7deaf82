//! What the settings add to every chat answer: the headers it came with, and the judgement of Azure's filter.

use catena_core::{AiMessage, Error, ErrorKind, Result, ServiceError};
use catena_http::service::{Origin, StreamDecoder};
use serde_json::{Map, Value};

/// What to do with chat answers beyond decoding them.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Finishing {
    /// The headers become `headers` of the metadata.
    pub(crate) headers: bool,
    /// An answer that Azure's content filter withheld is an error. Elsewhere it is an answer that says so.
    pub(crate) azure: bool,
}

impl Finishing {
    /// Finishes an answer in one piece.
    ///
    /// # Errors
    /// `ContentFilter`.
    pub(crate) fn finish(self, message: &mut AiMessage, origin: &Origin) -> Result<()> {
        self.check_filter(message, origin)?;
        self.add_headers(message, origin);
        Ok(())
    }

    /// A decoder whose chunks are finished.
    pub(crate) fn decoder<D>(self, decoder: D) -> Finished<D> {
        Finished { decoder, finishing: self, begun: false }
    }

    fn check_filter(self, message: &AiMessage, origin: &Origin) -> Result<()> {
        if !self.azure || message.metadata.finish_reason.as_deref() != Some("content_filter") {
            return Ok(());
        }
        let service = ServiceError { request_id: origin.request_id.clone(), ..ServiceError::default() };
        let message = "Azure's content filter withheld the answer";
        Err(Error::new(ErrorKind::ContentFilter, message).with_service(service))
    }

    fn add_headers(self, message: &mut AiMessage, origin: &Origin) {
        if !self.headers {
            return;
        }
        let headers = origin.headers.iter();
        let headers = headers.map(|(name, value)| {
            (name.to_string(), Value::from(String::from_utf8_lossy(value.as_bytes()).into_owned()))
        });
        message.metadata.extra.insert("headers".to_owned(), headers.collect::<Map<_, _>>().into());
    }
}

/// A [`StreamDecoder`] whose chunks are finished.
#[derive(Debug)]
pub(crate) struct Finished<D> {
    decoder: D,
    finishing: Finishing,
    /// The headers come with the first chunk.
    begun: bool,
}

impl<D> Finished<D> {
    fn finish(&mut self, mut chunk: AiMessage, origin: &Origin) -> Result<AiMessage> {
        self.finishing.check_filter(&chunk, origin)?;
        if !std::mem::replace(&mut self.begun, true) {
            self.finishing.add_headers(&mut chunk, origin);
        }
        Ok(chunk)
    }
}

impl<D: StreamDecoder<Chunk = AiMessage>> StreamDecoder for Finished<D> {
    type Chunk = AiMessage;

    fn event(&mut self, name: Option<&str>, data: &str, origin: &Origin) -> Result<Option<AiMessage>> {
        let chunk = self.decoder.event(name, data, origin)?;
        chunk.map(|chunk| self.finish(chunk, origin)).transpose()
    }

    fn end(&mut self, marked: bool, origin: &Origin) -> Result<Option<AiMessage>> {
        let chunk = self.decoder.end(marked, origin)?;
        chunk.map(|chunk| self.finish(chunk, origin)).transpose()
    }

    fn whole(&mut self, body: &[u8], origin: &Origin) -> Result<AiMessage> {
        let message = self.decoder.whole(body, origin)?;
        self.finish(message, origin)
    }
}
