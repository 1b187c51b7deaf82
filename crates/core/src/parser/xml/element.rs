//! The content of an XML answer.

use std::fmt;
use std::sync::Arc;

use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::{Chunk, Data, Record};

/// The elements of an XML document, as returned by [`XmlOutputParser`](crate::XmlOutputParser): each has a name and
/// either a text, a list of elements, or no content. An element with text before its first child has only that text.
///
/// Each chunk holds a single innermost element. Merging chunks rebuilds the document: elements that were the same in
/// the answer are joined again.
///
/// # Example
/// ```
/// use catena_core::{RunnableExt, XmlOutputParser};
/// use serde_json::json;
/// # futures_executor::block_on(async {
/// let xml = XmlOutputParser::new().invoke("<film><title>Big</title><cast><name>Tom</name></cast></film>").await?;
/// assert_eq!(xml.to_value(), json!({"film": [{"title": "Big"}, {"cast": [{"name": "Tom"}]}]}));
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[derive(Clone, Default)]
pub struct Xml(Form);

#[derive(Clone, Default)]
enum Form {
    #[default]
    Empty,
    /// One innermost element with its ancestors.
    Leaf(Arc<Leaf>),
    Tree(Element),
}

pub(super) struct Leaf {
    pub(super) place: Arc<Place>,
    pub(super) content: Content,
}

/// An element and its position.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) name: String,
    /// The number of siblings before it.
    pub(super) index: usize,
    pub(super) parent: Option<Arc<Place>>,
}

#[derive(Clone)]
struct Element {
    name: String,
    index: usize,
    content: Content,
}

#[derive(Clone)]
pub(super) enum Content {
    Nothing,
    Text(String),
    Children(Children),
}

/// The child elements.
#[derive(Clone, Default)]
pub(super) struct Children(Vec<Element>);

impl Xml {
    pub(super) fn leaf(leaf: Leaf) -> Self {
        Self(Form::Leaf(Arc::new(leaf)))
    }

    /// Converts to objects with a single member: the name of the element, with its text, a list of such objects, or
    /// null.
    pub fn to_value(&self) -> Value {
        self.to_data().into_json()
    }

    fn to_data(&self) -> Data {
        match &self.0 {
            Form::Empty => Record::new().into(),
            Form::Leaf(leaf) => {
                let mut place = &leaf.place;
                let mut data = named(&place.name, leaf.content.to_data());
                while let Some(parent) = &place.parent {
                    data = named(&parent.name, Data::List(vec![data]));
                    place = parent;
                }
                data
            }
            Form::Tree(element) => element.to_data(),
        }
    }

    fn into_tree(self) -> Option<Element> {
        match self.0 {
            Form::Empty => None,
            Form::Leaf(leaf) => {
                let mut place = &leaf.place;
                let mut element = Element::new(place, leaf.content.clone());
                while let Some(parent) = &place.parent {
                    element = Element::new(parent, Content::Children(Children(vec![element])));
                    place = parent;
                }
                Some(element)
            }
            Form::Tree(element) => Some(element),
        }
    }
}

impl Element {
    fn new(place: &Place, content: Content) -> Self {
        Self { name: place.name.clone(), index: place.index, content }
    }

    fn to_data(&self) -> Data {
        named(&self.name, self.content.to_data())
    }

    /// Merges later content of the same element.
    fn merge(&mut self, next: Self) {
        match (&mut self.content, next.content) {
            (Content::Children(Children(children)), Content::Children(Children(next))) => {
                for child in next {
                    match children.last_mut() {
                        Some(last) if last.index == child.index => last.merge(child),
                        _ => children.push(child),
                    }
                }
            }
            (content, next) => *content = next,
        }
    }
}

impl Content {
    fn to_data(&self) -> Data {
        match self {
            Self::Nothing => Data::Null,
            Self::Text(text) => text.as_str().into(),
            Self::Children(Children(children)) => Data::List(children.iter().map(Element::to_data).collect()),
        }
    }
}

fn named(name: &str, data: Data) -> Data {
    Data::from([(name, data)])
}

impl Chunk for Xml {
    fn merge(&mut self, next: Self) {
        self.0 = match (std::mem::take(self).into_tree(), next) {
            (None, next) => next.0,
            (Some(tree), Self(Form::Empty)) => Form::Tree(tree),
            (Some(mut tree), next) => {
                if let Some(next) = next.into_tree() {
                    tree.merge(next);
                }
                Form::Tree(tree)
            }
        };
    }

    fn empty() -> Option<Self> {
        Some(Self::default())
    }

    fn to_json(&self) -> Value {
        self.to_value()
    }
}

/// Converts to a record. As chunks of a dynamic chain, such records merge name by name and list by list, so an element
/// with several innermost elements is repeated for each of them.
impl From<Xml> for Data {
    fn from(xml: Xml) -> Self {
        match xml.to_data() {
            Self::Record(record) => record.mergeable().into(),
            other => other,
        }
    }
}

impl PartialEq for Xml {
    fn eq(&self, other: &Self) -> bool {
        self.to_data() == other.to_data()
    }
}

impl PartialEq<Value> for Xml {
    fn eq(&self, other: &Value) -> bool {
        self.to_value() == *other
    }
}

impl fmt::Debug for Xml {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.to_data(), f)
    }
}

/// Serializes like [`to_value`](Xml::to_value), in document order.
impl Serialize for Xml {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_data().serialize(serializer)
    }
}
