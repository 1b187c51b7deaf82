//! The constructors of replies.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use serde_json::Value;

use super::{Action, Ending, Framing, Reply, Split};

/// Constructors.
impl Reply {
    /// Creates a JSON response, with `content-type: application/json`.
    ///
    /// ```
    /// # use catena_testkit::Reply;
    /// let reply = Reply::json(200, serde_json::json!({"id": 1}));
    /// ```
    pub fn json(status: u16, body: Value) -> Self {
        Self::bytes(status, body.to_string()).with_header("content-type", "application/json")
    }

    /// Creates a plain text response in UTF-8.
    ///
    /// ```
    /// # use catena_testkit::Reply;
    /// let reply = Reply::text(404, "404 page not found");
    /// ```
    pub fn text(status: u16, body: impl Into<String>) -> Self {
        Self::bytes(status, body.into()).with_header("content-type", "text/plain; charset=utf-8")
    }

    /// Creates an HTML response in UTF-8, like those of gateways.
    ///
    /// ```
    /// # use catena_testkit::Reply;
    /// let reply = Reply::html(502, "<h1>Bad Gateway</h1>");
    /// ```
    pub fn html(status: u16, body: impl Into<String>) -> Self {
        Self::bytes(status, body.into()).with_header("content-type", "text/html; charset=utf-8")
    }

    /// Creates a response with exactly these bytes, and no `content-type`.
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

    /// Creates a stream of server-sent events with status 200.
    ///
    /// Each item becomes one event (`data: item` and an empty line) and one part; an item of several lines becomes
    /// several `data:` lines. The framing is chunked. Nothing is added: pass `[DONE]` as the last item if the protocol
    /// requires it.
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

    /// Sends no response: the request is read, then the connection is closed.
    ///
    /// ```
    /// # use catena_testkit::{Reply, Server};
    /// // The first call fails, a second one is answered.
    /// let server = Server::replay([Reply::drop_connection(), Reply::text(200, "here I am")]);
    /// ```
    pub fn drop_connection() -> Self {
        Self { action: Action::Drop, ..Self::bytes(200, Bytes::new()) }
    }

    /// Sends no response: the request is read, then nothing happens until the client gives up.
    ///
    /// ```
    /// # use catena_testkit::{Reply, Server};
    /// let server = Server::replay([Reply::never()]);
    /// ```
    pub fn never() -> Self {
        Self { action: Action::Never, ..Self::bytes(200, Bytes::new()) }
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
