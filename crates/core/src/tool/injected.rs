//! Arguments that the application provides and the model does not see.

use serde::de::DeserializeOwned;

use crate::{Context, Error, ErrorKind, Result};

/// Returns the configurable value of this name, for a parameter with `#[inject]`. An absent value is read as `null`,
/// which an `Option` accepts.
///
/// # Errors
/// [`ErrorKind::Config`] if it is absent or has another type: a mistake of the application, which is never sent to the
/// model. The value is not shown in the error.
#[doc(hidden)]
pub fn injected<T: DeserializeOwned>(cx: &Context, name: &str) -> Result<T> {
    let value = cx.configurable(name).cloned();
    let absent = value.is_none();
    serde_json::from_value(value.unwrap_or_default()).map_err(|_| {
        let message = match absent {
            true => {
                format!("missing configurable value `{name}` for the tool: set it with `with_configurable`")
            }
            false => format!("the configurable value `{name}` has the wrong type for the tool"),
        };
        Error::new(ErrorKind::Config, message)
    })
}
