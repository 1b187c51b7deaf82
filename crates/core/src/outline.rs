//! The structure of a runnable as plain data.

use serde_json::Value;

use crate::load::Constructor;
use crate::schema::{text_or_message, type_schema};
use crate::{Capabilities, ConfigurableField, RunKind, Runnable};

/// What a runnable is made of. Graphs, schemas and lists of configurable fields are drawn from it.
///
/// # Example
/// ```
/// use catena_core::{lambda, OutlineParts, Runnable};
/// let chain = lambda(|x: i64| x + 1) | lambda(|x: i64| x * 2);
/// let outline = chain.outline();
/// assert!(matches!(outline.parts, OutlineParts::Sequence(steps) if steps.len() == 2));
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Outline {
    /// The name of the runnable.
    pub name: String,
    /// What kind of work it is.
    pub kind: RunKind,
    /// What it is made of.
    pub parts: OutlineParts,
    /// The JSON Schema of its input, where it is known.
    pub input_schema: Option<Value>,
    /// The JSON Schema of its output, where it is known.
    pub output_schema: Option<Value>,
    /// The fields that a call may configure.
    pub fields: Vec<ConfigurableField>,
    /// The text of a prompt's template.
    pub template: Option<String>,
    /// Facts that a config attached.
    pub metadata: serde_json::Map<String, Value>,
    /// What a model says that it can do.
    pub capabilities: Option<Capabilities>,
    /// What makes it again, if it can be [saved](crate::load). Its parts are left to [`parts`](Outline::parts).
    pub constructor: Option<Constructor>,
}

/// The parts of a runnable.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum OutlineParts {
    /// None: it is one step.
    Leaf,
    /// It passes its input on unchanged.
    Passthrough,
    /// Steps one after the other.
    Sequence(Vec<Outline>),
    /// Named branches side by side.
    Parallel(Vec<(String, Outline)>),
    /// Named branches side by side, added to the input.
    Assign(Vec<(String, Outline)>),
    /// Arms, each under its condition, and a default.
    Branch {
        /// Conditions and what they lead to.
        arms: Vec<(Outline, Outline)>,
        /// Where it goes if no condition holds.
        default: Box<Outline>,
    },
    /// One of several, named by the input.
    Choice(Vec<(String, Outline)>),
    /// One of several, named by the caller's config; the default first.
    Alternatives(Vec<(String, Outline)>),
    /// It takes named values out of a record.
    Pick {
        /// Their names.
        names: Vec<String>,
        /// True if it gives the one value itself rather than a record.
        single: bool,
    },
    /// A primary, and what to turn to when it fails.
    Fallbacks(Vec<Outline>),
    /// Something called for every element of a list.
    Each(Box<Outline>),
    /// Something called in another way.
    Wrapper(Box<Outline>),
}

impl Outline {
    /// One step.
    pub fn leaf(name: impl Into<String>, kind: RunKind) -> Self {
        Self::new(name, kind, OutlineParts::Leaf)
    }

    /// One step, with the schemas of those of its types that are known: texts, numbers, prompts, messages and lists
    /// of them.
    ///
    /// # Example
    /// ```
    /// use catena_core::{Outline, StrOutputParser};
    /// let outline = Outline::of(&StrOutputParser);
    /// assert_eq!(outline.name, "StrOutputParser");
    /// assert_eq!(outline.output_schema.unwrap()["type"], "string");
    /// ```
    pub fn of<R: Runnable + ?Sized>(runnable: &R) -> Self {
        Self {
            input_schema: match runnable.kind() {
                // What reads a text reads that of a message.
                RunKind::Parser => type_schema::<R::Input>().map(|_| text_or_message()),
                _ => type_schema::<R::Input>(),
            },
            output_schema: type_schema::<R::Output>(),
            ..Self::leaf(runnable.name(), runnable.kind())
        }
    }

    /// With the JSON Schema of its input.
    #[must_use]
    pub fn with_input_schema(mut self, schema: Value) -> Self {
        self.input_schema = Some(schema);
        self
    }

    /// With the JSON Schema of its output.
    #[must_use]
    pub fn with_output_schema(mut self, schema: Value) -> Self {
        self.output_schema = Some(schema);
        self
    }

    /// With the text of its template.
    #[must_use]
    pub fn with_template(mut self, template: impl Into<String>) -> Self {
        self.template = Some(template.into());
        self
    }

    /// With what makes it again, if anything does.
    #[must_use]
    pub fn with_constructor(mut self, constructor: impl Into<Option<Constructor>>) -> Self {
        self.constructor = constructor.into();
        self
    }

    /// What the model that it is, or calls in another way, can do; of several models what all of them can. `None` if that
    /// is not known.
    pub(crate) fn model_capabilities(&self) -> Option<Capabilities> {
        let of_all = |parts: &mut dyn Iterator<Item = &Self>| {
            let known: Option<Vec<_>> = parts.map(Self::model_capabilities).collect();
            known?.into_iter().reduce(Capabilities::both)
        };
        self.capabilities.or_else(|| match &self.parts {
            OutlineParts::Wrapper(_) | OutlineParts::Fallbacks(_) | OutlineParts::Alternatives(_) => {
                of_all(&mut self.parts.iter())
            }
            // Its first step is called with what is bound to a sequence.
            OutlineParts::Sequence(steps) => steps.first()?.model_capabilities(),
            _ => None,
        })
    }

    /// As something of this class, for what has nothing but parts.
    pub(crate) fn saved_as(self, class: &str) -> Self {
        self.with_constructor(Constructor::runnable(class))
    }

    /// The name of something that belongs to it: its input is `LengthInput` if it is called `Length`, and
    /// `length_input` if it is called `length`.
    ///
    /// # Example
    /// ```
    /// use catena_core::{lambda, Runnable};
    /// let length = lambda(|text: String| text.len()).with_name("length").outline();
    /// assert_eq!(length.name_with("input"), "length_input");
    /// ```
    pub fn name_with(&self, suffix: &str) -> String {
        name_with(&self.name, suffix)
    }

    /// Something made of parts.
    pub fn new(name: impl Into<String>, kind: RunKind, parts: OutlineParts) -> Self {
        Self {
            name: name.into(),
            kind,
            parts,
            input_schema: None,
            output_schema: None,
            fields: Vec::new(),
            template: None,
            metadata: serde_json::Map::new(),
            capabilities: None,
            constructor: None,
        }
    }

    /// Steps one after the other. Sequences among them are laid flat.
    pub(crate) fn sequence(name: impl Into<String>, steps: impl IntoIterator<Item = Self>) -> Self {
        let steps = steps.into_iter().flat_map(|step| match step.parts {
            OutlineParts::Sequence(steps) => steps,
            _ => vec![step],
        });
        Self::new(name, RunKind::Chain, OutlineParts::Sequence(steps.collect())).saved_as("RunnableSequence")
    }

    /// Named branches side by side.
    pub(crate) fn parallel(
        name: impl Into<String>,
        branches: impl IntoIterator<Item = (String, Self)>,
    ) -> Self {
        let parts = OutlineParts::Parallel(branches.into_iter().collect());
        Self::new(name, RunKind::Chain, parts).saved_as("RunnableParallel")
    }

    /// Something that calls `inner` in another way, under its name.
    pub(crate) fn wrapper(inner: Self) -> Self {
        let (name, kind) = (inner.name.clone(), inner.kind);
        Self::new(name, kind, OutlineParts::Wrapper(Box::new(inner)))
    }
}

impl OutlineParts {
    /// The parts, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Outline> {
        let parts: Vec<&Outline> = match self {
            Self::Leaf | Self::Passthrough | Self::Pick { .. } => Vec::new(),
            Self::Sequence(parts) | Self::Fallbacks(parts) => parts.iter().collect(),
            Self::Parallel(parts) | Self::Assign(parts) | Self::Choice(parts) | Self::Alternatives(parts) => {
                parts.iter().map(|(_, part)| part).collect()
            }
            Self::Branch { arms, default } => {
                arms.iter().flat_map(|(condition, arm)| [condition, arm]).chain([default.as_ref()]).collect()
            }
            Self::Each(part) | Self::Wrapper(part) => vec![part],
        };
        parts.into_iter()
    }

    pub(crate) fn for_each_mut(&mut self, change: &mut dyn FnMut(&mut Outline)) {
        match self {
            Self::Leaf | Self::Passthrough | Self::Pick { .. } => {}
            Self::Sequence(parts) | Self::Fallbacks(parts) => parts.iter_mut().for_each(change),
            Self::Parallel(parts) | Self::Assign(parts) | Self::Choice(parts) | Self::Alternatives(parts) => {
                parts.iter_mut().for_each(|(_, part)| change(part));
            }
            Self::Branch { arms, default } => {
                for (condition, arm) in arms {
                    change(condition);
                    change(arm);
                }
                change(default);
            }
            Self::Each(part) | Self::Wrapper(part) => change(part),
        }
    }
}

/// A name with a suffix, written as names of that kind are.
pub(crate) fn name_with(name: &str, suffix: &str) -> String {
    let mut letters = suffix.chars();
    match letters.next() {
        Some(first) if name.starts_with(char::is_uppercase) => {
            let rest = letters.as_str().to_lowercase();
            format!("{name}{}{rest}", first.to_uppercase())
        }
        Some(_) => format!("{name}_{}", suffix.to_lowercase()),
        None => name.to_owned(),
    }
}
