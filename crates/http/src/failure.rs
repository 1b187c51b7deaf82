//! The errors of this crate: every failure of the libraries below, said in words for people.
//!
//! Messages name the host and never a header, a credential, a query or a body.

use std::error::Error as StdError;
use std::io;
use std::time::Duration;

use catena_core::{Error, ErrorKind};
use http::Uri;

use crate::timeout::Limit;

type BoxError = Box<dyn StdError + Send + Sync>;

/// `host:port` of a URL, the way errors name a server.
pub(crate) fn server_name(url: &Uri) -> String {
    let host = url.host().unwrap_or("?");
    let default = if url.scheme_str() == Some("http") { 80 } else { 443 };
    format!("{host}:{}", url.port_u16().unwrap_or(default))
}

/// A time limit passed. `setting` is the builder method that raises it.
pub(crate) fn timed_out(what: &str, server: &str, limit: Duration, setting: &str) -> Error {
    let message =
        format!("{what} {server} within {limit:?}; `HttpClientBuilder::{setting}` raises this limit");
    Error::new(ErrorKind::Timeout, message)
}

/// A body is larger than the client accepts.
pub(crate) fn body_too_large(limit: usize) -> Error {
    let message = format!(
        "the body of the answer is larger than {limit} bytes; `HttpClientBuilder::with_max_body_bytes` raises this limit"
    );
    Error::new(ErrorKind::TooLarge, message)
}

/// A block of an event stream is larger than the client accepts.
pub(crate) fn event_too_large(limit: usize) -> Error {
    let message = format!(
        "an event or line of the stream is larger than {limit} bytes; `HttpClientBuilder::with_max_event_bytes` raises \
         this limit"
    );
    Error::new(ErrorKind::TooLarge, message)
}

/// No TCP connection to `server`, which is the proxy if `proxy` is true.
pub(crate) fn no_connection(server: &str, proxy: bool, limit: Limit, cause: BoxError) -> Error {
    let role = if proxy { "the proxy " } else { "" };
    if let Some(error) = find::<Error>(&*cause) {
        return error.clone();
    }
    let reason = match find::<io::Error>(&*cause) {
        Some(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            format!("{role}{server} refused the connection; is it running, and is the port right?")
        }
        // Without an error number it is not the system that gave up but the dialer, by our limit.
        Some(error) if error.kind() == io::ErrorKind::TimedOut && error.raw_os_error().is_none() => {
            return limit.error(&format!("{role}{server}")).with_source(Cause(cause));
        }
        Some(error) => format!("cannot connect to {role}{server}: {error}"),
        None => format!("cannot connect to {role}{server}: {}", innermost(&*cause)),
    };
    Error::new(ErrorKind::Connection, reason).with_source(Cause(cause))
}

/// The name of a host could not be resolved.
pub(crate) fn no_address(host: &str, cause: io::Error) -> Error {
    let message = format!("cannot resolve the host name `{host}`: {cause}");
    Error::new(ErrorKind::Connection, message).with_source(cause)
}

/// A proxy did not open a tunnel.
pub(crate) fn no_tunnel(server: &str, proxy: &str, cause: BoxError) -> Error {
    if let Some(error) = find::<Error>(&*cause) {
        return error.clone();
    }
    // The type of this error has no public name; its text only picks the advice.
    let reason = cause.to_string();
    let message = if reason.contains("authorization required") {
        format!("the proxy {proxy} asks for credentials; put them in its URL: `http://user:password@{proxy}`")
    } else {
        format!("the proxy {proxy} did not open a connection to {server}: {}", innermost(&*cause))
    };
    Error::new(ErrorKind::Connection, message).with_source(Cause(cause))
}

/// A TLS handshake failed.
pub(crate) fn no_tls(server: &str, cause: BoxError) -> Error {
    use rustls::Error as Tls;
    let message = match find::<rustls::Error>(&*cause) {
        Some(Tls::InvalidMessage(_)) => {
            format!("{server} does not seem to speak TLS; use `http://` if it is a plain HTTP server")
        }
        Some(error @ Tls::InvalidCertificate(_)) => format!(
            "the certificate of {server} is not trusted ({error}); for a private certificate authority add its \
             certificate with `HttpClientBuilder::with_root_certificate_pem`"
        ),
        Some(error) => format!("no TLS connection to {server}: {error}"),
        None => match find::<io::Error>(&*cause) {
            Some(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                format!("{server} closed the connection during the TLS handshake; does it speak TLS?")
            }
            Some(error) => format!("the connection to {server} broke during the TLS handshake: {error}"),
            None => format!("no TLS connection to {server}: {}", innermost(&*cause)),
        },
    };
    Error::new(ErrorKind::Tls, message).with_source(Cause(cause))
}

/// A request failed before the head of the answer arrived.
pub(crate) fn no_answer(server: &str, cause: hyper_util::client::legacy::Error) -> Error {
    // What the connector reports is already one of our errors.
    if let Some(error) = find::<Error>(&cause) {
        return error.clone();
    }
    let hyper = find::<hyper::Error>(&cause);
    let (kind, message) = match hyper {
        // hyper has a method for this, but only for servers.
        Some(error) if error.is_parse() && error.to_string().contains("too large") => {
            (ErrorKind::TooLarge, format!("the headers of the answer of {server} are too large"))
        }
        Some(error) if error.is_parse() => (
            ErrorKind::InvalidResponse,
            format!("{server} did not answer in HTTP ({error}); does it expect `https://`?"),
        ),
        // A runtime that ended under its connection counts as the user's mistake too, and only the text tells.
        Some(error) if error.is_user() && !error.to_string().contains("dispatch task") => {
            (ErrorKind::InvalidInput, format!("the request cannot be sent: {}", innermost(&cause)))
        }
        _ => (
            ErrorKind::Connection,
            format!("the connection to {server} broke before an answer arrived: {}", innermost(&cause)),
        ),
    };
    Error::new(kind, message).with_source(cause)
}

/// A body broke off.
pub(crate) fn no_body(server: &str, cause: hyper::Error) -> Error {
    let malformed = find::<io::Error>(&cause).is_some_and(|error| {
        matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData)
    });
    let (kind, what) = if malformed {
        (ErrorKind::InvalidResponse, "is not framed as HTTP asks")
    } else {
        (ErrorKind::Incomplete, "ended before it was complete")
    };
    let message = format!("the body of the answer of {server} {what}: {}", innermost(&cause));
    // Nothing is wrong with the request, so the same call may well succeed.
    Error::new(kind, message).with_retryable(kind == ErrorKind::Incomplete).with_source(cause)
}

/// The first error of type `E` in the chain. Looks into `io::Error`, whose `source` skips what it wraps.
fn find<'a, E: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a E> {
    let mut found = None;
    walk(error, &mut |error| {
        if found.is_none() {
            found = error.downcast_ref::<E>();
        }
    });
    found
}

/// The last error of the chain: the cause, without the layers that only say "client error".
fn innermost(error: &(dyn StdError + 'static)) -> String {
    let mut text = String::new();
    walk(error, &mut |error| text = error.to_string());
    text
}

fn walk<'a>(error: &'a (dyn StdError + 'static), visit: &mut impl FnMut(&'a (dyn StdError + 'static))) {
    let mut next = Some(error);
    while let Some(error) = next {
        visit(error);
        let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = match wrapped {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
}

/// A boxed error as a source.
#[derive(Debug)]
struct Cause(BoxError);

impl std::fmt::Display for Cause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl StdError for Cause {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source()
    }
}
