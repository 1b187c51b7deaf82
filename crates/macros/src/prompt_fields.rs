//! The fields of a prompt's input, matched with the variables of its template.

use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Field, Fields, Ident, LitStr, Type};

use crate::arguments::{Errors, field_words};
use crate::nearest::nearest;
use crate::template::{self, Variable};

/// A field that fills a variable.
pub(crate) struct PromptField {
    pub(crate) ident: Ident,
    pub(crate) ty: Type,
    /// Whether it is inserted through its `Display` implementation.
    pub(crate) display: bool,
    /// The index of the template variable it fills.
    pub(crate) variable: usize,
}

impl PromptField {
    /// Returns the name of the variable.
    pub(crate) fn name(&self) -> String {
        self.ident.unraw().to_string()
    }

    /// Parses a field; `None` if it is not a variable.
    fn read(field: &Field) -> syn::Result<Option<Self>> {
        let words = field_words(&field.attrs, "prompt", &["display", "skip"])?;
        let has = |wanted: &str| words.iter().any(|word| word == wanted);
        let ident = field.ident.clone().filter(|_| !has("skip"));
        let display = has("display");
        Ok(ident.map(|ident| Self { ident, ty: field.ty.clone(), display, variable: 0 }))
    }
}

/// Returns the fields, if they match the variables of the template.
pub(crate) fn fields(input: &DeriveInput, template: &LitStr) -> syn::Result<Vec<PromptField>> {
    if !input.generics.params.is_empty() {
        let message = "the input of a prompt cannot be generic: the types of its fields must be known";
        return Err(syn::Error::new(input.generics.span(), message));
    }
    let variables = template::variables(&template.value())
        .map_err(|malformed| syn::Error::new(template.span(), malformed))?;
    let mut fields = Vec::new();
    for field in named_fields(input)? {
        fields.extend(PromptField::read(field)?);
    }
    compare(template, &variables, &fields)?;
    for field in &mut fields {
        let name = field.name();
        field.variable = variables.iter().position(|variable| variable.name == name).unwrap_or_default();
    }
    Ok(fields)
}

fn named_fields(input: &DeriveInput) -> syn::Result<Vec<&Field>> {
    match &input.data {
        Data::Struct(data) if !matches!(data.fields, Fields::Unnamed(_)) => Ok(data.fields.iter().collect()),
        _ => {
            let message = "the input of a prompt must be a struct with named fields, one for each variable";
            Err(syn::Error::new(input.ident.span(), message))
        }
    }
}

fn compare(template: &LitStr, variables: &[Variable], fields: &[PromptField]) -> syn::Result<()> {
    let mut errors = Errors::default();
    let has_variable = |field: &&PromptField| variables.iter().any(|variable| variable.name == field.name());
    let mut unused: Vec<&PromptField> = fields.iter().filter(|field| !has_variable(field)).collect();
    for variable in
        variables.iter().filter(|variable| fields.iter().all(|field| field.name() != variable.name))
    {
        let names: Vec<String> = unused.iter().map(|field| field.name()).collect();
        let meant = nearest(&variable.name, names.iter().map(String::as_str));
        errors.push(syn::Error::new(template.span(), without_field(variable, meant, fields)));
        // Report a misspelling as a single error.
        unused.retain(|field| meant.is_none_or(|meant| field.name() != meant));
    }
    for field in unused {
        let name = field.name();
        let message = format!(
            "the template does not use `{name}`: add `{{{name}}}` to it, or `#[prompt(skip)]` to the field"
        );
        errors.push(syn::Error::new(field.ident.span(), message));
    }
    errors.finish()
}

fn without_field(variable: &Variable, meant: Option<&str>, fields: &[PromptField]) -> String {
    let Variable { name, position } = variable;
    let names: Vec<String> = fields.iter().map(|field| format!("`{}`", field.name())).collect();
    let help = match meant {
        Some(meant) => format!("did you mean `{meant}`?"),
        None if names.is_empty() => "the struct has no fields".to_owned(),
        None => format!("the fields are {}", names.join(", ")),
    };
    format!(
        "template, character {position}: no field for `{{{name}}}`; {help} \
         (if it is meant as text, write `{{{{{name}}}}}`)"
    )
}
