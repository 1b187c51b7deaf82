//! Incremental diff of a value that grows at its end.

use std::collections::HashSet;

use serde_json::Value;

use super::build::build;
use super::patch::JsonPatchOperation;
use super::value::Json;

/// Scans the text of a value, each byte once, and tracks which parts have been emitted.
pub(super) struct Changes {
    /// The next byte to scan.
    at: usize,
    /// The open lists and objects.
    frames: Vec<Frame>,
    /// The open text or number.
    leaf: Option<Leaf>,
    /// The depth and start of the outermost value that is still open and not emitted yet.
    fresh: Option<(usize, usize)>,
    operations: Vec<JsonPatchOperation>,
}

struct Frame {
    is_object: bool,
    /// The name of the open member; `None` in a list.
    name: Option<String>,
    /// The number of complete items.
    index: usize,
    /// The additions to it since it was emitted itself.
    added: Vec<JsonPatchOperation>,
}

struct Leaf {
    start: usize,
    is_text: bool,
    given: bool,
}

impl Changes {
    /// Creates the state for the value that starts at this byte.
    pub(super) fn new(start: usize) -> Self {
        Self { at: start, frames: Vec::new(), leaf: None, fresh: None, operations: Vec::new() }
    }

    /// Returns the position up to which the value has been scanned.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Returns the changes up to `cut`, where everything open can be closed. `value` builds a value from a range of the
    /// text.
    pub(super) fn read(
        &mut self,
        text: &str,
        cut: usize,
        value: &dyn Fn(usize, usize) -> Json,
    ) -> Vec<JsonPatchOperation> {
        let text = &text[..cut];
        while self.at < cut {
            match &self.leaf {
                Some(leaf) if leaf.is_text => self.text(text, value),
                Some(_) => self.number(text, value),
                None => self.token(text, value),
            }
        }
        if let Some((depth, start)) = self.fresh.take() {
            self.add(depth, value(start, cut));
        }
        if let Some(leaf) = &mut self.leaf {
            leaf.given = true;
        }
        for depth in (0..self.frames.len()).rev() {
            self.collect(depth);
        }
        std::mem::take(&mut self.operations)
    }

    fn token(&mut self, text: &str, value: &dyn Fn(usize, usize) -> Json) {
        let start = self.at;
        self.at += 1;
        match text.as_bytes()[start] {
            b' ' | b'\n' | b'\r' | b'\t' | b',' | b':' => {}
            b'"' if self.frames.last().is_some_and(|frame| frame.is_object && frame.name.is_none()) => {
                self.at = end_of_text(text, self.at).map_or(text.len(), |quote| quote + 1);
                let name: Value = build(&text[start..self.at]);
                if let (Some(frame), Value::String(name)) = (self.frames.last_mut(), name) {
                    frame.name = Some(name);
                }
            }
            open @ (b'{' | b'[') => {
                self.begin(start);
                self.frames.push(Frame { is_object: open == b'{', name: None, index: 0, added: Vec::new() });
            }
            b'}' | b']' => {
                self.collect(self.frames.len().saturating_sub(1));
                self.frames.pop();
                self.end(self.at, value);
            }
            b'"' => self.begin_leaf(start, true),
            b'-' | b'0'..=b'9' => self.begin_leaf(start, false),
            literal => {
                self.begin(start);
                self.at = text.len().min(start + if literal == b'f' { 5 } else { 4 });
                self.end(self.at, value);
            }
        }
    }

    fn begin_leaf(&mut self, start: usize, is_text: bool) {
        self.begin(start);
        self.leaf = Some(Leaf { start, is_text, given: false });
    }

    fn text(&mut self, text: &str, value: &dyn Fn(usize, usize) -> Json) {
        let quote = end_of_text(text, self.at);
        let grew = quote != Some(self.at);
        self.at = quote.map_or(text.len(), |quote| quote + 1);
        self.replace_leaf(grew, value);
        if quote.is_some() {
            self.leaf = None;
            self.end(self.at, value);
        }
    }

    fn number(&mut self, text: &str, value: &dyn Fn(usize, usize) -> Json) {
        let is_digit = |byte: &u8| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
        let length = text.as_bytes()[self.at..].iter().take_while(|byte| is_digit(byte)).count();
        self.at += length;
        self.replace_leaf(length > 0, value);
        if self.at < text.len() {
            self.leaf = None;
            self.end(self.at, value);
        }
    }

    /// Replaces a previously emitted text or number that has grown.
    fn replace_leaf(&mut self, grew: bool, value: &dyn Fn(usize, usize) -> Json) {
        if let Some(leaf) = &self.leaf
            && leaf.given
            && grew
        {
            let (path, value) = (self.path(self.frames.len()), value(leaf.start, self.at));
            self.operations.push(JsonPatchOperation::Replace { path, value });
        }
    }

    fn begin(&mut self, start: usize) {
        if self.fresh.is_none() {
            self.fresh = Some((self.frames.len(), start));
        }
    }

    fn end(&mut self, end: usize, value: &dyn Fn(usize, usize) -> Json) {
        if let Some((depth, start)) = self.fresh
            && depth == self.frames.len()
        {
            self.fresh = None;
            self.add(depth, value(start, end));
        }
        if let Some(frame) = self.frames.last_mut() {
            frame.index += 1;
            frame.name = None;
        }
    }

    /// Emits a new value, in the innermost of `depth` frames.
    fn add(&mut self, depth: usize, value: Json) {
        let path = self.path(depth);
        match depth.checked_sub(1).and_then(|last| self.frames.get_mut(last)) {
            Some(frame) => frame.added.push(JsonPatchOperation::Add { path, value }),
            None => self.operations.push(JsonPatchOperation::Replace { path, value }),
        }
    }

    /// Emits the additions of a frame: for an object before those within its members, for a list after those within its
    /// items.
    fn collect(&mut self, depth: usize) {
        let Some(frame) = self.frames.get_mut(depth) else { return };
        let mut added = std::mem::take(&mut frame.added);
        if frame.is_object {
            forget_replaced(&mut self.operations, &added);
            std::mem::swap(&mut self.operations, &mut added);
        }
        self.operations.append(&mut added);
    }

    /// Returns the pointer to the open member of the innermost of `depth` frames.
    fn path(&self, depth: usize) -> String {
        let mut path = String::new();
        for frame in &self.frames[..depth] {
            path.push('/');
            match &frame.name {
                Some(name) => path.push_str(&name.replace('~', "~0").replace('/', "~1")),
                None => path.push_str(&frame.index.to_string()),
            }
        }
        path
    }
}

/// Drops changes within members that were later repeated as a whole.
fn forget_replaced(operations: &mut Vec<JsonPatchOperation>, added: &[JsonPatchOperation]) {
    if operations.is_empty() || added.is_empty() {
        return;
    }
    let added: HashSet<&str> = added.iter().map(JsonPatchOperation::path).collect();
    operations.retain(|operation| {
        let path = operation.path();
        let mut ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
        !ends.any(|end| added.contains(&path[..end]))
    });
}

/// Finds the quote that ends the string continued at `from`.
fn end_of_text(text: &str, from: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = from;
    while let Some(found) = bytes.get(at..)?.iter().position(|byte| matches!(byte, b'"' | b'\\')) {
        at += found;
        if bytes[at] == b'"' {
            return Some(at);
        }
        at += 2;
    }
    None
}
