//! Response headers in the metadata of answers.

use catena_core::ResponseMetadata;
use serde_json::{Map, Value};

use super::origin::Origin;

/// Adds the headers as `headers`, with lower-case names. Cookies are omitted, because they may grant access.
pub(super) fn add_headers(origin: &Origin, metadata: &mut ResponseMetadata) {
    let mut headers = Map::new();
    for (name, value) in origin.headers.iter().filter(|(name, _)| *name != "set-cookie") {
        let value = origin.redactor.clean(String::from_utf8_lossy(value.as_bytes()));
        match headers.get_mut(name.as_str()) {
            Some(Value::String(known)) => *known = format!("{known}, {value}"),
            _ => drop(headers.insert(name.as_str().to_owned(), value.into())),
        }
    }
    metadata.extra.insert("headers".to_owned(), headers.into());
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::sync::Arc;

    #[test]
    fn headers_are_kept_but_cookies() {
        let pairs = [("x-a", "1"), ("x-a", "2"), ("content-type", "text/plain"), ("set-cookie", "id=secret")];
        let pairs = pairs.map(|(name, value)| {
            (catena_http::HeaderName::from_static(name), catena_http::HeaderValue::from_static(value))
        });
        let origin = Origin { headers: Arc::new(pairs.into_iter().collect()), ..Origin::default() };
        let mut metadata = ResponseMetadata::default();
        add_headers(&origin, &mut metadata);
        assert_eq!(metadata.extra["headers"], json!({"x-a": "1, 2", "content-type": "text/plain"}));
    }
}
