//! What decides in a branch that was loaded.

use std::borrow::Cow;

use async_trait::async_trait;

use crate::run::step;
use crate::runnable::Shape;
use crate::{Context, Data, DynRunnable, Outline, Result, RunKind, Runnable};

/// A runnable whose output counts as yes or no, as in Python: nothing, zero and what is empty are no.
pub(super) struct Condition(pub(super) DynRunnable);

#[async_trait]
impl Runnable for Condition {
    type Input = Data;
    type Output = bool;

    async fn call(&self, input: Data, cx: &Context) -> Result<bool> {
        step::call_here(&self.0, input, cx).await.map(|output| is_yes(&output))
    }

    fn name(&self) -> Cow<'_, str> {
        self.0.name()
    }

    fn kind(&self) -> RunKind {
        self.0.kind()
    }

    fn outline(&self) -> Outline {
        self.0.outline()
    }

    fn shape(&self) -> Shape {
        Shape::Wrapper
    }
}

fn is_yes(data: &Data) -> bool {
    match data {
        Data::Null => false,
        Data::Bool(truth) => *truth,
        Data::Number(number) => number.as_f64() != Some(0.0),
        Data::Text(text) => !text.is_empty(),
        Data::List(items) => !items.is_empty(),
        Data::Record(record) => !record.is_empty(),
        Data::Json(json) => is_yes(json.data()),
        Data::Message(_) | Data::Prompt(_) | Data::Error(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Json, Message};
    use serde_json::json;

    #[test]
    fn yes_and_no_are_those_of_python() {
        for no in [json!(null), json!(false), json!(0), json!(-0.0), json!(""), json!([]), json!({})] {
            assert!(!is_yes(&no.clone().into()), "{no}");
            assert!(!is_yes(&Json::from(no).into()));
        }
        for yes in [json!(true), json!(-1), json!(0.5), json!("no"), json!([0]), json!({"a": null})] {
            assert!(is_yes(&yes.clone().into()), "{yes}");
        }
        assert!(is_yes(&Message::human("").into()));
    }
}
