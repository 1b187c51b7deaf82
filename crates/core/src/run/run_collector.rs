//! An observer that records the tree of runs.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use serde_json::Value;

use crate::{Observer, RunEvent, RunEventKind, RunId, RunInfo};

/// An observer that records every run, as a tree. Clones share the records.
///
/// It grows with every run: use a separate collector for each task you want to inspect, and drop it afterwards.
///
/// # Example
/// ```
/// use catena_core::{lambda, RunCollector, RunConfig, RunnableExt};
/// # futures_executor::block_on(async {
/// let runs = RunCollector::new();
/// let chain = lambda(|x: i64| x + 1).with_name("add_one") | lambda(|x: i64| x * 2).with_name("double");
/// chain.invoke_with(1, &RunConfig::new().with_observer(runs.clone())).await?;
/// let root = &runs.roots()[0];
/// assert_eq!(root.info.name, "RunnableSequence");
/// assert_eq!(root.children[1].info.name, "double");
/// assert_eq!(root.children[1].output, Some(4.into()));
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[derive(Debug, Clone, Default)]
pub struct RunCollector(Arc<Mutex<Vec<RunRecord>>>);

/// The record of a run.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct RunRecord {
    /// The identity of the run.
    pub info: RunInfo,
    /// When it started.
    pub started: SystemTime,
    /// When it ended; `None` while it is running.
    pub ended: Option<SystemTime>,
    /// How it ended.
    pub status: RunStatus,
    /// The input as JSON; for a streamed input, available once the run has ended.
    pub input: Option<Value>,
    /// The output as JSON; for a run that failed or was cancelled, the output produced before.
    pub output: Option<Value>,
    /// The number of chunks produced.
    pub chunks: usize,
    /// The child runs, in the order in which they started.
    pub children: Vec<RunRecord>,
}

/// The status of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RunStatus {
    /// It has not ended.
    Running,
    /// It completed.
    Ok,
    /// It failed with this error.
    Error(String),
    /// The caller cancelled it.
    Cancelled,
}

impl RunCollector {
    /// Creates an empty collector.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the root runs with their subtrees, in the order in which they started.
    pub fn roots(&self) -> Vec<RunRecord> {
        let records = self.lock().clone();
        let mut children: std::collections::HashMap<Option<RunId>, Vec<RunRecord>> =
            std::collections::HashMap::new();
        // Children start after their parents, so in reverse order the children of each run are already complete.
        for mut record in records.into_iter().rev() {
            record.children = children.remove(&Some(record.info.id)).unwrap_or_default();
            record.children.reverse();
            children.entry(record.info.parent_ids.last().copied()).or_default().push(record);
        }
        let mut roots = children.remove(&None).unwrap_or_default();
        roots.reverse();
        roots
    }

    fn lock(&self) -> MutexGuard<'_, Vec<RunRecord>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for RunCollector {
    fn on_event(&self, event: &RunEvent<'_>) {
        let mut records = self.lock();
        if let RunEventKind::Start { input } = event.kind {
            records.push(RunRecord {
                info: event.run.clone(),
                started: event.time,
                ended: None,
                status: RunStatus::Running,
                input: input.map(|input| input.to_json()),
                output: None,
                chunks: 0,
                children: Vec::new(),
            });
            return;
        }
        // The current run is most likely among the last that started.
        let Some(record) = records.iter_mut().rev().find(|record| record.info.id == event.run.id) else {
            return;
        };
        let (status, output) = match event.kind {
            RunEventKind::Chunk(_) => {
                record.chunks += 1;
                return;
            }
            RunEventKind::End { input, output } => {
                record.input = input.map(|input| input.to_json()).or(record.input.take());
                (RunStatus::Ok, output)
            }
            RunEventKind::Error { error, partial } => (RunStatus::Error(error.to_string()), partial),
            RunEventKind::Cancelled { partial } => (RunStatus::Cancelled, partial),
            _ => return,
        };
        record.status = status;
        record.ended = Some(event.time);
        record.output = output.map(|output| output.to_json());
    }
}
