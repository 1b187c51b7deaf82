//! `#[derive(Prompt)]`: makes a struct the typed input of a prompt.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned;
use syn::{DeriveInput, Ident, LitStr, Path, Token, Type};

use crate::arguments::{default_krate, krate, word};
use crate::prompt_fields::{PromptField, fields};
use crate::prompt_macro::parsed;

/// The arguments of `#[prompt(...)]` on the struct.
struct Options {
    template: LitStr,
    krate: Path,
    own_chunk: bool,
}

impl Parse for Options {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut options = Self { template: input.parse()?, krate: default_krate(), own_chunk: false };
        while !input.is_empty() {
            input.parse::<Token![,]>()?;
            if input.is_empty() {
                break;
            }
            if input.peek(Token![crate]) {
                options.krate = krate(input)?;
            } else {
                word(input, &["own_chunk", "crate = path"], "after a template")?;
                options.own_chunk = true;
            }
        }
        Ok(options)
    }
}

impl Options {
    fn read(input: &DeriveInput) -> syn::Result<Self> {
        let mut attributes = input.attrs.iter().filter(|attribute| attribute.path().is_ident("prompt"));
        let Some(attribute) = attributes.next() else {
            let message = format!("`{}` has no template: write `#[prompt(\"...\")]` above it", input.ident);
            return Err(syn::Error::new(input.ident.span(), message));
        };
        match attributes.next() {
            Some(second) => Err(syn::Error::new(second.span(), "a prompt can have only one template")),
            None => attribute.parse_args(),
        }
    }
}

pub(crate) fn expand(input: &DeriveInput) -> syn::Result<TokenStream> {
    let options = Options::read(input)?;
    let fields = fields(input, &options.template)?;
    let name = format_ident!("{}Template", input.ident, span = input.ident.span());
    let definition = definition(input, &options, &name);
    let prompt = prompt(&input.ident, &options.krate, &name, &fields);
    let data = data(&input.ident, &options.krate, &fields);
    let chunk = (!options.own_chunk).then(|| chunk(&input.ident, &options.krate));
    Ok(quote!(#definition #prompt #data #chunk))
}

/// Generates the type of the prompt and its constructor.
fn definition(input: &DeriveInput, options: &Options, name: &Ident) -> TokenStream {
    let DeriveInput { vis, ident, .. } = input;
    let krate = &options.krate;
    let parsed = parsed(krate, &options.template);
    let about_type = format!("The prompt that a [`{ident}`] fills: {}", quoted(&options.template));
    let about_method = format!("The prompt that it fills: {}", quoted(&options.template));
    quote! {
        #[doc = #about_type]
        #[derive(::std::fmt::Debug, ::std::clone::Clone, ::std::cmp::PartialEq)]
        #vis struct #name(#krate::PromptTemplate);

        #[automatically_derived]
        impl #ident {
            #[doc = #about_method]
            #vis fn prompt() -> #name {
                #name(#parsed)
            }
        }
    }
}

/// Formats the template as code for documentation, delimited so that its own backticks do not end it.
fn quoted(template: &LitStr) -> String {
    let text = template.value().replace('`', "'");
    format!("`{}`", text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// Generates the `Prompt` implementation.
fn prompt(ident: &Ident, krate: &Path, name: &Ident, fields: &[PromptField]) -> TokenStream {
    let title = ident.to_string();
    let names: Vec<String> = fields.iter().map(PromptField::name).collect();
    let schemas = fields.iter().map(|field| schema(krate, field));
    let count = fields.len();
    let (input, values) = looked_at(krate, fields);
    quote! {
        #[automatically_derived]
        impl #krate::Prompt for #name {
            type Input = #ident;

            fn format_prompt(&self, #input: &#ident) -> #krate::Result<#krate::PromptValue> {
                let values: [#krate::__private::FieldValue<'_>; #count] = [#(#values),*];
                #krate::__private::fill_in_order(&self.0, &values)
            }

            fn describe(&self, outline: #krate::Outline) -> #krate::Outline {
                let names: [&str; #count] = [#(#names),*];
                let properties: [(&str, #krate::Data); #count] = [#((#names, #schemas)),*];
                let schema = #krate::Data::from([
                    ("title", #krate::Data::from(#title)),
                    ("type", #krate::Data::from("object")),
                    ("properties", #krate::Data::from(properties)),
                    ("required", #krate::Data::from(::std::vec::Vec::from(names))),
                ]);
                outline.with_input_schema(schema.into_json()).with_template(self.0.template())
            }
        }
        #krate::impl_prompt_runnable!(#name);
    }
}

/// Returns the name of the input parameter, and the borrowed values of its fields in the order of the template's
/// variables.
fn looked_at(krate: &Path, fields: &[PromptField]) -> (Ident, Vec<TokenStream>) {
    let input = named(fields);
    let mut in_order: Vec<&PromptField> = fields.iter().collect();
    in_order.sort_by_key(|field| field.variable);
    let value = |PromptField { ident, ty, display, .. }: &PromptField| match display {
        true => quote_spanned!(ty.span()=> #krate::__private::FieldValue::Display(&#input.#ident)),
        false => quote_spanned!(ty.span()=> #krate::__private::FieldValue::of(&#input.#ident)),
    };
    let values = in_order.into_iter().map(value).collect();
    (input, values)
}

/// Returns the name of the input parameter, which is unused if there are no fields.
fn named(fields: &[PromptField]) -> Ident {
    if fields.is_empty() { format_ident!("_input") } else { format_ident!("input") }
}

/// Generates the JSON Schema of a field, as far as the name of its type determines it.
fn schema(krate: &Path, field: &PromptField) -> TokenStream {
    let kind = if field.display { Some("string") } else { json_type(&field.ty) };
    match kind {
        Some(kind) => quote!(#krate::Data::from([("type", #kind)])),
        None => quote!(#krate::Data::Record(::std::default::Default::default())),
    }
}

fn json_type(ty: &Type) -> Option<&'static str> {
    let path = match ty {
        Type::Path(path) => &path.path,
        Type::Reference(reference) => return json_type(&reference.elem),
        _ => return None,
    };
    Some(match path.segments.last()?.ident.to_string().as_str() {
        "String" | "str" => "string",
        "u8" | "u16" | "u32" | "u64" | "usize" | "i8" | "i16" | "i32" | "i64" | "isize" => "integer",
        "f32" | "f64" => "number",
        "bool" => "boolean",
        "Vec" => "array",
        _ => return None,
    })
}

/// Generates the conversion of the fields to named values.
fn data(ident: &Ident, krate: &Path, fields: &[PromptField]) -> TokenStream {
    let names = fields.iter().map(PromptField::name);
    let input = named(fields);
    let values = fields.iter().map(|PromptField { ident, ty, display, .. }| match display {
        true => {
            quote_spanned!(ty.span()=> #krate::Data::from(::std::string::ToString::to_string(&#input.#ident)))
        }
        false => quote_spanned! {ty.span()=>
            <#ty as ::std::convert::Into<#krate::Data>>::into(::std::clone::Clone::clone(&#input.#ident))
        },
    });
    let count = fields.len();
    quote! {
        #[automatically_derived]
        impl ::std::convert::From<&#ident> for #krate::Data {
            fn from(#input: &#ident) -> Self {
                let values: [(&str, #krate::Data); #count] = [#((#names, #values)),*];
                Self::from(values)
            }
        }

        #[automatically_derived]
        impl ::std::convert::From<#ident> for #krate::Data {
            fn from(input: #ident) -> Self {
                Self::from(&input)
            }
        }
    }
}

/// Generates the `Chunk` implementation: inputs are complete, so merging keeps the last one.
fn chunk(ident: &Ident, krate: &Path) -> TokenStream {
    quote! {
        #[automatically_derived]
        impl #krate::Chunk for #ident {
            fn to_json(&self) -> <#krate::Json as ::std::ops::Deref>::Target {
                #krate::Data::from(self).into_json()
            }
        }
    }
}
