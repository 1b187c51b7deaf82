//! The byte stream of a connection: TCP, with or without TLS, a count of the bytes received, and how long none were.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

/// The byte stream of a connection.
#[derive(Debug)]
pub(crate) struct Wire {
    stream: Stream,
    traffic: Arc<Traffic>,
}

#[derive(Debug)]
enum Stream {
    Plain(TcpStream),
    /// Boxed: a TLS session is much larger than a plain connection.
    Tls(Box<TlsStream<TcpStream>>),
}

/// The traffic on a connection.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    received: AtomicU64,
    silence: Mutex<Option<Silence>>,
}

/// A time in which nothing was received, as far as requests waited for it.
#[derive(Debug)]
struct Silence {
    /// Number of bytes received before.
    received: u64,
    waited: Duration,
    /// The end of what is part of `waited`.
    until: Instant,
}

impl Traffic {
    /// Returns the number of bytes received.
    pub(crate) fn received(&self) -> u64 {
        self.received.load(Ordering::Acquire)
    }

    /// Records that a request was given up that waited from `start` to `now` and received nothing. Returns how long
    /// requests have waited since something was received, without the time between them.
    pub(crate) fn given_up(&self, start: Instant, now: Instant) -> Duration {
        let received = self.received();
        // No code panics while holding the lock.
        let mut silence = self.silence.lock().unwrap_or_else(PoisonError::into_inner);
        let known = silence.take().filter(|known| known.received == received);
        let (waited, until) = known.map_or((Duration::ZERO, start), |known| (known.waited, known.until));
        let waited = waited + now.saturating_duration_since(start.max(until));
        *silence = Some(Silence { received, waited, until: now.max(until) });
        waited
    }

    /// Called only by the task that owns the stream, so that no atomic addition is needed.
    fn add(&self, received: u64) {
        self.received.store(self.received.load(Ordering::Relaxed) + received, Ordering::Release);
    }
}

impl Wire {
    pub(crate) fn plain(tcp: TcpStream) -> Self {
        Self { stream: Stream::Plain(tcp), traffic: Arc::default() }
    }

    pub(crate) fn tls(tls: TlsStream<TcpStream>) -> Self {
        Self { stream: Stream::Tls(Box::new(tls)), traffic: Arc::default() }
    }

    pub(crate) fn traffic(&self) -> Arc<Traffic> {
        Arc::clone(&self.traffic)
    }
}

/// Calls a method of the stream, whichever it is.
macro_rules! either {
    ($wire:expr, $stream:ident => $call:expr) => {
        match &mut $wire.stream {
            Stream::Plain($stream) => {
                let $stream = Pin::new($stream);
                $call
            }
            Stream::Tls($stream) => {
                let $stream = Pin::new(&mut **$stream);
                $call
            }
        }
    };
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(either!(self, stream => stream.poll_read(cx, buf)))?;
        self.traffic.add((buf.filled().len() - before) as u64);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        either!(self, stream => stream.poll_write(cx, buf))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self, stream => stream.poll_flush(cx))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self, stream => stream.poll_shutdown(cx))
    }

    fn is_write_vectored(&self) -> bool {
        match &self.stream {
            Stream::Plain(stream) => stream.is_write_vectored(),
            Stream::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        either!(self, stream => stream.poll_write_vectored(cx, bufs))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silence_is_the_time_in_which_requests_waited() {
        let (traffic, begin) = (Traffic::default(), Instant::now());
        let at = |millis| begin + Duration::from_millis(millis);
        let given_up = |start, end| traffic.given_up(at(start), at(end)).as_millis();
        assert_eq!(given_up(0, 300), 300);
        assert_eq!(given_up(100, 300), 300, "both at once");
        assert_eq!(given_up(200, 400), 400);
        assert_eq!(given_up(9_000, 9_500), 900, "not the time between them");
        traffic.add(1);
        assert_eq!(given_up(9_900, 10_000), 100);
    }
}
