//! Raw servers: every connection is handled by a closure on a thread of its own, which may dribble, stall or cut.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use catena_http::{HttpClient, HttpClientBuilder, Proxy, Request, Response};

/// A server that lives as long as the process.
pub(crate) struct Server {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
}

impl Server {
    /// Handles each connection with `handle`.
    pub(crate) fn new(handle: impl Fn(&mut Connection) + Send + Sync + 'static) -> Self {
        Self::raw(move |stream| handle(&mut Connection { stream, read: Vec::new() }))
    }

    /// Handles each bare connection with `handle`.
    pub(crate) fn raw(handle: impl Fn(TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let (handle, counter) = (Arc::new(handle), Arc::clone(&connections));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let handle = Arc::clone(&handle);
                counter.fetch_add(1, Ordering::SeqCst);
                thread::spawn(move || handle(stream.unwrap()));
            }
        });
        Self { address, connections }
    }

    /// Answers every request on every connection with its own body, or with `hello` if it has none.
    pub(crate) fn echo() -> Self {
        Self::new(|connection| {
            while let Some(request) = connection.request() {
                let body = if request.body.is_empty() { "hello" } else { &request.body };
                connection.answer(body);
            }
        })
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn https(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.address.port())
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many connections have been accepted.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

/// A request as a server reads it.
pub(crate) struct Seen {
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Seen {
    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

/// One connection, as its server sees it.
pub(crate) struct Connection {
    pub(crate) stream: TcpStream,
    read: Vec<u8>,
}

impl Connection {
    /// The next request, or `None` when the client has closed the connection.
    pub(crate) fn request(&mut self) -> Option<Seen> {
        let end = loop {
            if let Some(end) = self.read.windows(4).position(|window| window == b"\r\n\r\n") {
                break end + 4;
            }
            self.fill()?;
        };
        let head = String::from_utf8(self.read.drain(..end).collect()).unwrap();
        let mut seen = Seen { head, body: String::new() };
        let length = seen.header("content-length").map_or(0, |value| value.parse().unwrap());
        while self.read.len() < length {
            self.fill()?;
        }
        seen.body = String::from_utf8(self.read.drain(..length).collect()).unwrap();
        Some(seen)
    }

    fn fill(&mut self) -> Option<()> {
        let mut buffer = [0; 4096];
        let count = self.stream.read(&mut buffer).ok().filter(|&count| count > 0)?;
        self.read.extend_from_slice(&buffer[..count]);
        Some(())
    }

    /// A complete answer with status 200.
    pub(crate) fn answer(&mut self, body: &str) {
        self.write(&format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len()));
    }

    /// The head of a chunked answer.
    pub(crate) fn start(&mut self) {
        self.write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
    }

    /// One chunk of a chunked answer; an empty one ends it.
    pub(crate) fn chunk(&mut self, data: &str) {
        self.write(&format!("{:x}\r\n{data}\r\n", data.len()));
    }

    /// Writes, and does not mind if the client is gone.
    pub(crate) fn write(&mut self, text: &str) {
        let _ = self.stream.write_all(text.as_bytes()).and_then(|()| self.stream.flush());
    }

    /// Returns when the client has closed the connection.
    pub(crate) fn until_closed(&mut self) {
        while self.fill().is_some() {}
    }
}

/// A builder that does not look at the environment.
pub(crate) fn builder() -> HttpClientBuilder {
    HttpClient::builder().with_proxy(Proxy::None)
}

pub(crate) fn client() -> HttpClient {
    builder().build().unwrap()
}

/// Gets `url`.
pub(crate) async fn get(client: &HttpClient, url: &str) -> catena_core::Result<Response> {
    client.send(Request::get(url)?).await
}

/// Gets the text behind `url`.
pub(crate) async fn text(client: &HttpClient, url: &str) -> catena_core::Result<String> {
    let bytes = get(client, url).await?.bytes().await?;
    Ok(String::from_utf8(bytes.to_vec()).unwrap())
}
