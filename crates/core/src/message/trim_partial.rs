//! A part of the message that does not fit as a whole.

use super::trim::{Splitter, most};
use super::{Content, ContentBlock, Message};

/// Which end of a message is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    First,
    Last,
}

/// The part of `next` that fits behind the messages: as many of its blocks as possible, else as much of its text.
/// `None` if nothing does. `messages` is the same afterwards as before.
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
        // A counter may count blocks in any way, so they are dropped one by one.
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

/// The text to cut: the whole content, or that of the block next to the end that is kept.
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
