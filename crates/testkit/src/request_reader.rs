//! Reads an HTTP/1.1 request from a connection.

use std::io;

use bytes::{Buf, Bytes, BytesMut};
use httparse::Status;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

const MAX_HEADERS: usize = 256;
const MAX_HEAD: usize = 1 << 20;
const MAX_BODY: usize = 256 << 20;

/// A request with its body, before it is numbered.
pub(crate) struct Incoming {
    pub(crate) method: String,
    pub(crate) target: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Bytes,
    /// Whether the client wants to reuse the connection.
    pub(crate) keep_alive: bool,
}

impl Incoming {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    fn header_has(&self, name: &str, word: &str) -> bool {
        let values = self.headers.iter().filter(|(known, _)| known == name);
        values.flat_map(|(_, value)| value.split(',')).any(|part| part.trim().eq_ignore_ascii_case(word))
    }
}

/// Reads the next request; `None` if the client closed the connection instead of sending one. Bytes read beyond the
/// request stay in `buffer`.
///
/// Fails with `InvalidData` if the bytes are not valid HTTP, and otherwise with the error of the connection.
pub(crate) async fn read_request<S>(stream: &mut S, buffer: &mut BytesMut) -> io::Result<Option<Incoming>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut incoming = loop {
        if let Some(incoming) = parse_head(buffer)? {
            break incoming;
        }
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    };
    if incoming.header_has("expect", "100-continue") {
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
    }
    incoming.body = read_body(stream, buffer, &incoming).await?;
    Ok(Some(incoming))
}

/// Takes a complete head from the buffer; `None` while it is incomplete.
fn parse_head(buffer: &mut BytesMut) -> io::Result<Option<Incoming>> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    let length = match request.parse(buffer) {
        Ok(Status::Complete(length)) => length,
        Ok(Status::Partial) if buffer.len() < MAX_HEAD => return Ok(None),
        Ok(Status::Partial) => return Err(invalid("request head is too long")),
        Err(error) => return Err(invalid(&error.to_string())),
    };
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    let mut incoming = Incoming {
        method: request.method.unwrap_or_default().to_owned(),
        target: request.path.unwrap_or_default().to_owned(),
        headers: request.headers.iter().map(|h| (h.name.to_ascii_lowercase(), text(h.value))).collect(),
        body: Bytes::new(),
        keep_alive: false,
    };
    incoming.keep_alive = match request.version {
        Some(0) => incoming.header_has("connection", "keep-alive"),
        _ => !incoming.header_has("connection", "close"),
    };
    buffer.advance(length);
    Ok(Some(incoming))
}

async fn read_body<S>(stream: &mut S, buffer: &mut BytesMut, incoming: &Incoming) -> io::Result<Bytes>
where
    S: AsyncRead + Unpin,
{
    if incoming.header_has("transfer-encoding", "chunked") {
        return read_chunked(stream, buffer).await;
    }
    let Some(length) = incoming.header("content-length") else { return Ok(Bytes::new()) };
    let length = length.trim().parse().map_err(|_| invalid("content-length is no number"))?;
    take(stream, buffer, length).await
}

async fn read_chunked<S>(stream: &mut S, buffer: &mut BytesMut) -> io::Result<Bytes>
where
    S: AsyncRead + Unpin,
{
    let mut body = BytesMut::new();
    loop {
        let size = chunk_size(stream, buffer).await?;
        if size == 0 {
            break;
        }
        if body.len() + size > MAX_BODY {
            return Err(invalid("request body is too long"));
        }
        body.extend_from_slice(&take(stream, buffer, size).await?);
        if take(stream, buffer, 2).await? != "\r\n" {
            return Err(invalid("chunk is longer than announced"));
        }
    }
    // Trailer fields, up to the empty line.
    while read_line(stream, buffer).await? != "\r\n" {}
    Ok(body.freeze())
}

async fn chunk_size<S: AsyncRead + Unpin>(stream: &mut S, buffer: &mut BytesMut) -> io::Result<usize> {
    let line = read_line(stream, buffer).await?;
    match httparse::parse_chunk_size(&line) {
        Ok(Status::Complete((_, size))) if size <= MAX_BODY as u64 => Ok(size as usize),
        _ => Err(invalid("chunk size is no number or too large")),
    }
}

/// Takes a line, including its line ending.
async fn read_line<S: AsyncRead + Unpin>(stream: &mut S, buffer: &mut BytesMut) -> io::Result<Bytes> {
    loop {
        if let Some(end) = buffer.iter().position(|byte| *byte == b'\n') {
            return Ok(buffer.split_to(end + 1).freeze());
        }
        if buffer.len() > MAX_HEAD {
            return Err(invalid("line is too long"));
        }
        fill(stream, buffer).await?;
    }
}

/// Takes exactly `length` bytes.
async fn take<S: AsyncRead + Unpin>(
    stream: &mut S,
    buffer: &mut BytesMut,
    length: usize,
) -> io::Result<Bytes> {
    if length > MAX_BODY {
        return Err(invalid("request body is too long"));
    }
    while buffer.len() < length {
        fill(stream, buffer).await?;
    }
    Ok(buffer.split_to(length).freeze())
}

async fn fill<S: AsyncRead + Unpin>(stream: &mut S, buffer: &mut BytesMut) -> io::Result<()> {
    match stream.read_buf(buffer).await? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(()),
    }
}

fn invalid(problem: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, problem)
}
