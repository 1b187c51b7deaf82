//! The metadata of an answer.

use catena_core::{AiMessage, Error, ErrorKind, Result};
use catena_http::service::{Origin, bounded};

use super::envelope::Envelope;
use super::lenient::{is_truthy, keep};
use super::usage::decode_usage;

/// The metadata of an envelope.
pub(super) struct Facts {
    pub(super) message: AiMessage,
    /// The id of the answer.
    pub(super) id: Option<String>,
}

impl Facts {
    /// Moves the call's metadata into a message without content.
    pub(super) fn of(envelope: &mut Envelope, origin: &Origin) -> Self {
        let mut message = AiMessage::default();
        message.usage = decode_usage(&envelope.usage_metadata);
        message.metadata.model = envelope.model_version.0.take();
        message.metadata.request_id.clone_from(&origin.request_id);
        let extra = &mut message.metadata.extra;
        keep(std::mem::take(&mut envelope.extra), extra);
        for (name, value) in [
            ("promptFeedback", &mut envelope.prompt_feedback),
            ("usageMetadata", &mut envelope.usage_metadata),
        ] {
            if is_truthy(value) {
                extra.insert(name.to_owned(), value.take());
            }
        }
        let id = envelope.response_id.0.take();
        message.id.clone_from(&id);
        Self { message, id }
    }
}

/// Reports a blocked prompt as an error, because there is no answer.
///
/// # Errors
/// `ContentFilter`.
pub(super) fn check_feedback(envelope: &Envelope, origin: &Origin) -> Result<()> {
    let feedback = &envelope.prompt_feedback;
    let reason = feedback["blockReason"].as_str().unwrap_or_default();
    if matches!(reason, "" | "BLOCK_REASON_UNSPECIFIED" | "BLOCKED_REASON_UNSPECIFIED") {
        return Ok(());
    }
    // Redacted before it is truncated: half a key would not be recognised.
    let clean = |text: &str, max| bounded(&origin.redactor.clean(text.to_owned()), max);
    let reason = clean(reason, 60);
    let words = feedback["blockReasonMessage"].as_str();
    let words = words.map(|words| format!(": {}", clean(words, 300))).unwrap_or_default();
    let message = format!("the content filter blocked the prompt ({reason}){words}");
    let mut service = origin.service_error(&feedback.to_string());
    service.code = Some(reason);
    Err(Error::new(ErrorKind::ContentFilter, message).with_service(service))
}
