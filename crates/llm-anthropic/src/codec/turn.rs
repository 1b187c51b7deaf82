//! A turn of the conversation.

use serde::Serialize;

use super::content::{Block, WireContent};

/// Consecutive content of one role.
#[derive(Serialize)]
pub(super) struct Turn<'a> {
    pub(super) role: &'static str,
    pub(super) content: WireContent<'a>,
}

impl<'a> WireContent<'a> {
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::Text(text) => text.trim().is_empty(),
            Self::Blocks(blocks) => blocks.is_empty(),
        }
    }

    fn into_blocks(self) -> Vec<Block<'a>> {
        match self {
            Self::Text(text) if text.trim().is_empty() => Vec::new(),
            Self::Text(text) => vec![Block::text(text)],
            Self::Blocks(blocks) => blocks,
        }
    }

    pub(super) fn append(&mut self, next: Self) {
        let mut blocks = std::mem::replace(self, Self::Text("")).into_blocks();
        blocks.extend(next.into_blocks());
        *self = Self::Blocks(blocks);
    }
}

impl Turn<'_> {
    /// Moves tool results to the start of the turn, as the service requires.
    pub(super) fn put_results_first(&mut self) {
        if let WireContent::Blocks(blocks) = &mut self.content
            && !blocks.is_sorted_by_key(|block| !block.is_result())
        {
            blocks.sort_by_key(|block| !block.is_result());
        }
    }
}

/// Trims a final assistant turn, which is the prefix of the answer and must not end in white space.
pub(super) fn trim_end(turns: &mut [Turn<'_>]) {
    let Some(turn) = turns.last_mut().filter(|turn| turn.role == "assistant") else { return };
    match &mut turn.content {
        WireContent::Text(text) => *text = text.trim_end(),
        WireContent::Blocks(blocks) => {
            if let Some(Block::Text(block)) = blocks.last_mut() {
                block.text = block.text.trim_end();
            }
        }
    }
}
