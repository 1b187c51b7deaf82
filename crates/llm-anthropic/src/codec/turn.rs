//! What one side says before the other does.

use serde::Serialize;

use super::content::{Block, WireContent};

/// What one side says before the other does.
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
    /// The service wants the results of tools before anything else that the user says.
    pub(super) fn put_results_first(&mut self) {
        if let WireContent::Blocks(blocks) = &mut self.content
            && !blocks.is_sorted_by_key(|block| !block.is_result())
        {
            blocks.sort_by_key(|block| !block.is_result());
        }
    }
}

/// A last turn of the assistant is the beginning of the answer, and must not end in white space.
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
