//! Redirects: followed only to the same server, because the key must not go elsewhere.

use std::borrow::Cow;
use std::sync::Arc;

use catena_core::Result;
use http::Method;

use super::address::same_origin;
use crate::client::HttpClient;
use crate::outgoing::Outgoing;
use crate::request::parse_url;
use crate::response::Response;

/// Maximum number of consecutive redirects.
const MAX_REDIRECTS: usize = 5;

/// Sends a request, and follows redirects within the same server.
pub(super) async fn send_to_end(http: &HttpClient, request: &Arc<Outgoing>) -> Result<Response> {
    let mut request = Cow::Borrowed(request);
    let mut redirects = 0;
    // A single call site: with two, a call in flight would reserve space for both.
    loop {
        let response = http.send_complete(&request).await?;
        let next = followed(&request, &response).filter(|_| redirects < MAX_REDIRECTS);
        let Some(next) = next else { return Ok(response) };
        request = Cow::Owned(Arc::new(next));
        redirects += 1;
    }
}

/// Returns the redirected request if the redirect leads to the same server and preserves method and body. The key must
/// not go anywhere else.
fn followed(request: &Outgoing, response: &Response) -> Option<Outgoing> {
    let keeps = match response.status().as_u16() {
        307 | 308 => true,
        301 | 302 => request.method == Method::GET,
        _ => false,
    };
    if !keeps {
        return None;
    }
    let location = response.header("location")?;
    let url = match location.strip_prefix('/') {
        Some(rest) if !rest.starts_with('/') => {
            let url = &request.url;
            format!("{}://{}{location}", url.scheme_str()?, url.authority()?)
        }
        _ => location.to_owned(),
    };
    let url = parse_url(&url).ok()?;
    if !same_origin(&request.url, &url) {
        return None;
    }
    Some(Outgoing { url, ..request.clone() })
}
