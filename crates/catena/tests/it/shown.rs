//! Everything that an error shows to anybody who looks.

use std::error::Error as StdError;
use std::io;

use catena::Error;

/// `Display` and `Debug`, plain and pretty, of the error, of all its sources and of what the service said.
pub(crate) fn shown(error: &Error) -> String {
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
