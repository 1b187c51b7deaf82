//! The decoder of server-sent events: chunks of bytes in, events out. Performs no I/O.
//!
//! The format is defined by the HTML standard, section 9.2.6, "Interpreting an event stream".

use bytes::{Buf, Bytes};
use catena_core::{Error, ErrorKind, Result};
use memchr::{memchr, memchr2};

use crate::failure;
use crate::sse::Event;

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Splits bytes into lines, and lines into blocks. Scans each byte once and copies only those of fields.
pub(crate) struct Decoder {
    limit: usize,
    /// Input that has not been scanned.
    input: Bytes,
    /// The start of a line that continues in the next chunk.
    line: Vec<u8>,
    /// The last line ended in CR, so a LF that follows belongs to it.
    after_cr: bool,
    /// No line has been read yet.
    at_start: bool,
    block: Block,
    /// Recycled memory for the data of the next event.
    spare: String,
}

/// The fields of the current block.
#[derive(Default)]
struct Block {
    event: Option<String>,
    data: Option<String>,
    id: Option<String>,
    /// Total bytes of its lines. Comments are not kept and do not count, so that a connection kept alive by comments
    /// for days never exceeds the limit.
    size: usize,
}

impl Decoder {
    pub(crate) fn new(limit: usize) -> Self {
        let (input, line, block) = (Bytes::new(), Vec::new(), Block::default());
        Self { limit, input, line, after_cr: false, at_start: true, block, spare: String::new() }
    }

    /// Recycles the memory of an event, unless it is unusually large.
    pub(crate) fn recycle(&mut self, mut data: String) {
        if data.capacity() <= 4096 {
            data.clear();
            self.spare = data;
        }
    }

    /// Adds a chunk of input; the previous one must have been used up.
    pub(crate) fn feed(&mut self, piece: Bytes) {
        self.input = piece;
    }

    /// Ends the input, which completes an unfinished block.
    pub(crate) fn finish(&mut self) {
        // After a CR, the first LF would be taken for the second half of a CRLF.
        self.after_cr = false;
        self.input = Bytes::from_static(b"\n\n");
    }

    /// Returns the next event, or `None` if more input is needed.
    pub(crate) fn next_event(&mut self) -> Result<Option<Event>> {
        while !self.input.is_empty() {
            if std::mem::take(&mut self.after_cr) && self.input[0] == b'\n' {
                self.input.advance(1);
                continue;
            }
            let Some(end) = memchr2(b'\n', b'\r', &self.input) else {
                self.line.extend_from_slice(&self.input);
                self.input.clear();
                return self.check_size(&self.line).map(|()| None);
            };
            let mut input = std::mem::take(&mut self.input);
            let taken = self.take_line(&input[..end]);
            self.after_cr = input[end] == b'\r';
            input.advance(end + 1);
            self.input = input;
            if let Some(event) = taken? {
                return Ok(Some(event));
            }
        }
        Ok(None)
    }

    /// Processes a line whose last part is `end`. An empty line ends the block.
    fn take_line(&mut self, end: &[u8]) -> Result<Option<Event>> {
        if self.line.is_empty() {
            return self.take_whole_line(end);
        }
        let mut line = std::mem::take(&mut self.line);
        line.extend_from_slice(end);
        let taken = self.take_whole_line(&line);
        // Reused for the next line that spans chunks, unless it is unusually large.
        line.clear();
        line.shrink_to(4096);
        self.line = line;
        taken
    }

    fn take_whole_line(&mut self, line: &[u8]) -> Result<Option<Event>> {
        self.check_size(line)?;
        let line = match std::mem::take(&mut self.at_start) {
            true => line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line),
            false => line,
        };
        match line.first() {
            None => Ok(std::mem::take(&mut self.block).into_event()),
            Some(b':') => Ok(None),
            Some(_) => self.block.add(line, &mut self.spare).map(|()| None),
        }
    }

    /// Checks the size of the block plus a line of it that may still grow.
    fn check_size(&self, line: &[u8]) -> Result<()> {
        let others = if line.first() == Some(&b':') { 0 } else { self.block.size };
        if others + line.len() > self.limit {
            return Err(failure::event_too_large(self.limit));
        }
        Ok(())
    }
}

impl Block {
    fn add(&mut self, line: &[u8], spare: &mut String) -> Result<()> {
        // Plus one for the line ending, so that a block of many empty lines is bounded too.
        self.size += line.len() + 1;
        let (name, value) = match memchr(b':', line) {
            Some(colon) => (&line[..colon], &line[colon + 1..]),
            None => (line, &line[line.len()..]),
        };
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match name {
            b"data" => self.add_data(text(value)?, spare),
            b"event" => self.event = Some(text(value)?.to_owned()),
            b"id" => self.id = Some(text(value)?.to_owned()),
            // Not a standard field, and therefore to be ignored by the standard; but older llama.cpp reports its errors
            // in it.
            b"error" => {
                self.event = Some("error".to_owned());
                self.add_data(text(value)?, spare);
            }
            _ => {}
        }
        Ok(())
    }

    fn add_data(&mut self, value: &str, spare: &mut String) {
        match &mut self.data {
            None => {
                let mut data = std::mem::take(spare);
                data.push_str(value);
                self.data = Some(data);
            }
            Some(data) => {
                data.push('\n');
                data.push_str(value);
            }
        }
    }

    /// A block without data is not an event.
    fn into_event(self) -> Option<Event> {
        let Self { event, data, id, .. } = self;
        Some(Event { event, data: data?, id })
    }
}

fn text(value: &[u8]) -> Result<&str> {
    std::str::from_utf8(value).map_err(|error| {
        Error::new(ErrorKind::Decode, "the event stream holds bytes that are not UTF-8").with_source(error)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_named_error_is_an_error() {
        let mut decoder = Decoder::new(100);
        decoder.feed(Bytes::from_static(b"data: a\n\nerror: {\"code\":500}\n\n"));
        let mut next = || decoder.next_event().expect("an event").map(|event| (event.event, event.data));
        assert_eq!(next(), Some((None, "a".to_owned())));
        assert_eq!(next(), Some((Some("error".to_owned()), "{\"code\":500}".to_owned())));
        assert_eq!(next(), None);
    }
}
