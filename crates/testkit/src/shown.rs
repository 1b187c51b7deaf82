//! What an error shows.

use std::error::Error as StdError;
use std::io;

use catena_core::Error;

/// Returns everything that an error can show: `Display` and `Debug`, plain and pretty, of the error and all its
/// sources, and the service's response. For tests that check for leaks.
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
        // The `source` of an `io::Error` skips the error that it wraps.
        let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = match wrapped {
            Some(wrapped) => Some(wrapped),
            None => error.source(),
        };
    }
    text
}
