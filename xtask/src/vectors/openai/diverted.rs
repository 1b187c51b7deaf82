//! A client whose requests reach the test server, whatever service they are for.

use std::sync::Arc;

use bytes::Bytes;
use catena::http::{HttpClient, HttpTransport, Request, ResponseFuture};
use catena::{Error, ErrorKind, Result};

/// A client for a model that knows no base URL; `server` is where its requests end up.
///
/// # Errors
/// Those of building a client.
pub(super) fn client(server: &str) -> Result<HttpClient> {
    let transport = Diverted { client: HttpClient::builder().build()?, server: server.to_owned() };
    HttpClient::builder().with_transport(Arc::new(transport)).build()
}

#[derive(Debug)]
struct Diverted {
    client: HttpClient,
    server: String,
}

impl HttpTransport for Diverted {
    fn send(&self, request: http::Request<Bytes>) -> ResponseFuture {
        let (head, body) = request.into_parts();
        let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
        let (client, url) = (self.client.clone(), format!("{}{path}", self.server));
        Box::pin(async move {
            let mut request = Request::new(head.method, &url)?.with_body(body);
            *request.headers_mut() = head.headers;
            let answer = client.send(request).await?;
            let (status, headers) = (answer.status(), answer.headers().clone());
            let mut response =
                http::Response::builder().status(status).body(answer.into_body()).map_err(|error| {
                    Error::new(ErrorKind::Other, format!("the answer cannot be passed on: {error}"))
                })?;
            *response.headers_mut() = headers;
            Ok(response)
        })
    }
}
