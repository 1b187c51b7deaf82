//! Work that may outlive the run that started it.

use std::sync::{Arc, Weak};

/// A guard that ties shared work to the run that started it. See [`Context::detachable`](crate::Context::detachable).
#[derive(Debug)]
#[must_use = "dropping it takes the work out of the run"]
pub struct Attachment(#[allow(dead_code, reason = "held for its count")] Option<Arc<()>>);

/// The attachments that must all hold. Usually there are none.
#[derive(Debug, Clone, Default)]
pub(super) struct Attachments(Vec<Weak<()>>);

impl Attachment {
    /// Creates an attachment for work that has nothing to detach from.
    pub(super) fn none() -> Self {
        Self(None)
    }
}

impl Attachments {
    /// Returns these attachments with one more, and that one.
    pub(super) fn with_another(&self) -> (Self, Attachment) {
        let another = Arc::new(());
        let all = self.0.iter().cloned().chain([Arc::downgrade(&another)]).collect();
        (Self(all), Attachment(Some(another)))
    }

    /// Returns `true` if any attachment was dropped.
    pub(super) fn are_broken(&self) -> bool {
        self.0.iter().any(|attachment| attachment.strong_count() == 0)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use serde_json::json;

    use crate::fakes::FakeTimer;
    use crate::run::step::call_here;
    use crate::{CancelToken, Context, RetryBudget, RunConfig, RunEventKind, lambda, observe_with};

    /// Whether it has a deadline, may try again, and is cancelled.
    fn limits(cx: &Context) -> (bool, bool, bool) {
        (cx.deadline().is_some(), cx.take_retry(), cx.is_cancelled())
    }

    fn config() -> RunConfig {
        let cancel = CancelToken::new();
        cancel.cancel();
        let config = RunConfig::new().with_timeout(Duration::from_secs(1)).with_timer(FakeTimer::new());
        config.with_retry_budget(RetryBudget::new(0)).with_cancel(cancel).with_configurable("user", "ada")
    }

    #[test]
    fn detached_work_is_free_of_the_limits_of_the_run() {
        let cx = Context::new(&config());
        let (work, attachment) = cx.detachable();
        let (inner, inner_attachment) = work.detachable();
        let below = inner.without_run_id();
        assert_eq!([&cx, &work, &below].map(limits), [(true, false, true); 3]);
        drop(attachment);
        assert_eq!([&work, &inner, &below].map(limits), [(false, true, false); 3]);
        assert_eq!(limits(&cx), (true, false, true), "the run itself goes on as it was");
        assert_eq!(below.configurable("user"), Some(&json!("ada")), "what shapes the answer stays");
        drop(inner_attachment);
    }

    #[test]
    fn a_run_that_nobody_configured_has_nothing_to_be_taken_from() {
        let (work, attachment) = Context::default().detachable();
        drop(attachment);
        assert!(work.run_info().is_none() && work.take_retry());
    }

    /// Runs that are open end where they began; no other begins there.
    #[test]
    fn observers_hear_the_end_of_open_runs_and_nothing_else() {
        let events = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&events);
        let observer = observe_with(move |event| {
            let kind = match event.kind {
                RunEventKind::Start { .. } => "start",
                RunEventKind::Custom { name, .. } => name,
                _ if event.kind.is_terminal() => "end",
                _ => "other",
            };
            heard.lock().expect("no panic").push(format!("{} {kind}", event.run.name));
        });
        let cx = Context::new(&RunConfig::new().with_observer(observer));
        let (work, attachment) = cx.detachable();
        let attachment = Mutex::new(Some(attachment));
        let inner = lambda(|x: i64| x).with_name("inner");
        let outer = lambda(move |x: i64, cx: Context| {
            cx.emit("before", &json!(1));
            *attachment.lock().expect("no panic") = None;
            cx.emit("after", &json!(1));
            x
        });
        let chain = outer.with_name("outer") | inner;
        futures_executor::block_on(call_here(&chain, 1, &work)).expect("a number");
        assert_eq!(
            *events.lock().expect("no panic"),
            ["RunnableSequence start", "outer start", "outer before", "outer end", "RunnableSequence end"]
        );
    }
}
