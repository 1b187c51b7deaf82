//! The requested form of an answer.

use std::fmt;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::StructuredOutput;
use super::plan::Settings;
use crate::parser::{AnswerForm, JsonAnswer, RawForm, StructuredAnswerParser, TypedAnswer};
use crate::{AiMessage, Chunk, Json, Parsed, PromptValue, Runnable, WithRaw};

/// Creates the answer's form from the settings and the name of the tool that carries the answer, if any.
type MakesForm<O> = Arc<dyn Fn(&Settings, Option<String>) -> Arc<dyn AnswerForm<Output = O>> + Send + Sync>;

/// The requested form of an answer, independent of the model.
pub(crate) struct Asked<O> {
    pub(crate) settings: Settings,
    form: MakesForm<O>,
}

impl<T: DeserializeOwned + Send + Sync + 'static> Asked<Parsed<T>> {
    pub(crate) fn typed(mut schema: Value) -> Self {
        if let Value::Object(members) = &mut schema
            && !members.contains_key("title")
        {
            members.insert("title".to_owned(), crate::runnable::short_type_name::<T>().into());
        }
        Self::new(Settings { schema, typed: true, ..Settings::default() }, |settings, tool| {
            Arc::new(TypedAnswer::<T>::new(settings.schema.clone(), tool))
        })
    }
}

impl Asked<Json> {
    pub(crate) fn json(schema: Value) -> Self {
        let settings = Settings { schema, ..Settings::default() };
        Self::new(settings, |_, tool| Arc::new(JsonAnswer::new(tool)))
    }
}

impl<O: Chunk> Asked<O> {
    fn new(
        settings: Settings,
        form: impl Fn(&Settings, Option<String>) -> Arc<dyn AnswerForm<Output = O>> + Send + Sync + 'static,
    ) -> Self {
        Self { settings, form: Arc::new(form) }
    }

    /// Includes the raw answer alongside the parsed value.
    pub(crate) fn include_raw(self) -> Asked<WithRaw<O>> {
        let form = self.form;
        let settings = Settings { include_raw: true, ..self.settings };
        Asked::new(settings, move |settings, tool| Arc::new(RawForm(form(settings, tool))))
    }

    pub(crate) fn set(mut self, set: impl FnOnce(&mut Settings)) -> Self {
        set(&mut self.settings);
        self
    }

    /// Returns the model with this form of answer requested.
    pub(crate) fn of<R: Runnable<Input = PromptValue, Output = AiMessage>>(
        self,
        model: R,
    ) -> StructuredOutput<R, O> {
        StructuredOutput::new(Arc::new(model), self)
    }

    /// Returns the parser of the answers, given the name of the tool that carries the answer, if any.
    pub(super) fn read_by(&self, tool: Option<String>) -> StructuredAnswerParser<O> {
        StructuredAnswerParser::new((self.form)(&self.settings, tool))
    }
}

impl<O> Clone for Asked<O> {
    fn clone(&self) -> Self {
        Self { settings: self.settings.clone(), form: Arc::clone(&self.form) }
    }
}

impl<O> fmt::Debug for Asked<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.settings.fmt(f)
    }
}
