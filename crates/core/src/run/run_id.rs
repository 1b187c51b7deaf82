//! Ids of runs.

use std::fmt;
use std::str::FromStr;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::random::random_bits;
use crate::{Error, ErrorKind};

/// The id of a run: a UUID version 7 (RFC 9562), so that ids sort by time.
///
/// # Example
/// ```
/// use catena_core::RunId;
/// let id: RunId = "0192d5f0-7a30-7cc3-98c4-dc0c0c07398f".parse()?;
/// assert_eq!(id.to_string(), "0192d5f0-7a30-7cc3-98c4-dc0c0c07398f");
/// # Ok::<(), catena_core::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RunId(u128);

impl RunId {
    /// Creates a new id for this point in time.
    pub(crate) fn new(now: SystemTime) -> Self {
        let millis = now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis()) & 0xFFFF_FFFF_FFFF;
        let random = (u128::from(random_bits()) << 64) | u128::from(random_bits());
        let version_and_random = (0x7 << 76) | (random & 0x0FFF_0000_0000_0000_0000);
        let variant_and_random = (0x2 << 62) | (random & 0x3FFF_FFFF_FFFF_FFFF);
        Self((millis << 80) | version_and_random | variant_and_random)
    }

    /// Returns the id as a number.
    pub fn as_u128(self) -> u128 {
        self.0
    }
}

impl From<u128> for RunId {
    fn from(id: u128) -> Self {
        Self(id)
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = self.0;
        write!(
            f,
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            id >> 96,
            (id >> 80) & 0xFFFF,
            (id >> 64) & 0xFFFF,
            (id >> 48) & 0xFFFF,
            id & 0xFFFF_FFFF_FFFF
        )
    }
}

impl fmt::Debug for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RunId({self})")
    }
}

impl FromStr for RunId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let hyphens = [8, 13, 18, 23];
        let well_formed = text.len() == 36
            && text.bytes().enumerate().all(|(at, byte)| {
                if hyphens.contains(&at) { byte == b'-' } else { byte.is_ascii_hexdigit() }
            });
        let digits: String = text.chars().filter(|c| *c != '-').collect();
        match u128::from_str_radix(&digits, 16) {
            Ok(id) if well_formed => Ok(Self(id)),
            _ => Err(Error::new(
                ErrorKind::InvalidInput,
                format!("invalid run id `{text:.40}`: expected a UUID"),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn ids_are_uuids_of_version_7_that_sort_by_time() {
        let early = RunId::new(UNIX_EPOCH + Duration::from_millis(1_700_000_000_000));
        let late = RunId::new(UNIX_EPOCH + Duration::from_millis(1_700_000_000_001));
        assert!(early < late);
        let text = early.to_string();
        assert!(text.starts_with("018bcfe5-6800-7"), "{text}");
        assert!("89ab".contains(&text[19..20]), "{text}");
        assert_eq!(text.parse::<RunId>().expect("a UUID"), early);
    }

    #[test]
    fn ids_differ() {
        let ids: std::collections::HashSet<RunId> = (0..10_000).map(|_| RunId::new(UNIX_EPOCH)).collect();
        assert_eq!(ids.len(), 10_000);
    }

    #[test]
    fn text_that_is_no_uuid_is_refused() {
        for text in ["", "x", "0192d5f07a307cc398c4dc0c0c07398f", "0192d5f0-7a30-7cc3-98c4-dc0c0c07398g", "é"]
        {
            assert!(text.parse::<RunId>().is_err(), "{text}");
        }
    }
}
