//! Consulting several admissions in order.

use crate::{Admission, Admitted, Demand, Error, ErrorKind, Outcome, RateLimits, Result};

/// Consults the admissions in order, splitting pairs into their members and skipping each one that shares its state
/// with an earlier one. If one rejects the call, or the future is dropped while waiting for it, the earlier ones are
/// told that nothing was sent.
pub(super) async fn enter<'a>(
    admissions: impl IntoIterator<Item = &'a dyn Admission>,
    demand: &Demand<'_>,
) -> Result<Vec<Box<dyn Admitted>>> {
    let mut asked = Vec::new();
    admissions.into_iter().for_each(|admission| add_parts(admission, &mut asked));
    let mut entry = Entry(Vec::with_capacity(asked.len()));
    for admission in asked {
        match admission.admit(demand).await {
            Ok(admitted) => entry.0.push(admitted),
            Err(error) => {
                entry.come_to_nothing(&error);
                return Err(error);
            }
        }
    }
    Ok(std::mem::take(&mut entry.0))
}

fn add_parts<'a>(admission: &'a dyn Admission, parts: &mut Vec<&'a dyn Admission>) {
    if let Some(pair) = admission.pair() {
        return pair.into_iter().for_each(|half| add_parts(half, parts));
    }
    let identity = admission.identity();
    if identity.is_none() || parts.iter().all(|known| known.identity() != identity) {
        parts.push(admission);
    }
}

/// The admissions that have admitted the call so far, until all have.
struct Entry(Vec<Box<dyn Admitted>>);

impl Entry {
    fn come_to_nothing(&mut self, error: &Error) {
        let outcome = Outcome::new(RateLimits::default(), Some(error));
        self.0.drain(..).for_each(|admitted| admitted.report(&outcome));
    }
}

/// Nothing was sent, so a budget, for example, has nothing to charge.
impl Drop for Entry {
    fn drop(&mut self) {
        if !self.0.is_empty() {
            let message = "the call was cancelled while it waited to be admitted";
            self.come_to_nothing(&Error::new(ErrorKind::Cancelled, message));
        }
    }
}
