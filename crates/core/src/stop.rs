//! Stop sequences.

use serde_json::Value;

/// One or more stop sequences: strings at which an answer ends. The argument of the models' `with_stop` methods.
///
/// # Example
/// ```
/// use catena_core::{ModelOptions, Stop};
/// let options = ModelOptions::new().with_stop("END");
/// assert_eq!(options.stop, Some(vec!["END".to_owned()]));
/// let words = vec!["END".to_owned(), "\n\n".to_owned()];
/// assert_eq!(Stop::from(words).into_texts(), Stop::from(["END", "\n\n"]).into_texts());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stop {
    texts: Vec<String>,
    /// Whether it was given as a single string rather than a list.
    alone: bool,
}

impl Stop {
    /// Returns the stop sequences.
    pub fn into_texts(self) -> Vec<String> {
        self.texts
    }
}

impl From<&str> for Stop {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl From<String> for Stop {
    fn from(text: String) -> Self {
        Self { texts: vec![text], alone: true }
    }
}

impl<T: Into<String>> From<Vec<T>> for Stop {
    fn from(texts: Vec<T>) -> Self {
        Self { texts: texts.into_iter().map(Into::into).collect(), alone: false }
    }
}

impl<T: Into<String>, const N: usize> From<[T; N]> for Stop {
    fn from(texts: [T; N]) -> Self {
        Vec::from(texts).into()
    }
}

impl<T: Into<String> + Clone> From<&[T]> for Stop {
    fn from(texts: &[T]) -> Self {
        texts.to_vec().into()
    }
}

impl From<&String> for Stop {
    fn from(text: &String) -> Self {
        text.clone().into()
    }
}

impl<T: Into<String> + Clone> From<&Vec<T>> for Stop {
    fn from(texts: &Vec<T>) -> Self {
        texts.as_slice().into()
    }
}

impl<T: Into<String> + Clone, const N: usize> From<&[T; N]> for Stop {
    fn from(texts: &[T; N]) -> Self {
        texts.as_slice().into()
    }
}

/// A string if it was given as a single string, otherwise an array.
impl From<Stop> for Value {
    fn from(Stop { mut texts, alone }: Stop) -> Self {
        match texts.pop() {
            Some(text) if alone => text.into(),
            last => {
                texts.extend(last);
                texts.into()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_given_alone_is_no_list() {
        let check = |stop: Stop, expected: Value| assert_eq!(Value::from(stop), expected);
        check("END".into(), json!("END"));
        check("END".to_owned().into(), json!("END"));
        check(["END"].into(), json!(["END"]));
        check(vec!["END", "\n\n"].into(), json!(["END", "\n\n"]));
        check(["a".to_owned(), "b".to_owned()][..].into(), json!(["a", "b"]));
        check(Vec::<String>::new().into(), json!([]));
        check((&"END".to_owned()).into(), json!("END"));
        check((&vec!["END".to_owned()]).into(), json!(["END"]));
        check((&["END"]).into(), json!(["END"]));
    }
}
