//! A record of all events, and the invariants of such a record.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use catena_core::{Observer, RunEvent, RunEventKind, RunId};

/// The events in order. Clones share the record.
#[derive(Debug, Clone, Default)]
pub(super) struct EventLog(Arc<Mutex<Vec<Entry>>>);

#[derive(Debug, Clone)]
struct Entry {
    run: RunId,
    parents: Vec<RunId>,
    name: String,
    what: What,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Start,
    Between,
    End(Ending),
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    Ok,
    Error,
    Cancelled,
}

impl Observer for EventLog {
    fn on_event(&self, event: &RunEvent<'_>) {
        let what = match event.kind {
            RunEventKind::Start { .. } => What::Start,
            RunEventKind::End { .. } => What::End(Ending::Ok),
            RunEventKind::Error { .. } => What::End(Ending::Error),
            RunEventKind::Cancelled { .. } => What::End(Ending::Cancelled),
            _ => What::Between,
        };
        let (run, parents) = (event.run.id, event.run.parent_ids.clone());
        self.lock().push(Entry { run, parents, name: event.run.name.clone(), what });
    }
}

impl EventLog {
    pub(super) fn len(&self) -> usize {
        self.lock().len()
    }

    /// Returns how the outermost runs ended, in order.
    pub(super) fn root_endings(&self) -> Vec<Ending> {
        let entries = self.lock();
        let roots = entries.iter().filter(|entry| entry.parents.is_empty());
        roots.filter_map(|root| if let What::End(ending) = root.what { Some(ending) } else { None }).collect()
    }

    /// Returns the maximum number of outermost runs that were open concurrently.
    pub(super) fn most_roots(&self) -> usize {
        let (mut open, mut most) = (0_usize, 0);
        for root in self.lock().iter().filter(|entry| entry.parents.is_empty()) {
            match root.what {
                What::Start => open += 1,
                What::End(_) => open = open.saturating_sub(1),
                What::Between => {}
            }
            most = most.max(open);
        }
        most
    }

    /// Checks that every run has exactly one start and one end, both within those of its parent run.
    pub(super) fn check(&self) -> Result<(), String> {
        let mut runs: HashMap<RunId, Run> = HashMap::new();
        let entries = self.lock().clone();
        for entry in &entries {
            let checked = match entry.what {
                What::Start => start(&mut runs, entry),
                What::Between => between(&runs, entry),
                What::End(_) => end(&mut runs, entry),
            };
            checked.map_err(|why| format!("{why}; all events:{self}"))?;
        }
        match runs.values().find(|run| run.open) {
            Some(run) => Err(format!("the run `{}` has not ended; all events:{self}", run.name)),
            None => Ok(()),
        }
    }

    /// Locks the record; no code panics while holding the lock.
    fn lock(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is known about a run so far.
struct Run {
    name: String,
    parents: Vec<RunId>,
    open: bool,
    open_children: usize,
}

fn start(runs: &mut HashMap<RunId, Run>, entry: &Entry) -> Result<(), String> {
    let name = &entry.name;
    if runs.contains_key(&entry.run) {
        return Err(format!("the run `{name}` starts twice"));
    }
    if let Some((parent, above)) = entry.parents.split_last() {
        let parent = runs.get_mut(parent).ok_or(format!("the run `{name}` starts before its parent"))?;
        if !parent.open {
            return Err(format!("the run `{name}` starts after its parent `{}` has ended", parent.name));
        }
        if parent.parents != above {
            return Err(format!(
                "the run `{name}` and its parent `{}` disagree on who is above",
                parent.name
            ));
        }
        parent.open_children += 1;
    }
    let run = Run { name: name.clone(), parents: entry.parents.clone(), open: true, open_children: 0 };
    runs.insert(entry.run, run);
    Ok(())
}

fn between(runs: &HashMap<RunId, Run>, entry: &Entry) -> Result<(), String> {
    match runs.get(&entry.run) {
        Some(run) if run.open => Ok(()),
        _ => Err(format!("the run `{}` has an event outside its start and end", entry.name)),
    }
}

fn end(runs: &mut HashMap<RunId, Run>, entry: &Entry) -> Result<(), String> {
    let name = &entry.name;
    let run = runs.get_mut(&entry.run).ok_or(format!("the run `{name}` ends without a start"))?;
    if !std::mem::replace(&mut run.open, false) {
        return Err(format!("the run `{name}` ends twice"));
    }
    if run.open_children > 0 {
        return Err(format!("the run `{name}` ends while {} of its parts go on", run.open_children));
    }
    if let Some(parent) = entry.parents.last().and_then(|parent| runs.get_mut(parent)) {
        parent.open_children -= 1;
    }
    Ok(())
}

impl std::fmt::Display for EventLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for entry in self.lock().iter().filter(|entry| entry.what != What::Between) {
            let indent = "  ".repeat(entry.parents.len() + 1);
            write!(f, "\n{indent}{:?} {}", entry.what, entry.name)?;
        }
        Ok(())
    }
}
