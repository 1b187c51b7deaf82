//! The client of single endpoints.

use catena::http::service::segment;
use catena::openai::{BatchRequest, Call, FileUpload, ListOptions, OpenAiClient, OpenAiClientBuilder};
use catena::{Result, StreamExt as _};
use futures_util::TryStreamExt as _;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::case::{Case, Outcome, Played};
use super::connection::{self, connection_setting};
use super::stream::drain;
use super::{embeddings, settings};

/// One answer, or one page.
pub(super) fn call(case: &Case<'_>) -> Played {
    if case.input["endpoint"] == "embeddings.create" {
        return embeddings::create(case);
    }
    play(case, async |client, given| fetched(&client, &given).await)
}

/// The second of two answers to the same call of one client.
pub(super) fn call_twice(case: &Case<'_>) -> Played {
    play(case, async |client, given| match fetched(&client, &given).await {
        Played::Done(Outcome { error: None, .. }) => fetched(&client, &given).await,
        other => other,
    })
}

/// The items of all pages.
pub(super) fn list_all(case: &Case<'_>) -> Played {
    play(case, async |client, given| {
        let options = given.list_options();
        let items: Result<Vec<Value>> = match given.endpoint {
            "batches.list" => {
                client
                    .batches()
                    .list_all(options)
                    .map(|item| item.map(|item| json!(item)))
                    .try_collect()
                    .await
            }
            "files.list" => {
                client.files().list_all(options).map(|item| item.map(|item| json!(item))).try_collect().await
            }
            other => return Played::Unsupported(format!("`{other}` is no list of pages")),
        };
        items.map_or_else(Played::from, |items| Outcome::of("items", items).into())
    })
}

/// The events of a streamed answer.
pub(super) fn stream(case: &Case<'_>) -> Played {
    play(case, async |client, given| {
        let Some(path) = given.path() else {
            return Played::Unsupported(format!("the endpoint `{}` has no client", given.endpoint));
        };
        let mut body = given.members();
        body.insert("stream".to_owned(), true.into());
        let call = match given.call(Call::post(path).with_json(Value::from(body).to_string())) {
            Ok(call) => call,
            Err(error) => return error.into(),
        };
        let (events, error) = drain(client.events(call)).await;
        Outcome { error, ..Outcome::of("events", events) }.into()
    })
}

/// The `input` of a recording.
struct Given<'a> {
    endpoint: &'a str,
    positional: &'a str,
    arguments: &'a Value,
}

impl Given<'_> {
    fn text(&self, name: &str) -> Option<&str> {
        self.arguments[name].as_str()
    }

    /// The members of the body.
    fn members(&self) -> Map<String, Value> {
        let mut members = self.arguments.as_object().cloned().unwrap_or_default();
        members.retain(|name, _| !name.starts_with("extra_"));
        members.extend(self.arguments["extra_body"].as_object().cloned().unwrap_or_default());
        members
    }

    /// Where a request of a model goes.
    fn path(&self) -> Option<&'static str> {
        match self.endpoint {
            "chat.completions.create" => Some("chat/completions"),
            "completions.create" => Some("completions"),
            "responses.create" => Some("responses"),
            _ => None,
        }
    }

    fn list_options(&self) -> ListOptions {
        let mut options = ListOptions::default();
        if let Some(limit) = self.arguments["limit"].as_u64() {
            options = options.with_limit(u32::try_from(limit).unwrap_or(u32::MAX));
        }
        if let Some(after) = self.text("after") {
            options = options.with_after(after);
        }
        if let Some(order) = self.text("order") {
            options = options.with_order(order);
        }
        match self.text("purpose") {
            Some(purpose) => options.with_purpose(purpose),
            None => options,
        }
    }

    /// A call with what the caller adds to it.
    fn call(&self, call: Call) -> Result<Call> {
        let list = |name: &str| self.arguments[name].as_object().cloned().unwrap_or_default();
        let mut call = call;
        for (name, value) in list("extra_headers") {
            call = call.with_header(&name, value.as_str().unwrap_or_default())?;
        }
        for (name, value) in list("extra_query") {
            let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            call = match &value {
                // The recorded client leaves such a pair out.
                Value::Null => call,
                Value::Array(values) => {
                    values.iter().fold(call, |call, value| call.with_query(format!("{name}[]"), text(value)))
                }
                value => call.with_query(name, text(value)),
            };
        }
        Ok(call)
    }

    fn upload(&self) -> FileUpload {
        let file = &self.arguments["file"]["__file"];
        let text = |name: &str| file[name].as_str().unwrap_or_default().to_owned();
        let upload =
            FileUpload::new(text("filename"), self.text("purpose").unwrap_or_default(), text("content"));
        match file["content_type"].as_str() {
            Some(content_type) => upload.with_content_type(content_type),
            None => upload,
        }
    }

    fn batch(&self) -> BatchRequest {
        let text = |name: &str| self.text(name).unwrap_or_default();
        let request = BatchRequest::new(text("input_file_id"), text("endpoint"));
        let more = self
            .members()
            .into_iter()
            .filter(|(name, _)| !matches!(name.as_str(), "input_file_id" | "endpoint"));
        more.fold(request, |request, (name, value)| request.with_extra(name, value))
    }
}

async fn fetched(client: &OpenAiClient, given: &Given<'_>) -> Played {
    match fetch(client, given).await {
        Some(Ok(outcome)) => outcome.into(),
        Some(Err(error)) => error.into(),
        None => Played::Unsupported(format!("the endpoint `{}` has no client", given.endpoint)),
    }
}

/// What an endpoint gives; `None` if there is nothing to ask it with.
async fn fetch(client: &OpenAiClient, given: &Given<'_>) -> Option<Result<Outcome>> {
    let id = given.positional;
    if let Some(path) = given.path() {
        return Some(post(client, given, path).await);
    }
    Some(match given.endpoint {
        "models.list" => value(client.models().list().await),
        "models.retrieve" => value(client.models().retrieve(id).await),
        "models.delete" => value(client.models().delete(id).await),
        "files.create" => value(client.files().upload(given.upload()).await),
        "files.list" => value(client.files().list(&given.list_options()).await),
        "files.retrieve" => value(client.files().retrieve(id).await),
        "files.delete" => value(client.files().delete(id).await),
        "files.content" => client
            .files()
            .content(id)
            .await
            .map(|content| Outcome::of("content_text", String::from_utf8_lossy(&content).into_owned())),
        "batches.create" => value(client.batches().create(&given.batch()).await),
        "batches.retrieve" => value(client.batches().retrieve(id).await),
        "batches.cancel" => value(client.batches().cancel(id).await),
        "batches.list" => value(client.batches().list(&given.list_options()).await),
        "responses.retrieve" => response(client, given, |path| Ok(Call::get(path)), "").await,
        "responses.delete" => response(client, given, |path| Ok(Call::delete(path)), "").await,
        "responses.cancel" => {
            let post = |path| Call::post(path).with_header("content-type", "application/json");
            response(client, given, post, "/cancel").await
        }
        _ => return None,
    })
}

/// A call about one response.
async fn response(
    client: &OpenAiClient,
    given: &Given<'_>,
    call: impl Fn(String) -> Result<Call>,
    below: &str,
) -> Result<Outcome> {
    let call = call(format!("responses/{}{below}", segment(given.positional)?))?;
    let include = given.arguments["include"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let call = include.fold(call, |call, part| call.with_query("include[]", part));
    value(client.fetch::<Value>(given.call(call)?).await)
}

/// A request of a model.
async fn post(client: &OpenAiClient, given: &Given<'_>, path: &str) -> Result<Outcome> {
    let call = given.call(Call::post(path).with_json(Value::from(given.members()).to_string()))?;
    value(client.fetch::<Value>(call).await)
}

fn value(value: Result<impl Serialize>) -> Result<Outcome> {
    value.map(|value| Outcome::of("value", json!(value)))
}

/// Builds the client, then makes the call.
fn play(case: &Case<'_>, call: impl AsyncFnOnce(OpenAiClient, Given<'_>) -> Played) -> Played {
    if case.input.get("with_options").is_some() {
        return Played::Unsupported("options of a single call are not set".to_owned());
    }
    let given = Given {
        endpoint: case.input["endpoint"].as_str().unwrap_or_default(),
        positional: case.input["positional"][0].as_str().unwrap_or_default(),
        arguments: &case.input["arguments"],
    };
    match builder(case).map(OpenAiClientBuilder::build) {
        Err(why) => Played::Unsupported(why),
        Ok(Err(error)) => error.into(),
        Ok(Ok(client)) => smol::block_on(call(client, given)),
    }
}

/// A builder with the settings of `config`.
///
/// # Errors
/// Which of them it does not know.
fn builder(case: &Case<'_>) -> Result<OpenAiClientBuilder, String> {
    let mut builder = OpenAiClient::builder()
        .with_environment(connection::environment(case.input))
        .with_timer(case.timer.clone());
    for (name, value) in settings::members(&case.input["config"]) {
        builder = connection_setting!(builder, case, name.as_str(), value)?;
    }
    Ok(builder)
}
