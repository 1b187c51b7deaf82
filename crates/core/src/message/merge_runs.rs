//! Merging of consecutive messages of the same kind.

use super::ai_message::keep_best_id;
use super::{AiMessage, Content, Message, add_usage};
use crate::Chunk;

/// Merges consecutive messages of the same kind, with `separator` between texts; LangChain's default is a newline.
///
/// Tool results are not merged, nor are functions with different names or speakers with different roles. Tool calls are
/// concatenated and usage is added up; of names and metadata, the first is kept.
///
/// # Example
/// ```
/// use catena_core::{lambda, merge_message_runs, Message, RunnableExt};
/// let messages = vec![Message::human("a"), Message::human("b"), Message::ai("c")];
/// assert_eq!(merge_message_runs(messages.clone(), "\n"), [Message::human("a\nb"), Message::ai("c")]);
/// # futures_executor::block_on(async {
/// // As a step of a chain:
/// let step = lambda(|messages: Vec<Message>| merge_message_runs(messages, "\n"));
/// assert_eq!(step.invoke(messages).await?.len(), 2);
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
pub fn merge_message_runs(messages: impl IntoIterator<Item = Message>, separator: &str) -> Vec<Message> {
    let mut merged: Vec<Message> = Vec::new();
    for message in messages {
        match merged.last_mut() {
            Some(last) if belong_together(last, &message) => add(last, message, separator),
            _ => merged.push(message),
        }
    }
    merged
}

fn belong_together(last: &Message, next: &Message) -> bool {
    match (last, next) {
        (Message::Chat(last), Message::Chat(next)) => last.role == next.role,
        (Message::Function(last), Message::Function(next)) => last.name == next.name,
        (Message::Tool(_) | Message::Remove(_), _) => false,
        (last, next) => last.kind() == next.kind(),
    }
}

fn add(last: &mut Message, mut next: Message, separator: &str) {
    if let (Some(Content::Text(text)), Content::Text(more)) = (last.content_mut(), next.content())
        && !text.is_empty()
        && !more.is_empty()
    {
        text.push_str(separator);
    }
    if let (Some(content), Some(more)) = (last.content_mut(), next.content_mut()) {
        content.append(std::mem::take(more));
    }
    match (last, &mut next) {
        (Message::Ai(last), Message::Ai(next)) => add_answer(last, std::mem::take(next)),
        (Message::Human(last), Message::Human(next)) => {
            (next.name, next.id) = (None, None);
            next.metadata.clear();
            last.merge_common(std::mem::take(next));
        }
        (Message::System(last), Message::System(next)) => {
            (next.name, next.id) = (None, None);
            next.metadata.clear();
            last.merge_common(std::mem::take(next));
        }
        (last, _) => last.merge(next),
    }
}

fn add_answer(last: &mut AiMessage, next: AiMessage) {
    let usage = (last.usage.is_some() || next.usage.is_some()).then(|| add_usage(last.usage, next.usage));
    let (metadata, name) = (std::mem::take(&mut last.metadata), last.name.take());
    let mut id = last.id.take();
    keep_best_id(&mut id, next.id.clone());
    *last = std::mem::take(last).into_whole();
    last.merge(next.into_whole());
    (last.metadata, last.name, last.usage, last.id) = (metadata, name, usage, id);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ContentBlock, ToolCall, Usage};

    #[test]
    fn runs_of_messages_become_one() {
        let blocks = vec![ContentBlock::text("a")];
        let both = vec![ContentBlock::text("a"), ContentBlock::plain("b")];
        assert_eq!(
            merge_message_runs([Message::human(blocks), Message::human("b")], "\n"),
            [Message::human(both)]
        );
        assert_eq!(
            merge_message_runs([Message::human(""), Message::human("b")], "\n"),
            [Message::human("b")]
        );
        let apart = [
            Message::tool("a", "1"),
            Message::tool("b", "2"),
            Message::chat("x", "a"),
            Message::chat("y", "b"),
        ];
        assert_eq!(merge_message_runs(apart.clone(), "\n"), apart);
        assert_eq!(merge_message_runs([], "\n"), []);
    }

    #[test]
    fn answers_bring_their_calls_and_usage() {
        let answer = |text: &str, id: &str| {
            let mut answer = AiMessage::new(text).with_tool_calls([ToolCall::default().with_id(id)]);
            answer.usage = Some(Usage::new(1, 1));
            answer.metadata.finish_reason = Some(text.to_owned());
            Message::from(answer)
        };
        let merged = merge_message_runs([answer("a", "c1"), answer("b", "c2")], "+");
        let [Message::Ai(merged)] = merged.as_slice() else { panic!("{merged:?}") };
        assert_eq!((merged.text().as_ref(), merged.tool_calls().len()), ("a+b", 2));
        assert_eq!(
            (merged.usage, merged.metadata.finish_reason.as_deref()),
            (Some(Usage::new(2, 2)), Some("a"))
        );
    }
}
