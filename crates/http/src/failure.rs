//! The errors of this crate: every failure of the underlying libraries, in readable form.
//!
//! Messages name the host, and never include a header, a credential, a query or a body.

use std::error::Error as StdError;
use std::io;
use std::time::Duration;

use catena_core::{Error, ErrorKind};
use http::Uri;

use crate::service::bounded;
use crate::timeout::Limit;

type BoxError = Box<dyn StdError + Send + Sync>;

/// Maximum length of a lower layer's error text in a message, in bytes: a server may control the text.
const MAX_REASON: usize = 200;

/// Returns `host:port` of a URL, which is how errors name a server.
pub(crate) fn server_name(url: &Uri) -> String {
    let host = url.host().unwrap_or("?");
    let default = if url.scheme_str() == Some("http") { 80 } else { 443 };
    format!("{host}:{}", url.port_u16().unwrap_or(default))
}

/// A time limit expired. `setting` is the builder method that raises it, on whichever builder (a model's or a client's)
/// it was set.
pub(crate) fn timed_out(what: &str, server: &str, limit: Duration, setting: &str) -> Error {
    let message = format!("{what} {server} within {limit:?}; {setting} raises this limit where it was set");
    Error::new(ErrorKind::Timeout, message)
}

/// A body exceeds the size limit.
pub(crate) fn body_too_large(limit: usize) -> Error {
    let message = format!(
        "the body of the answer is larger than {limit} bytes; `HttpClientBuilder::with_max_body_bytes` raises this limit"
    );
    Error::new(ErrorKind::TooLarge, message)
}

/// An event or line of an event stream exceeds the size limit.
pub(crate) fn event_too_large(limit: usize) -> Error {
    let message = format!(
        "an event or line of the stream is larger than {limit} bytes; `HttpClientBuilder::with_max_event_bytes` raises \
         this limit"
    );
    Error::new(ErrorKind::TooLarge, message)
}

/// No TCP connection could be opened to `server`, which is the proxy if `proxy` is true.
pub(crate) fn no_connection(server: &str, proxy: bool, limit: Limit, cause: BoxError) -> Error {
    let role = if proxy { "the proxy " } else { "" };
    if let Some(error) = find::<Error>(&*cause) {
        return error.clone();
    }
    let reason = match find::<io::Error>(&*cause) {
        Some(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            format!("{role}{server} refused the connection; is it running, and is the port right?")
        }
        Some(error) if is_out_of_files(error) => format!(
            "cannot connect to {role}{server}: {error}; every call in flight needs a connection: raise the limit \
             (`ulimit -n`) or bound the calls at once (`max_concurrency`)"
        ),
        // Without an OS error code, it was the dialer that gave up, because of our limit.
        Some(error) if error.kind() == io::ErrorKind::TimedOut && error.raw_os_error().is_none() => {
            return limit.error(&format!("{role}{server}")).with_source(Cause(cause));
        }
        Some(error) => format!("cannot connect to {role}{server}: {error}"),
        None => format!("cannot connect to {role}{server}: {}", innermost(&*cause)),
    };
    Error::new(ErrorKind::Connection, reason).with_source(Cause(cause))
}

/// The process or the system is out of file descriptors: EMFILE and ENFILE on Unix.
fn is_out_of_files(error: &io::Error) -> bool {
    cfg!(unix) && matches!(error.raw_os_error(), Some(23 | 24))
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
    // The type of this error is not public; its text is used only to choose the advice.
    let reason = cause.to_string();
    if reason.contains("authorization required") {
        return no_proxy_credentials(Some(proxy)).with_source(Cause(cause));
    }
    let advice = if reason.contains("unsuccessful") {
        "; does it know this host, allow its port, and take the credentials?"
    } else {
        ""
    };
    let reason = innermost(&*cause);
    let message = format!("the proxy {proxy} did not open a connection to {server}: {reason}{advice}");
    Error::new(ErrorKind::Connection, message).with_source(Cause(cause))
}

/// A proxy requires credentials or rejects those given; a retry does not help.
pub(crate) fn no_proxy_credentials(proxy: Option<&str>) -> Error {
    let (name, place) = match proxy {
        Some(proxy) => (format!("the proxy {proxy}"), proxy),
        None => ("the proxy".to_owned(), "host:port"),
    };
    let message =
        format!("{name} asks for credentials; put the right ones in its URL: `http://user:password@{place}`");
    Error::new(ErrorKind::Connection, message).with_retryable(false)
}

/// A TLS handshake failed. Only one that was interrupted or damaged may succeed on a retry.
pub(crate) fn no_tls(server: &str, cause: io::Error) -> Error {
    use rustls::{Error as Tls, InvalidMessage};
    let message = match find::<rustls::Error>(&cause) {
        Some(Tls::InvalidMessage(InvalidMessage::InvalidContentType)) => {
            format!("{server} does not seem to speak TLS; use `http://` if it is a plain HTTP server")
        }
        Some(error @ Tls::InvalidCertificate(_)) => format!(
            "the certificate of {server} is not trusted ({}); for a private certificate authority add its \
             certificate with `HttpClientBuilder::with_root_certificate_pem`, and hand that client to the model by \
             `with_http_client`",
            reason(error)
        ),
        Some(error) if !is_damage(error) => format!("no TLS connection to {server}: {}", reason(error)),
        _ => return broken_handshake(server, cause),
    };
    Error::new(ErrorKind::Tls, message).with_source(cause)
}

fn broken_handshake(server: &str, cause: io::Error) -> Error {
    let message = if cause.kind() == io::ErrorKind::UnexpectedEof {
        format!("{server} closed the connection during the TLS handshake; does it speak TLS?")
    } else {
        format!("the connection to {server} broke during the TLS handshake: {cause}")
    };
    Error::new(ErrorKind::Connection, message).with_source(cause)
}

/// The bytes that one side sent are not those that the other received: proper implementations cause none of these
/// errors (RFC 8446, section 6.2).
fn is_damage(error: &rustls::Error) -> bool {
    use rustls::AlertDescription::{BadRecordMac, DecodeError, DecryptError, RecordOverflow};
    match error {
        rustls::Error::DecryptError
        | rustls::Error::InvalidMessage(_)
        | rustls::Error::PeerSentOversizedRecord => true,
        rustls::Error::AlertReceived(alert) => {
            matches!(alert, BadRecordMac | DecodeError | DecryptError | RecordOverflow)
        }
        _ => false,
    }
}

/// The host cannot appear in any certificate.
pub(crate) fn no_tls_name(host: &str, cause: impl StdError + Send + Sync + 'static) -> Error {
    let message =
        format!("`{host}` is neither a host name nor an address, so its certificate cannot be checked");
    Error::new(ErrorKind::Config, message).with_source(cause)
}

/// The HTTP handshake on a connection failed.
pub(crate) fn no_handshake(url: &Uri, cause: hyper::Error) -> Error {
    let message = format!("no HTTP connection to {}: {}", server_name(url), innermost(&cause));
    Error::new(ErrorKind::Connection, message).with_source(cause)
}

/// A request failed before the response headers arrived. `reused` is true if its connection has already delivered a
/// response.
pub(crate) fn no_answer(url: &Uri, reused: bool, cause: hyper::Error) -> Error {
    let (kind, message) = why_no_answer(&server_name(url), reused, &cause);
    Error::new(kind, message).with_source(cause)
}

fn why_no_answer(server: &str, reused: bool, cause: &hyper::Error) -> (ErrorKind, String) {
    let text = cause.to_string();
    if let Some(error) = find::<rustls::Error>(cause).filter(|error| !is_damage(error)) {
        // With TLS 1.3 a server asks for a client certificate, or rejects one, only after the handshake.
        (ErrorKind::Tls, format!("{server} ended the TLS connection: {}", reason(error)))
    } else if is_bad_head(cause) {
        let what = "is larger than 64 KiB, or not as HTTP/2 asks";
        (ErrorKind::InvalidResponse, format!("the head of the answer of {server} {what}"))
    } else if cause.is_parse() && text.contains("too large") {
        // hyper offers a predicate for this on the server side only.
        (ErrorKind::TooLarge, format!("the headers of the answer of {server} are too large"))
    } else if cause.is_parse() && !reused {
        let message = format!("{server} did not answer in HTTP ({cause}); does it expect `https://`?");
        (ErrorKind::InvalidResponse, message)
    } else if cause.is_user() && !is_dropped(cause) {
        (ErrorKind::InvalidInput, format!("the request cannot be sent: {}", innermost(cause)))
    } else {
        let reason = if is_dropped(cause) { "it was shut down".to_owned() } else { innermost(cause) };
        let message = format!("the connection to {server} broke before an answer arrived: {reason}");
        (ErrorKind::Connection, message)
    }
}

/// The HTTP/2 library reset a stream because of its headers, without saying why; usually they are too large.
fn is_bad_head(error: &hyper::Error) -> bool {
    find::<h2::Error>(error).is_some_and(|error| {
        error.is_library() && error.is_reset() && error.reason() == Some(h2::Reason::PROTOCOL_ERROR)
    })
}

/// An HTTP/2 server reported that it did not process the request: RFC 9113, section 8.7.
pub(crate) fn is_refused(error: &hyper::Error) -> bool {
    find::<h2::Error>(error).is_some_and(|error| {
        error.is_remote() && error.is_reset() && error.reason() == Some(h2::Reason::REFUSED_STREAM)
    })
}

/// An HTTP/2 server is shutting the connection down gracefully and will not process this request: RFC 9113, section
/// 6.8.
pub(crate) fn is_left(error: &hyper::Error) -> bool {
    // The library reports a graceful shutdown only to streams above the last one that the server will process.
    find::<h2::Error>(error).is_some_and(|error| {
        error.is_remote() && error.is_go_away() && error.reason() == Some(h2::Reason::NO_ERROR)
    })
}

/// The task that held the request was dropped: it ended before it began to send the body, or its runtime shut down.
pub(crate) fn is_dropped(error: &hyper::Error) -> bool {
    // The library reports this as one of the user errors; only the text differs.
    error.is_user() && error.to_string().contains("dispatch task")
}

/// The connection was reset. That is how the server's system responds if the server had closed the connection before
/// reading the request; a server that did read it and shuts down usually closes the connection in an orderly way. This
/// is no proof: a crashing server, or a device on the path, may reset a connection too.
pub(crate) fn is_reset(error: &hyper::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, NotConnected};
    let reset = |error: &io::Error| {
        matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | NotConnected)
    };
    error.is_canceled() || error.is_closed() || find(error).is_some_and(reset)
}

/// A body broke off, or is damaged: its framing, or the TLS records that carry it, are not valid.
pub(crate) fn no_body(url: &Uri, cause: hyper::Error) -> Error {
    incomplete(url, &innermost(&cause)).with_source(cause)
}

/// The server ended a body prematurely, without an error.
pub(crate) fn cut_body(url: &Uri) -> Error {
    incomplete(url, "the server broke it off")
}

fn incomplete(url: &Uri, reason: &str) -> Error {
    let message =
        format!("the body of the answer of {} ended before it was complete: {reason}", server_name(url));
    // Nothing is wrong with the request, so a retry may well succeed.
    Error::new(ErrorKind::Incomplete, message).with_retryable(true)
}

/// The runtime that served a request shut down.
pub(crate) fn runtime_ended(cause: impl StdError + Send + Sync + 'static) -> Error {
    let message = "the runtime that served the request was shut down before the answer arrived";
    Error::new(ErrorKind::Connection, message).with_source(cause)
}

/// A body has an unsupported encoding.
pub(crate) fn unknown_encoding(server: &str, encoding: &str) -> Error {
    let advice = if cfg!(feature = "gzip") {
        ""
    } else {
        "; the feature `gzip` of `catena`, or of `catena-http`, reads gzip"
    };
    let encoding: String = encoding.chars().take(40).collect();
    let message = format!("the answer of {server} is encoded as `{}`{advice}", encoding.escape_debug());
    Error::new(ErrorKind::InvalidResponse, message)
}

/// A compressed body is damaged or truncated.
#[cfg(feature = "gzip")]
pub(crate) fn no_gzip(server: &str, cut: bool, cause: io::Error) -> Error {
    let (kind, what) = if cut {
        (ErrorKind::Incomplete, "ended before its compressed data was complete")
    } else {
        (ErrorKind::InvalidResponse, "is not valid gzip")
    };
    let message = format!("the body of the answer of {server} {what}: {cause}");
    Error::new(kind, message).with_retryable(cut).with_source(cause)
}

/// Returns the first error of type `E` in the chain. Also looks into `io::Error`, whose `source` skips the error it
/// wraps.
fn find<'a, E: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a E> {
    let mut found = None;
    walk(error, &mut |error| {
        if found.is_none() {
            found = error.downcast_ref::<E>();
        }
    });
    found
}

/// Returns the text of the last error in the chain: the cause, without layers that only say "client error".
fn innermost(error: &(dyn StdError + 'static)) -> String {
    let mut last = error;
    walk(error, &mut |error| last = error);
    reason(last)
}

/// Returns an error's text, truncated.
fn reason(error: &(dyn StdError + 'static)) -> String {
    bounded(&error.to_string(), MAX_REASON)
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

#[cfg(test)]
mod tests {
    use rustls::pki_types::ServerName;
    use rustls::{CertificateError, Error as Tls};

    use super::*;

    fn handshake(error: Tls) -> Error {
        no_tls("h.test:443", io::Error::new(io::ErrorKind::InvalidData, error))
    }

    #[test]
    fn a_damaged_handshake_is_retried_and_a_refused_one_is_not() {
        use rustls::{AlertDescription as Alert, InvalidMessage};
        for error in [
            Tls::DecryptError,
            Tls::PeerSentOversizedRecord,
            Tls::InvalidMessage(InvalidMessage::MissingData("ServerHello")),
            Tls::AlertReceived(Alert::BadRecordMac),
            Tls::AlertReceived(Alert::DecryptError),
        ] {
            let error = handshake(error);
            assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Connection, true), "{error}");
            assert!(error.to_string().contains("during the TLS handshake"), "{error}");
        }
        for error in [
            Tls::InvalidMessage(InvalidMessage::InvalidContentType),
            Tls::InvalidCertificate(CertificateError::BadSignature),
            Tls::AlertReceived(Alert::HandshakeFailure),
            Tls::AlertReceived(Alert::CertificateRequired),
        ] {
            let error = handshake(error);
            assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Tls, false), "{error}");
        }
    }

    #[test]
    fn what_a_server_says_is_bounded() {
        let presented = (0..1000).map(|number| format!("DnsName(\"{number}.h.test\")")).collect();
        let expected = ServerName::try_from("h.test").expect("a name");
        let names = CertificateError::NotValidForNameContext { expected, presented };
        let errors = [
            handshake(Tls::InvalidCertificate(names)),
            handshake(Tls::General("x".repeat(10_000))),
            no_tunnel("h.test:443", "p.test:80", io::Error::other("x".repeat(10_000)).into()),
        ];
        for error in errors {
            let text = error.to_string();
            assert!(text.contains("h.test:443") && text.len() < 500, "{} bytes", text.len());
        }
    }
}
