//! Parsing shared by the macros: keywords, the path to catena, and collected errors.

use syn::parse::ParseStream;
use syn::{Attribute, Ident, Path, Token, parse_quote};

/// Returns the default path to catena.
pub(crate) fn default_krate() -> Path {
    parse_quote!(::catena)
}

/// Parses `crate = path`.
pub(crate) fn krate(input: ParseStream<'_>) -> syn::Result<Path> {
    input.parse::<Token![crate]>()?;
    input.parse::<Token![=]>()?;
    input.call(Path::parse_mod_style)
}

/// Parses one of these keywords. `where_` says where they are allowed, for errors.
pub(crate) fn word(input: ParseStream<'_>, known: &[&str], where_: &str) -> syn::Result<Ident> {
    let ident: Ident = input.parse()?;
    if known.iter().any(|known| ident == known) {
        return Ok(ident);
    }
    let known: Vec<String> = known.iter().map(|known| format!("`{known}`")).collect();
    let message = format!("unknown option `{ident}` {where_}; expected {}", known.join(" or "));
    Err(syn::Error::new(ident.span(), message))
}

/// Returns the keywords of `#[name(word)]` on a field.
pub(crate) fn field_words(attributes: &[Attribute], name: &str, known: &[&str]) -> syn::Result<Vec<Ident>> {
    let mut words = Vec::new();
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident(name)) {
        words.push(attribute.parse_args_with(|input: ParseStream<'_>| word(input, known, "for a field"))?);
    }
    Ok(words)
}

/// Errors that are reported together.
#[derive(Default)]
pub(crate) struct Errors(Option<syn::Error>);

impl Errors {
    pub(crate) fn push(&mut self, error: syn::Error) {
        match &mut self.0 {
            Some(errors) => errors.combine(error),
            None => self.0 = Some(error),
        }
    }

    /// Fails if there are any errors.
    pub(crate) fn finish(self) -> syn::Result<()> {
        self.0.map_or(Ok(()), Err)
    }
}
