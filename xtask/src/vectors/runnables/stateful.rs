//! The test functions that count, wait, or look at how they are called.

use std::sync::Arc;
use std::time::Duration;

use catena::pipeline::PipelineLoader;
use catena::{Context, Data, Record, Result, RunnableExt, RunnablePassthrough, lambda};
use serde_json::Value;

use super::functions::{arg, failure, integer, label, own};
use super::probes::Probes;

pub(super) fn register(loader: PipelineLoader, probes: &Arc<Probes>) -> PipelineLoader {
    snapshots(waiting(failing(loader, probes), probes), probes)
}

fn failing(loader: PipelineLoader, probes: &Arc<Probes>) -> PipelineLoader {
    let (times, each) = (Arc::clone(probes), Arc::clone(probes));
    loader
        .with_function("fail_times", move |args| {
            let (args, probes) = (own(args.data()), Arc::clone(&times));
            let label = label(&args, "fail_times");
            let call = move |x: Data| fail_first(&args, probes.count(&label), &arg(&args, "n"), x);
            Ok(lambda(call).with_name("fail_times").dynamic())
        })
        .with_function("fail_times_per_input", move |args| {
            let (args, probes) = (own(args.data()), Arc::clone(&each));
            let label = label(&args, "fail_times_per_input");
            let call = move |x: Data| {
                let input = x.clone().into_json().to_string();
                let times = arg(&args, "n").get(&input).cloned().unwrap_or_else(|| 0.into());
                fail_first(&args, probes.count(&format!("{label}:{input}")), &times, x)
            };
            Ok(lambda(call).with_name("fail_times_per_input").dynamic())
        })
}

fn fail_first(args: &Record, before: usize, times: &Data, x: Data) -> Result<Data> {
    let times = usize::try_from(integer(times)?).unwrap_or_default();
    if before < times { Err(failure(args, &format!("call {} fails", before + 1))) } else { Ok(x) }
}

fn waiting(loader: PipelineLoader, probes: &Arc<Probes>) -> PipelineLoader {
    let (sleeping, probing) = (Arc::clone(probes), Arc::clone(probes));
    loader
        .with_function("sleep_ms", move |args| {
            let (label, probes) = (label(&own(args.data()), "sleep_ms"), Arc::clone(&sleeping));
            let call = move |x: Data, cx: Context| {
                probes.count(&label);
                async move {
                    let millis = u64::try_from(integer(&x)?).unwrap_or_default();
                    cx.timer().sleep(Duration::from_millis(millis)).await;
                    Ok(x)
                }
            };
            Ok(lambda(call).with_name("sleep_ms").dynamic())
        })
        .with_function("probe_concurrency", move |args| {
            let (label, probes) = (label(&own(args.data()), "probe_concurrency"), Arc::clone(&probing));
            let call = move |x: Data, cx: Context| {
                probes.count(&label);
                let probes = Arc::clone(&probes);
                async move {
                    let _inside = probes.enter();
                    cx.timer().sleep(Duration::from_millis(60)).await;
                    Ok(x)
                }
            };
            Ok(lambda(call).with_name("probe_concurrency").dynamic())
        })
}

/// What a function says of the input and of how it is called.
type Snapshot = fn(Data, &Context) -> Data;

const SNAPSHOTS: [(&str, Snapshot); 2] =
    [("config_snapshot", config_snapshot), ("kwargs_snapshot", kwargs_snapshot)];

fn snapshots(loader: PipelineLoader, probes: &Arc<Probes>) -> PipelineLoader {
    let recording = Arc::clone(probes);
    let loader = SNAPSHOTS.into_iter().fold(loader, |loader, (name, function)| {
        let probes = Arc::clone(probes);
        loader.with_function(name, move |args| {
            let (label, probes) = (label(&own(args.data()), name), Arc::clone(&probes));
            let call = move |x: Data, cx: Context| {
                probes.count(&label);
                function(x, &cx)
            };
            Ok(lambda(call).with_name(name).dynamic())
        })
    });
    loader.with_node("passthrough", move |options| {
        options.only(&["fn"])?;
        let passthrough = RunnablePassthrough::<Data>::new();
        let Some(function) = options.get("fn") else { return Ok(passthrough.boxed()) };
        if function.text()? != "record" {
            return Err(function.error("unknown function"));
        }
        let probes = Arc::clone(&recording);
        Ok(passthrough.with_tap(move |x| probes.record(x.clone())).boxed())
    })
}

fn config_snapshot(x: Data, cx: &Context) -> Data {
    let object = |map: Option<&serde_json::Map<String, Value>>| Data::from(map.cloned().unwrap_or_default());
    Data::from([
        ("input", x),
        ("tags", cx.tags().to_vec().into()),
        ("metadata", object(cx.metadata())),
        ("configurable", object(cx.configurables())),
        ("recursion_limit", cx.recursion_limit().into()),
        ("max_concurrency", cx.max_concurrency().into()),
        // The name is that of the run, never of what it calls.
        ("run_name", Data::Null),
    ])
}

fn kwargs_snapshot(x: Data, cx: &Context) -> Data {
    Data::from([("input", x), ("kwargs", cx.arguments().cloned().unwrap_or_default().into())])
}
