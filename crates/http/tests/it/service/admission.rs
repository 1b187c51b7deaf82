//! Who lets requests in is asked before each attempt and told how it ended.

use std::sync::{Arc, Mutex};

use catena_core::{Admission, Admitted, Context, Demand, Error, ErrorKind, Outcome, Result, async_trait};
use catena_http::service::Call;
use catena_testkit::{Reply, Server};
use futures_util::StreamExt;
use pollster::block_on;

use super::support::{Texts, hasty};

/// Notes what it was asked and told; refuses from the given number on.
#[derive(Debug, Clone)]
struct Log {
    lines: Arc<Mutex<Vec<String>>>,
    admits: usize,
}

impl Log {
    fn new(admits: usize) -> Self {
        Self { lines: Arc::default(), admits }
    }

    fn note(&self, line: String) -> usize {
        let mut lines = self.lines.lock().unwrap();
        lines.push(line);
        lines.len()
    }

    fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }
}

struct Ticket(Option<Log>);

#[async_trait]
impl Admission for Log {
    async fn admit(&self, demand: &Demand<'_>) -> Result<Box<dyn Admitted>> {
        if self.note(format!("admit {:?}", demand.tokens)) > self.admits {
            return Err(Error::new(ErrorKind::RateLimit, "too much"));
        }
        Ok(Box::new(Ticket(Some(self.clone()))))
    }
}

impl Admitted for Ticket {
    fn report(mut self: Box<Self>, outcome: &Outcome<'_>) {
        if let Some(log) = self.0.take() {
            let kind = outcome.error.map(Error::kind);
            log.note(format!("{kind:?} left {:?}", outcome.limits.remaining_requests));
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if let Some(log) = &self.0 {
            log.note("given up".to_owned());
        }
    }
}

#[test]
fn every_attempt_is_admitted_and_reported() {
    let left = |reply: Reply, left: &str| reply.with_header("x-ratelimit-remaining-requests", left);
    let server = Server::replay([
        left(Reply::text(429, ""), "0"),
        Reply::drop_connection(),
        left(Reply::text(200, "a"), "9"),
    ]);
    let log = Log::new(9);
    let service = hasty(&server).0.with_admission(log.clone()).build().unwrap();
    block_on(service.send(Call::get("x").with_estimated_tokens(5), &Context::default())).unwrap();
    let expected = [
        "admit Some(5)",
        "Some(RateLimit) left Some(0)",
        "admit Some(5)",
        "Some(Connection) left None",
        "admit Some(5)",
        "None left Some(9)",
    ];
    assert_eq!(log.lines(), expected);
}

#[test]
fn a_stream_holds_its_admission_to_its_end() {
    let server = Server::replay([Reply::sse(["a", "b"])]);
    let log = Log::new(9);
    let service = hasty(&server).0.with_admission(log.clone()).build().unwrap();
    let stream = || service.stream(Ok(Call::post("x")), Context::default(), Texts::default);
    block_on(async {
        let mut chunks = stream();
        assert_eq!(chunks.next().await.unwrap().unwrap(), "a");
        assert_eq!(log.lines(), ["admit None"]);
        while chunks.next().await.is_some() {}
        assert_eq!(log.lines(), ["admit None", "None left None"]);
        let mut chunks = stream();
        chunks.next().await;
    });
    assert_eq!(log.lines()[2..], ["admit None", "given up"]);
}

#[test]
fn what_is_not_admitted_is_not_sent() {
    let server = Server::replay([Reply::text(200, "")]);
    let service = hasty(&server).0.with_admission(Log::new(0)).build().unwrap();
    let error = block_on(service.send(Call::get("x"), &Context::default())).unwrap_err();
    assert_eq!((error.kind(), server.requests().len()), (ErrorKind::RateLimit, 0));
}
