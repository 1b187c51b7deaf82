//! The position in a chain at which something happened: `seq[2] > parallel.a > retry#2`.

use std::borrow::Cow;
use std::fmt;

/// One step on the path from the outermost runnable to the one that failed.
///
/// # Example
/// ```
/// use catena_core::Segment;
/// assert_eq!(Segment::Seq(2).to_string(), "seq[2]");
/// assert_eq!(Segment::Key("a".into()).to_string(), "parallel.a");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Segment {
    /// A step of a sequence, counted from 0.
    Seq(usize),
    /// A branch of a parallel step.
    Key(Cow<'static, str>),
    /// An attempt of a retried step, counted from 1.
    Retry(usize),
    /// A fallback, counted from 0; the primary is 0.
    Fallback(usize),
    /// The chosen arm of a branch, counted from 0.
    Branch(usize),
    /// The condition of a branch, counted from 0.
    Condition(usize),
    /// An element of a mapped list, counted from 0.
    Each(usize),
    /// A step by its name.
    Name(Cow<'static, str>),
}

impl fmt::Display for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Seq(index) => write!(f, "seq[{index}]"),
            Self::Key(key) => write!(f, "parallel.{key}"),
            Self::Retry(attempt) => write!(f, "retry#{attempt}"),
            Self::Fallback(index) => write!(f, "fallback[{index}]"),
            Self::Branch(index) => write!(f, "branch[{index}]"),
            Self::Condition(index) => write!(f, "condition[{index}]"),
            Self::Each(index) => write!(f, "each[{index}]"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

/// A path of segments from the outermost step to the innermost.
///
/// # Example
/// ```
/// use catena_core::{Error, ErrorKind, Segment};
/// let error = Error::new(ErrorKind::Other, "no").at(Segment::Name("Parser".into())).at(Segment::Seq(1));
/// assert_eq!(error.path().to_string(), "seq[1] > Parser");
/// assert_eq!(error.path().segments().count(), 2);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Path {
    /// Innermost first, because errors propagate outwards.
    inner_first: Vec<Segment>,
}

impl Path {
    /// Returns the segments, outermost first.
    pub fn segments(&self) -> impl Iterator<Item = &Segment> {
        self.inner_first.iter().rev()
    }

    /// Returns `true` if the path has no segments.
    pub fn is_empty(&self) -> bool {
        self.inner_first.is_empty()
    }

    pub(crate) fn push_outer(&mut self, segment: Segment) {
        self.inner_first.push(segment);
    }

    pub(crate) fn outermost_mut(&mut self) -> Option<&mut Segment> {
        self.inner_first.last_mut()
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, segment) in self.segments().enumerate() {
            if index > 0 {
                f.write_str(" > ")?;
            }
            segment.fmt(f)?;
        }
        Ok(())
    }
}
