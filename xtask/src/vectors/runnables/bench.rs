//! The things that one vector is run with.

use std::sync::Arc;

use catena::pipeline::PipelineLoader;
use catena::{Data, DynRunnable, Record, Result, RetryPolicy, RunConfig};

use super::super::vector::Vector;
use super::super::{raised, tagged};
use super::probes::Probes;
use super::{fake_models, functions, generators, history, nested, stateful};

/// How an operation is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Caller {
    Async,
    Blocking,
}

/// A loader that knows the test functions, and what they take note of.
pub(super) struct Bench {
    pub(super) loader: PipelineLoader,
    pub(super) probes: Arc<Probes>,
    pub(super) input: Record,
}

impl Bench {
    pub(super) fn new(vector: &Vector) -> Self {
        let probes = Arc::new(Probes::default());
        // The grammar's retries wait for nothing and are made on every error.
        let policy = RetryPolicy::new().without_delay().when(|_| true);
        let mut loader = PipelineLoader::new().with_retry_policy(policy);
        for kind in raised::KINDS {
            loader = loader.with_error(kind, move |error| raised::is(error, kind));
        }
        loader = functions::register(loader, &probes);
        loader = stateful::register(loader, &probes);
        loader = nested::register(loader, &probes);
        loader = generators::register(loader, &probes);
        loader = fake_models::register(loader, &probes);
        loader = history::register(loader, &probes, &vector.input);
        loader = probes.register_handlers(loader, &Data::Record(vector.input.clone()));
        Self { loader, probes, input: vector.input.clone() }
    }

    /// A field of the operation.
    pub(super) fn field(&self, name: &str) -> Option<&Data> {
        self.input.get(name)
    }

    /// A field with its tagged values read.
    pub(super) fn value(&self, name: &str) -> Data {
        self.field(name).map(tagged::decode).unwrap_or_default()
    }

    /// The elements of a field.
    pub(super) fn list(&self, name: &str) -> Vec<Data> {
        match self.value(name) {
            Data::List(items) => items,
            _ => Vec::new(),
        }
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        self.field(name) == Some(&Data::Bool(true))
    }

    /// The runnable of the operation.
    pub(super) fn runnable(&self) -> Result<DynRunnable> {
        self.loader.load(&with_labels_in_args(self.field("runnable").unwrap_or(&Data::Null)))
    }

    /// The config of the operation.
    pub(super) fn config(&self) -> Result<RunConfig> {
        self.field("config").map_or_else(|| Ok(RunConfig::new()), |config| self.read_config(config))
    }

    pub(super) fn read_config(&self, config: &Data) -> Result<RunConfig> {
        self.loader.spec(config).config()
    }

    /// The result, and beside it what the operation asks to observe.
    pub(super) fn observed(&self, result: Result<Data>) -> Result<Data> {
        if self.field("observe").is_none() {
            return result;
        }
        let mut all = Record::from_iter([("result", result.unwrap_or_else(Data::Error))]);
        self.add_observed(&mut all);
        Ok(all.into())
    }

    pub(super) fn add_observed(&self, all: &mut Record) {
        for name in self.list("observe").iter().filter_map(Data::as_text) {
            all.insert(name, self.probes.get(name));
        }
    }
}

/// A function node's `label` is for counting: it goes to where the function finds it.
fn with_labels_in_args(data: &Data) -> Data {
    match data {
        Data::List(items) => Data::List(items.iter().map(with_labels_in_args).collect()),
        Data::Record(record) => {
            let mut changed: Record =
                record.iter().map(|(name, value)| (name, with_labels_in_args(value))).collect();
            if let (true, Some(label)) = (record.contains("lambda"), record.get("label")) {
                let mut args = changed.get("args").and_then(Data::as_record).cloned().unwrap_or_default();
                args.insert(LABEL, label.clone());
                changed = changed.into_iter().filter(|(name, _)| name != "label").collect();
                changed.insert("args", args);
            }
            changed.into()
        }
        other => other.clone(),
    }
}

/// Where a function finds its label.
pub(super) const LABEL: &str = "$label";
