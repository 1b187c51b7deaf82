//! What the service refuses.

use catena_core::{ErrorKind, RunnableExt};

use super::super::stage::{drain, failure};
use super::super::subject::Answered;
use super::super::verdict::{ensure, ensure_eq};
use super::super::{Stage, Verdict};
use crate::{Reply, Server, shown};

/// Status, what it is for branching, and whether trying again may help.
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

/// Each status is an error of its kind, with what the service said, for a call and for a stream.
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
                return Err(super::super::Fault::Broken(format!("HTTP {status} of a {how} is no error")));
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

/// Refusals that are not in the service's own words, as proxies send them, are errors of their status too.
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
