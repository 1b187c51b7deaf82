//! A digest of text that must not be shown.

use catena_core::{Error, ErrorKind, Result};
use rustls::crypto::hash::HashAlgorithm;

use crate::tls::provider;

/// Returns the SHA-256 of a text in hexadecimal, computed by the crypto provider of TLS.
///
/// # Errors
/// `Config` if no crypto provider is compiled in.
pub(super) fn digest(text: &str) -> Result<String> {
    let provider = provider()?;
    let mut hashes =
        provider.cipher_suites.iter().filter_map(|suite| Some(suite.tls13()?.common.hash_provider));
    match hashes.find(|hash| hash.algorithm() == HashAlgorithm::SHA256) {
        Some(hash) => {
            Ok(hash.hash(text.as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect())
        }
        None => Err(Error::new(ErrorKind::Config, "the TLS library that is compiled in has no SHA-256")),
    }
}

#[cfg(all(test, any(feature = "tls-ring", feature = "tls-aws-lc")))]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_sha_256() {
        for (text, expected) in [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        ] {
            assert_eq!(digest(text).expect("cryptography"), expected);
        }
    }
}
