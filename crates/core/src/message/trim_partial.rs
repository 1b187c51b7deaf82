//! Keeping part of a message that does not fit as a whole.

use super::trim::{Splitter, most};
use super::{Content, ContentBlock, Message};

/// The end of a message that is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    First,
    Last,
}

/// Returns the part of `next` that fits after the messages: as many of its blocks as possible, else as much of its
/// text. `None` if nothing fits. `messages` is left unchanged.
pub(super) fn partial(
    messages: &mut Vec<Message>,
    next: Message,
    part: Part,
    splitter: &Splitter,
    fits: &dyn Fn(&[Message]) -> bool,
    fits_alone: &dyn Fn(&Message) -> bool,
) -> Option<Message> {
    if let Some(blocks) = next.content().as_blocks() {
        let blocks = blocks.to_vec();
        // A counter may count blocks in any way, so they are dropped one at a time.
        for count in (1..blocks.len()).rev() {
            let kept = match part {
                Part::First => &blocks[..count],
                Part::Last => &blocks[blocks.len() - count..],
            };
            messages.push(with_content(&next, kept.to_vec().into()));
            if fits(messages) {
                return messages.pop();
            }
            messages.pop();
        }
    }
    let text = first_text(next.content(), part)?;
    let pieces = splitter(text);
    let kept = |count: usize| match part {
        Part::First => pieces[..count].concat(),
        Part::Last => pieces[pieces.len() - count..].concat(),
    };
    let count = most(pieces.len(), |count| fits_alone(&with_content(&next, kept(count).into())));
    (count > 0).then(|| with_content(&next, kept(count).into()))
}

/// Returns the text to split: the whole content, or the text of the first or last block, depending on the end kept.
fn first_text(content: &Content, part: Part) -> Option<&str> {
    let text = match (content, part) {
        (Content::Text(text), _) => Some(text.as_str()),
        (Content::Blocks(blocks), Part::First) => blocks.first().and_then(ContentBlock::as_text),
        (Content::Blocks(blocks), Part::Last) => blocks.last().and_then(ContentBlock::as_text),
    };
    text.filter(|text| !text.is_empty())
}

fn with_content(message: &Message, content: Content) -> Message {
    let mut message = message.clone();
    if let Some(old) = message.content_mut() {
        *old = content;
    }
    message
}
