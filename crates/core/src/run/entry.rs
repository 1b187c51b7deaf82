//! Several admissions, asked one after the other.

use crate::{Admission, Admitted, Demand, Error, ErrorKind, Outcome, RateLimits, Result};

/// Asks these admissions in their order, pairs half by half, and each that shares its state with an earlier one not again.
/// Where one refuses, or is waited for no longer, those before it are told: the call came to nothing.
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
    if let Some(halves) = admission.halves() {
        return halves.into_iter().for_each(|half| add_parts(half, parts));
    }
    let identity = admission.identity();
    if identity.is_none() || parts.iter().all(|known| known.identity() != identity) {
        parts.push(admission);
    }
}

/// Those that have let a call in, until all have.
struct Entry(Vec<Box<dyn Admitted>>);

impl Entry {
    fn come_to_nothing(&mut self, error: &Error) {
        let outcome = Outcome::new(RateLimits::default(), Some(error));
        self.0.drain(..).for_each(|admitted| admitted.report(&outcome));
    }
}

/// Nothing was sent: a budget, say, has nothing to book.
impl Drop for Entry {
    fn drop(&mut self) {
        if !self.0.is_empty() {
            let message = "the call was given up while it waited to be let in";
            self.come_to_nothing(&Error::new(ErrorKind::Cancelled, message));
        }
    }
}
