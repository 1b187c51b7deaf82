//! One of something for each model.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A `T` for each model, and one for requests that name none. Bounded: names may come from anywhere.
#[derive(Debug)]
pub(crate) struct Lanes<T>(Mutex<State<T>>);

#[derive(Debug)]
struct State<T> {
    lanes: BTreeMap<String, Lane<T>>,
    /// Grows with each use.
    uses: u64,
}

#[derive(Debug)]
struct Lane<T> {
    lane: Arc<T>,
    last_use: u64,
}

/// How many models are known at once.
const MOST: usize = 64;

impl<T> Lanes<T> {
    /// The one of this model, which `new` makes if there is none. The one that was not used for the longest time makes
    /// room for it; whoever is in that one stays there to the end.
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

    /// Nothing of ours panics while it holds the lock.
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
