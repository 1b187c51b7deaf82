//! Redirects: followed where the key may go, which is the server that it is for.

use std::borrow::Cow;

use catena_core::Result;
use http::Method;

use super::address::same_origin;
use crate::client::HttpClient;
use crate::request::Request;
use crate::response::Response;

/// How many redirects in a row are followed.
const MAX_REDIRECTS: usize = 5;

/// Sends a request, and again where it is redirected to within the same server.
pub(super) async fn send_to_end(http: &HttpClient, request: &Request) -> Result<Response> {
    let mut request = Cow::Borrowed(request);
    let mut response = http.send(request.as_ref().clone()).await?;
    for _ in 0..MAX_REDIRECTS {
        let Some(next) = followed(&request, &response) else { break };
        request = Cow::Owned(next);
        response = http.send(request.as_ref().clone()).await?;
    }
    Ok(response)
}

/// The request to where a redirect leads, if it leads to the same server and keeps method and body. Anywhere else the
/// key must not go.
fn followed(request: &Request, response: &Response) -> Option<Request> {
    let keeps = match response.status().as_u16() {
        307 | 308 => true,
        301 | 302 => request.method() == Method::GET,
        _ => false,
    };
    let location = response.header("location").filter(|_| keeps)?;
    let url = match location.strip_prefix('/') {
        Some(rest) if !rest.starts_with('/') => {
            let url = request.url();
            format!("{}://{}{location}", url.scheme_str()?, url.authority()?)
        }
        _ => location.to_owned(),
    };
    let next = Request::new(request.method().clone(), &url).ok()?;
    if !same_origin(request.url(), next.url()) {
        return None;
    }
    let mut next = next.with_body(request.body().clone());
    next.headers_mut().clone_from(request.headers());
    Some(next)
}
