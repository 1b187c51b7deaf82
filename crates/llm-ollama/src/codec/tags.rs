//! The list of models: `GET /api/tags`.

use catena_core::Result;
use serde::Deserialize;

use super::Origin;
use super::line::{lacks, not_decodable};
use crate::model_info::ModelInfo;

#[derive(Deserialize)]
struct Models {
    models: Option<Vec<ModelInfo>>,
}

/// Decodes the list.
///
/// # Errors
/// `Decode` for what is not JSON, `InvalidResponse` for anything but a list of models.
pub(crate) fn decode_tags(body: &[u8], origin: &Origin) -> Result<Vec<ModelInfo>> {
    let answer: Models = serde_json::from_slice(body)
        .map_err(|error| not_decodable("the answer", &String::from_utf8_lossy(body), &error, origin))?;
    answer.models.ok_or_else(|| lacks("list of models", body, origin))
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::origin;
    use super::*;

    #[test]
    fn the_list_is_read() {
        let body =
            br#"{"models":[{"name":"llama3.2:3b","model":"llama3.2:3b","modified_at":"2025-01-01T00:00:00Z",
            "size":2019393189,"digest":"a80c","details":{"family":"llama","families":null}}]}"#;
        let models = decode_tags(body, &origin()).expect("a list");
        assert_eq!((models[0].name.as_str(), models[0].size), ("llama3.2:3b", Some(2_019_393_189)));
        assert_eq!(models[0].details.as_ref().map(|details| &details["family"]), Some(&"llama".into()));
        assert_eq!(models[0].extra["model"], "llama3.2:3b");
        for body in ["", "{}", "[]", r#"{"models":[7]}"#] {
            decode_tags(body.as_bytes(), &origin()).expect_err(body);
        }
    }
}
