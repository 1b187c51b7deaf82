//! Reading a document piece by piece.

use super::element::Xml;
use super::namespaces::Namespaces;
use super::open_elements::OpenElements;
use super::text::{add_characters, add_decoded, begins_name, is_space};
use super::{Failure, tag};

/// Reads each byte of a text once, however many pieces it comes in.
#[derive(Debug)]
pub(super) struct Reader {
    /// Text that is not XML may stand around the document.
    lenient: bool,
    elements: OpenElements,
    namespaces: Namespaces,
    place: Place,
    /// Where the part begins that is not read yet: a text, a tag, a comment or the like.
    at: usize,
    /// How far it was looked through for its end.
    seen: usize,
    /// The quotes in which a tag was seen last.
    quote: Option<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Before,
    Inside,
    After,
}

/// How far a part reaches.
type End = Result<Option<usize>, Failure>;

impl Reader {
    pub(super) fn new(lenient: bool) -> Self {
        let (elements, namespaces) = (OpenElements::default(), Namespaces::default());
        Self { lenient, elements, namespaces, place: Place::Before, at: 0, seen: 0, quote: None }
    }

    /// Reads on as far as the parts of the text are complete.
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

    /// The text has ended here.
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

    /// True once an element has begun.
    pub(super) fn has_begun(&self) -> bool {
        self.place != Place::Before
    }

    fn go(&mut self, to: usize) {
        (self.at, self.seen, self.quote) = (to, to, None);
    }

    /// Passes over what is around the document. False when there is no more of the text.
    fn skip(&mut self, text: &str) -> bool {
        while self.place == Place::Before
            && let Some(at) = text[self.at..].find('<').map(|length| self.at + length)
        {
            self.go(at);
            match text[at + 1..].chars().next() {
                Some(next) if begins_name(next) => return true,
                Some(_) => self.go(at + 1),
                // What follows decides.
                None => return false,
            }
        }
        self.go(text.len());
        false
    }

    /// Reads the next part, and gives where it ends. `None` when it is not complete.
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

    /// Where the `>` of a tag is.
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

    /// A comment, a section of plain text, or the declaration of a document type without a body.
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

    /// The end of a part that begins and ends like this.
    fn passed_over(&mut self, text: &str, begin: &str, end: &str) -> End {
        let from = self.seen.max(self.at + begin.len());
        let found = text.get(from..).and_then(|rest| rest.find(end));
        // Half of the end may be there.
        self.seen =
            crate::parser::failure::boundary(text, text.len().saturating_sub(end.len() - 1)).max(from);
        Ok(found.map(|length| from + length + end.len()))
    }
}
