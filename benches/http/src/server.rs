//! A server that does as little as possible: canned answers, chosen by the path.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result};
use cpu_time::ProcessTime;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

/// Tokens of a stream, without its first and last events.
pub(crate) const TOKENS: usize = 500;
/// Tokens that leave together, as they do when a model is fast.
const TOKENS_AT_ONCE: usize = 8;
/// The bytes that a flood may write: more than any buffer on the way.
const FLOOD: u64 = 256 << 20;

/// Serves for ever; prints its port first.
pub(crate) fn run() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let socket = TcpSocket::new_v4()?;
        socket.bind((Ipv4Addr::UNSPECIFIED, 0).into())?;
        let listener = socket.listen(16_384)?;
        println!("{}", listener.local_addr()?.port());
        let canned = Arc::new(Canned::new());
        loop {
            let (stream, _) = listener.accept().await?;
            let canned = Arc::clone(&canned);
            tokio::spawn(async move {
                stream.set_nodelay(true)?;
                canned.serve(stream).await
            });
        }
    })
}

/// Answers, ready to be written.
struct Canned {
    answer: Vec<u8>,
    stream_pieces: Vec<Vec<u8>>,
    flood_piece: Vec<u8>,
    flooded: AtomicU64,
}

impl Canned {
    fn new() -> Self {
        let answer = r#"{"id":"chatcmpl-C0x1","object":"chat.completion","created":1763800000,"model":"gpt-4o-mini-2024-07-18","choices":[{"index":0,"message":{"role":"assistant","content":"Colorful Sock Co., Bright Feet, Happy Toes, Sock Pop and Rainbow Steps are names that say what you sell.","refusal":null,"annotations":[]},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":24,"completion_tokens":31,"total_tokens":55,"prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}},"service_tier":"default","system_fingerprint":"fp_560af6e559"}"#;
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-request-id: req_0f6c\r\n\
                    openai-processing-ms: 412\r\nopenai-version: 2020-10-01\r\n\
                    x-ratelimit-limit-requests: 10000\r\nx-ratelimit-remaining-requests: 9999\r\n";
        let answer = format!("{head}content-length: {}\r\n\r\n{answer}", answer.len()).into_bytes();
        let mut events = vec![event(r#"{"role":"assistant","content":"","refusal":null}"#, "null")];
        events.extend((0..TOKENS).map(|token| event(&format!(r#"{{"content":" word{token}"}}"#), "null")));
        events.push(event("{}", r#""stop""#));
        events.push("data: [DONE]\n\n".to_owned());
        let events: Vec<String> =
            events.iter().map(|event| format!("{:x}\r\n{event}\r\n", event.len())).collect();
        let mut stream_pieces: Vec<Vec<u8>> =
            events.chunks(TOKENS_AT_ONCE).map(|piece| piece.concat().into_bytes()).collect();
        let stream_head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n\
                           x-request-id: req_0f6c\r\ntransfer-encoding: chunked\r\n\r\n";
        stream_pieces.insert(0, stream_head.as_bytes().to_vec());
        stream_pieces.push(b"0\r\n\r\n".to_vec());
        let flood_piece = events[1..101].concat().into_bytes();
        Self { answer, stream_pieces, flood_piece, flooded: AtomicU64::new(0) }
    }

    async fn serve(&self, mut stream: TcpStream) -> Result<()> {
        let mut buffer = Vec::with_capacity(1024);
        while let Some(path) = read_request(&mut stream, &mut buffer).await? {
            match path.split('/').nth(1).unwrap_or_default() {
                "slow" => {
                    tokio::time::sleep(Duration::from_secs(1)).await;
                    stream.write_all(&self.answer).await?;
                }
                "stream" => {
                    for piece in &self.stream_pieces {
                        stream.write_all(piece).await?;
                        tokio::task::yield_now().await;
                    }
                }
                "flood" => self.flood(&mut stream).await?,
                "flooded" => write_number(&mut stream, self.flooded.load(Ordering::Relaxed) as f64).await?,
                "cpu" => write_number(&mut stream, ProcessTime::now().as_duration().as_secs_f64()).await?,
                _ => stream.write_all(&self.answer).await?,
            }
        }
        Ok(())
    }

    /// Writes as much as the client takes, and counts it.
    async fn flood(&self, stream: &mut TcpStream) -> Result<()> {
        self.flooded.store(0, Ordering::Relaxed);
        stream.write_all(&self.stream_pieces[0]).await?;
        while self.flooded.load(Ordering::Relaxed) < FLOOD {
            stream.write_all(&self.flood_piece).await?;
            self.flooded.fetch_add(self.flood_piece.len() as u64, Ordering::Relaxed);
        }
        Ok(())
    }
}

async fn write_number(stream: &mut TcpStream, number: f64) -> Result<()> {
    let body = number.to_string();
    let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    Ok(stream.write_all(answer.as_bytes()).await?)
}

/// The CPU time that the server on this port has used, in seconds.
pub(crate) fn cpu_time(port: u16) -> Result<f64> {
    let mut stream = std::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.write_all(b"GET /cpu HTTP/1.1\r\n\r\n")?;
    stream.shutdown(Shutdown::Write)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer.lines().next_back().context("no answer")?.parse()?)
}

fn event(delta: &str, finish: &str) -> String {
    format!(
        r#"data: {{"id":"chatcmpl-C0x1","object":"chat.completion.chunk","created":1763800000,"model":"gpt-4o-mini-2024-07-18","service_tier":"default","system_fingerprint":"fp_560af6e559","choices":[{{"index":0,"delta":{delta},"logprobs":null,"finish_reason":{finish}}}],"usage":null,"obfuscation":"x7Qp2"}}"#
    ) + "\n\n"
}

/// Reads a request and forgets its body; gives its path, or none at the end of the connection.
async fn read_request(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Result<Option<String>> {
    loop {
        if let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&buffer[..end]).into_owned();
            let length = head.lines().filter_map(|line| line.split_once(':'));
            let length = length.filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
            let length: usize = length.map(|(_, value)| value.trim().parse()).next().unwrap_or(Ok(0))?;
            if buffer.len() >= end + 4 + length {
                buffer.drain(..end + 4 + length);
                return Ok(Some(head.split(' ').nth(1).unwrap_or_default().to_owned()));
            }
        }
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    }
}
