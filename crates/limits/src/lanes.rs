//! Separate state for each model.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A `T` for each model, and one for requests without a model name. Bounded, because names can come from untrusted
/// input.
#[derive(Debug)]
pub(crate) struct Lanes<T>(Mutex<State<T>>);

#[derive(Debug)]
struct State<T> {
    lanes: BTreeMap<String, Lane<T>>,
    /// Incremented on each use.
    uses: u64,
}

#[derive(Debug)]
struct Lane<T> {
    lane: Arc<T>,
    last_use: u64,
}

/// Maximum number of models tracked.
const MOST: usize = 64;

impl<T> Lanes<T> {
    /// Returns the lane of this model, creating it with `new` if necessary. At capacity, the least recently used lane
    /// is removed; callers that still hold it keep it until they are done.
    pub(crate) fn of(&self, model: Option<&str>, new: impl FnOnce() -> T) -> Arc<T> {
        let name = model.unwrap_or_default();
        let mut state = self.lock();
        state.uses += 1;
        let last_use = state.uses;
        if let Some(known) = state.lanes.get_mut(name) {
            known.last_use = last_use;
            return Arc::clone(&known.lane);
        }
        if state.lanes.len() >= MOST {
            let oldest = state.lanes.iter().min_by_key(|(_, lane)| lane.last_use);
            if let Some(name) = oldest.map(|(name, _)| name.clone()) {
                state.lanes.remove(&name);
            }
        }
        let lane = Arc::new(new());
        state.lanes.insert(name.to_owned(), Lane { lane: Arc::clone(&lane), last_use });
        lane
    }

    pub(crate) fn find(&self, model: Option<&str>) -> Option<Arc<T>> {
        self.lock().lanes.get(model.unwrap_or_default()).map(|known| Arc::clone(&known.lane))
    }

    pub(crate) fn all(&self) -> Vec<Arc<T>> {
        self.lock().lanes.values().map(|known| Arc::clone(&known.lane)).collect()
    }

    /// Locks the state; no code panics while holding the lock.
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Default for Lanes<T> {
    fn default() -> Self {
        Self(Mutex::new(State { lanes: BTreeMap::new(), uses: 0 }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_model_has_its_own_and_they_are_bounded() {
        let lanes = Lanes::default();
        let first = lanes.of(Some("m0"), || 0);
        assert_eq!(*lanes.of(None, || 100), 100);
        for number in 1..=2 * MOST {
            assert_eq!(*lanes.of(Some(&format!("m{number}")), || number), number);
            assert!(Arc::ptr_eq(&first, &lanes.of(Some("m0"), || 1)), "it is used again and again");
        }
        assert_eq!(lanes.all().len(), MOST);
        assert!(lanes.find(None).is_none() && lanes.find(Some("m1")).is_none());
        assert_eq!(lanes.find(Some(&format!("m{}", 2 * MOST))).as_deref(), Some(&(2 * MOST)));
    }
}
