//! A client's connection pool on a runtime.

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

/// A client's connection pool on a runtime.
///
/// Over HTTP/1.1, every request in flight has its own connection, and an idle connection is kept for the next request.
/// Over HTTP/2, requests share connections up to the server's limit on concurrent streams, and further connections are
/// opened beyond it. Which protocol a TLS server speaks is determined by the first connection, which all other requests
/// wait for.
pub(crate) struct Pool {
    opener: Opener,
    runtime: OnRuntime,
    hosts: Mutex<Hosts>,
    /// Dropped with the pool, which ends its background tasks.
    alive: watch::Sender<()>,
}

/// The servers known to a pool.
#[derive(Default)]
struct Hosts {
    all: HashMap<Key, Arc<Host>>,
    /// The one requested last.
    last: Option<Arc<Host>>,
}

/// Identifies a server.
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

    /// Returns the server of `url`.
    fn host(&self, url: &Uri) -> Arc<Host> {
        // No code panics while holding the lock.
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        // Most clients talk to a single server: comparing is cheaper than hashing.
        if let Some(last) = hosts.last.as_ref().filter(|last| last.key.is_written_in(url)) {
            return Arc::clone(last);
        }
        let key = Key::of(url);
        let host = match hosts.all.get(&key) {
            Some(host) => Arc::clone(host),
            None => {
                // Drops servers that are not in use and have no connections.
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
    /// Expects a URL with a host, which the URLs of requests always have.
    fn of(url: &Uri) -> Self {
        let authority = url.authority().cloned().unwrap_or_else(|| Authority::from_static("localhost"));
        Self { secure: url.scheme() == Some(&Scheme::HTTPS), authority }
    }

    /// Returns true if `url` names the same server in the same spelling.
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
