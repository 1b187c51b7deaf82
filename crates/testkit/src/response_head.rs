//! Encodes response heads.

use std::fmt::Write;

use crate::reply::{Framing, Reply};

/// Returns whether a response to this method with this status has a body at all.
pub(crate) fn has_body(method: &str, status: u16) -> bool {
    method != "HEAD" && !matches!(status, 100..=199 | 204 | 304)
}

/// Encodes the status line and the headers, including those that the framing needs. Headers set on the reply are sent
/// unchanged even if they are wrong: this is how a test makes the server misbehave.
pub(crate) fn encode(reply: &Reply, method: &str, keep_alive: bool) -> String {
    let status = reply.status;
    let mut head = format!("HTTP/1.1 {status} {}\r\n", reason(status));
    let mut line = |name: &str, value: &str| {
        // Writing to a string cannot fail.
        let _ = write!(head, "{name}: {value}\r\n");
    };
    for (name, value) in &reply.headers {
        line(name, value);
    }
    let framed_by_hand =
        reply.header("content-length").is_some() || reply.header("transfer-encoding").is_some();
    match reply.framing {
        Framing::Length if framed_by_hand => {}
        Framing::Length if method == "HEAD" || has_body(method, status) => {
            line("content-length", &reply.announced_length().to_string());
        }
        Framing::Chunked if has_body(method, status) && reply.header("transfer-encoding").is_none() => {
            line("transfer-encoding", "chunked");
        }
        _ => {}
    }
    if !keep_alive && reply.header("connection").is_none() {
        line("connection", "close");
    }
    head.push_str("\r\n");
    head
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        204 => "No Content",
        301 => "Moved Permanently",
        302 => "Found",
        304 => "Not Modified",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        409 => "Conflict",
        413 => "Content Too Large",
        422 => "Unprocessable Content",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        // The reason phrase has no meaning and may be empty.
        _ => "",
    }
}
