//! Truth values of dynamic conditions.

use std::borrow::Cow;

use async_trait::async_trait;
use catena_core::{Context, Data, DynRunnable, Outline, Result, RunKind, Runnable};
use serde_json::{Map, Value};

/// Returns whether a value is truthy: all values except `null`, `false`, `0`, and empty texts, lists and records.
///
/// # Example
/// ```
/// use catena_core::{vars, Data};
/// use catena_pipeline::is_true;
/// assert!(is_true(&Data::from("no")) && is_true(&vars! { found: false }));
/// assert!(!is_true(&Data::Null) && !is_true(&Data::from(0.0)) && !is_true(&Data::from("")));
/// ```
pub fn is_true(value: &Data) -> bool {
    match value {
        Data::Null => false,
        Data::Bool(value) => *value,
        Data::Number(number) => number.as_f64() != Some(0.0),
        Data::Text(text) => !text.is_empty(),
        Data::List(items) => !items.is_empty(),
        Data::Record(record) => !record.is_empty(),
        Data::Json(_) => is_true(&value.clone().into_plain()),
        _ => true,
    }
}

/// A runnable used as a condition. It only converts the result and has no run of its own.
pub(crate) struct Condition(pub(crate) DynRunnable);

#[async_trait]
impl Runnable for Condition {
    type Input = Data;
    type Output = bool;

    async fn call(&self, input: Data, cx: &Context) -> Result<bool> {
        self.0.call(input, cx).await.map(|output| is_true(&output))
    }

    fn name(&self) -> Cow<'_, str> {
        self.0.name()
    }

    fn kind(&self) -> RunKind {
        self.0.kind()
    }

    fn run_metadata(&self) -> Map<String, Value> {
        self.0.run_metadata()
    }

    fn outline(&self) -> Outline {
        self.0.outline()
    }

    fn shape(&self) -> catena_core::Shape {
        self.0.shape()
    }
}
