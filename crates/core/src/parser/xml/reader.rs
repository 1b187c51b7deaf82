//! Incremental parsing of a document.

use super::element::Xml;
use super::namespaces::Namespaces;
use super::open_elements::OpenElements;
use super::text::{add_characters, add_decoded, begins_name, is_space};
use super::{Failure, tag};

/// Scans each byte of a text once, regardless of the number of chunks.
#[derive(Debug)]
pub(super) struct Reader {
    /// Whether text around the document is allowed.
    lenient: bool,
    elements: OpenElements,
    namespaces: Namespaces,
    place: Place,
    /// The start of the part that is not parsed yet: a text, a tag, a comment and so on.
    at: usize,
    /// The position up to which it has been searched for its end.
    seen: usize,
    /// The quote that was open where the search of a tag stopped.
    quote: Option<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Before,
    Inside,
    After,
}

/// The end of a part.
type End = Result<Option<usize>, Failure>;

impl Reader {
    pub(super) fn new(lenient: bool) -> Self {
        let (elements, namespaces) = (OpenElements::default(), Namespaces::default());
        Self { lenient, elements, namespaces, place: Place::Before, at: 0, seen: 0, quote: None }
    }

    /// Parses the complete parts of the text.
    pub(super) fn read(&mut self, text: &str, give: &mut dyn FnMut(Xml)) -> Result<(), Failure> {
        while self.at < text.len() {
            if self.lenient && self.place != Place::Inside && !self.skip(text) {
                return Ok(());
            }
            let Some(end) = self.part(text, give)? else { return Ok(()) };
            self.go(end);
        }
        Ok(())
    }

    /// Handles the end of the text.
    pub(super) fn end(&self, text: &str) -> Result<(), Failure> {
        let expected = match (self.place, self.elements.innermost()) {
            (Place::After, _) if self.at == text.len() => return Ok(()),
            (Place::Inside, Some(name)) => format!("`</{name:.100}>`"),
            (Place::After, _) => "the end of a comment".to_owned(),
            _ if self.at < text.len() => "the end of a tag".to_owned(),
            _ => "an element".to_owned(),
        };
        Err(Failure::new(text.len(), expected))
    }

    /// Returns whether an element has begun.
    pub(super) fn has_begun(&self) -> bool {
        self.place != Place::Before
    }

    fn go(&mut self, to: usize) {
        (self.at, self.seen, self.quote) = (to, to, None);
    }

    /// Skips text around the document. Returns false at the end of the text.
    fn skip(&mut self, text: &str) -> bool {
        while self.place == Place::Before
            && let Some(at) = text[self.at..].find('<').map(|length| self.at + length)
        {
            self.go(at);
            match text[at + 1..].chars().next() {
                Some(next) if begins_name(next) => return true,
                Some(_) => self.go(at + 1),
                // Depends on the text that follows.
                None => return false,
            }
        }
        self.go(text.len());
        false
    }

    /// Parses the next part and returns its end. `None` if it is incomplete.
    fn part(&mut self, text: &str, give: &mut dyn FnMut(Xml)) -> End {
        let rest = &text[self.at..];
        let mut ahead = rest.chars();
        match (ahead.next(), ahead.next()) {
            (Some('<'), None) => Ok(None),
            (Some('<'), Some('?')) => self.passed_over(text, "<?", "?>"),
            (Some('<'), Some('!')) => self.declaration(text),
            (Some('<'), Some('/')) => self.end_tag(text, give),
            (Some('<'), Some(name)) if begins_name(name) => self.start_tag(text, give),
            (Some('<'), Some(_)) => {
                Err(Failure::new(self.at + 1, "an element name (write `&lt;` for a literal `<`)"))
            }
            _ => self.text(text),
        }
    }

    fn text(&mut self, text: &str) -> End {
        let end = text[self.seen..].find('<').map(|length| self.seen + length);
        self.seen = text.len();
        if self.place != Place::Inside {
            let part = &text[self.at..end.unwrap_or(text.len())];
            let expected = if self.place == Place::Before { "an element" } else { "the end of the input" };
            return match part.bytes().position(|byte| !is_space(byte)) {
                Some(offset) => Err(Failure::new(self.at + offset, expected)),
                None => Ok(Some(self.at + part.len())),
            };
        }
        let Some(end) = end else { return Ok(None) };
        let raw = &text[self.at..end];
        if let Some(offset) = raw.find("]]>") {
            return Err(Failure::new(self.at + offset, "`]]&gt;` in place of `]]>`"));
        }
        add_decoded(raw, self.at, self.elements.text().unwrap_or(&mut String::new()))?;
        Ok(Some(end))
    }

    fn start_tag(&mut self, text: &str, give: &mut dyn FnMut(Xml)) -> End {
        if self.place == Place::After {
            return Err(Failure::new(self.at, "the end of the input, as a document has one root element"));
        }
        let Some(end) = self.tag_end(text)? else { return Ok(None) };
        let tag = tag::start(&text[self.at + 1..end], self.at + 1)?;
        self.namespaces.enter(self.elements.depth(), &tag.attributes)?;
        let name = self.namespaces.expand(tag.name, self.at + 1)?;
        self.elements.begin(tag.name, name, self.at, give)?;
        self.place = Place::Inside;
        if tag.is_empty {
            self.close(give);
        }
        Ok(Some(end + 1))
    }

    fn end_tag(&mut self, text: &str, give: &mut dyn FnMut(Xml)) -> End {
        if self.elements.is_empty() {
            return Err(Failure::new(self.at, "a start tag"));
        }
        let Some(end) = self.tag_end(text)? else { return Ok(None) };
        let name = self.elements.innermost().unwrap_or_default();
        if tag::end(&text[self.at + 2..end], self.at + 2)? != name {
            return Err(Failure::new(self.at + 2, format!("`</{name:.100}>`")));
        }
        self.close(give);
        Ok(Some(end + 1))
    }

    fn close(&mut self, give: &mut dyn FnMut(Xml)) {
        self.elements.end(give);
        self.namespaces.leave(self.elements.depth());
        if self.elements.is_empty() {
            self.place = Place::After;
        }
    }

    /// Finds the `>` of a tag.
    fn tag_end(&mut self, text: &str) -> End {
        self.seen = self.seen.max(self.at + 1);
        for (offset, byte) in text.as_bytes()[self.seen..].iter().enumerate() {
            match (*byte, self.quote) {
                (b'<', _) => return Err(Failure::new(self.seen + offset, "`>`")),
                (b'>', None) => return Ok(Some(self.seen + offset)),
                (quote @ (b'"' | b'\''), None) => self.quote = Some(quote),
                (quote, Some(open)) if quote == open => self.quote = None,
                _ => {}
            }
        }
        self.seen = text.len();
        Ok(None)
    }

    /// Parses a comment, a CDATA section, or a document type declaration without an internal subset.
    fn declaration(&mut self, text: &str) -> End {
        const COMMENT: &str = "<!--";
        const PLAIN: &str = "<![CDATA[";
        const DOCTYPE: &str = "<!DOCTYPE";
        let rest = &text[self.at..];
        if rest.starts_with(COMMENT) {
            return self.passed_over(text, COMMENT, "-->");
        }
        if rest.starts_with(PLAIN) && self.place == Place::Inside {
            let Some(end) = self.passed_over(text, PLAIN, "]]>")? else { return Ok(None) };
            let raw = self.at + PLAIN.len()..end - "]]>".len();
            add_characters(
                &text[raw.clone()],
                raw.start,
                self.elements.text().unwrap_or(&mut String::new()),
            )?;
            return Ok(Some(end));
        }
        if rest.starts_with(DOCTYPE) && self.place == Place::Before {
            let Some(end) = self.passed_over(text, DOCTYPE, ">")? else { return Ok(None) };
            return match text[self.at..end].find('[') {
                Some(body) => {
                    Err(Failure::new(self.at + body, "`>`, as entity declarations are not supported"))
                }
                None => Ok(Some(end)),
            };
        }
        match [COMMENT, PLAIN, DOCTYPE].iter().any(|begin| begin.starts_with(rest)) {
            true => Ok(None),
            false => Err(Failure::new(self.at + 1, "an element, a comment or text")),
        }
    }

    /// Returns the end of a part with these delimiters.
    fn passed_over(&mut self, text: &str, begin: &str, end: &str) -> End {
        let from = self.seen.max(self.at + begin.len());
        let found = text.get(from..).and_then(|rest| rest.find(end));
        // The text may end within the closing delimiter.
        self.seen =
            crate::parser::failure::boundary(text, text.len().saturating_sub(end.len() - 1)).max(from);
        Ok(found.map(|length| from + length + end.len()))
    }
}
