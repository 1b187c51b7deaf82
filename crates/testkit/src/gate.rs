//! A gate that holds a response back until the test opens it.

use std::sync::Arc;

use tokio::sync::watch;

/// A gate that starts closed and, once opened, stays open. Clones share its state.
///
/// A [`Reply`](crate::Reply) waits at it ([`Reply::hold`](crate::Reply::hold),
/// [`Reply::hold_after`](crate::Reply::hold_after)) until the test calls [`Gate::open`]. This lets a test prove an
/// order of events without sleeping, for example that the first token is delivered before the rest of the response has
/// been sent.
///
/// # Example
///
/// ```
/// use catena_testkit::{Gate, Reply};
///
/// let gate = Gate::new();
/// let reply = Reply::sse(["first", "second"]).hold_after(0, gate.clone());
/// assert!(!gate.is_open());
/// gate.open(); // "second" may leave now
/// assert!(gate.is_open());
/// # drop(reply);
/// ```
#[derive(Clone, Debug)]
pub struct Gate {
    open: Arc<watch::Sender<bool>>,
}

impl Gate {
    /// Creates a closed gate.
    ///
    /// ```
    /// assert!(!catena_testkit::Gate::new().is_open());
    /// ```
    pub fn new() -> Self {
        Self { open: Arc::new(watch::Sender::new(false)) }
    }

    /// Opens the gate, for current and future waiters. Has no effect on an open gate.
    ///
    /// ```
    /// let gate = catena_testkit::Gate::new();
    /// gate.clone().open();
    /// assert!(gate.is_open());
    /// ```
    pub fn open(&self) {
        self.open.send_replace(true);
    }

    /// Returns whether the gate is open.
    ///
    /// ```
    /// assert!(!catena_testkit::Gate::new().is_open());
    /// ```
    pub fn is_open(&self) -> bool {
        *self.open.borrow()
    }

    /// Waits until the gate is open. Works on every executor.
    ///
    /// ```
    /// # use catena_testkit::Gate;
    /// async fn second_act(gate: Gate) -> &'static str {
    ///     gate.wait().await;
    ///     "curtain"
    /// }
    /// ```
    pub async fn wait(&self) {
        // Fails only if the sender is dropped, which `self` holds.
        let _ = self.open.subscribe().wait_for(|open| *open).await;
    }
}

impl Default for Gate {
    fn default() -> Self {
        Self::new()
    }
}
