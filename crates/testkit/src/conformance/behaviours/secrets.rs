//! Secrets must not leak.

use std::sync::{Arc, Mutex, PoisonError};

use catena_core::{RunConfig, RunEvent, RunnableExt, observe_with};

use super::super::stage::{drain, failure};
use super::super::subject::{Answered, KEY, Setup};
use super::super::verdict::{ensure, ensure_eq};
use super::super::{Answer, Stage, Verdict};
use crate::{Reply, Server, shown};

/// The key is sent in its header and nowhere else, and appears in no output.
pub(crate) async fn secrets<O: Answered>(stage: &Stage<O>) -> Verdict {
    let server = stage.answering(&Answer::of_text(["Fine"]));
    let model = stage.model(&server)?;
    model.invoke("Hi").await?;
    drain(&model, "Hi").await?;
    for request in server.requests() {
        let place = stage.wire().key_header();
        if let Some((name, before)) = place {
            ensure_eq!(request.header(name), Some(&*format!("{before}{KEY}")), "the header `{name}`");
        }
        let elsewhere = request.headers().iter().find(|(name, value)| {
            value.contains(KEY) && !place.is_some_and(|(known, _)| name.eq_ignore_ascii_case(known))
        });
        ensure!(
            elsewhere.is_none(),
            "the key is also in the header `{}`",
            elsewhere.map_or("", |(name, _)| name)
        );
        ensure!(!request.target().contains(KEY), "the key is in the URL");
        ensure!(!request.text().contains(KEY), "the key is in the body");
    }
    let setup = Setup::of(&server);
    ensure!(!stage.subject().shown(&setup).contains(KEY), "`Debug` shows the key");
    let parameters = format!("{:?}", model.parameters());
    ensure!(!parameters.contains(KEY), "the parameters show the key");
    for reply in echoes(stage) {
        let server = Server::replay([reply]);
        let model = stage.model(&server)?;
        let called = failure(model.invoke("Hi").await, "a refused call")?;
        ensure!(!shown(&called).contains(KEY), "the error of a call shows the key that the service repeats");
        let (chunks, streamed) = drain(&model, "Hi").await?;
        let streamed = streamed.map(|error| shown(&error)).unwrap_or_default();
        ensure!(!streamed.contains(KEY), "the error of a stream shows the key that the service repeats");
        ensure!(!format!("{chunks:?}").contains(KEY), "the chunks of a stream show the key");
    }
    Ok(())
}

/// Error responses that echo the key.
fn echoes<O: Answered>(stage: &Stage<O>) -> Vec<Reply> {
    let message = format!("the key {KEY} is not known");
    let body = stage.wire().failure(401, &message);
    vec![
        Reply::json(401, body).with_header("x-request-id", KEY).with_header("request-id", KEY),
        Reply::text(500, &*message),
        Reply::html(502, format!("<html><body>{message}</body></html>")),
    ]
}

/// Observers of a run do not see the key.
pub(crate) async fn secrets_unobserved<O: Answered>(stage: &Stage<O>) -> Verdict {
    let mut replies = echoes(stage);
    replies.push(stage.whole(&Answer::of_text(["Fine"])));
    for reply in replies {
        let server = Server::replay([reply]);
        let seen = Arc::new(Mutex::new(String::new()));
        let log = Arc::clone(&seen);
        let observer = observe_with(move |event: &RunEvent<'_>| {
            log.lock().unwrap_or_else(PoisonError::into_inner).push_str(&format!("{event:?}"));
        });
        // The result does not matter here.
        let _ = stage.model(&server)?.invoke_with("Hi", &RunConfig::new().with_observer(observer)).await;
        let seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        ensure!(!seen.is_empty(), "the run has no events");
        ensure!(!seen.contains(KEY), "an event shows the key");
    }
    Ok(())
}

/// A redirect does not carry the key to another server.
pub(crate) async fn redirects<O: Answered>(stage: &Stage<O>) -> Verdict {
    for status in [301, 302, 303, 307, 308] {
        let elsewhere = stage.answering(&Answer::of_text(["Stolen"]));
        let location = format!("{}/elsewhere", elsewhere.url());
        let server = Server::replay([Reply::text(status, "moved").with_header("location", location)]);
        let model = stage.model(&server)?;
        // An error or an answer: only the key matters.
        let _ = (model.invoke("Hi").await, drain(&model, "Hi").await?);
        let taken = elsewhere.requests().iter().any(|request| {
            format!("{:?} {} {}", request.headers(), request.target(), request.text()).contains(KEY)
        });
        ensure!(!taken, "a redirect with HTTP {status} takes the key to another server");
    }
    Ok(())
}
