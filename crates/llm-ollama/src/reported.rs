//! What the streams of texts used, told to those who watch: a text cannot carry it.

use catena_core::{Context, Result};
use catena_http::service::{Origin, StreamDecoder};

use crate::codec::generate::CompletionStream;

/// A [`CompletionStream`] that reports what the call used as soon as the service says it.
pub(crate) struct Reported<'a> {
    stream: CompletionStream,
    cx: Context,
    /// The model that was asked.
    model: &'a str,
}

impl<'a> Reported<'a> {
    pub(crate) fn new(model: &'a str, cx: Context) -> Self {
        Self { stream: CompletionStream::default(), cx, model }
    }

    fn report(&mut self) {
        if let Some(used) = self.stream.take_used() {
            self.cx.report_usage(used.model.as_deref().unwrap_or(self.model), used.usage);
        }
    }
}

impl StreamDecoder for Reported<'_> {
    type Chunk = String;

    fn event(&mut self, name: Option<&str>, data: &str, origin: &Origin) -> Result<Option<String>> {
        let text = self.stream.event(name, data, origin);
        self.report();
        text
    }

    fn is_complete(&self) -> bool {
        self.stream.is_complete()
    }

    fn end(&mut self, marked: bool, origin: &Origin) -> Result<Option<String>> {
        self.stream.end(marked, origin)
    }

    fn whole(&mut self, body: &[u8], origin: &Origin) -> Result<String> {
        let text = self.stream.whole(body, origin)?;
        self.report();
        Ok(text)
    }
}
