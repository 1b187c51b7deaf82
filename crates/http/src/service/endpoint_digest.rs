//! The parts common to all calls that may determine who answers them.

use catena_core::__private::names_secret;
use catena_core::Result;
use http::header::{ACCEPT, ACCEPT_ENCODING, CONNECTION, HOST, USER_AGENT};
use serde_json::{Map, Value};

use super::client::{Inner, Service};
use super::digest::digest;

/// The member of a description that contains the digest.
const ENDPOINT_DIGEST: &str = "endpoint_digest";

impl Service {
    /// Adds to a description of a model, as for [`parameters`](catena_core::LanguageModel::parameters), a member
    /// `endpoint_digest` if all calls have a query or custom headers in common, because a gateway may route by them. The
    /// digest is equal for equal ones and differs for others. Headers that carry keys are excluded; a query may contain
    /// a key, which is why only a digest is shown.
    ///
    /// `None` if there is a query, but no crypto provider is compiled in to compute a digest.
    pub fn with_endpoint_digest(&self, mut described: Map<String, Value>) -> Option<Map<String, Value>> {
        let inner = self.inner();
        let digest = inner.endpoint_digest.get_or_init(|| inner.digest_of_endpoint()).as_ref().ok()?;
        described.extend(digest.iter().map(|digest| (ENDPOINT_DIGEST.to_owned(), digest.as_str().into())));
        Some(described)
    }
}

impl Inner {
    fn digest_of_endpoint(&self) -> Result<Option<String>> {
        let of_transport = [ACCEPT, ACCEPT_ENCODING, CONNECTION, HOST, USER_AGENT];
        let mut headers: Vec<_> = self
            .headers
            .iter()
            .filter(|(name, value)| {
                !of_transport.contains(name) && !names_secret(name.as_str()) && !value.is_sensitive()
            })
            .map(|(name, value)| (name.as_str(), value.as_bytes()))
            .collect();
        headers.sort_unstable();
        match (self.address.query(), &self.query[..], &headers[..]) {
            (None, [], []) => Ok(None),
            // These contain no keys, so they can be shown if no crypto provider is compiled in.
            (None, [], headers) => {
                Ok(Some(digest(&format!("{headers:?}")).unwrap_or_else(|_| shown(headers))))
            }
            all => digest(&format!("{all:?}")).map(Some),
        }
    }
}

fn shown(headers: &[(&str, &[u8])]) -> String {
    let shown = |(name, value): &(&str, &[u8])| format!("{name}: {}", value.escape_ascii());
    headers.iter().map(shown).collect::<Vec<_>>().join("; ")
}
