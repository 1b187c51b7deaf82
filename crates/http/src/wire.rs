//! The byte stream of a connection: TCP, with or without TLS, and a count of the bytes received.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

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
pub(crate) struct Traffic(AtomicU64);

impl Traffic {
    /// Returns the number of bytes received.
    pub(crate) fn received(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }

    /// Called only by the task that owns the stream, so that no atomic addition is needed.
    fn add(&self, received: u64) {
        self.0.store(self.0.load(Ordering::Relaxed) + received, Ordering::Release);
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
