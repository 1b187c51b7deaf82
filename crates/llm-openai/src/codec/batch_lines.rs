//! The lines of batch files: requests and results.

use catena_core::{Error, ErrorKind, Result, ServiceError};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::envelope::not_decodable;
use super::error::error_in_body;
use super::lenient::is_truthy;
use super::origin::Origin;

#[derive(Serialize)]
struct Head<'a> {
    custom_id: &'a str,
    method: &'a str,
    url: &'a str,
}

/// Appends a request's line to a file. Its body is JSON without line breaks.
pub(crate) fn encode_line(custom_id: &str, url: &str, body: &[u8], file: &mut Vec<u8>) -> Result<()> {
    serde_json::to_writer(&mut *file, &Head { custom_id, method: "POST", url }).map_err(|error| {
        Error::new(ErrorKind::InvalidInput, format!("a request of a batch cannot be written: {error}"))
    })?;
    file.pop();
    file.extend_from_slice(br#","body":"#);
    file.extend_from_slice(body);
    file.extend_from_slice(b"}\n");
    Ok(())
}

/// The result of one request.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) custom_id: String,
    pub(crate) outcome: Result<LineAnswer>,
}

/// A successful response.
#[derive(Debug)]
pub(crate) struct LineAnswer {
    pub(crate) status: u16,
    pub(crate) request_id: Option<String>,
    pub(crate) body: Value,
}

#[derive(Deserialize)]
struct WireLine {
    custom_id: String,
    #[serde(default)]
    response: Option<WireAnswer>,
    #[serde(default)]
    error: Value,
}

#[derive(Deserialize)]
struct WireAnswer {
    #[serde(default)]
    status_code: Option<u16>,
    #[serde(default)]
    request_id: Option<String>,
    #[serde(default)]
    body: Value,
}

/// Decodes a line of an output or error file. `failed` creates the error of an unsuccessful response from its status,
/// body and origin.
///
/// # Errors
/// `Decode` or `InvalidResponse` for a line that does not identify its request.
pub(crate) fn decode_line(
    line: &[u8],
    origin: &Origin,
    failed: impl FnOnce(u16, &str, &Origin) -> Error,
) -> Result<Line> {
    let WireLine { custom_id, response, error } = serde_json::from_slice(line).map_err(|error| {
        not_decodable(
            "a line of the results of a batch",
            &String::from_utf8_lossy(line),
            &error,
            ErrorKind::Decode,
            origin,
        )
    })?;
    let outcome = match response {
        Some(answer) if !is_truthy(&error) => {
            let body = unquoted(answer.body);
            let origin = Origin { request_id: answer.request_id.clone(), ..origin.clone() };
            match answer.status_code {
                None | Some(200..300) => {
                    let status = answer.status_code.unwrap_or(200);
                    Ok(LineAnswer { status, request_id: answer.request_id, body })
                }
                Some(status) => Err(failed(status, &body.to_string(), &origin)),
            }
        }
        _ => Err(not_done(&error, origin)),
    };
    Ok(Line { custom_id, outcome })
}

/// Returns the body. OGX sends its JSON as a string.
fn unquoted(body: Value) -> Value {
    match body.as_str().map(serde_json::from_str) {
        Some(Ok(object @ Value::Object(_))) => object,
        _ => body,
    }
}

/// Returns the error of a request that was not processed.
fn not_done(error: &Value, origin: &Origin) -> Error {
    let kind = match error["code"].as_str() {
        Some("batch_expired") => ErrorKind::Timeout,
        Some("batch_cancelled") => ErrorKind::Cancelled,
        _ => ErrorKind::Other,
    };
    let none = json!({ "message": "the batch has neither an answer nor an error for this request" });
    let error = if is_truthy(error) { error } else { &none };
    let body = json!({ "error": error }).to_string();
    let found = error_in_body(kind, &body, ServiceError::default(), origin);
    // A request that expired is fine in itself.
    let again = found.is_retryable() || matches!(kind, ErrorKind::Timeout);
    found.with_retryable(again)
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::origin;
    use super::*;

    #[test]
    fn requests_are_lines_of_json() {
        let mut file = Vec::new();
        encode_line("r\"1", "/v1/responses", br#"{"model":"m"}"#, &mut file).expect("a line");
        encode_line("r2", "/v1/responses", b"{}", &mut file).expect("a line");
        let expected = concat!(
            r#"{"custom_id":"r\"1","method":"POST","url":"/v1/responses","body":{"model":"m"}}"#,
            "\n",
            r#"{"custom_id":"r2","method":"POST","url":"/v1/responses","body":{}}"#,
            "\n"
        );
        assert_eq!(String::from_utf8_lossy(&file), expected);
    }

    #[track_caller]
    fn check(line: &str, expected: Result<u16, (ErrorKind, bool)>) {
        let failed = |status, body: &str, origin: &Origin| {
            assert_eq!(origin.request_id.as_deref(), Some("req_9"));
            Error::new(ErrorKind::HttpStatus, format!("{status} {body}"))
        };
        let line = decode_line(line.as_bytes(), &origin(), failed).expect("a line");
        assert_eq!(line.custom_id, "r1");
        let outcome = line.outcome.map(|answer| answer.status);
        assert_eq!(outcome.map_err(|error| (error.kind(), error.is_retryable())), expected);
    }

    #[test]
    fn results_are_answers_or_errors() {
        check(
            r#"{"custom_id":"r1","response":{"status_code":200,"request_id":"req_9","body":{}},"error":null}"#,
            Ok(200),
        );
        check(r#"{"custom_id":"r1","response":{"body":{}}}"#, Ok(200));
        for nothing in ["\"\"", "{}", "[]", "false"] {
            check(&format!(r#"{{"custom_id":"r1","response":{{"body":{{}}}},"error":{nothing}}}"#), Ok(200));
        }
        check(r#"{"custom_id":"r1","response":{"body":{}},"error":"lost"}"#, Err((ErrorKind::Other, false)));
        check(r#"{"custom_id":"r1","error":{}}"#, Err((ErrorKind::Other, false)));
        check(
            r#"{"custom_id":"r1","response":{"status_code":400,"request_id":"req_9","body":{"error":{}}}}"#,
            Err((ErrorKind::HttpStatus, false)),
        );
        check(
            r#"{"custom_id":"r1","response":null,"error":{"code":"batch_expired","message":"late"}}"#,
            Err((ErrorKind::Timeout, true)),
        );
        check(
            r#"{"custom_id":"r1","error":{"code":"batch_cancelled","message":"stopped"}}"#,
            Err((ErrorKind::Cancelled, false)),
        );
        check(r#"{"custom_id":"r1"}"#, Err((ErrorKind::Other, false)));
    }

    #[test]
    fn a_body_may_be_quoted() {
        let failed =
            |status, body: &str, _: &Origin| Error::new(ErrorKind::Other, format!("{status} {body}"));
        let read = |status: u16, body: Value| {
            let line = json!({ "custom_id": "r1", "response": { "status_code": status, "body": body } });
            decode_line(line.to_string().as_bytes(), &origin(), failed).expect("a line").outcome
        };
        assert_eq!(read(200, json!(r#"{"id":"c"}"#)).expect("an answer").body, json!({ "id": "c" }));
        assert_eq!(read(200, json!("text")).expect("an answer").body, json!("text"));
        let error = read(400, json!(r#"{"error":{}}"#)).expect_err("a failure");
        assert_eq!(error.message(), r#"400 {"error":{}}"#);
    }

    #[test]
    fn a_line_without_an_id_is_an_error() {
        for (line, kind) in
            [("{}", ErrorKind::InvalidResponse), ("{", ErrorKind::Decode), ("[]", ErrorKind::InvalidResponse)]
        {
            let failed = |_, _: &str, _: &Origin| Error::new(ErrorKind::Other, "");
            assert_eq!(decode_line(line.as_bytes(), &origin(), failed).expect_err(line).kind(), kind);
        }
    }
}
