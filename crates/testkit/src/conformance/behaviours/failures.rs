//! Errors of the service.

use catena_core::{ErrorKind, RunnableExt};

use super::super::stage::{drain, failure};
use super::super::subject::Answered;
use super::super::verdict::{ensure, ensure_eq};
use super::super::{Fault, Stage, Verdict};
use crate::{Reply, Server, shown};

/// A status, the error kinds it may map to, and whether a retry may help.
const STATUSES: [(u16, &[ErrorKind], bool); 13] = [
    (400, &[ErrorKind::BadRequest], false),
    (401, &[ErrorKind::Authentication], false),
    (403, &[ErrorKind::PermissionDenied], false),
    (404, &[ErrorKind::NotFound], false),
    (408, &[ErrorKind::Timeout, ErrorKind::HttpStatus], true),
    (409, &[ErrorKind::Conflict], true),
    (
        413,
        &[ErrorKind::BadRequest, ErrorKind::TooLarge, ErrorKind::ContextOverflow, ErrorKind::HttpStatus],
        false,
    ),
    (422, &[ErrorKind::BadRequest], false),
    (429, &[ErrorKind::RateLimit], true),
    (500, &[ErrorKind::Server], true),
    (502, &[ErrorKind::Server], true),
    (503, &[ErrorKind::Server], true),
    (529, &[ErrorKind::Server], true),
];

/// Each status maps to an error of its kind, with the service's message, for calls and streams.
pub(crate) async fn errors_by_status<O: Answered>(stage: &Stage<O>) -> Verdict {
    for (status, kinds, retryable) in STATUSES {
        let body = stage.wire().failure(status, "because of the weather");
        let server = Server::replay([Reply::json(status, body)]);
        let model = stage.model(&server)?;
        let called = failure(model.invoke("Hi").await, "a refused call")?;
        let (chunks, streamed) = drain(&model, "Hi").await?;
        ensure!(chunks.is_empty(), "HTTP {status} gives chunks: {chunks:?}");
        for (how, error) in [("call", Some(called)), ("stream", streamed)] {
            let Some(error) = error else {
                return Err(Fault::Broken(format!("HTTP {status} of a {how} is no error")));
            };
            ensure!(
                kinds.contains(&error.kind()),
                "HTTP {status} of a {how} is {:?}, not {kinds:?}",
                error.kind()
            );
            ensure_eq!(
                error.is_retryable(),
                retryable,
                "whether HTTP {status} of a {how} may be tried again"
            );
            let says = error.to_string();
            ensure!(
                says.contains("because of the weather"),
                "HTTP {status} of a {how} does not say why: {says}"
            );
            let known = error.service().and_then(|service| service.status);
            ensure_eq!(known, Some(status), "the status that the error of a {how} knows");
        }
        ensure_eq!(server.requests().len(), 2, "the requests for HTTP {status}, without retries");
    }
    Ok(())
}

/// An error carries the service's request ID and response body.
pub(crate) async fn evidence<O: Answered>(stage: &Stage<O>) -> Verdict {
    const ID: &str = "kit-request-7";
    let header = stage.wire().request_id_header();
    let page = "<html><body>Captive portal</body></html>";
    for (words, reply) in
        [("because of the weather", stage.refusal(500)), ("Captive portal", Reply::html(200, page))]
    {
        let reply = header.map_or_else(|| reply.clone(), |header| reply.clone().with_header(header, ID));
        let server = Server::replay([reply]);
        let model = stage.model(&server)?;
        let called = failure(model.invoke("Hi").await, "a call without an answer")?;
        let (_, streamed) = drain(&model, "Hi").await?;
        for (how, error) in [("call", Some(&called)), ("stream", streamed.as_ref())] {
            let Some(service) = error.and_then(catena_core::Error::service) else {
                return Err(Fault::Broken(format!(
                    "the error of a {how} knows nothing of the service: {error:?}"
                )));
            };
            let body = service.body.as_deref().unwrap_or_default();
            ensure!(body.contains(words), "the error of a {how} has the body {body:?}, without {words:?}");
            let id = header.map(|_| ID);
            ensure_eq!(service.request_id.as_deref(), id, "the request's id in the error of a {how}");
        }
    }
    Ok(())
}

/// Error responses that are not in the service's own format, as proxies send them, map to errors of their status too.
pub(crate) async fn foreign_refusals<O: Answered>(stage: &Stage<O>) -> Verdict {
    let html = "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>";
    for (status, kind, reply) in [
        (502, ErrorKind::Server, Reply::html(502, html)),
        (503, ErrorKind::Server, Reply::text(503, "")),
        (500, ErrorKind::Server, Reply::text(500, "upstream connect error")),
        (404, ErrorKind::NotFound, Reply::json(404, serde_json::Value::Null)),
        (400, ErrorKind::BadRequest, Reply::json(400, serde_json::json!({"error": 7}))),
        (429, ErrorKind::RateLimit, Reply::json(429, serde_json::json!(["slow down"]))),
        (500, ErrorKind::Server, Reply::text(500, "long ".repeat(100_000))),
    ] {
        let server = Server::replay([reply]);
        let model = stage.model(&server)?;
        let called = failure(model.invoke("Hi").await, "a refused call")?;
        let (_, streamed) = drain(&model, "Hi").await?;
        for error in [Some(called), streamed] {
            let seen = error.as_ref().map(catena_core::Error::kind);
            ensure_eq!(seen, Some(kind), "the kind of a foreign HTTP {status}");
            let length = error.map_or(0, |error| shown(&error).len());
            ensure!(length < 32 << 10, "the error of a foreign HTTP {status} shows {length} bytes");
        }
    }
    Ok(())
}
