//! A request on its way to a transport.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};

/// A request that may be sent several times. What is the same for all requests of a client is shared: the headers are put
/// together each time that the request is sent, and nowhere else.
#[derive(Clone)]
pub(crate) struct Outgoing {
    pub(crate) method: Method,
    pub(crate) url: Uri,
    /// Of many requests. A length among them is replaced by that of the body.
    pub(crate) shared: Arc<HeaderMap>,
    /// Of the body.
    pub(crate) content_type: Option<HeaderValue>,
    /// Of this request. They win.
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Outgoing {
    /// The request with another URL, as connections want it, and another kind of body.
    pub(crate) fn message<B>(&self, url: Uri, body: impl FnOnce(Bytes) -> B) -> Request<B> {
        let mut message = Request::new(body(self.body.clone()));
        *message.method_mut() = self.method.clone();
        *message.uri_mut() = url;
        let headers = message.headers_mut();
        headers.clone_from(&self.shared);
        if let Some(content_type) = &self.content_type {
            set(headers, &CONTENT_TYPE, content_type.clone());
        }
        for (name, value) in &self.headers {
            set(headers, name, value.clone());
        }
        // Where there is none, hyper adds it.
        if let Some(length) = headers.get_mut(CONTENT_LENGTH) {
            *length = HeaderValue::from(self.body.len());
        }
        message
    }

    pub(crate) fn has_header(&self, name: &HeaderName) -> bool {
        self.headers.contains_key(name) || self.shared.contains_key(name)
    }
}

/// Sets a header of which there is at most one. `insert` would make room for one more before it looks.
fn set(headers: &mut HeaderMap, name: &HeaderName, value: HeaderValue) {
    match headers.get_mut(name) {
        Some(known) => *known = value,
        None => drop(headers.insert(name.clone(), value)),
    }
}
