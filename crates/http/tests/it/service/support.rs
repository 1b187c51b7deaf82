//! A dialect, a decoder and a timer for all tests.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use catena_core::fakes::FakeTimer;
use catena_core::{Context, Error, ErrorKind, Result, Runnable, ServiceError, Sleep, Timer, async_trait};
use catena_http::service::{Call, Dialect, FailedAnswer, Origin, Service, ServiceBuilder, StreamDecoder};
use catena_http::{HttpClient, Proxy};
use catena_testkit::Server;

/// Errors are plain text; `broke` says that the quota is used up.
#[derive(Debug)]
pub(crate) struct Plain;

impl Dialect for Plain {
    fn decode_error(&self, answer: &FailedAnswer<'_>) -> Error {
        let kind = if answer.body() == "broke" { ErrorKind::QuotaExceeded } else { answer.kind() };
        let message = format!("HTTP {}: {}", answer.status(), answer.body());
        let message = match answer.redirect() {
            Some(location) => format!("{message} to {location}"),
            None => message,
        };
        answer.error(kind, message, ServiceError::default())
    }
}

/// Every event is a chunk; the one that says `oops` is an error that may be tried again, and an object without its end is
/// no JSON.
#[derive(Debug, Default)]
pub(crate) struct Texts;

impl StreamDecoder for Texts {
    type Chunk = String;

    fn event(&mut self, name: Option<&str>, data: &str, _origin: &Origin) -> Result<Option<String>> {
        match data {
            "" => Ok(None),
            data if data.starts_with('{') && !data.ends_with('}') => {
                Err(Error::new(ErrorKind::Decode, format!("not JSON: {data}")))
            }
            "oops" => Err(Error::new(ErrorKind::Stream, "oops").with_retryable(true)),
            data => Ok(Some(format!("{}{data}", name.unwrap_or_default()))),
        }
    }

    fn end(&mut self, marked: bool, _origin: &Origin) -> Result<Option<String>> {
        Ok(marked.then(|| "!".to_owned()))
    }

    fn whole(&mut self, body: &[u8], _origin: &Origin) -> Result<String> {
        Ok(format!("whole: {}", String::from_utf8_lossy(body)))
    }
}

/// Waits take no time, and are noted.
#[derive(Debug, Clone, Default)]
pub(crate) struct Hasty(pub(crate) FakeTimer);

impl Timer for Hasty {
    fn now(&self) -> Instant {
        self.0.now()
    }

    /// Midnight of the first of January 2026.
    fn wall_clock(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600)
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        let sleep = self.0.sleep(duration);
        self.0.advance(duration);
        sleep
    }
}

pub(crate) fn http() -> HttpClient {
    HttpClient::builder().with_proxy(Proxy::None).build().unwrap()
}

pub(crate) fn builder(server: &Server) -> ServiceBuilder {
    Service::builder(server.url(), Plain).with_http_client(http())
}

/// A service of a server, and the timer that notes its waits.
pub(crate) fn hasty(server: &Server) -> (ServiceBuilder, FakeTimer) {
    let timer = Hasty::default();
    (builder(server).with_timer(Arc::new(timer.clone())), timer.0)
}

/// A step that asks a service.
pub(crate) struct Ask(pub(crate) Service);

#[async_trait]
impl Runnable for Ask {
    type Input = String;
    type Output = String;

    async fn call(&self, question: String, cx: &Context) -> Result<String> {
        let answer = self.0.send(Call::post("ask").with_json(question), cx).await?;
        Ok(String::from_utf8_lossy(&answer.body).into_owned())
    }
}
