//! A request on its way to a transport.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};

/// Capacity of a request's header map, which hyper reuses for the headers of the response.
const RESPONSE_HEADERS: usize = 12;

/// A request that may be sent several times. The parts that all requests of a client have in common are shared; the
/// headers are merged each time the request is sent, and nowhere else.
#[derive(Clone)]
pub(crate) struct Outgoing {
    pub(crate) method: Method,
    pub(crate) url: Uri,
    /// Headers shared by many requests.
    pub(crate) shared: Arc<HeaderMap>,
    /// The content type of the body.
    pub(crate) content_type: Option<HeaderValue>,
    /// Headers of this request, which take precedence.
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// Sent again only if the server reports that it did not process it, or if no part of it was sent.
    pub(crate) once: bool,
    pub(crate) timed_out: TimedOut,
}

/// Whether a time limit expired while the request waited for its response.
#[derive(Debug, Default)]
pub(crate) struct TimedOut(AtomicBool);

impl TimedOut {
    pub(crate) fn set(&self, timed_out: bool) {
        self.0.store(timed_out, Ordering::Release);
    }

    pub(crate) fn is_set(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

impl Clone for TimedOut {
    /// A clone of a request has not been sent yet.
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Outgoing {
    /// Builds the message, with the URL in the form that the connection needs and the body converted by `body`.
    pub(crate) fn message<B>(&self, url: Uri, body: impl FnOnce(Bytes) -> B) -> Request<B> {
        let mut message = Request::new(body(self.body.clone()));
        *message.method_mut() = self.method.clone();
        *message.uri_mut() = url;
        let headers = message.headers_mut();
        headers.reserve(RESPONSE_HEADERS);
        headers.extend(self.shared.iter().map(|(name, value)| (name.clone(), value.clone())));
        if let Some(content_type) = &self.content_type {
            set(headers, &CONTENT_TYPE, content_type.clone());
        }
        for (name, value) in &self.headers {
            set(headers, name, value.clone());
        }
        match self.body.len() {
            0 => drop(headers.remove(CONTENT_LENGTH)),
            length => set(headers, &CONTENT_LENGTH, length.into()),
        }
        message
    }

    pub(crate) fn has_header(&self, name: &HeaderName) -> bool {
        self.headers.contains_key(name) || self.shared.contains_key(name)
    }
}

/// Sets a header that occurs at most once. `insert` would reserve room for another before looking it up.
fn set(headers: &mut HeaderMap, name: &HeaderName, value: HeaderValue) {
    match headers.get_mut(name) {
        Some(known) => *known = value,
        None => drop(headers.insert(name.clone(), value)),
    }
}
