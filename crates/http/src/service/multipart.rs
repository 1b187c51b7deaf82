//! Multipart form data (RFC 7578).

use std::fmt;

use bytes::{Bytes, BytesMut};
use http::HeaderValue;

/// A multipart form with fields and files. Held in memory, so that every attempt sends the same bytes.
///
/// # Example
/// ```
/// use catena_http::service::{Call, Multipart};
/// let form = Multipart::new()
///     .with_field("purpose", "batch")
///     .with_file("file", "in.jsonl", "application/jsonl", "{}\n");
/// let call = Call::post("files").with_multipart(form);
/// # let _ = call;
/// ```
#[derive(Clone, Default)]
pub struct Multipart(Vec<Part>);

#[derive(Clone)]
struct Part {
    name: String,
    /// File name and content type, for a file.
    file: Option<(String, String)>,
    content: Bytes,
}

impl Multipart {
    /// Creates an empty form.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a field.
    #[must_use]
    pub fn with_field(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.0.push(Part { name: name.into(), file: None, content: value.into().into() });
        self
    }

    /// Adds a file.
    #[must_use]
    pub fn with_file(
        mut self,
        name: impl Into<String>,
        filename: impl Into<String>,
        content_type: impl Into<String>,
        content: impl Into<Bytes>,
    ) -> Self {
        let file = Some((filename.into(), content_type.into()));
        self.0.push(Part { name: name.into(), file, content: content.into() });
        self
    }

    /// Returns the content type, with a boundary that occurs in no part, and the body.
    pub(crate) fn encode(&self) -> (HeaderValue, Bytes) {
        let boundary = self.boundary();
        let mut body = BytesMut::with_capacity(self.0.iter().map(|part| part.content.len() + 256).sum());
        for part in &self.0 {
            body.extend_from_slice(part.head(&boundary).as_bytes());
            body.extend_from_slice(&part.content);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
        let content_type = HeaderValue::try_from(format!("multipart/form-data; boundary={boundary}"));
        // The boundary consists of ASCII letters, digits and hyphens; should that ever change, the server will reject
        // the form.
        (content_type.unwrap_or(HeaderValue::from_static("multipart/form-data")), body.freeze())
    }

    /// Candidates are tried in a fixed order, so that the same form always yields the same bytes.
    fn boundary(&self) -> String {
        let mut number = 0_u64;
        loop {
            let boundary = format!("catena-form-{number:016x}");
            let taken = |part: &Part| contains(&part.content, boundary.as_bytes());
            if !self.0.iter().any(taken) {
                return boundary;
            }
            number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        }
    }
}

impl Part {
    fn head(&self, boundary: &str) -> String {
        let name = quoted(&self.name);
        match &self.file {
            None => format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n"),
            Some((filename, content_type)) => format!(
                "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{}\"\r\n\
                 Content-Type: {}\r\n\r\n",
                quoted(filename),
                content_type.replace(['\r', '\n'], " ")
            ),
        }
    }
}

/// Quotes names as browsers do: characters that would end the quotes or the line are percent-encoded.
fn quoted(text: &str) -> String {
    text.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

impl fmt::Debug for Multipart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|part| (&part.name, part.content.len()))).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_written_part_by_part() {
        let form = Multipart::new().with_field("purpose", "batch").with_file(
            "file",
            "a\"b\r\nX: y.txt",
            "text/plain\r\nX: y",
            "hi",
        );
        let (content_type, body) = form.encode();
        let boundary = "catena-form-0000000000000000";
        assert_eq!(content_type, format!("multipart/form-data; boundary={boundary}"));
        let expected = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n\
             --{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a%22b%0D%0AX: y.txt\"\r\n\
             Content-Type: text/plain  X: y\r\n\r\nhi\r\n--{boundary}--\r\n"
        );
        assert_eq!(body, expected);
    }

    #[test]
    fn the_boundary_occurs_in_no_part() {
        let form = Multipart::new().with_field("a", "--catena-form-0000000000000000--");
        let (content_type, body) = form.encode();
        let boundary = content_type.to_str().expect("text").split_once('=').expect("a boundary").1;
        assert_eq!(String::from_utf8_lossy(&body).matches(boundary).count(), 2);
    }
}
