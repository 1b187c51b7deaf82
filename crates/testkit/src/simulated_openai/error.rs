//! OpenAI's error bodies.

use serde_json::json;

use crate::reply::Reply;

/// Why a request is rejected.
#[derive(Debug)]
pub(super) struct Refusal {
    status: u16,
    message: String,
    param: Option<&'static str>,
    code: Option<&'static str>,
}

impl Refusal {
    pub(super) fn bad_request(message: impl Into<String>) -> Self {
        Self { status: 400, message: message.into(), param: None, code: None }
    }

    pub(super) fn bad_param(param: &'static str, message: impl Into<String>) -> Self {
        Self { param: Some(param), ..Self::bad_request(message) }
    }

    pub(super) fn missing_param(param: &'static str) -> Self {
        let code = Some("missing_required_parameter");
        Self { code, ..Self::bad_param(param, format!("Missing required parameter: '{param}'.")) }
    }

    pub(super) fn bad_schema(message: String) -> Self {
        Self { code: Some("invalid_function_parameters"), ..Self::bad_param("tools", message) }
    }

    pub(super) fn unknown_path(method: &str, path: &str) -> Self {
        Self { status: 404, ..Self::bad_request(format!("Invalid URL ({method} {path})")) }
    }

    pub(super) fn unknown_model(model: &str) -> Self {
        let message = format!("The model '{model}' does not exist");
        Self { status: 404, code: Some("model_not_found"), ..Self::bad_param("model", message) }
    }

    pub(super) fn wrong_method(method: &str, path: &str) -> Self {
        let message = format!(
            "Not allowed to {method} on {path}. (HINT: Perhaps you meant to use a different HTTP method?)"
        );
        Self { status: 405, code: Some("method_not_supported"), ..Self::bad_request(message) }
    }

    pub(super) fn too_many(message: &str) -> Self {
        Self { status: 429, code: Some("rate_limit_exceeded"), ..Self::bad_request(message) }
    }

    pub(super) fn no_key() -> Self {
        let message = "You didn't provide an API key. You need to provide your API key in an Authorization header \
                       using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).";
        Self { status: 401, ..Self::bad_request(message) }
    }

    pub(super) fn wrong_key(key: &str) -> Self {
        let message = format!(
            "Incorrect API key provided: {}. You can find your API key at \
             https://platform.openai.com/account/api-keys.",
            masked(key)
        );
        Self { status: 401, code: Some("invalid_api_key"), ..Self::bad_request(message) }
    }

    pub(super) fn into_reply(self) -> Reply {
        let Self { status, message, param, code } = self;
        let error =
            json!({"message": message, "type": "invalid_request_error", "param": param, "code": code});
        Reply::json(status, json!({"error": error}))
    }
}

/// Masks a key as OpenAI does: shows its ends, if it is long enough to have a secret between them.
fn masked(key: &str) -> String {
    let length = key.chars().count();
    if length < 20 {
        return "*".repeat(length);
    }
    let start: String = key.chars().take(7).collect();
    let end: String = key.chars().skip(length - 4).collect();
    format!("{start}{}{end}", "*".repeat(length - 11))
}
