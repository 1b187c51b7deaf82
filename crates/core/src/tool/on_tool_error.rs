//! The handling of tool errors.

use std::fmt;
use std::sync::Arc;

use crate::{Error, ErrorKind};

/// The maximum number of characters of an error that are sent to the model.
const MOST: usize = 2000;

/// The handling of errors of a tool, and of invalid arguments.
///
/// Errors that the model can do nothing about are never sent to it, whatever the handling: the call fails with them.
/// They are those that end the whole run, [`Cancelled`](ErrorKind::Cancelled) and
/// [`BudgetExceeded`](ErrorKind::BudgetExceeded), and mistakes of the application, [`Config`](ErrorKind::Config) and
/// [`WouldDeadlock`](ErrorKind::WouldDeadlock). A missing or mistyped value of a parameter with `#[inject]` is a
/// `Config` error.
///
/// # Example
/// ```
/// use catena_core::{tool, Error, ErrorKind, OnToolError, RunnableExt, ToolCall, ToolStatus};
/// use serde_json::{json, Value};
/// # futures_executor::block_on(async {
/// let find = tool("find", "Finds a file.", json!({}), |_: Value| Err::<String, _>(Error::new(ErrorKind::NotFound, "no file")));
/// let call = || ToolCall::new("find", [("name", "a.txt")]).with_id("call_1");
/// assert_eq!(find.invoke(call()).await.unwrap_err().kind(), ErrorKind::NotFound);
///
/// let find = find.with_error_handling(OnToolError::Tell);
/// let message = find.invoke(call()).await?;
/// assert_eq!((message.content.text().as_ref(), message.status), ("no file", ToolStatus::Error));
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[derive(Clone, Default)]
#[doc(alias = "handle_tool_error")]
#[doc(alias = "handle_validation_error")]
#[non_exhaustive]
pub enum OnToolError {
    /// The call fails with the error.
    #[default]
    Raise,
    /// The model receives the error's message, without the path and without causes, limited to 2000 characters.
    Tell,
    /// The model receives this text instead.
    Say(String),
    /// The model receives the text that the function returns for the error.
    With(Arc<dyn Fn(&Error) -> String + Send + Sync>),
}

impl OnToolError {
    /// Creates a handling that sends the model the text that the function returns for the error.
    pub fn with(text: impl Fn(&Error) -> String + Send + Sync + 'static) -> Self {
        Self::With(Arc::new(text))
    }

    /// Returns the text for the model; `None` if the error is to be raised, as those that are not for the model always
    /// are.
    pub(super) fn text(&self, error: &Error) -> Option<String> {
        let is_always_raised = matches!(
            error.kind(),
            ErrorKind::Cancelled | ErrorKind::BudgetExceeded | ErrorKind::WouldDeadlock | ErrorKind::Config
        );
        match self {
            _ if is_always_raised => None,
            Self::Raise => None,
            Self::Tell => Some(bounded(error.message())),
            Self::Say(text) => Some(text.clone()),
            Self::With(text) => Some(text(error)),
        }
    }
}

impl fmt::Debug for OnToolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Raise => f.write_str("Raise"),
            Self::Tell => f.write_str("Tell"),
            Self::Say(text) => f.debug_tuple("Say").field(text).finish(),
            Self::With(_) => f.write_str("With(..)"),
        }
    }
}

/// Truncates a long text.
fn bounded(text: &str) -> String {
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
