//! Prevents keys from being sent in clear text.

use catena_core::{Error, ErrorKind};

use super::address::{Address, is_loopback};
use crate::client::HttpClient;
use crate::failure::server_name;

/// Who would receive a call unencrypted, if it leaves this machine that way.
#[derive(Debug)]
pub(super) enum Reader {
    Server(String),
    /// A proxy that forwards plain HTTP requests to this host.
    Proxy(String, String),
}

impl Reader {
    /// Returns the first remote party that could read a call.
    pub(super) fn of(address: &Address, http: &HttpClient) -> Option<Self> {
        if !address.is_private() {
            return Some(Self::Server(address.host()));
        }
        let proxy = http.plain_proxy(address.uri())?;
        let is_here = is_loopback(proxy.host().unwrap_or_default());
        (!is_here).then(|| Self::Proxy(server_name(&proxy), address.host()))
    }

    /// Returns the error for a call that carries a secret.
    pub(super) fn error(&self) -> Error {
        let (whom, advice) = match self {
            Self::Server(host) => (host.clone(), String::new()),
            Self::Proxy(proxy, host) => (
                format!("the proxy {proxy}"),
                format!("reach {host} without it (`NO_PROXY`, `ProxyUrl::with_no_proxy`), "),
            ),
        };
        let message = format!(
            "the API key would travel to {whom} unencrypted: {advice}use `https://`, or call `allow_insecure_http` if the \
             network between is trusted"
        );
        Error::new(ErrorKind::Config, message)
    }
}
