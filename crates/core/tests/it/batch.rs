//! A batch is concurrent, bounded, in order, and stops when dropped.

use std::borrow::Cow;

use catena_core::fakes::FakeLlm;
use catena_core::{
    Context, Data, Error, ErrorKind, PromptTemplate, PromptValue, RunConfig, RunnableExt, lambda,
};
use futures_executor::block_on;
use futures_util::{FutureExt, StreamExt, future};

use crate::support::{Gauge, yield_now};

#[test]
fn results_are_in_the_order_of_the_inputs_whoever_ends_first() {
    let step = lambda(async |turns: usize| {
        for _ in 0..turns {
            yield_now().await;
        }
        if turns == 2 { Err(Error::new(ErrorKind::Other, "two")) } else { Ok(turns * 10) }
    });
    let results: Vec<Result<usize, String>> = block_on(step.batch([3_usize, 1, 2, 0]))
        .into_iter()
        .map(|result| result.map_err(|error| error.message().to_owned()))
        .collect();
    assert_eq!(results, [Ok(30), Ok(10), Err("two".into()), Ok(0)]);
    let order: Vec<usize> =
        block_on(step.batch_as_completed([3_usize, 1, 2, 0]).map(|(index, _)| index).collect());
    assert_eq!(order, [3_usize, 1, 2, 0]);
    assert!(block_on(step.batch(Vec::<usize>::new())).is_empty());
}

#[test]
fn texts_may_be_borrowed() {
    let texts = vec!["a".to_owned(), "b".to_owned()];
    let prompt = PromptTemplate::new("<{text}>").unwrap();
    let filled = block_on(prompt.try_batch(&texts)).unwrap();
    assert_eq!(filled, [PromptValue::from("<a>"), "<b>".into()]);
    assert_eq!(block_on(FakeLlm::new(["1", "2"]).try_batch(&texts)).unwrap().len(), 2);
    for text in [Cow::Borrowed("a"), Cow::Owned(texts[0].clone())] {
        assert_eq!(Data::from(text.clone()), Data::from("a"));
        assert_eq!(PromptValue::from(text), PromptValue::from(&texts[0]));
    }
}

#[test]
fn max_concurrency_bounds_the_items_under_way() {
    for (limit, peak) in [(1, 1), (3, 3), (100, 20)] {
        let gauge = Gauge::default();
        let inside = gauge.clone();
        let step = lambda(move |x: usize, _: Context| {
            let inside = inside.enter();
            async move {
                yield_now().await;
                drop(inside);
                Ok(x)
            }
        });
        let config = RunConfig::new().with_max_concurrency(limit);
        let results = block_on(step.batch_with(0..20_usize, &config));
        assert_eq!(results.into_iter().map(Result::unwrap).collect::<Vec<_>>(), (0..20).collect::<Vec<_>>());
        assert_eq!((gauge.peak(), gauge.inside()), (peak, 0));
    }
}

#[test]
fn dropping_a_batch_stops_every_item() {
    let gauge = Gauge::default();
    let inside = gauge.clone();
    let step = lambda(move |x: usize| {
        let inside = inside.enter();
        async move {
            if x < 4 {
                future::pending::<()>().await;
            }
            drop(inside);
            Ok(x)
        }
    });
    let mut completed = step.batch_as_completed(0..5_usize);
    let (index, result) = completed.next().now_or_never().flatten().expect("the last item is ready");
    assert_eq!((index, result.unwrap()), (4, 4));
    assert_eq!((gauge.entered(), gauge.inside()), (5, 4));
    drop(completed);
    assert_eq!(gauge.inside(), 0);
}
