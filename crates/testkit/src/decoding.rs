//! Decoding of streams as in the transport.

use catena_core::Result;
use catena_http::service::{Mended, Origin, StreamDecoder};

/// Feeds events to a decoder like the transport does: up to `[DONE]`, or until the response is complete, or to the end.
/// Returns the chunks, and how the stream ends.
///
/// # Example
/// ```
/// use catena_core::{Error, ErrorKind, Result};
/// use catena_http::service::{Origin, StreamDecoder};
/// use catena_testkit::decode_events;
///
/// /// Each event is a piece of text; the service says when it is done.
/// struct Texts;
///
/// impl StreamDecoder for Texts {
///     type Chunk = String;
///     fn event(&mut self, _name: Option<&str>, data: &str, _origin: &Origin) -> Result<Option<String>> {
///         Ok(Some(data.to_owned()))
///     }
///     fn end(&mut self, marked: bool, _origin: &Origin) -> Result<Option<String>> {
///         if marked { Ok(None) } else { Err(Error::new(ErrorKind::Incomplete, "the answer breaks off")) }
///     }
///     fn whole(&mut self, body: &[u8], _origin: &Origin) -> Result<String> {
///         Ok(String::from_utf8_lossy(body).into_owned())
///     }
/// }
///
/// let (chunks, end) = decode_events(Texts, &["to", "ken", "[DONE]"], &Origin::default());
/// assert_eq!(chunks, ["to", "ken"]);
/// assert!(end.is_ok());
/// let (_, end) = decode_events(Texts, &["to"], &Origin::default());
/// assert_eq!(end.unwrap_err().kind(), ErrorKind::Incomplete);
/// ```
pub fn decode_events<D>(decoder: D, events: &[&str], origin: &Origin) -> (Vec<D::Chunk>, Result<()>)
where
    D: StreamDecoder,
{
    let mut decoder = Mended::new(decoder);
    let mut chunks = Vec::new();
    let mut marked = false;
    for data in events {
        marked = *data == "[DONE]";
        if marked {
            break;
        }
        match decoder.event(None, data, origin) {
            Ok(chunk) => chunks.extend(chunk),
            Err(error) => return (chunks, Err(error)),
        }
        marked = decoder.is_complete();
        if marked {
            break;
        }
    }
    let end = decoder.end(marked, origin).map(|last| chunks.extend(last));
    (chunks, end)
}
