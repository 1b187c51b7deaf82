//! The connections of one client on one runtime: kept, shared and opened as requests need them.

mod checkout;
mod connection;
mod evict;
mod exchange;
mod host;
mod opening;
mod received;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use http::Uri;
use http::uri::{Authority, Scheme};
use tokio::sync::watch;

use crate::connector::Connector;
use crate::runtime_pools::OnRuntime;
use crate::timeout::Clock;

use host::Host;
use opening::Opener;
pub(crate) use received::Received;

/// The connections of one client on one runtime.
///
/// Over HTTP/1.1 every request in flight has a connection, and a connection that is free again is kept for the next. Over
/// HTTP/2 requests share connections up to the number of streams that the server allows, and more connections are opened
/// above it. Which of the two a TLS server speaks is found out by the first connection, for which all others wait.
pub(crate) struct Pool {
    opener: Opener,
    runtime: OnRuntime,
    hosts: Mutex<Hosts>,
    /// Dropped with the pool, which ends the tasks that look after it.
    alive: watch::Sender<()>,
}

/// The servers of a pool.
#[derive(Default)]
struct Hosts {
    all: HashMap<Key, Arc<Host>>,
    /// The one that was asked for last.
    last: Option<Arc<Host>>,
}

/// Whom a connection leads to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    secure: bool,
    authority: Authority,
}

impl Pool {
    pub(crate) fn new(connector: Connector, runtime: OnRuntime, clock: Clock) -> Arc<Self> {
        let opener = Opener { connector, clock };
        Arc::new(Self { opener, runtime, hosts: Mutex::default(), alive: watch::Sender::new(()) })
    }

    /// The server of `url`.
    fn host(&self, url: &Uri) -> Arc<Host> {
        // Nothing panics while it holds the lock.
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        // A client speaks to one server, as a rule: to compare is cheaper than to hash.
        if let Some(last) = hosts.last.as_ref().filter(|last| last.key.is_written_in(url)) {
            return Arc::clone(last);
        }
        let key = Key::of(url);
        let host = match hosts.all.get(&key) {
            Some(host) => Arc::clone(host),
            None => {
                // Forgets those whom nobody asks and nothing is connected to.
                hosts.all.retain(|_, host| Arc::strong_count(host) > 1 || !host.with(|all| all.is_empty()));
                let host = Host::new(key.clone(), self.runtime.clone(), self.alive.subscribe());
                Arc::clone(hosts.all.entry(key).or_insert(Arc::new(host)))
            }
        };
        hosts.last = Some(Arc::clone(&host));
        host
    }
}

impl Key {
    /// Of a URL that has a host, as those of requests do.
    fn of(url: &Uri) -> Self {
        let authority = url.authority().cloned().unwrap_or_else(|| Authority::from_static("localhost"));
        Self { secure: url.scheme() == Some(&Scheme::HTTPS), authority }
    }

    /// True if `url` names the same server in the same letters.
    fn is_written_in(&self, url: &Uri) -> bool {
        self.secure == (url.scheme() == Some(&Scheme::HTTPS))
            && url.authority().is_some_and(|authority| authority.as_str() == self.authority.as_str())
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("runtime", &self.runtime).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use tokio::runtime::Handle;

    use super::*;
    use crate::dialer::Dialer;
    use crate::proxy::{Proxies, Proxy};
    use crate::timeout::Limit;
    use crate::tls::Tls;

    #[tokio::test]
    async fn a_host_without_connections_is_forgotten() {
        let limit = Limit::connect(std::time::Duration::from_secs(1));
        let dialer = Dialer::new(Arc::new(Proxies::read(&Proxy::None).expect("no proxy")), limit);
        let tls = Arc::new(Tls::new(&[], None, true).expect("settings"));
        let runtime = Handle::current();
        let connector = Connector::new(dialer, tls, limit);
        let pool = Pool::new(connector, OnRuntime(runtime.clone()), Clock::Runtime(runtime));
        let host = |number: usize| pool.host(&format!("https://{number}.test/").parse().expect("a URL"));
        let held = host(0);
        for number in 1..100 {
            let _ = host(number);
        }
        assert!(Arc::ptr_eq(&held, &host(0)), "a call is under way");
        // And the two that were asked for last.
        assert_eq!(pool.hosts.lock().expect("hosts").all.len(), 3);
    }
}
