//! The test functions that return or call other runnables.

use std::borrow::Cow;
use std::sync::Arc;

use catena::pipeline::{PipelineLoader, Spec};
use catena::{
    BoxRunnable, ChunkStream, Context, Data, DynRunnable, Result, Runnable, RunnableExt, StreamExt,
    async_trait, delegate, gather, lambda,
};
use futures_util::stream;

use super::functions::{arg, integer, label, own};
use super::probes::Probes;

pub(super) fn register(loader: PipelineLoader, probes: &Arc<Probes>) -> PipelineLoader {
    let probes = [0; 5].map(|_| Arc::clone(probes));
    let [routing, returning, looping, recursing, calling] = probes;
    loader
        .with_function("route_by_sign", move |args| route_by_sign(args, &routing))
        .with_function("return_runnable", move |args| return_runnable(args, &returning))
        .with_function("loop_forever", move |args| Ok(recursive(args, "loop_forever", usize::MAX, &looping)))
        .with_function("recurse", move |args| {
            let times = integer(&arg(&own(args.data()), "times"))?;
            Ok(recursive(args, "recurse", usize::try_from(times).unwrap_or_default(), &recursing))
        })
        .with_function("call_llm_inside", move |args| call_llm_inside(args, &calling))
}

fn route_by_sign(args: &Spec<'_>, probes: &Arc<Probes>) -> Result<DynRunnable> {
    let function = |name| args.loader().load(&Data::from([("lambda", name)]));
    let (positive, negative) = (function("add_one")?, function("negate")?);
    let (label, probes) = (label(&own(args.data()), "route_by_sign"), Arc::clone(probes));
    let choose = move |x: &Data, _: &Context| {
        probes.count(&label);
        Ok(if integer(x)? >= 0 { positive.clone() } else { negative.clone() })
    };
    Ok(delegate(choose).with_name("route_by_sign").boxed())
}

fn return_runnable(args: &Spec<'_>, probes: &Arc<Probes>) -> Result<DynRunnable> {
    let runnable = args.required("runnable")?.load()?;
    let (label, probes) = (label(&own(args.data()), "return_runnable"), Arc::clone(probes));
    let choose = move |_: &Data, _: &Context| {
        probes.count(&label);
        Ok(runnable.clone())
    };
    Ok(delegate(choose).with_name("return_runnable").boxed())
}

fn call_llm_inside(args: &Spec<'_>, probes: &Arc<Probes>) -> Result<DynRunnable> {
    let runnable = args.required("runnable")?.load()?;
    let (label, probes) = (label(&own(args.data()), "call_llm_inside"), Arc::clone(probes));
    let call = move |x: Data, cx: Context| {
        probes.count(&label);
        let runnable = runnable.clone();
        async move { runnable.invoke_in(x, &cx).await }
    };
    Ok(lambda(call).with_name("call_llm_inside").dynamic())
}

/// Returns itself on its first calls, then a text.
#[derive(Clone)]
struct Recursive {
    name: &'static str,
    label: String,
    times: usize,
    probes: Arc<Probes>,
}

fn recursive(args: &Spec<'_>, name: &'static str, times: usize, probes: &Arc<Probes>) -> DynRunnable {
    Recursive { name, label: label(&own(args.data()), name), times, probes: Arc::clone(probes) }.boxed()
}

impl Recursive {
    fn itself(&self) -> impl Runnable<Input = Data, Output = Data> + 'static {
        let itself = self.clone();
        delegate(move |_: &Data, _: &Context| Ok(BoxRunnable::new(itself.clone())))
    }
}

#[async_trait]
impl Runnable for Recursive {
    type Input = Data;
    type Output = Data;

    async fn call(&self, x: Data, cx: &Context) -> Result<Data> {
        match self.probes.count(&self.label) < self.times {
            true => self.itself().call(x, cx).await,
            false => Ok("done".into()),
        }
    }

    fn transform<'a>(&'a self, input: ChunkStream<'a, Data>, cx: Context) -> ChunkStream<'a, Data> {
        let called = async move {
            match gather(input).await {
                Ok(Some(x)) => Some(self.call(x, &cx).await),
                Ok(None) => None,
                Err(error) => Some(Err(error)),
            }
        };
        stream::once(called).filter_map(std::future::ready).boxed()
    }

    fn name(&self) -> Cow<'_, str> {
        Cow::Borrowed(self.name)
    }
}
