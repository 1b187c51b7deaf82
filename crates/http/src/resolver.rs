//! Name resolution, with one lookup at a time per host.

use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use catena_core::{Error, Result};
use hyper_util::client::legacy::connect::dns::{GaiResolver, Name};
use tokio::sync::watch;
use tower_service::Service;

use crate::failure;

type Addresses = Vec<SocketAddr>;

/// A lookup, and its result once it has one.
type Lookup = watch::Receiver<Option<Result<Addresses>>>;

/// Resolves names with the platform's resolver, with errors that name the host. Clones share the lookups in progress.
///
/// A lookup blocks one of a few threads and cannot be cancelled. All calls and retries that need the same name share
/// one, so that a host whose name server does not respond does not hold up the others.
#[derive(Clone, Debug, Default)]
pub(crate) struct Resolver(Arc<Mutex<HashMap<String, Lookup>>>);

impl Resolver {
    /// Returns the lookup of `host` in progress, or starts `look_up`, which runs to its end even if nobody waits for it.
    fn share<F>(&self, host: &str, look_up: F) -> Lookup
    where
        F: Future<Output = io::Result<Addresses>> + Send + 'static,
    {
        let mut lookups = self.lookups();
        // An error means that the lookup panicked.
        if let Some(lookup) = lookups.get(host).filter(|lookup| lookup.has_changed().is_ok()) {
            return lookup.clone();
        }
        let (done, lookup) = watch::channel(None);
        lookups.insert(host.to_owned(), lookup.clone());
        let (resolver, host) = (self.clone(), host.to_owned());
        tokio::spawn(async move {
            let addresses = look_up.await.map_err(|error| failure::no_address(&host, error));
            resolver.lookups().remove(&host);
            done.send_replace(Some(addresses));
        });
        lookup
    }

    fn lookups(&self) -> MutexGuard<'_, HashMap<String, Lookup>> {
        // No code panics while holding the lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Service<Name> for Resolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let host = name.as_str().to_owned();
        let lookup = self.share(&host, async move { Ok(GaiResolver::new().call(name).await?.collect()) });
        Box::pin(async move { Ok(result(lookup).await?.into_iter()) })
    }
}

async fn result(mut lookup: Lookup) -> Result<Addresses> {
    let addresses = lookup.wait_for(Option::is_some).await.map_err(failure::runtime_ended)?;
    addresses.clone().unwrap_or_else(|| Ok(Vec::new()))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::sync::Notify;

    use super::*;

    #[tokio::test]
    async fn a_lookup_is_shared_while_it_lasts() {
        let (resolver, started, end) =
            (Resolver::default(), Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
        let look_up = |host: &str| {
            let (started, end) = (Arc::clone(&started), Arc::clone(&end));
            result(resolver.share(host, async move {
                started.fetch_add(1, Ordering::SeqCst);
                end.notified().await;
                Err(io::Error::other("no name server"))
            }))
        };
        // Dropped at once, as by a time limit.
        drop(look_up("dead.test"));
        let waiting = futures_util::future::join(look_up("dead.test"), look_up("dead.test"));
        drop(look_up("other.test"));
        tokio::task::yield_now().await;
        assert_eq!(started.load(Ordering::SeqCst), 2, "one per name");
        end.notify_waiters();
        let (one, other) = waiting.await;
        for error in [one, other] {
            let error = error.expect_err("no name server");
            assert!(error.to_string().contains("`dead.test`: no name server"), "{error}");
        }
        drop(look_up("dead.test"));
        tokio::task::yield_now().await;
        assert_eq!(started.load(Ordering::SeqCst), 3, "the name is looked up again");
    }

    #[tokio::test]
    async fn a_lookup_that_panicked_is_not_the_last() {
        let resolver = Resolver::default();
        assert!(result(resolver.share("h.test", async { panic!("on purpose") })).await.is_err());
        assert!(result(resolver.share("h.test", async { Ok(Vec::new()) })).await.is_ok());
    }
}
