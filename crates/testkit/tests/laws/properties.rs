//! Every law holds for every tree.

use catena_testkit::laws::{Failures, LawViolation, Laws, Probe};
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

use crate::arbitrary::{chunked_inputs, inputs, trees};
use crate::build::{build, config};
use crate::executor::run;
use crate::tree::Tree;

fn settings() -> ProptestConfig {
    // What was found once has a test of its own: see `found`.
    ProptestConfig { failure_persistence: None, max_shrink_iters: 20_000, ..ProptestConfig::default() }
}

/// Checks a law of a tree.
pub(crate) fn check<F>(
    tree: &Tree,
    law: impl FnOnce(Laws, catena_core::DynRunnable) -> F,
) -> Result<(), LawViolation>
where
    F: Future<Output = Result<(), LawViolation>>,
{
    let probe = Probe::new();
    let chain = build(tree, &probe);
    let laws = Laws::new()
        .with_probe(&probe)
        .with_config(config())
        .with_failures(tree.failures().unwrap_or(Failures::Late));
    run(law(laws, chain))
}

fn failed(violation: LawViolation) -> TestCaseError {
    TestCaseError::fail(violation.to_string())
}

proptest! {
    #![proptest_config(settings())]

    #[test]
    fn streaming(tree in trees(), input in inputs()) {
        if tree.failures().is_none() {
            return Ok(());
        }
        check(&tree, |laws, chain| async move { laws.streaming(&chain, input).await }).map_err(failed)?;
    }

    #[test]
    fn chunked(tree in trees(), chunks in chunked_inputs()) {
        if tree.failures().is_none() {
            return Ok(());
        }
        check(&tree, |laws, chain| async move { laws.chunked(&chain, chunks).await }).map_err(failed)?;
    }

    #[test]
    fn laziness(tree in trees(), input in inputs()) {
        check(&tree, |laws, chain| async move { laws.laziness(&chain, input).await }).map_err(failed)?;
    }

    #[test]
    fn batch(tree in trees(), inputs in proptest::collection::vec(inputs(), 0..5)) {
        check(&tree, |laws, chain| async move { laws.batch(&chain, inputs).await }).map_err(failed)?;
    }

    #[test]
    fn cancellation(tree in trees(), input in inputs()) {
        check(&tree, |laws, chain| async move { laws.cancellation(&chain, input).await }).map_err(failed)?;
    }

    #[test]
    fn events(tree in trees(), input in inputs()) {
        check(&tree, |laws, chain| async move { laws.events(&chain, input).await }).map_err(failed)?;
    }

    #[test]
    fn observation(tree in trees(), input in inputs()) {
        // In the same mode, the same step fails first.
        let law = |laws: Laws, chain| async move {
            laws.with_failures(Failures::Same).observation(&chain, input).await
        };
        check(&tree, law).map_err(failed)?;
    }
}
