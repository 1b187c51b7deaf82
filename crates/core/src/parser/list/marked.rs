//! Items that follow a mark and end with their line.

use super::FindItems;
use crate::parser::character::is_space;

/// What stands before an item: a number with a point, or a dash.
pub(super) trait Mark: Send {
    /// Takes in a character outside of items; true when it completes a mark.
    fn ends_with(&mut self, character: char) -> bool;

    /// Back to where no mark has begun, behind a line break.
    fn reset(&mut self);
}

/// Finds the rest of each line behind a mark and one white space character.
pub(super) struct Marked<M> {
    mark: M,
    place: Place,
}

enum Place {
    /// Outside of items.
    Outside,
    /// Behind a mark, where white space must follow.
    Mark,
    /// Behind that, where the item must begin.
    Space,
    Item(String),
}

impl<M: Mark> Marked<M> {
    pub(super) fn new(mark: M) -> Self {
        Self { mark, place: Place::Outside }
    }

    fn outside(&mut self, character: char) {
        self.place = if self.mark.ends_with(character) { Place::Mark } else { Place::Outside };
    }
}

impl<M: Mark> FindItems for Marked<M> {
    fn character(&mut self, character: char) -> Option<String> {
        match &mut self.place {
            Place::Item(item) if character != '\n' => item.push(character),
            // The white space behind a mark may be a line break, but then the item may not be empty.
            Place::Mark if is_space(character) => self.place = Place::Space,
            Place::Space if character != '\n' => self.place = Place::Item(character.into()),
            Place::Outside | Place::Mark => self.outside(character),
            Place::Item(_) | Place::Space => {
                self.mark.reset();
                return self.end();
            }
        }
        None
    }

    fn end(&mut self) -> Option<String> {
        match std::mem::replace(&mut self.place, Place::Outside) {
            Place::Item(item) => Some(item),
            _ => None,
        }
    }
}
