//! What not every model can do, as values to declare and to ask for.

use std::fmt;

/// Something that not every model can do.
///
/// A model that is asked for what it cannot do says so with
/// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported); it never leaves it out in silence.
///
/// # Example
/// ```
/// use catena_core::{Capabilities, Capability};
/// let can = Capabilities::from([Capability::Tools, Capability::Stop]);
/// assert!(can.has(Capability::Tools) && !can.has(Capability::ImageInput));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Capability {
    /// It ends its answer before one of the stop sequences it was given.
    Stop,
    /// It says how many tokens a call used.
    Usage,
    /// It says so in streams too.
    StreamedUsage,
    /// It follows instructions of a system message.
    SystemMessages,
    /// It calls tools, and reads their results.
    Tools,
    /// It calls several tools in one answer.
    ParallelToolCalls,
    /// It can be made to call a tool, or a certain one.
    ToolChoice,
    /// It can be kept to one tool call in an answer.
    SingleToolCall,
    /// Its answers keep to a JSON Schema.
    StructuredOutput,
    /// It reads images.
    ImageInput,
    /// It listens to audio.
    AudioInput,
    /// It reads files, such as PDFs.
    FileInput,
    /// It shows what it thought before it answered.
    Reasoning,
    /// It gives several answers to one prompt.
    Candidates,
}

impl Capability {
    const ALL: [Self; 14] = [
        Self::Stop,
        Self::Usage,
        Self::StreamedUsage,
        Self::SystemMessages,
        Self::Tools,
        Self::ParallelToolCalls,
        Self::ToolChoice,
        Self::SingleToolCall,
        Self::StructuredOutput,
        Self::ImageInput,
        Self::AudioInput,
        Self::FileInput,
        Self::Reasoning,
        Self::Candidates,
    ];
}

/// Where the marks of [`Capabilities::only_if_asked`] begin, behind the capabilities themselves.
const MARKS: u32 = 16;

/// A set of capabilities.
///
/// # Example
/// ```
/// use catena_core::{Capabilities, Capability};
/// const CAN: Capabilities = Capabilities::none().with(Capability::Stop).with(Capability::Usage);
/// assert_eq!(CAN.iter().collect::<Vec<_>>(), [Capability::Stop, Capability::Usage]);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Capabilities(u32);

impl Capabilities {
    /// The set with nothing in it: a model that answers a text with a text.
    pub const fn none() -> Self {
        Self(0)
    }

    /// The set with one capability more.
    #[must_use]
    pub const fn with(self, capability: Capability) -> Self {
        Self(self.0 | 1 << capability as u32)
    }

    /// The set without one capability.
    #[must_use]
    pub const fn without(self, capability: Capability) -> Self {
        Self(self.0 & !(1 << capability as u32))
    }

    /// The set with a mark on one of its capabilities: it is for the application to ask for, and nothing asks for it on its
    /// own. For servers that refuse the parameter by which it is asked for.
    ///
    /// # Example
    /// ```
    /// use catena_core::{Capabilities, Capability};
    /// let can = Capabilities::from([Capability::SingleToolCall]).only_if_asked(Capability::SingleToolCall);
    /// assert!(can.has(Capability::SingleToolCall));
    /// assert!(!can.offers(Capability::SingleToolCall));
    /// ```
    #[must_use]
    pub const fn only_if_asked(self, capability: Capability) -> Self {
        Self(self.0 | 1 << (MARKS + capability as u32))
    }

    /// True if the capability is in the set and may be asked for without the application's doing; see
    /// [`only_if_asked`](Self::only_if_asked).
    pub const fn offers(self, capability: Capability) -> bool {
        self.has(capability) && self.0 & 1 << (MARKS + capability as u32) == 0
    }

    /// True if the capability is in the set.
    pub const fn has(self, capability: Capability) -> bool {
        self.0 & 1 << capability as u32 != 0
    }

    /// What is in both sets, with the marks of either.
    #[must_use]
    pub const fn both(self, other: Self) -> Self {
        Self(self.0 & other.0 | (self.0 | other.0) >> MARKS << MARKS)
    }

    /// The capabilities of the set.
    pub fn iter(self) -> impl Iterator<Item = Capability> {
        Capability::ALL.into_iter().filter(move |capability| self.has(*capability))
    }
}

impl fmt::Debug for Capabilities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl<const N: usize> From<[Capability; N]> for Capabilities {
    fn from(capabilities: [Capability; N]) -> Self {
        capabilities.into_iter().collect()
    }
}

impl FromIterator<Capability> for Capabilities {
    fn from_iter<I: IntoIterator<Item = Capability>>(capabilities: I) -> Self {
        capabilities.into_iter().fold(Self::none(), Self::with)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_holds_what_was_put_in_and_nothing_else() {
        let all: Capabilities = Capability::ALL.into_iter().collect();
        assert_eq!(all.iter().count(), Capability::ALL.len());
        for capability in Capability::ALL {
            assert!(!all.without(capability).has(capability));
            assert_eq!(Capabilities::from([capability]).iter().collect::<Vec<_>>(), [capability]);
        }
        assert_eq!(
            format!("{:?}", Capabilities::from([Capability::Tools, Capability::Stop])),
            "{Stop, Tools}"
        );
    }

    #[test]
    fn a_mark_is_no_capability_and_stays() {
        let all: Capabilities = Capability::ALL.into_iter().collect();
        for capability in Capability::ALL {
            let marked = all.only_if_asked(capability);
            assert_eq!(marked.iter().count(), Capability::ALL.len());
            assert!(marked.has(capability) && all.offers(capability));
            for set in [marked, marked.both(all), all.both(marked)] {
                let offered = Capability::ALL.into_iter().filter(|other| set.offers(*other));
                assert_eq!(offered.count(), Capability::ALL.len() - 1, "{capability:?}");
            }
            assert!(!Capabilities::none().only_if_asked(capability).has(capability));
        }
    }
}
