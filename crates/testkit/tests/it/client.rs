//! A minimal HTTP client that hides nothing.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// Long enough for a loaded machine; no test that passes waits for it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Client {
    pub(crate) stream: BufReader<TcpStream>,
}

/// An answer, read to its proper end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Self { stream: BufReader::new(stream) }
    }

    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.get_mut().write_all(bytes.as_ref()).unwrap();
    }

    pub(crate) fn get(&mut self, path: &str) {
        self.send(format!("GET {path} HTTP/1.1\r\nhost: test\r\n\r\n"));
    }

    pub(crate) fn post(&mut self, path: &str, headers: &str, body: &str) {
        let length = body.len();
        self.send(format!("POST {path} HTTP/1.1\r\n{headers}content-length: {length}\r\n\r\n{body}"));
    }

    /// Everything up to the end of the connection, however it ends.
    pub(crate) fn read_all(&mut self) -> String {
        let mut bytes = Vec::new();
        let _ = self.stream.read_to_end(&mut bytes);
        String::from_utf8(bytes).unwrap()
    }

    /// Exactly this many bytes.
    pub(crate) fn read_exact(&mut self, length: usize) -> String {
        let mut bytes = vec![0; length];
        self.stream.read_exact(&mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    pub(crate) fn head(&mut self) -> String {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert_ne!(self.stream.read_line(&mut head).unwrap(), 0, "closed inside the head: {head:?}");
        }
        head
    }

    /// The data of one chunk; empty for the last one.
    pub(crate) fn chunk(&mut self) -> String {
        let mut size = String::new();
        self.stream.read_line(&mut size).unwrap();
        let size = usize::from_str_radix(size.trim_end(), 16).unwrap();
        let data = self.read_exact(size);
        assert_eq!(self.read_exact(2), "\r\n");
        data
    }

    pub(crate) fn answer(&mut self) -> Answer {
        let head = self.head();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let body = match length {
            Some(length) => self.read_exact(length.parse().unwrap()),
            None if head.contains("transfer-encoding: chunked") => self.chunks().concat(),
            None => self.read_all(),
        };
        Answer { status, head, body }
    }

    pub(crate) fn chunks(&mut self) -> Vec<String> {
        std::iter::from_fn(|| Some(self.chunk()).filter(|chunk| !chunk.is_empty())).collect()
    }
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// The `data` of server-sent events.
    pub(crate) fn events(&self) -> Vec<&str> {
        self.body.split_terminator("\n\n").map(|event| event.strip_prefix("data: ").unwrap()).collect()
    }
}
