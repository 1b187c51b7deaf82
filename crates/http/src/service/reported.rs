//! What the streams of texts used, told to those who watch: a text cannot carry it.

use catena_core::{Context, Result, Usage};

use super::dialect::StreamDecoder;
use super::origin::Origin;

/// What a call used, and the model that answered it, as far as the service says.
#[derive(Debug, Clone, PartialEq)]
pub struct Used {
    /// The token counts.
    pub usage: Usage,
    /// The model.
    pub model: Option<String>,
}

/// A [`StreamDecoder`] that hears what its call used, and whose chunks cannot say it.
pub trait CountingDecoder: StreamDecoder {
    /// What the call used, once the service said so, and only once. What is said later counts.
    fn take_used(&mut self) -> Option<Used>;
}

/// A decoder that reports what the call used when the answer is complete, or ends without being so: it is paid for either
/// way.
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
    /// The model that was asked.
    model: &'a str,
    cx: Context,
}

impl<'a, D: CountingDecoder> Reported<'a, D> {
    /// A decoder of a call to `model` in the run `cx`.
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
            // Whoever reads may leave with the last chunk.
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
