//! What people get to see of an error.

use std::error::Error as StdError;
use std::io;

use catena_core::Error;

/// Everything that an error shows, plain and pretty, with all its sources and what the service said: for tests that look
/// for what must not be there.
///
/// # Example
/// ```
/// use catena_core::{Error, ErrorKind};
/// let error = Error::new(ErrorKind::Config, "no key").with_source(std::io::Error::other("a file with sk-123456"));
/// assert!(!error.to_string().contains("sk-123456"));
/// assert!(catena_testkit::shown(&error).contains("sk-123456"));
/// ```
pub fn shown(error: &Error) -> String {
    let mut text = format!("{:?} {:#?} ", error.service(), error.path());
    let mut next: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(error) = next {
        text.push_str(&format!("{error} {error:#} {error:?} {error:#?} "));
        // The `source` of an `io::Error` skips what it wraps.
        let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = match wrapped {
            Some(wrapped) => Some(wrapped),
            None => error.source(),
        };
    }
    text
}
