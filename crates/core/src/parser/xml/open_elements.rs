//! The stack of open elements.

use std::borrow::Cow;
use std::sync::Arc;

use super::element::{Children, Content, Leaf, Place, Xml};
use super::text::says_something;
use super::{DEPTH, Failure};

/// The elements that enclose the current position.
#[derive(Debug, Default)]
pub(super) struct OpenElements(Vec<Open>);

#[derive(Debug)]
struct Open {
    place: Arc<Place>,
    /// The name as written, if different from the expanded name.
    tag: Option<String>,
    /// The text before the first child.
    text: String,
    children: usize,
    /// Whether it is ignored, as a child of an element that has a text.
    ignored: bool,
    has_text: bool,
}

impl OpenElements {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the number of open elements.
    pub(super) fn depth(&self) -> usize {
        self.0.len()
    }

    /// Returns the name of the innermost element as written.
    pub(super) fn innermost(&self) -> Option<&str> {
        self.0.last().map(|open| open.tag.as_deref().unwrap_or(&open.place.name))
    }

    /// Returns the buffer for text, unless it is ignored.
    pub(super) fn text(&mut self) -> Option<&mut String> {
        self.0.last_mut().filter(|open| open.children == 0 && !open.ignored).map(|open| &mut open.text)
    }

    /// Opens an element whose tag is at the byte `at`.
    pub(super) fn begin(
        &mut self,
        tag: &str,
        name: Cow<'_, str>,
        at: usize,
        give: &mut dyn FnMut(Xml),
    ) -> Result<(), Failure> {
        if self.0.len() == DEPTH {
            return Err(Failure::new(at, format!("elements nested at most {DEPTH} deep")));
        }
        let (mut index, mut ignored, mut parent) = (0, false, None);
        if let Some(around) = self.0.last_mut() {
            if around.children == 0 && says_something(&around.text) {
                around.has_text = true;
                around.give(give);
            }
            (index, ignored) = (around.children, around.ignored || around.has_text);
            around.children += 1;
            parent = Some(Arc::clone(&around.place));
        }
        let tag = (tag != name).then(|| tag.to_owned());
        let place = Arc::new(Place { name: name.into_owned(), index, parent });
        self.0.push(Open { place, tag, text: String::new(), children: 0, ignored, has_text: false });
        Ok(())
    }

    /// Closes the innermost element.
    pub(super) fn end(&mut self, give: &mut dyn FnMut(Xml)) {
        if let Some(mut element) = self.0.pop()
            && element.children == 0
        {
            element.give(give);
        }
    }
}

impl Open {
    fn give(&mut self, give: &mut dyn FnMut(Xml)) {
        if self.ignored {
            return;
        }
        let is_root = self.place.parent.is_none();
        let text = std::mem::take(&mut self.text);
        let content = match (is_root, says_something(&text)) {
            (true, false) => Content::Children(Children::default()),
            (false, _) if text.is_empty() => Content::Nothing,
            _ => Content::Text(text),
        };
        give(Xml::leaf(Leaf { place: Arc::clone(&self.place), content }));
    }
}
