//! What the test functions and fake models take note of.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use catena::pipeline::PipelineLoader;
use catena::{Data, InMemoryChatMessageHistory, RunEventKind, observe_with};

/// Notes of one vector.
#[derive(Default)]
pub(super) struct Probes {
    calls: Mutex<BTreeMap<String, usize>>,
    records: Mutex<Vec<Data>>,
    llm_calls: Mutex<Vec<Data>>,
    inside: AtomicUsize,
    peak: AtomicUsize,
    /// Which handler saw which runs start.
    seen: Mutex<BTreeMap<String, Vec<String>>>,
    pub(super) sessions: Mutex<BTreeMap<String, InMemoryChatMessageHistory>>,
}

impl Probes {
    /// Counts a call; the number of those before it.
    pub(super) fn count(&self, label: &str) -> usize {
        let mut calls = lock(&self.calls);
        let count = calls.entry(label.to_owned()).or_default();
        *count += 1;
        *count - 1
    }

    pub(super) fn record(&self, value: Data) {
        lock(&self.records).push(value);
    }

    pub(super) fn llm_call(&self, call: Data) {
        lock(&self.llm_calls).push(call);
    }

    /// Takes note that one more call is inside, until what it returns is dropped.
    pub(super) fn enter(self: &Arc<Self>) -> Inside {
        let inside = self.inside.fetch_add(1, Ordering::SeqCst) + 1;
        self.peak.fetch_max(inside, Ordering::SeqCst);
        Inside(Arc::clone(self))
    }

    /// What `observe` asks for.
    pub(super) fn get(&self, name: &str) -> Data {
        match name {
            "calls" => lock(&self.calls).clone().into(),
            "records" => Data::List(lock(&self.records).clone()),
            "llm_calls" => Data::List(lock(&self.llm_calls).clone()),
            "peak" => self.peak.load(Ordering::SeqCst).into(),
            _ => Data::Null,
        }
    }

    /// Makes every handler that the data names known to the loader.
    pub(super) fn register_handlers(self: &Arc<Self>, loader: PipelineLoader, data: &Data) -> PipelineLoader {
        handler_names(data).into_iter().fold(loader, |loader, name| {
            lock(&self.seen).insert(name.clone(), Vec::new());
            let (probes, handler) = (Arc::clone(self), name.clone());
            loader.with_observer(
                name,
                observe_with(move |event| {
                    if let RunEventKind::Start { .. } = event.kind {
                        let mut seen = lock(&probes.seen);
                        seen.entry(handler.clone()).or_default().push(event.run.name.clone());
                    }
                }),
            )
        })
    }

    /// The runs that each handler saw start.
    pub(super) fn seen(&self) -> Data {
        lock(&self.seen).clone().into()
    }
}

/// A call that is under way.
pub(super) struct Inside(Arc<Probes>);

impl Drop for Inside {
    fn drop(&mut self) {
        self.0.inside.fetch_sub(1, Ordering::SeqCst);
    }
}

fn handler_names(data: &Data) -> Vec<String> {
    match data {
        Data::List(items) => items.iter().flat_map(handler_names).collect(),
        Data::Record(record) => record
            .iter()
            .flat_map(|(name, value)| match (name, value) {
                ("handlers", Data::List(names)) => {
                    names.iter().filter_map(|name| name.as_text().map(str::to_owned)).collect()
                }
                _ => handler_names(value),
            })
            .collect(),
        _ => Vec::new(),
    }
}

/// Nothing panics while it holds one of these locks.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
