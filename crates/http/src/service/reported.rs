//! Reports the usage of text streams to observers, since text chunks cannot carry it.

use catena_core::{Context, Result, Usage};

use super::dialect::StreamDecoder;
use super::origin::Origin;

/// The token usage of a call, and the model that answered it, as far as the service reports them.
#[derive(Debug, Clone, PartialEq)]
pub struct Used {
    /// The token counts.
    pub usage: Usage,
    /// The model that answered.
    pub model: Option<String>,
}

/// A [`StreamDecoder`] that learns the usage of its call, but whose chunks cannot carry it.
pub trait CountingDecoder: StreamDecoder {
    /// Takes the usage of the call: `Some` once after the service reported it. A later report replaces an earlier one.
    fn take_used(&mut self) -> Option<Used>;
}

/// A decoder that reports the usage of the call when the response is complete, or when it ends prematurely: it is
/// billed either way.
///
/// # Example
/// ```
/// use catena_core::{Context, Result, RunConfig, Usage};
/// use catena_http::service::{CountingDecoder, Origin, Reported, StreamDecoder, Used};
///
/// /// Each event is a text, and costs a token.
/// #[derive(Default)]
/// struct Texts(u64);
///
/// impl StreamDecoder for Texts {
///     type Chunk = String;
///     fn event(&mut self, _name: Option<&str>, data: &str, _origin: &Origin) -> Result<Option<String>> {
///         self.0 += 1;
///         Ok(Some(data.to_owned()))
///     }
///     fn end(&mut self, _marked: bool, _origin: &Origin) -> Result<Option<String>> {
///         Ok(None)
///     }
///     fn whole(&mut self, body: &[u8], _origin: &Origin) -> Result<String> {
///         Ok(String::from_utf8_lossy(body).into_owned())
///     }
/// }
///
/// impl CountingDecoder for Texts {
///     fn take_used(&mut self) -> Option<Used> {
///         Some(Used { usage: Usage::new(0, std::mem::take(&mut self.0)), model: None })
///     }
/// }
///
/// let mut texts = Reported::new(Texts::default(), "parrot", Context::new(&RunConfig::new()));
/// texts.event(None, "Hello", &Origin::default())?;
/// texts.end(true, &Origin::default())?;
/// # Ok::<(), catena_core::Error>(())
/// ```
#[derive(Debug)]
pub struct Reported<'a, D> {
    decoder: D,
    /// The model that was requested.
    model: &'a str,
    cx: Context,
}

impl<'a, D: CountingDecoder> Reported<'a, D> {
    /// Wraps the decoder of a call to `model` in the run `cx`.
    pub fn new(decoder: D, model: &'a str, cx: Context) -> Self {
        Self { decoder, model, cx }
    }

    fn report(&mut self) {
        if let Some(used) = self.decoder.take_used() {
            self.cx.report_usage(used.model.as_deref().unwrap_or(self.model), used.usage);
        }
    }
}

impl<D: CountingDecoder> StreamDecoder for Reported<'_, D> {
    type Chunk = D::Chunk;

    fn event(&mut self, name: Option<&str>, data: &str, origin: &Origin) -> Result<Option<D::Chunk>> {
        let chunk = self.decoder.event(name, data, origin);
        if self.decoder.is_complete() {
            // The reader may stop after the last chunk.
            self.report();
        }
        chunk
    }

    fn is_complete(&self) -> bool {
        self.decoder.is_complete()
    }

    fn end(&mut self, marked: bool, origin: &Origin) -> Result<Option<D::Chunk>> {
        let last = self.decoder.end(marked, origin);
        self.report();
        last
    }

    fn whole(&mut self, body: &[u8], origin: &Origin) -> Result<D::Chunk> {
        let chunk = self.decoder.whole(body, origin)?;
        self.report();
        Ok(chunk)
    }
}
