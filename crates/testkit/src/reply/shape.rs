//! How a reply is written: status, headers, parts, timing and faults.

use std::time::Duration;

use super::{Ending, Framing, Reply, Split};
use crate::gate::Gate;

/// Status, headers, parts, timing and faults.
impl Reply {
    /// Sets the status.
    ///
    /// ```
    /// # use catena_testkit::Reply;
    /// let reply = Reply::sse(["not yet"]).with_status(503);
    /// ```
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// Sets a header, replacing any of the same name (case-insensitive). Name and value are sent unchanged.
    ///
    /// The server adds only the headers that the framing needs (`content-length`, `transfer-encoding`, `connection`),
    /// unless they are set here, so a wrong `content-length` can be sent. After `connection: close` it closes the
    /// connection.
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

    /// Sets the delay between the arrival of the request and the first byte of the response.
    ///
    /// ```
    /// # use catena_testkit::Reply;
    /// let slow = Reply::text(200, "at last").with_delay(std::time::Duration::from_millis(300));
    /// ```
    pub fn with_delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Sets the pause between parts. The average is kept: a late part does not delay the following ones.
    ///
    /// ```
    /// # use catena_testkit::Reply;
    /// let trickle = Reply::text(200, "drip").split_every(1).with_pause(std::time::Duration::from_millis(5));
    /// ```
    pub fn with_pause(mut self, pause: Duration) -> Self {
        self.pause = pause;
        self
    }

    /// Splits the body into parts of `size` bytes; 0 does not split it.
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

    /// Splits the body at these byte offsets, in any order. Offsets outside the body are ignored.
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

    /// Holds the whole response back until the gate opens. A delay is still measured from the request.
    ///
    /// ```
    /// # use catena_testkit::{Gate, Reply, Server};
    /// // No request is answered before all have arrived.
    /// let gate = Gate::new();
    /// let server = Server::replay([Reply::text(200, "all together").hold(gate.clone())]);
    /// ```
    pub fn hold(mut self, gate: Gate) -> Self {
        self.start_hold = Some(gate);
        self
    }

    /// Holds the rest back after part `part` (counted from 0) until the gate opens.
    ///
    /// After the last part, the rest is the end of the response, which is otherwise sent together with it. A part that
    /// does not exist has no effect.
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

    /// Closes the connection after the last part instead of ending the response properly.
    ///
    /// What the client sees depends on the framing: with chunked coding the last chunk is missing, with a length one
    /// more byte is announced than sent, and with until-close the connection is reset, because a plain close would be a
    /// proper end.
    ///
    /// ```
    /// # use catena_testkit::Reply;
    /// let reply = Reply::sse(["only half of the ans"]).end_abort();
    /// ```
    pub fn end_abort(mut self) -> Self {
        self.ending = Ending::Abort;
        self
    }

    /// Sends nothing after the last part, not even the end of the response, and keeps the connection open until the
    /// client gives up. With a length, one more byte is announced than sent.
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
