//! What the server answers, and how it writes it.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use serde_json::Value;

use crate::gate::Gate;

/// How the end of a body is marked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Framing {
    /// By a `content-length` header.
    #[default]
    Length,
    /// By the chunked transfer coding, one chunk per part.
    Chunked,
    /// By closing the connection.
    UntilClose,
}

/// One scripted answer: what is sent, in which pieces, when, and what goes wrong.
///
/// A reply is made by a constructor and shaped by its `with_`, `split_`, `hold` and `end_` methods; none of
/// them can fail. The body is written in *parts*, each flushed alone. Without a split it is one part, except
/// for [`Reply::sse`], where each event is one.
///
/// While a reply waits, the server watches the connection: see
/// [`Server::disconnects`](crate::Server::disconnects).
///
/// # Example
///
/// ```
/// use std::time::Duration;
/// use catena_testkit::{Gate, Reply};
/// use serde_json::json;
///
/// // A plain answer after 20 ms.
/// Reply::json(200, json!({"ok": true})).with_delay(Duration::from_millis(20));
///
/// // A rate limit.
/// Reply::json(429, json!({"error": {"message": "slow down"}})).with_header("retry-after", "2");
///
/// // A stream whose second event waits for the test and which then breaks off.
/// let gate = Gate::new();
/// Reply::sse([r#"{"text":"a"}"#, r#"{"text":"b"}"#]).hold_after(0, gate.clone()).end_abort();
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Reply {
    pub(crate) action: Action,
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) framing: Framing,
    pub(crate) delay: Duration,
    pub(crate) pause: Duration,
    pub(crate) ending: Ending,
    body: Bytes,
    split: Split,
    start_hold: Option<Gate>,
    holds: Vec<(usize, Gate)>,
}

/// Whether there is an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Answer,
    Drop,
    Never,
}

/// What comes after the last part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Proper,
    Abort,
    Stall,
}

#[derive(Clone, Debug)]
enum Split {
    Whole,
    Every(usize),
    At(Vec<usize>),
}

/// What to answer.
impl Reply {
    /// JSON, with `content-type: application/json`.
    ///
    /// ```
    /// # use catena_testkit::Reply;
    /// let reply = Reply::json(200, serde_json::json!({"id": 1}));
    /// ```
    pub fn json(status: u16, body: Value) -> Self {
        Self::bytes(status, body.to_string()).with_header("content-type", "application/json")
    }

    /// Plain text in UTF-8.
    ///
    /// ```
    /// # use catena_testkit::Reply;
    /// let reply = Reply::text(404, "404 page not found");
    /// ```
    pub fn text(status: u16, body: impl Into<String>) -> Self {
        Self::bytes(status, body.into()).with_header("content-type", "text/plain; charset=utf-8")
    }

    /// An HTML page in UTF-8, as a gateway sends it.
    ///
    /// ```
    /// # use catena_testkit::Reply;
    /// let reply = Reply::html(502, "<h1>Bad Gateway</h1>");
    /// ```
    pub fn html(status: u16, body: impl Into<String>) -> Self {
        Self::bytes(status, body.into()).with_header("content-type", "text/html; charset=utf-8")
    }

    /// Exactly these bytes, without a `content-type`.
    ///
    /// ```
    /// # use catena_testkit::Reply;
    /// let reply = Reply::bytes(200, vec![0xff, 0xfe]).with_header("content-type", "image/x-broken");
    /// ```
    pub fn bytes(status: u16, body: impl Into<Bytes>) -> Self {
        Self {
            action: Action::Answer,
            status,
            headers: Vec::new(),
            framing: Framing::default(),
            delay: Duration::ZERO,
            pause: Duration::ZERO,
            ending: Ending::Proper,
            body: body.into(),
            split: Split::Whole,
            start_hold: None,
            holds: Vec::new(),
        }
    }

    /// Server-sent events with status 200: each item becomes one event (`data: item` and an empty line) and
    /// one part; an item of several lines becomes several `data:` lines. The framing is chunked. Nothing is
    /// added: give `[DONE]` as the last item where the protocol wants it.
    ///
    /// ```
    /// # use catena_testkit::Reply;
    /// let reply = Reply::sse([r#"{"choices":[]}"#, "[DONE]"]);
    /// ```
    pub fn sse(events: impl IntoIterator<Item: AsRef<str>>) -> Self {
        Self::sse_groups(events.into_iter().map(|event| [event]))
    }

    /// Like [`Reply::sse`], with all events of a group in one part.
    ///
    /// ```
    /// # use catena_testkit::Reply;
    /// // The end of the stream arrives together with the last token.
    /// let reply = Reply::sse_groups([vec!["first"], vec!["last", "[DONE]"]]);
    /// ```
    pub fn sse_groups(groups: impl IntoIterator<Item: IntoIterator<Item: AsRef<str>>>) -> Self {
        let mut body = BytesMut::new();
        let mut ends = Vec::new();
        for group in groups {
            for event in group {
                push_event(&mut body, event.as_ref());
            }
            ends.push(body.len());
        }
        let reply =
            Self::bytes(200, body.freeze()).with_header("content-type", "text/event-stream; charset=utf-8");
        reply.with_framing(Framing::Chunked).split_at(ends)
    }

    /// No answer: the request is read, then the connection is closed.
    ///
    /// ```
    /// # use catena_testkit::{Reply, Server};
    /// // The first call fails, a second one is answered.
    /// let server = Server::replay([Reply::drop_connection(), Reply::text(200, "here I am")]);
    /// ```
    pub fn drop_connection() -> Self {
        Self { action: Action::Drop, ..Self::bytes(200, Bytes::new()) }
    }

    /// No answer: the request is read, then nothing happens until the client gives up.
    ///
    /// ```
    /// # use catena_testkit::{Reply, Server};
    /// let server = Server::replay([Reply::never()]);
    /// ```
    pub fn never() -> Self {
        Self { action: Action::Never, ..Self::bytes(200, Bytes::new()) }
    }
}

/// How to answer.
impl Reply {
    /// Replaces the status.
    ///
    /// ```
    /// # use catena_testkit::Reply;
    /// let reply = Reply::sse(["not yet"]).with_status(503);
    /// ```
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// Sets a header; one of the same name (in any case) is replaced. Name and value are sent as they are.
    ///
    /// The server adds only what the framing needs (`content-length`, `transfer-encoding`, `connection`) and
    /// leaves those alone that are set here, so a wrong `content-length` can be sent. After
    /// `connection: close` it closes the connection.
    ///
    /// ```
    /// # use catena_testkit::Reply;
    /// let truncated = Reply::text(200, "half").with_header("content-length", "8").end_abort();
    /// ```
    pub fn with_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let name = name.into();
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(&name));
        self.headers.push((name, value.into()));
        self
    }

    /// Sets how the end of the body is marked.
    ///
    /// ```
    /// # use catena_testkit::{Framing, Reply};
    /// let reply = Reply::text(200, "until I hang up").with_framing(Framing::UntilClose);
    /// ```
    pub fn with_framing(mut self, framing: Framing) -> Self {
        self.framing = framing;
        self
    }

    /// Waits this long between the arrival of the request and the first byte of the answer.
    ///
    /// ```
    /// # use catena_testkit::Reply;
    /// let slow = Reply::text(200, "at last").with_delay(std::time::Duration::from_millis(300));
    /// ```
    pub fn with_delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Waits this long between two parts. The parts keep their distance on average: a late one does not push
    /// the following ones back.
    ///
    /// ```
    /// # use catena_testkit::Reply;
    /// let trickle = Reply::text(200, "drip").split_every(1).with_pause(std::time::Duration::from_millis(5));
    /// ```
    pub fn with_pause(mut self, pause: Duration) -> Self {
        self.pause = pause;
        self
    }

    /// Cuts the body into parts of `size` bytes; 0 leaves it whole.
    ///
    /// ```
    /// # use catena_testkit::Reply;
    /// // A decoder must survive cuts inside characters and inside line ends.
    /// let reply = Reply::sse(["grüße"]).split_every(1);
    /// ```
    pub fn split_every(mut self, size: usize) -> Self {
        self.split = if size == 0 { Split::Whole } else { Split::Every(size) };
        self
    }

    /// Cuts the body at these byte offsets, in any order. Offsets outside the body are ignored.
    ///
    /// ```
    /// # use catena_testkit::Reply;
    /// let reply = Reply::text(200, "onetwo").split_at([3]); // "one", "two"
    /// ```
    pub fn split_at(mut self, offsets: impl IntoIterator<Item = usize>) -> Self {
        let mut offsets: Vec<usize> = offsets.into_iter().collect();
        offsets.sort_unstable();
        offsets.dedup();
        self.split = Split::At(offsets);
        self
    }

    /// Holds the whole answer back until the gate opens. A delay starts with the request all the same.
    ///
    /// ```
    /// # use catena_testkit::{Gate, Reply, Server};
    /// // Nobody is answered until all have asked.
    /// let gate = Gate::new();
    /// let server = Server::replay([Reply::text(200, "all together").hold(gate.clone())]);
    /// ```
    pub fn hold(mut self, gate: Gate) -> Self {
        self.start_hold = Some(gate);
        self
    }

    /// After part `part` (counted from 0) has left, holds the rest back until the gate opens. After the last
    /// part the rest is the end of the answer. A part that does not exist is never waited for.
    ///
    /// ```
    /// # use catena_testkit::{Gate, Reply};
    /// let gate = Gate::new();
    /// let reply = Reply::sse(["first", "rest"]).hold_after(0, gate.clone());
    /// ```
    pub fn hold_after(mut self, part: usize, gate: Gate) -> Self {
        self.holds.push((part, gate));
        self
    }

    /// Closes the connection after the last part instead of ending the answer properly. What the client
    /// sees depends on the framing: chunked lacks its last chunk, a length announces one byte more than is
    /// sent, and until-close is reset, since there a plain close is the proper end.
    ///
    /// ```
    /// # use catena_testkit::Reply;
    /// let reply = Reply::sse(["only half of the ans"]).end_abort();
    /// ```
    pub fn end_abort(mut self) -> Self {
        self.ending = Ending::Abort;
        self
    }

    /// Sends nothing after the last part, not even the end of the answer, and keeps the connection open
    /// until the client gives up. With a length, one byte more than is sent is announced.
    ///
    /// ```
    /// # use catena_testkit::Reply;
    /// let reply = Reply::sse(["and then"]).end_stall();
    /// ```
    pub fn end_stall(mut self) -> Self {
        self.ending = Ending::Stall;
        self
    }
}

/// What the connection asks for.
impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The length to announce: too much when the body is to look incomplete.
    pub(crate) fn announced_length(&self) -> usize {
        self.body.len() + usize::from(self.ending != Ending::Proper)
    }

    /// The body in pieces, none of them empty.
    pub(crate) fn parts(&self) -> Vec<Bytes> {
        let length = self.body.len();
        let mut ends: Vec<usize> = match &self.split {
            Split::Whole => Vec::new(),
            Split::Every(size) => (1..=length / size).map(|part| part * size).collect(),
            Split::At(offsets) => offsets.clone(),
        };
        ends.retain(|end| (1..length).contains(end));
        ends.extend((length > 0).then_some(length));
        let starts = std::iter::once(0).chain(ends.iter().copied());
        starts.zip(&ends).map(|(start, end)| self.body.slice(start..*end)).collect()
    }

    pub(crate) fn start_hold(&self) -> Option<&Gate> {
        self.start_hold.as_ref()
    }

    pub(crate) fn holds_after(&self, part: usize) -> impl Iterator<Item = &Gate> {
        self.holds.iter().filter(move |(at, _)| *at == part).map(|(_, gate)| gate)
    }
}

fn push_event(body: &mut BytesMut, data: &str) {
    for line in data.split('\n') {
        body.extend_from_slice(b"data: ");
        body.extend_from_slice(line.as_bytes());
        body.extend_from_slice(b"\n");
    }
    body.extend_from_slice(b"\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(reply: Reply, expected: &[&str]) {
        assert_eq!(reply.parts(), expected);
    }

    #[test]
    fn a_body_is_cut_into_parts() {
        let reply = || Reply::text(200, "abcdef");
        check(reply(), &["abcdef"]);
        check(reply().split_every(0), &["abcdef"]);
        check(reply().split_every(4), &["abcd", "ef"]);
        check(reply().split_every(3), &["abc", "def"]);
        check(reply().split_every(9), &["abcdef"]);
        check(reply().split_at([4, 0, 1, 1, 6, 99]), &["a", "bcd", "ef"]);
        check(Reply::text(200, ""), &[]);
        check(Reply::text(200, "").split_every(2), &[]);
    }

    #[test]
    fn events_are_parts() {
        check(Reply::sse(["a", "b\nc"]), &["data: a\n\n", "data: b\ndata: c\n\n"]);
        check(
            Reply::sse_groups([vec!["a", "b"], vec![], vec!["c"]]),
            &["data: a\n\ndata: b\n\n", "data: c\n\n"],
        );
        check(Reply::sse(Vec::<String>::new()), &[]);
    }

    #[test]
    fn a_header_replaces_its_namesake() {
        let reply = Reply::text(200, "").with_header("Content-Type", "a/b").with_header("x-a", "1");
        assert_eq!(reply.header("content-type"), Some("a/b"));
        assert_eq!(reply.headers.len(), 2);
    }
}
