//! A request on its way to a transport.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};

/// Capacity of a request's header map. Over HTTP/1.1, hyper reuses it for the headers of the response; a map that has to
/// grow costs more than one that is a little larger.
const HEADERS: usize = 12;

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
        headers.reserve(HEADERS);
        headers.extend(self.shared.iter().map(|(name, value)| (name.clone(), value.clone())));
        if let Some(content_type) = &self.content_type {
            set(headers, &CONTENT_TYPE, content_type.clone());
        }
        for (name, value) in &self.headers {
            set(headers, name, value.clone());
        }
        // Whoever set it: a wrong length would break the connection. Of an empty body too, where the method allows one
        // (RFC 9110, section 8.6): hyper leaves it out, and some servers insist on it.
        if !self.body.is_empty() || may_have_body(&self.method) {
            set(headers, &CONTENT_LENGTH, self.body.len().into());
        } else {
            headers.remove(CONTENT_LENGTH);
        }
        message
    }

    pub(crate) fn has_header(&self, name: &HeaderName) -> bool {
        self.headers.contains_key(name) || self.shared.contains_key(name)
    }
}

fn may_have_body(method: &Method) -> bool {
    [Method::POST, Method::PUT, Method::PATCH].contains(method)
}

/// Sets a header that occurs at most once. `insert` would reserve room for another before looking it up.
fn set(headers: &mut HeaderMap, name: &HeaderName, value: HeaderValue) {
    match headers.get_mut(name) {
        Some(known) => *known = value,
        None => drop(headers.insert(name.clone(), value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(name: &'static str, value: &'static str) -> (HeaderName, HeaderValue) {
        (HeaderName::from_static(name), HeaderValue::from_static(value))
    }

    fn outgoing(method: Method, body: &'static str) -> Outgoing {
        let url = Uri::from_static("http://h.test/");
        Outgoing {
            method,
            url,
            shared: Arc::default(),
            content_type: None,
            headers: HeaderMap::new(),
            body: body.into(),
            once: false,
            timed_out: TimedOut::default(),
        }
    }

    fn headers(request: &Outgoing) -> HeaderMap {
        request.message(request.url.clone(), |body| body).into_parts().0.headers
    }

    #[test]
    fn the_length_is_that_of_the_body() {
        for (method, body, expected) in [
            (Method::POST, "four", Some("4")),
            (Method::POST, "", Some("0")),
            (Method::PUT, "", Some("0")),
            (Method::DELETE, "four", Some("4")),
            (Method::GET, "", None),
            (Method::DELETE, "", None),
        ] {
            let plain = outgoing(method, body);
            let mut wrong = plain.clone();
            wrong.shared = Arc::new(HeaderMap::from_iter([header("content-length", "7")]));
            let mut twice = wrong.clone();
            twice.headers = HeaderMap::from_iter([header("content-length", "8")]);
            for request in [plain, wrong, twice] {
                let headers = headers(&request);
                let length = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok());
                assert_eq!(length, expected, "{} {body}", request.method);
            }
        }
    }

    #[test]
    fn a_calls_own_headers_replace_shared_ones_and_no_others() {
        let mut request = outgoing(Method::POST, "{}");
        let mut shared =
            HeaderMap::from_iter([header("content-type", "text/plain"), header("x-a", "shared")]);
        shared.append("x-many", HeaderValue::from_static("1"));
        shared.append("x-many", HeaderValue::from_static("2"));
        request.shared = Arc::new(shared);
        request.content_type = Some(HeaderValue::from_static("application/json"));
        request.headers = HeaderMap::from_iter([header("x-a", "own"), header("x-b", "own")]);
        let headers = headers(&request);
        let all =
            |name: &str| -> Vec<_> { headers.get_all(name).iter().map(HeaderValue::as_bytes).collect() };
        assert_eq!(all("content-type"), [b"application/json"]);
        assert_eq!((all("x-a"), all("x-b")), (vec![&b"own"[..]], vec![&b"own"[..]]));
        assert_eq!(all("x-many"), [b"1", b"2"]);
    }
}
