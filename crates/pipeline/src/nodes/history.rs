//! `with_history`: message histories.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use catena_core::{ChatMessageHistory, DynRunnable, Message, Result, RunnableExt, WithMessageHistory};

use crate::{Spec, message};

pub(super) fn load(options: &Spec<'_>) -> Result<DynRunnable> {
    options.only(&[
        "runnable",
        "input_messages_key",
        "history_messages_key",
        "output_messages_key",
        "initial",
    ])?;
    let initial = initial(options)?;
    let sessions = options.loader().sessions();
    let mut remembering = WithMessageHistory::new(options.required("runnable")?.load()?, move |id| Begun {
        history: sessions(id),
        initial: initial.get(id).cloned().unwrap_or_default(),
    });
    if let Some(key) = options.get("input_messages_key") {
        remembering = remembering.with_input_key(key.text()?);
    }
    if let Some(key) = options.get("history_messages_key") {
        remembering = remembering.with_history_key(key.text()?);
    }
    if let Some(key) = options.get("output_messages_key") {
        remembering = remembering.with_output_key(key.text()?);
    }
    Ok(remembering.boxed())
}

/// Reads the initial messages of sessions.
fn initial(options: &Spec<'_>) -> Result<HashMap<String, Vec<Message>>> {
    let Some(sessions) = options.get("initial") else { return Ok(HashMap::new()) };
    let sessions = sessions.members()?.into_iter();
    sessions.map(|(id, messages)| Ok((id.to_owned(), read_messages(&messages)?))).collect()
}

fn read_messages(list: &Spec<'_>) -> Result<Vec<Message>> {
    list.items()?.iter().map(message::read).collect()
}

/// A message history with initial messages.
struct Begun {
    history: Arc<dyn ChatMessageHistory>,
    initial: Vec<Message>,
}

#[async_trait]
impl ChatMessageHistory for Begun {
    async fn messages(&self) -> Result<Vec<Message>> {
        let messages = self.history.messages().await?;
        Ok(if messages.is_empty() { self.initial.clone() } else { messages })
    }

    async fn add_messages(&self, messages: Vec<Message>) -> Result<()> {
        if self.initial.is_empty() || !self.history.messages().await?.is_empty() {
            return self.history.add_messages(messages).await;
        }
        self.history.add_messages(self.initial.iter().cloned().chain(messages).collect()).await
    }

    async fn clear(&self) -> Result<()> {
        self.history.clear().await
    }
}
