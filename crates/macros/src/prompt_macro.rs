//! `prompt!`: a template, optionally filled.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Expr, Ident, Index, LitStr, Path, Token};

use crate::arguments::{Errors, default_krate, krate};
use crate::nearest::nearest;
use crate::template::{self, Variable};

/// The arguments of the macro.
pub(crate) struct Input {
    krate: Path,
    template: LitStr,
    values: Vec<Value>,
}

/// `name = value`, or `name` as a shorthand for `name = name`.
struct Value {
    name: Ident,
    value: Expr,
}

impl Parse for Input {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut path = default_krate();
        if input.peek(Token![crate]) {
            path = krate(input)?;
            input.parse::<Token![,]>()?;
        }
        let template = input.parse()?;
        if !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
        let values = Punctuated::<Value, Token![,]>::parse_terminated(input)?;
        Ok(Self { krate: path, template, values: values.into_iter().collect() })
    }
}

impl Parse for Value {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let name = input.call(Ident::parse_any)?;
        let value = match input.parse::<Option<Token![=]>>()? {
            Some(_) => input.parse()?,
            None => syn::parse2(quote!(#name))?,
        };
        Ok(Self { name, value })
    }
}

pub(crate) fn expand(input: Input) -> syn::Result<TokenStream> {
    let Input { krate, template, values } = input;
    let variables = template::variables(&template.value())
        .map_err(|malformed| syn::Error::new(template.span(), malformed))?;
    let parsed = parsed(&krate, &template);
    if values.is_empty() {
        return Ok(parsed);
    }
    check(&template, &variables, &values)?;
    let count = values.len();
    let order = variables.iter().filter_map(|variable| {
        values.iter().position(|value| value.name.unraw() == variable.name).map(Index::from)
    });
    // Spanned to the value, so that errors point at it.
    let values = values.iter().map(|Value { value, .. }| {
        quote_spanned!(value.span()=> <_ as ::std::convert::Into<#krate::Data>>::into(#value))
    });
    // The template is in its own block, so that it is not in scope in the values.
    Ok(quote! {
        let values: [#krate::Data; #count] = [#(#values),*];
        {
            static TEMPLATE: ::std::sync::LazyLock<#krate::PromptTemplate> =
                ::std::sync::LazyLock::new(|| #parsed);
            let values = [#(#krate::__private::FieldValue::Data(&values[#order])),*];
            #krate::__private::fill_in_order(&TEMPLATE, &values)
        }
    })
}

/// Generates the prompt of a template that is known to be valid.
pub(crate) fn parsed(krate: &Path, template: &LitStr) -> TokenStream {
    quote! {
        match #krate::PromptTemplate::new(#template) {
            ::std::result::Result::Ok(template) => template,
            ::std::result::Result::Err(error) => {
                ::std::unreachable!("a template that the compiler accepted: {}", error)
            }
        }
    }
}

/// Checks that every variable has one value, and every value a variable.
fn check(template: &LitStr, variables: &[Variable], values: &[Value]) -> syn::Result<()> {
    let mut errors = Errors::default();
    let mut given: Vec<String> = Vec::new();
    for Value { name, .. } in values {
        let text = name.unraw().to_string();
        if given.contains(&text) {
            errors.push(syn::Error::new(name.span(), format!("duplicate value for `{text}`")));
        } else if variables.iter().all(|variable| variable.name != text) {
            errors.push(syn::Error::new(name.span(), unknown(&text, variables, &given)));
        }
        given.push(text);
    }
    for Variable { name, position } in variables.iter().filter(|variable| !given.contains(&variable.name)) {
        let message =
            format!("template, character {position}: missing value for `{{{name}}}`; add `{name} = ...`");
        errors.push(syn::Error::new(template.span(), message));
    }
    errors.finish()
}

fn unknown(name: &str, variables: &[Variable], given: &[String]) -> String {
    let free = variables.iter().filter(|variable| !given.contains(&variable.name));
    let meant = match nearest(name, free.map(|variable| variable.name.as_str())) {
        Some(meant) => format!("; did you mean `{meant}`?"),
        None => String::new(),
    };
    format!("the template has no variable `{name}`{meant}")
}
