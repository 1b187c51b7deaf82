//! A text that does not stay in memory.

use std::hint::black_box;
use std::mem;

/// A text whose memory is overwritten on drop, as far as safe code without dependencies can ensure that.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Wiped(String);

impl Wiped {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for Wiped {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl Drop for Wiped {
    fn drop(&mut self) {
        let mut bytes = mem::take(&mut self.0).into_bytes();
        bytes.fill(0);
        // Otherwise the compiler could remove the writes: nothing reads them.
        black_box(&bytes);
    }
}
