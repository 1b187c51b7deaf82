//! The connector that hyper's pool calls: TCP, then TLS, within the connect timeout.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use catena_core::{Error, Result, Timer};
use http::Uri;
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use tower_service::Service;

use crate::dialer::{Dialed, Dialer};
use crate::failure::{no_tls, server_name};
use crate::timeout::{Limit, Timeout};
use crate::tls::Tls;

/// Opens a connection that is ready for HTTP. Every error is one of ours.
#[derive(Clone, Debug)]
pub(crate) struct Connector {
    plain: Dialer,
    secure: Result<HttpsConnector<Dialer>>,
    limit: Limit,
    timer: Arc<dyn Timer>,
}

type Connecting = Pin<Box<dyn Future<Output = Result<MaybeHttpsStream<Dialed>>> + Send>>;

impl Connector {
    pub(crate) fn new(dialer: Dialer, tls: Tls, limit: Limit, timer: Arc<dyn Timer>) -> Self {
        let secure = tls.map(|config| HttpsConnector::from((dialer.clone(), config)));
        Self { plain: dialer, secure, limit, timer }
    }

    fn connect(&mut self, url: Uri) -> Connecting {
        if url.scheme_str() != Some("https") {
            let dialing = self.plain.call(url);
            return Box::pin(async { Ok(MaybeHttpsStream::Http(dialing.await?)) });
        }
        let server = server_name(&url);
        let connecting = match &mut self.secure {
            Ok(secure) => secure.call(url),
            Err(reason) => return Box::pin(std::future::ready(Err(reason.clone()))),
        };
        Box::pin(async move {
            // The dialer's errors are ours, all others come from the handshake.
            connecting.await.map_err(|error| match error.downcast::<Error>() {
                Ok(error) => *error,
                Err(error) => no_tls(&server, error),
            })
        })
    }
}

impl Service<Uri> for Connector {
    type Response = MaybeHttpsStream<Dialed>;
    type Error = Error;
    type Future = Connecting;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        self.plain.poll_ready(cx)
    }

    fn call(&mut self, url: Uri) -> Self::Future {
        let server = server_name(&url);
        let limit = self.limit;
        let connecting = Timeout::new(self.connect(url), self.timer.sleep(limit.duration));
        Box::pin(async move { connecting.await.unwrap_or_else(|| Err(limit.error(&server))) })
    }
}
