//! The right to call a model, and what becomes of it.

use std::sync::{Arc, Mutex, PoisonError};

use super::permits::Permit;
use crate::{Admitted, Error, Outcome, RateLimits, Usage};

/// The right to one model call: a permit of the run, and the leave of its admission. Dropping it gives both back.
pub(crate) struct ModelPass {
    _permit: Option<Permit>,
    pub(super) admitted: Option<Box<dyn Admitted>>,
    pub(super) meter: Arc<Meter>,
}

/// What a call reported that its output does not carry.
#[derive(Debug, Default)]
pub(super) struct Meter(Mutex<Option<Usage>>);

impl Meter {
    pub(super) fn add(&self, usage: Usage) {
        let mut total = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *total.get_or_insert_default() += usage;
    }

    fn take(&self) -> Option<Usage> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl ModelPass {
    pub(super) fn new(permit: Option<Permit>) -> Self {
        Self { _permit: permit, admitted: None, meter: Arc::default() }
    }

    /// Says how the call ended, and what its output says that it used.
    pub(crate) fn leave(mut self, error: Option<&Error>, usage: Option<Usage>) {
        if let Some(admitted) = self.admitted.take() {
            let usage = usage.or(self.meter.take());
            admitted.report(&Outcome::new(RateLimits::default(), error).with_usage(usage));
        }
    }
}
