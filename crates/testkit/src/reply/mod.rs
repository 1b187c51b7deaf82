//! Scripted responses, and how they are written.

mod body;
mod shape;

use std::time::Duration;

use bytes::Bytes;

use crate::gate::Gate;

/// How the end of a body is marked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Framing {
    /// By a `content-length` header.
    #[default]
    Length,
    /// By chunked transfer coding, one chunk per part.
    Chunked,
    /// By closing the connection.
    UntilClose,
}

/// A scripted response: its content, parts, timing and faults.
///
/// A reply is created by a constructor and modified by its `with_`, `split_`, `hold` and `end_` methods, none of which
/// can fail. The body is written in *parts*, each flushed separately. Unless it is split, it is a single part, except
/// for [`Reply::sse`], where each event is one.
///
/// While a reply waits, the server monitors the connection: see [`Server::disconnects`](crate::Server::disconnects).
///
/// # Example
///
/// ```
/// use std::time::Duration;
/// use catena_testkit::{Gate, Reply};
/// use serde_json::json;
///
/// // A plain response after 20 ms.
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

/// Whether there is a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Answer,
    Drop,
    Never,
}

/// What happens after the last part.
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

/// What the connection needs.
impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Returns the length to announce: too large if the body should appear incomplete.
    pub(crate) fn announced_length(&self) -> usize {
        self.body.len() + usize::from(self.ending != Ending::Proper)
    }

    /// Returns the body in parts, none of them empty.
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
