//! Items that follow a marker and extend to the end of the line.

use super::FindItems;
use crate::parser::character::is_space;

/// The marker before an item: a number with a period, or a dash.
pub(super) trait Mark: Send {
    /// Consumes a character outside of items; returns true if it completes a marker.
    fn ends_with(&mut self, character: char) -> bool;

    /// Resets the state to that after a newline, where no marker has begun.
    fn reset(&mut self);
}

/// Finds the rest of each line after a marker and one white space character.
pub(super) struct Marked<M> {
    mark: M,
    place: Place,
}

enum Place {
    /// Outside of items.
    Outside,
    /// After a marker, where white space must follow.
    Mark,
    /// After that, where the item must start.
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
            // The white space after a marker may be a newline, but then the item must not be empty.
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
