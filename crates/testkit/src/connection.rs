//! A client connection: reads requests, sends the replies, detects when the client disconnects.

use std::any::Any;
use std::future::poll_fn;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::task::yield_now;
use tokio::time::sleep_until;

use crate::log::{InFlight, OpenConnection};
use crate::recorded::Recorded;
use crate::reply::{Action, Ending, Framing, Reply};
use crate::request_reader::{Incoming, read_request};
use crate::response_head;

/// Computes the replies.
pub(crate) type Handler = Arc<dyn Fn(&Recorded) -> Reply + Send + Sync>;

/// Longer than any test; keeps sums of instants and durations in range.
const FOREVER: Duration = Duration::from_secs(365 * 24 * 3600);
/// Maximum number of bytes that a client may send ahead while its response is due.
const MAX_AHEAD: usize = 1 << 20;
/// Size of the final write, before which the request counts as finished: usually small enough to be sent at once.
const LAST_BYTES: usize = 16 << 10;

/// Serves a connection until either side closes it.
pub(crate) async fn serve(stream: TcpStream, open: OpenConnection, handler: Handler) {
    let mut connection = Connection { stream, buffer: BytesMut::new() };
    loop {
        match read_request(&mut connection.stream, &mut connection.buffer).await {
            Ok(Some(incoming)) => {
                if !connection.answer(incoming, &open, &handler).await {
                    return;
                }
            }
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                let reply = Reply::text(400, format!("not a valid request: {error}"));
                let answer =
                    [response_head::encode(&reply, "GET", false).into(), reply.parts().concat()].concat();
                // The connection is closed in either case.
                let _ = connection.stream.write_all(&answer).await;
                return;
            }
            Ok(None) | Err(_) => return,
        }
    }
}

struct Connection {
    stream: TcpStream,
    /// Bytes read and not yet used.
    buffer: BytesMut,
}

impl Connection {
    /// Answers a request, and returns whether the connection stays open.
    async fn answer(&mut self, incoming: Incoming, open: &OpenConnection, handler: &Handler) -> bool {
        let client_keeps = incoming.keep_alive;
        let (request, mut in_flight) = open.record(incoming);
        let reply = call(handler, &request);
        let keep_alive = client_keeps && reply.keeps_connection();
        match self.play(&reply, &request, keep_alive, &mut in_flight).await {
            Ok(()) => keep_alive,
            Err(_) => {
                in_flight.disconnect();
                false
            }
        }
    }

    /// Carries out the reply; fails if the client disconnects before the end.
    async fn play(
        &mut self,
        reply: &Reply,
        request: &Recorded,
        keep_alive: bool,
        in_flight: &mut InFlight,
    ) -> io::Result<()> {
        match reply.action {
            Action::Drop => return Ok(()),
            Action::Never => return self.until_client_leaves().await,
            Action::Answer => {}
        }
        let mut due = later(request.arrived(), reply.delay);
        self.sleep_until(due).await?;
        if let Some(gate) = reply.start_hold() {
            self.unless_client_leaves(gate.wait()).await?;
            due = Instant::now();
        }
        let head = response_head::encode(reply, request.method(), keep_alive);
        let has_body = response_head::has_body(request.method(), reply.status);
        let mut pending = BytesMut::from(head.as_bytes());
        if has_body {
            self.write_parts(reply, &mut pending, due).await?;
        }
        if has_body && reply.framing == Framing::Chunked && reply.ending == Ending::Proper {
            pending.extend_from_slice(b"0\r\n\r\n");
        }
        self.write_end(reply, &pending, in_flight).await
    }

    /// Writes the pending bytes and the parts, and leaves pending what is sent together with the end. `due` is when the
    /// first part was to be sent.
    async fn write_parts(
        &mut self,
        reply: &Reply,
        pending: &mut BytesMut,
        mut due: Instant,
    ) -> io::Result<()> {
        let parts = reply.parts();
        for (index, part) in parts.iter().enumerate() {
            if index > 0 {
                due = later(due, reply.pause);
                self.sleep_until(due).await?;
            }
            push_part(pending, part, reply.framing);
            let mut gates = reply.holds_after(index).peekable();
            if index + 1 == parts.len() && gates.peek().is_none() {
                break;
            }
            self.stream.write_all(&pending.split()).await?;
            for gate in gates {
                self.unless_client_leaves(gate.wait()).await?;
                due = Instant::now();
            }
        }
        Ok(())
    }

    /// Writes the last bytes and ends the response as the reply specifies.
    async fn write_end(&mut self, reply: &Reply, bytes: &[u8], in_flight: &mut InFlight) -> io::Result<()> {
        if reply.ending != Ending::Proper {
            self.stream.write_all(bytes).await?;
            return self.end(reply).await;
        }
        let (most, last) = bytes.split_at(bytes.len().saturating_sub(LAST_BYTES));
        self.stream.write_all(most).await?;
        in_flight.finish();
        self.stream.write_all(last).await
    }

    /// Ends a response improperly.
    async fn end(&mut self, reply: &Reply) -> io::Result<()> {
        match (reply.ending, reply.framing) {
            (Ending::Stall, _) => self.until_client_leaves().await,
            // A plain close would be a proper end.
            (Ending::Abort, Framing::UntilClose) => self.stream.set_zero_linger(),
            _ => Ok(()),
        }
    }

    /// Sleeps, or only yields if the time has already come; in both cases it checks whether the client is still
    /// connected.
    async fn sleep_until(&mut self, due: Instant) -> io::Result<()> {
        if due <= Instant::now() {
            return self.unless_client_leaves(yield_now()).await;
        }
        self.unless_client_leaves(sleep_until(due.into())).await
    }

    async fn until_client_leaves(&mut self) -> io::Result<()> {
        self.unless_client_leaves(std::future::pending()).await
    }

    /// Waits for `event`; fails as soon as the client closes the connection.
    async fn unless_client_leaves(&mut self, event: impl Future<Output = ()>) -> io::Result<()> {
        let mut event = pin!(event);
        let Self { stream, buffer } = self;
        poll_fn(|context| {
            let mut space = [0; 1024];
            while buffer.len() < MAX_AHEAD {
                let mut read = ReadBuf::new(&mut space);
                match Pin::new(&mut *stream).poll_read(context, &mut read) {
                    Poll::Ready(Ok(())) if read.filled().is_empty() => {
                        return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
                    }
                    Poll::Ready(Ok(())) => buffer.extend_from_slice(read.filled()),
                    Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                    Poll::Pending => break,
                }
            }
            event.as_mut().poll(context).map(Ok)
        })
        .await
    }
}

impl Reply {
    /// Returns whether the connection can be reused after this response, if it is sent to its end.
    fn keeps_connection(&self) -> bool {
        let closes = self.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
        let proper = self.action == Action::Answer && self.ending == Ending::Proper;
        proper && self.framing != Framing::UntilClose && !closes
    }
}

fn push_part(pending: &mut BytesMut, part: &Bytes, framing: Framing) {
    if framing != Framing::Chunked {
        return pending.extend_from_slice(part);
    }
    pending.extend_from_slice(format!("{:x}\r\n", part.len()).as_bytes());
    pending.extend_from_slice(part);
    pending.extend_from_slice(b"\r\n");
}

/// If a handler panics, for example on a failed assertion, the response carries the message instead of leaving the
/// client waiting.
fn call(handler: &Handler, request: &Recorded) -> Reply {
    let answered = catch_unwind(AssertUnwindSafe(|| handler(request)));
    answered.unwrap_or_else(|panic| Reply::text(500, format!("the handler panicked: {}", message(&*panic))))
}

fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message")
}

fn later(instant: Instant, wait: Duration) -> Instant {
    instant + wait.min(FOREVER)
}
