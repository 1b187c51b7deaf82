//! Names that mark a value as a credential.

/// Endings of such names, in lower case with hyphens; gateways add prefixes, as in `x-goog-api-key`.
const SECRET: [&str; 10] = [
    "-auth",
    "-key",
    "-secret",
    "-sig",
    "-signature",
    "apikey",
    "authorization",
    "cookie",
    "password",
    "token",
];

/// Endings of names that look similar, but whose values grant no access.
const PUBLIC: [&str; 15] = [
    "-cache-key",
    "-continuation-token",
    "-deduplication-key",
    "-idempotency-key",
    "-next-token",
    "-object-key",
    "-page-token",
    "-partition-key",
    "-public-key",
    "-routing-key",
    "-shard-key",
    "-sort-key",
    "-surrogate-key",
    "nexttoken",
    "pagetoken",
];

/// Returns true if a header, query parameter or configurable value of this name is a credential by convention. Case,
/// and whether words are joined by hyphens or underscores, make no difference.
pub fn names_secret(name: &str) -> bool {
    let ends_with = |endings: &[&str]| endings.iter().any(|end| ends_with(name, end));
    ends_with(&SECRET) && !ends_with(&PUBLIC)
}

/// Compares without allocation, as it is called for every header. A name begins as if a hyphen came before it.
fn ends_with(name: &str, end: &str) -> bool {
    let normal = |byte: u8| if byte == b'_' { b'-' } else { byte.to_ascii_lowercase() };
    let mut name = name.bytes().rev().map(normal).chain([b'-']);
    end.bytes().rev().all(|byte| name.next() == Some(byte))
}

#[cfg(test)]
mod tests {
    use super::names_secret;

    #[test]
    fn credentials_are_told_by_their_names() {
        for name in [
            "authorization",
            "proxy-authorization",
            "cf-aig-authorization",
            "set-cookie",
            "api-key",
            "api_key",
            "apikey",
            "X-API-Key",
            "apiKey",
            "key",
            "first_api_key",
            "x-goog-api-key",
            "x-auth-key",
            "x-functions-key",
            "ocp-apim-subscription-key",
            "helicone-auth",
            "token",
            "access_token",
            "x-amz-security-token",
            "client_secret",
            "sig",
            "password",
        ] {
            assert!(names_secret(name), "{name}");
        }
        for name in [
            "",
            "idempotency-key",
            "Idempotency_Key",
            "x-idempotency-key",
            "prompt_cache_key",
            "surrogate-key",
            "sort_key",
            "pageToken",
            "next_page_token",
            "x-ratelimit-remaining-tokens",
            "max_tokens",
            "api-version",
            "x-request-id",
            "x-author",
            "keyboard",
            "monkey",
        ] {
            assert!(!names_secret(name), "{name}");
        }
    }
}
