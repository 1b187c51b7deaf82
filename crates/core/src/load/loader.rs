//! Reading.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::class::find;
use super::nesting::{DEPTH_LIMIT, parse, too_deep};
use super::serializable::ESCAPED;
use super::{AllowedObjects, Kwargs, Loaded};
use crate::{Data, Error, ErrorKind, Result};

type Build = Arc<dyn Fn(Kwargs) -> Result<Loaded> + Send + Sync>;
type Secrets = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// Loads what [`dumps`](super::dumps) wrote, or LangChain. A cheap clone.
///
/// It knows the classes of this crate; those of others, such as models, are [given](Loader::with_class) to it. Templates
/// in jinja2's language are refused: they are programs.
///
/// # Errors
/// [`Parse`](ErrorKind::Parse) for text that is no JSON; [`InvalidInput`](ErrorKind::InvalidInput) for a class that is
/// unknown or not [allowed](AllowedObjects), arguments that do not suit, and data nested more than 200 levels deep;
/// [`MissingKey`](ErrorKind::MissingKey) for arguments that are missing; [`Unsupported`](ErrorKind::Unsupported) for an
/// entry of the type `not_implemented`, which stands for what could not be written.
///
/// # Example
/// ```
/// use catena_core::load::{dumps, Loader};
/// use catena_core::{vars, DynRunnable, PromptTemplate, RunnableExt, RunnablePick};
/// # futures_executor::block_on(async {
/// let chain = RunnablePick::one("topic") | PromptTemplate::new("Tell me of {topic}.")?;
/// let loaded: DynRunnable = Loader::new().loads(&dumps(&chain))?.try_into()?;
/// assert_eq!(loaded.invoke(vars! { topic: "tea" }).await?.into_json(), "Tell me of tea.");
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[derive(Clone, Default)]
pub struct Loader {
    allowed: AllowedObjects,
    secrets: BTreeMap<String, String>,
    find_secret: Option<Secrets>,
    classes: BTreeMap<Vec<String>, Build>,
    jinja2: bool,
    ignore_unserializable: bool,
}

/// Loads an envelope, or data with envelopes in it. See [`Loader`].
pub fn load(value: &Value) -> Result<Loaded> {
    Loader::new().load(value)
}

/// Loads an envelope, or data with envelopes in it, from JSON. See [`Loader`].
pub fn loads(text: &str) -> Result<Loaded> {
    Loader::new().loads(text)
}

impl Loader {
    /// Knows the classes of this crate, and no secret.
    pub fn new() -> Self {
        Self::default()
    }

    /// Which classes may be loaded.
    #[doc(alias = "allowed_objects")]
    #[must_use]
    pub fn with_allowed(mut self, allowed: AllowedObjects) -> Self {
        self.allowed = allowed;
        self
    }

    /// The value of a secret. A secret without a value is `null`.
    ///
    /// # Example
    /// ```
    /// use catena_core::load::Loader;
    /// let loader = Loader::new().with_secret("KEY", "sk-1");
    /// let secret = loader.loads(r#"{"lc": 1, "type": "secret", "id": ["KEY"]}"#)?;
    /// assert_eq!(format!("{secret:?} {loader:?}").contains("sk-1"), false);
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    #[doc(alias = "secrets_map")]
    #[must_use]
    pub fn with_secret(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.secrets.insert(name.into(), value.into());
        self
    }

    /// Who is asked for secrets that were not given. Ask for no more than those you expect: what is loaded chooses the
    /// names.
    #[doc(alias = "secrets_from_env")]
    #[must_use]
    pub fn with_secrets(mut self, find: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        self.find_secret = Some(Arc::new(find));
        self
    }

    /// What makes something of a class that this crate does not know.
    ///
    /// # Example
    /// ```
    /// use catena_core::load::Loader;
    /// use catena_core::{fakes::FakeChatModel, DynRunnable, RunnableExt};
    /// # futures_executor::block_on(async {
    /// let loader = Loader::new().with_class(["acme", "models", "Parrot"], |mut kwargs| {
    ///     let says = kwargs.text("says")?.unwrap_or_default();
    ///     Ok(FakeChatModel::new([says]).dynamic().into())
    /// });
    /// let text = r#"{"lc": 1, "type": "constructor", "id": ["acme", "models", "Parrot"], "kwargs": {"says": "Hi"}}"#;
    /// let model: DynRunnable = loader.loads(text)?.try_into()?;
    /// assert_eq!(model.invoke("?").await?.into_json()["content"], "Hi");
    /// # Ok::<(), catena_core::Error>(()) }).unwrap();
    /// ```
    #[doc(alias = "additional_import_mappings")]
    #[must_use]
    pub fn with_class<S: Into<String>>(
        mut self,
        id: impl IntoIterator<Item = S>,
        build: impl Fn(Kwargs) -> Result<Loaded> + Send + Sync + 'static,
    ) -> Self {
        self.classes.insert(id.into_iter().map(Into::into).collect(), Arc::new(build));
        self
    }

    /// Loads templates in jinja2's language too. They can do more than fill in values: only for what you trust.
    #[doc(alias = "init_validator")]
    #[must_use]
    pub fn allow_jinja2(mut self) -> Self {
        self.jinja2 = true;
        self
    }

    /// Takes `null` for what could not be written, instead of failing.
    #[doc(alias = "ignore_unserializable_fields")]
    #[must_use]
    pub fn ignore_unserializable(mut self) -> Self {
        self.ignore_unserializable = true;
        self
    }

    /// Loads from JSON. See [`Loader`].
    pub fn loads(&self, text: &str) -> Result<Loaded> {
        self.value(&parse(text)?, 0)
    }

    /// Loads. See [`Loader`].
    pub fn load(&self, value: &Value) -> Result<Loaded> {
        self.value(value, 0)
    }

    fn value(&self, value: &Value, depth: usize) -> Result<Loaded> {
        if depth > DEPTH_LIMIT {
            return Err(too_deep());
        }
        match value {
            Value::Array(items) => {
                let items = items.iter().map(|item| self.value(item, depth + 1));
                items.collect::<Result<_>>().map(Loaded::list)
            }
            Value::Object(members) => self.object(members, depth),
            plain => Ok(Loaded::Data(Data::from(plain.clone()))),
        }
    }

    fn object(&self, members: &Map<String, Value>, depth: usize) -> Result<Loaded> {
        if let (1, Some(inner)) = (members.len(), members.get(ESCAPED)) {
            return Ok(Loaded::Data(Data::from(inner.clone())));
        }
        let id = members.get("id").filter(|id| !id.is_null() && members.get("lc") == Some(&Value::from(1)));
        match (members.get("type").and_then(Value::as_str), id) {
            (Some("secret"), Some(id)) => self.secret(id),
            (Some("not_implemented"), Some(_)) if self.ignore_unserializable => Ok(Loaded::Data(Data::Null)),
            (Some("not_implemented"), Some(id)) => Err(not_implemented(id)),
            (Some("constructor"), Some(id)) => self.make(id, members.get("kwargs"), depth),
            _ => self.members(members, &[], depth).map(Loaded::record),
        }
    }

    fn members(
        &self,
        members: &Map<String, Value>,
        raw: &[&str],
        depth: usize,
    ) -> Result<Vec<(String, Loaded)>> {
        let load = |(name, value): (&String, &Value)| match raw.contains(&name.as_str()) {
            true => Ok((name.clone(), Loaded::Data(Data::from(value.clone())))),
            false => Ok((name.clone(), self.value(value, depth + 1)?)),
        };
        members.iter().map(load).collect()
    }

    fn secret(&self, id: &Value) -> Result<Loaded> {
        let [Value::String(name)] = id.as_array().map(Vec::as_slice).unwrap_or_default() else {
            return Err(invalid("the `id` of a secret must be a list with its name".to_owned()));
        };
        let given = self.secrets.get(name).cloned();
        let found = given.or_else(|| self.find_secret.as_ref().and_then(|find| find(name)));
        Ok(found.map_or(Loaded::Data(Data::Null), Loaded::Secret))
    }

    fn make(&self, id: &Value, kwargs: Option<&Value>, depth: usize) -> Result<Loaded> {
        let path: Option<Vec<&str>> = id.as_array().and_then(|id| id.iter().map(Value::as_str).collect());
        let Some((path, name)) = path.as_deref().and_then(|path| Some((path, *path.last()?))) else {
            return Err(invalid(format!(
                "the `id` of a class must be a list of strings, not {:.80}",
                id.to_string()
            )));
        };
        let given =
            self.classes.iter().find(|(known, _)| known.iter().map(String::as_str).eq(path.iter().copied()));
        let class = if given.is_some() { None } else { find(path) };
        if given.is_none() && class.is_none() {
            let message =
                format!("unknown class `{:.200}`: register it with `Loader::with_class`", path.join("."));
            return Err(invalid(message));
        }
        if !self.allowed.allows(class, path) {
            return Err(invalid(format!("the class `{:.200}` is not allowed to be loaded", path.join("."))));
        }
        let empty = Map::new();
        let kwargs = match kwargs {
            None | Some(Value::Null) => &empty,
            Some(Value::Object(kwargs)) => kwargs,
            Some(_) => return Err(invalid(format!("the `kwargs` of a {name:.80} must be an object"))),
        };
        if !self.jinja2 && kwargs.get("template_format").and_then(Value::as_str) == Some("jinja2") {
            return Err(Error::new(
                ErrorKind::Unsupported,
                format!(
                    "a {name:.80} with a jinja2 template is not loaded by default, as it is a program; see `Loader::allow_jinja2`"
                ),
            ));
        }
        let raw = class.map_or(&[][..], |class| class.raw);
        let kwargs = Kwargs::new(name, self.members(kwargs, raw, depth + 1)?);
        match (given, class) {
            (Some((_, build)), _) => build(kwargs),
            (None, Some(class)) => (class.build)(class.name, kwargs),
            // It was found above.
            (None, None) => Ok(Loaded::Data(Data::Null)),
        }
    }
}

/// Names of secrets, not their values.
impl fmt::Debug for Loader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loader")
            .field("allowed", &self.allowed)
            .field("secrets", &self.secrets.keys())
            .field("classes", &self.classes.keys())
            .finish_non_exhaustive()
    }
}

fn not_implemented(id: &Value) -> Error {
    let message = format!("cannot load {:.200}: it is code, which was not serialized", id.to_string());
    Error::new(ErrorKind::Unsupported, message)
}

fn invalid(message: String) -> Error {
    Error::new(ErrorKind::InvalidInput, message)
}
