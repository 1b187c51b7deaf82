//! Model names in paths.

use catena_core::Result;
use catena_http::service::segment;

/// Returns the resource name of a model: prefixed with `models/`, unless the name has a prefix.
pub(crate) fn resource(model: &str) -> String {
    if model.starts_with("models/") || model.starts_with("tunedModels/") {
        return model.to_owned();
    }
    format!("models/{model}")
}

/// Returns the path of a model's method, or of the model itself if `method` is empty.
///
/// # Errors
/// `InvalidInput` for a name that cannot be part of a path.
pub(crate) fn path(model: &str, method: &str) -> Result<String> {
    let resource = resource(model);
    let (collection, name) = resource.split_once('/').unwrap_or(("models", &resource));
    let name = segment(name)?;
    Ok(if method.is_empty() {
        format!("{collection}/{name}")
    } else {
        format!("{collection}/{name}:{method}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_paths() {
        for (model, expected) in [
            ("gemini-x", "models/gemini-x:m"),
            ("models/gemini-x", "models/gemini-x:m"),
            ("tunedModels/mine", "tunedModels/mine:m"),
            ("a/b?c", "models/a%2Fb%3Fc:m"),
        ] {
            assert_eq!(path(model, "m").expect(model), expected);
        }
        assert_eq!(path("x", "").expect("a path"), "models/x");
        assert!(path("", "m").is_err() && path("..", "m").is_err());
    }
}
