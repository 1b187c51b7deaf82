//! Finish reasons in the form shared by all providers.

/// Maps a `finishReason` to the shared name; one without keeps its own, in lower case. `called`: the answer calls a
/// tool.
pub(super) fn common_word(reason: &str, called: bool) -> String {
    match reason {
        "STOP" if called => "tool_calls",
        "STOP" => "stop",
        "MAX_TOKENS" => "length",
        "SAFETY"
        | "RECITATION"
        | "BLOCKLIST"
        | "PROHIBITED_CONTENT"
        | "SPII"
        | "IMAGE_SAFETY"
        | "IMAGE_PROHIBITED_CONTENT"
        | "IMAGE_RECITATION"
        | "MODEL_ARMOR" => "content_filter",
        other => return other.to_ascii_lowercase(),
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_have_common_words() {
        for (reason, called, expected) in [
            ("STOP", false, "stop"),
            ("STOP", true, "tool_calls"),
            ("MAX_TOKENS", true, "length"),
            ("SAFETY", false, "content_filter"),
            ("PROHIBITED_CONTENT", false, "content_filter"),
            ("MALFORMED_FUNCTION_CALL", false, "malformed_function_call"),
            ("NEW_WORD", false, "new_word"),
        ] {
            assert_eq!(common_word(reason, called), expected, "{reason}");
        }
    }
}
