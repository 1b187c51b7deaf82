//! Messages in pipelines.

use catena_core::{Data, FromData, Message, Result};

use crate::Spec;

/// Reads a message: a text (a human message), `[role, text]`, `{"role", "content"}`, or
/// `{"$message": {"type", "content", ..}}` with all the members that a message can have.
pub(crate) fn read(spec: &Spec<'_>) -> Result<Message> {
    if let Some(whole) = spec.get("$message") {
        spec.only(&["$message"])?;
        return serde_json::from_value(whole.data().clone().into_json())
            .map_err(|error| whole.error(format_args!("invalid message: {error}")));
    }
    Message::from_data(Data::clone(spec.data())).map_err(|error| spec.error(error.message()))
}
