//! The structure of a runnable, as plain data.

use serde_json::Value;

use crate::load::Constructor;
use crate::schema::{text_or_message, type_schema};
use crate::{Capabilities, ConfigurableField, RunKind, Runnable};

/// The structure of a runnable: its kind, its parts and its schemas. Graphs, schemas and lists of configurable fields
/// are derived from it.
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
    /// The kind of run it is reported as.
    pub kind: RunKind,
    /// The runnables it is composed of.
    pub parts: OutlineParts,
    /// The JSON Schema of its input, if known.
    pub input_schema: Option<Value>,
    /// The JSON Schema of its output, if known.
    pub output_schema: Option<Value>,
    /// The fields a caller may configure per call.
    pub fields: Vec<ConfigurableField>,
    /// The source text of the template, for a prompt.
    pub template: Option<String>,
    /// The metadata attached by a config.
    pub metadata: serde_json::Map<String, Value>,
    /// The capabilities a model declares.
    pub capabilities: Option<Capabilities>,
    /// How to reconstruct it, if it can be [saved](crate::load). Its parts are not repeated here; they are in
    /// [`parts`](Outline::parts).
    pub constructor: Option<Constructor>,
}

/// The parts a runnable is composed of.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum OutlineParts {
    /// No parts: a single step.
    Leaf,
    /// Passes its input on unchanged.
    Passthrough,
    /// Steps that run one after another.
    Sequence(Vec<Outline>),
    /// Named branches that run in parallel.
    Parallel(Vec<(String, Outline)>),
    /// Named branches that run in parallel, their results added to the input.
    Assign(Vec<(String, Outline)>),
    /// Conditional arms and a default.
    Branch {
        /// Pairs of a condition and the runnable it selects.
        arms: Vec<(Outline, Outline)>,
        /// The runnable selected if no condition holds.
        default: Box<Outline>,
    },
    /// Named runnables, one of which is selected by the input.
    Choice(Vec<(String, Outline)>),
    /// Named runnables, one of which is selected by the caller's config; the default comes first.
    Alternatives(Vec<(String, Outline)>),
    /// Takes named values out of a record.
    Pick {
        /// The names of the values.
        names: Vec<String>,
        /// Whether the output is the single value itself rather than a record.
        single: bool,
    },
    /// A primary runnable followed by its fallbacks.
    Fallbacks(Vec<Outline>),
    /// A runnable called for every element of a list.
    Each(Box<Outline>),
    /// A runnable wrapped in another way of calling it, such as retries.
    Wrapper(Box<Outline>),
}

impl Outline {
    /// Creates the outline of a single step.
    pub fn leaf(name: impl Into<String>, kind: RunKind) -> Self {
        Self::new(name, kind, OutlineParts::Leaf)
    }

    /// Creates the outline of a single step, with the schemas of its input and output where those types have one:
    /// texts, numbers, prompts, messages and lists of them.
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
                // A parser of text also accepts a message, of which it reads the text.
                RunKind::Parser => type_schema::<R::Input>().map(|_| text_or_message()),
                _ => type_schema::<R::Input>(),
            },
            output_schema: type_schema::<R::Output>(),
            ..Self::leaf(runnable.name(), runnable.kind())
        }
    }

    /// Sets the JSON Schema of the input.
    #[must_use]
    pub fn with_input_schema(mut self, schema: Value) -> Self {
        self.input_schema = Some(schema);
        self
    }

    /// Sets the JSON Schema of the output.
    #[must_use]
    pub fn with_output_schema(mut self, schema: Value) -> Self {
        self.output_schema = Some(schema);
        self
    }

    /// Sets the source text of the template.
    #[must_use]
    pub fn with_template(mut self, template: impl Into<String>) -> Self {
        self.template = Some(template.into());
        self
    }

    /// Sets how to reconstruct the runnable; `None` if it cannot be saved.
    #[must_use]
    pub fn with_constructor(mut self, constructor: impl Into<Option<Constructor>>) -> Self {
        self.constructor = constructor.into();
        self
    }

    /// Returns the capabilities of the model this is or wraps; for several models, the capabilities they share. `None`
    /// if unknown.
    pub(crate) fn model_capabilities(&self) -> Option<Capabilities> {
        let of_all = |parts: &mut dyn Iterator<Item = &Self>| {
            let known: Option<Vec<_>> = parts.map(Self::model_capabilities).collect();
            known?.into_iter().reduce(Capabilities::both)
        };
        self.capabilities.or_else(|| match &self.parts {
            OutlineParts::Wrapper(_) | OutlineParts::Fallbacks(_) | OutlineParts::Alternatives(_) => {
                of_all(&mut self.parts.iter())
            }
            // What is bound to a sequence is passed to its first step.
            OutlineParts::Sequence(steps) => steps.first()?.model_capabilities(),
            _ => None,
        })
    }

    /// Sets the class under which it is saved, for runnables that consist of nothing but their parts.
    pub(crate) fn saved_as(self, class: &str) -> Self {
        self.with_constructor(Constructor::runnable(class))
    }

    /// Derives a name from that of the runnable: with the suffix `input`, `Length` becomes `LengthInput` and `length`
    /// becomes `length_input`.
    ///
    /// # Example
    /// ```
    /// use catena_core::{lambda, Runnable};
    /// let length = lambda(|text: String| text.len()).with_name("length").outline();
    /// assert_eq!(length.name_with_suffix("input"), "length_input");
    /// ```
    pub fn name_with_suffix(&self, suffix: &str) -> String {
        name_with_suffix(&self.name, suffix)
    }

    /// Creates an outline from its name, kind and parts.
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

    /// Creates the outline of a sequence. Nested sequences are flattened.
    pub(crate) fn sequence(name: impl Into<String>, steps: impl IntoIterator<Item = Self>) -> Self {
        let steps = steps.into_iter().flat_map(|step| match step.parts {
            OutlineParts::Sequence(steps) => steps,
            _ => vec![step],
        });
        Self::new(name, RunKind::Chain, OutlineParts::Sequence(steps.collect())).saved_as("RunnableSequence")
    }

    /// Creates the outline of named parallel branches.
    pub(crate) fn parallel(
        name: impl Into<String>,
        branches: impl IntoIterator<Item = (String, Self)>,
    ) -> Self {
        let parts = OutlineParts::Parallel(branches.into_iter().collect());
        Self::new(name, RunKind::Chain, parts).saved_as("RunnableParallel")
    }

    /// Creates the outline of a wrapper around `inner`, under the name of `inner`.
    pub(crate) fn wrapper(inner: Self) -> Self {
        let (name, kind) = (inner.name.clone(), inner.kind);
        Self::new(name, kind, OutlineParts::Wrapper(Box::new(inner)))
    }
}

impl OutlineParts {
    /// Iterates over the parts, in order.
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

/// Appends a suffix to a name, in the case style of the name.
pub(crate) fn name_with_suffix(name: &str, suffix: &str) -> String {
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
