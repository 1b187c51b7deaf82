//! Optional features of models, as values to declare and to query.

use std::fmt;

/// An optional feature of a model.
///
/// A model that does not support a requested feature fails with
/// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported); it never drops the request silently.
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
    /// It ends its answer before any of the given stop sequences.
    Stop,
    /// It reports the token usage of a call.
    Usage,
    /// It reports token usage in streams too.
    StreamedUsage,
    /// It follows instructions in system messages.
    SystemMessages,
    /// It calls tools and reads their results.
    Tools,
    /// It calls several tools in one answer.
    ParallelToolCalls,
    /// It can be forced to call a tool, or a specific one.
    ToolChoice,
    /// It can be limited to one tool call per answer.
    SingleToolCall,
    /// Its answers can be constrained to a JSON Schema.
    StructuredOutput,
    /// It accepts images as input.
    ImageInput,
    /// It accepts audio as input.
    AudioInput,
    /// It accepts files, such as PDFs, as input.
    FileInput,
    /// It returns the reasoning that precedes its answer.
    Reasoning,
    /// It returns several candidate answers to one prompt.
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

/// The bit at which the marks of [`Capabilities::only_if_asked`] start, after those of the capabilities.
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
    /// Returns the empty set: a model that answers a text with a text.
    pub const fn none() -> Self {
        Self(0)
    }

    /// Returns the set with a capability added.
    #[must_use]
    pub const fn with(self, capability: Capability) -> Self {
        Self(self.0 | 1 << capability as u32)
    }

    /// Returns the set with a capability removed.
    #[must_use]
    pub const fn without(self, capability: Capability) -> Self {
        Self(self.0 & !(1 << capability as u32))
    }

    /// Marks a capability as one to be used only at the application's request, never on the library's own account. For
    /// servers that reject the parameter which requests it.
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

    /// Returns `true` if the set contains the capability without the mark of [`only_if_asked`](Self::only_if_asked).
    pub const fn offers(self, capability: Capability) -> bool {
        self.has(capability) && self.0 & 1 << (MARKS + capability as u32) == 0
    }

    /// Returns `true` if the set contains the capability.
    pub const fn has(self, capability: Capability) -> bool {
        self.0 & 1 << capability as u32 != 0
    }

    /// Returns the intersection of both sets, with the marks of either.
    #[must_use]
    pub const fn both(self, other: Self) -> Self {
        Self(self.0 & other.0 | (self.0 | other.0) >> MARKS << MARKS)
    }

    /// Iterates over the capabilities in the set.
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
