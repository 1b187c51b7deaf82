//! `configurable_fields` and `configurable_alternatives`: configuration per call.

use std::sync::Arc;

use catena_core::{ConfigurableField, Data, DynRunnable, Record, Result, RunnableExt, configurable};

use crate::{PipelineLoader, Spec};

/// A member of a node that can be set per call.
struct Field {
    member: String,
    id: ConfigurableField,
    /// The named values to choose from; `None` if the caller gives the value itself.
    choices: Option<Record>,
}

pub(super) fn fields(options: &Spec<'_>) -> Result<DynRunnable> {
    options.only(&["runnable", "fields"])?;
    let node = options.required("runnable")?;
    let mut data = node.data().clone();
    let mut fields = Vec::new();
    for (member, spec) in options.required("fields")?.members()? {
        let (field, default) = read_field(member, &spec, member_of(&node, member)?)?;
        data = with_member(&node.replaced(&data), member, default)?;
        fields.push(field);
    }
    // Load it once with every field set, so that an unknown field is reported now.
    node.replaced(&data).load()?;
    let source = Source { loader: options.loader().clone(), fields: fields.into() };
    source.build(data, 0).map_err(|error| node.locate(error))
}

fn read_field(member: &str, spec: &Spec<'_>, present: Data) -> Result<(Field, Data)> {
    let mut id = read_id(spec, &["options", "default"])?;
    let choices = spec.get("options").map(|options| options.record()).transpose()?.cloned();
    let default = match &choices {
        None => {
            id = id.with_default(present.clone().into_json());
            present
        }
        Some(choices) => {
            let key = spec.required("default")?;
            id = id.with_options(choices.names()).with_default(key.text()?);
            let unknown = || key.error("the default is not one of the options");
            choices.get(key.text()?).cloned().ok_or_else(unknown)?
        }
    };
    Ok((Field { member: member.to_owned(), id, choices }, default))
}

fn read_id(spec: &Spec<'_>, more: &[&str]) -> Result<ConfigurableField> {
    spec.only(&[&["id", "name", "description", "is_shared"], more].concat())?;
    let mut field = ConfigurableField::new(spec.required("id")?.text()?);
    if let Some(name) = spec.get("name") {
        field = field.with_name(name.text()?);
    }
    if let Some(description) = spec.get("description") {
        field = field.with_description(description.text()?);
    }
    field.is_shared = spec.get("is_shared").map(|flag| flag.flag()).transpose()?.unwrap_or_default();
    Ok(field)
}

/// The data from which a configurable node is built.
#[derive(Clone)]
struct Source {
    loader: PipelineLoader,
    fields: Arc<[Field]>,
}

impl Source {
    /// Builds the node with the fields from index `at` on left configurable.
    fn build(&self, node: Data, at: usize) -> Result<DynRunnable> {
        let spec = self.loader.spec(&node);
        let Some(field) = self.fields.get(at) else { return spec.load() };
        let default = self.build(node.clone(), at + 1)?;
        let source = self.clone();
        let id = field.id.clone();
        let built = configurable(default, id, move |value| {
            let field = &source.fields[at];
            let value = match (&field.choices, value.as_str()) {
                (Some(choices), Some(key)) => choices.get(key).cloned().unwrap_or_default(),
                _ => Data::from(value.clone()),
            };
            let node = with_member(&source.loader.spec(&node), &field.member, value)?;
            source.build(node, at + 1)
        });
        Ok(built.boxed())
    }
}

/// The member that stands for a node's value if the value is a text: a prompt is its template.
const TEXT_MEMBER: &str = "template";

/// Returns where the members of a node are: in the `args` of functions, otherwise in the value of its kind.
fn home<'a>(node: &Spec<'a>) -> Result<&'a str> {
    Ok(match super::kind_of(node)? {
        "lambda" | "gen" => "args",
        kind => kind,
    })
}

/// Returns the current value of a member.
fn member_of(node: &Spec<'_>, member: &str) -> Result<Data> {
    Ok(match node.data().get(home(node)?) {
        Some(Data::Text(text)) if member == TEXT_MEMBER => text.as_str().into(),
        Some(value) => value.get(member).cloned().unwrap_or_default(),
        None => Data::Null,
    })
}

/// Returns the node with another value of a member.
fn with_member(node: &Spec<'_>, member: &str, value: Data) -> Result<Data> {
    let home = home(node)?;
    let mut members = match node.data().get(home) {
        None => Record::new(),
        Some(Data::Record(members)) => members.clone(),
        Some(Data::Text(text)) => Record::from_iter([(TEXT_MEMBER, text.as_str())]),
        Some(_) => return Err(node.error(format_args!("`{home}` has no configurable fields"))),
    };
    members.insert(member, value);
    let mut changed = node.record()?.clone();
    changed.insert(home, members);
    Ok(changed.into())
}

pub(super) fn alternatives(options: &Spec<'_>) -> Result<DynRunnable> {
    options.only(&["default", "which", "default_key", "alternatives", "prefix_keys"])?;
    let which = read_id(&options.required("which")?, &[])?;
    let default_key = options.get("default_key").map(|key| key.text()).transpose()?.unwrap_or("default");
    let mut all = options.required("default")?.load()?.configurable_alternatives(which, default_key);
    for (key, alternative) in options.required("alternatives")?.load_members()? {
        all = all.with(key, alternative);
    }
    if options.get("prefix_keys").map(|flag| flag.flag()).transpose()?.unwrap_or_default() {
        all = all.with_prefixed_keys();
    }
    Ok(all.boxed())
}
