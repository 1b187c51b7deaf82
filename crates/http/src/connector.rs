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
    https: HttpsConnector<Dialer>,
    tls: Tls,
    limit: Limit,
    timer: Arc<dyn Timer>,
}

impl Connector {
    pub(crate) fn new(dialer: Dialer, tls: Tls, limit: Limit, timer: Arc<dyn Timer>) -> Self {
        Self { https: HttpsConnector::from((dialer, tls.config())), tls, limit, timer }
    }
}

impl Service<Uri> for Connector {
    type Response = MaybeHttpsStream<Dialed>;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        self.https.poll_ready(cx).map_err(|error| no_tls("the server", error))
    }

    fn call(&mut self, url: Uri) -> Self::Future {
        if url.scheme_str() == Some("https")
            && let Err(error) = self.tls.check()
        {
            return Box::pin(std::future::ready(Err(error)));
        }
        let server = server_name(&url);
        let limit = self.limit;
        let connecting = Timeout::new(self.https.call(url), self.timer.sleep(limit.duration));
        Box::pin(async move {
            match connecting.await {
                Some(Ok(stream)) => Ok(stream),
                // The dialer's errors are ours, all others come from the handshake.
                Some(Err(error)) => Err(match error.downcast::<Error>() {
                    Ok(error) => *error,
                    Err(error) => no_tls(&server, error),
                }),
                None => Err(limit.error(&server)),
            }
        })
    }
}
