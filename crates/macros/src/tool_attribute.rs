//! `#[tool]`: turns a function into a tool.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::spanned::Spanned;
use syn::{Attribute, Expr, ExprLit, ItemFn, Lit, LitStr, Meta, Path, ReturnType, Signature, Token};

use crate::arguments::{default_krate, krate, word};
use crate::tool_arguments::{Parameter, Source};

/// The arguments of `#[tool(...)]`.
pub(crate) struct Options {
    krate: Path,
    name: Option<LitStr>,
    description: Option<LitStr>,
    return_direct: bool,
}

impl Options {
    pub(crate) fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut options =
            Self { krate: default_krate(), name: None, description: None, return_direct: false };
        while !input.is_empty() {
            options.add(input)?;
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(options)
    }

    fn add(&mut self, input: ParseStream<'_>) -> syn::Result<()> {
        if input.peek(Token![crate]) {
            self.krate = krate(input)?;
            return Ok(());
        }
        let known = ["name", "description", "return_direct", "crate = path"];
        let word = word(input, &known, "for a tool")?;
        if word == "return_direct" {
            self.return_direct = true;
            return Ok(());
        }
        input.parse::<Token![=]>()?;
        let text = input.parse()?;
        match word == "name" {
            true => self.name = Some(checked_name(text)?),
            false => self.description = Some(text),
        }
        Ok(())
    }
}

/// Checks that a name is valid for every provider.
fn checked_name(name: LitStr) -> syn::Result<LitStr> {
    let text = name.value();
    let plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-';
    match (1..=64).contains(&text.len()) && text.chars().all(plain) {
        true => Ok(name),
        false => Err(syn::Error::new(
            name.span(),
            "the name of a tool must have 1 to 64 characters of a-z, A-Z, 0-9, _ and -",
        )),
    }
}

pub(crate) fn expand(options: &Options, mut function: ItemFn) -> syn::Result<TokenStream> {
    check(&function.sig)?;
    let krate = &options.krate;
    let ident = function.sig.ident.clone();
    let name = options
        .name
        .clone()
        .map_or_else(|| checked_name(LitStr::new(&ident.unraw().to_string(), ident.span())), Ok)?;
    let description = description(options, &function)?;
    let parameters = Parameter::take_all(&mut function.sig)?;
    let (vis, block) = (function.vis.clone(), &function.block);
    let (docs, attributes): (Vec<_>, Vec<_>) =
        function.attrs.iter().partition(|attribute| attribute.path().is_ident("doc"));
    let signature = &function.sig;
    let (arguments, call) = (arguments(krate, &parameters), call(krate, &function.sig, &parameters));
    let return_direct = options.return_direct.then(|| quote!(.return_direct()));
    Ok(quote! {
        #(#docs)*
        #vis fn #ident() -> #krate::Tool {
            #arguments
            #(#attributes)*
            #signature #block
            #krate::Tool::from_function(#name, #description, |arguments: __CatenaArguments, cx: #krate::Context| async move {
                let _ = (&arguments, &cx);
                #call
            })#return_direct
        }
    })
}

fn check(signature: &Signature) -> syn::Result<()> {
    let refused: [(Option<&dyn ToTokens>, &str); 4] = [
        (
            signature.generics.params.first().map(|first| first as _),
            "a tool cannot be generic: its arguments have a single schema",
        ),
        (signature.constness.as_ref().map(|word| word as _), "a tool cannot be `const`"),
        (signature.abi.as_ref().map(|abi| abi as _), "a tool cannot be `extern`"),
        (signature.variadic.as_ref().map(|dots| dots as _), "a tool cannot be variadic"),
    ];
    match refused.into_iter().find_map(|(found, message)| Some((found?, message))) {
        Some((found, message)) => Err(syn::Error::new_spanned(found.to_token_stream(), message)),
        None => Ok(()),
    }
}

/// Returns the description for the model.
fn description(options: &Options, function: &ItemFn) -> syn::Result<String> {
    if let Some(description) = &options.description {
        return Ok(description.value());
    }
    let lines: Vec<String> = function.attrs.iter().filter_map(doc_line).collect();
    let text = lines.join("\n");
    match text.trim() {
        "" => {
            let message = "missing description of the tool for the model: add a doc comment such as `/// Adds two numbers.`";
            Err(syn::Error::new(function.sig.ident.span(), message))
        }
        text => Ok(text.to_owned()),
    }
}

fn doc_line(attribute: &Attribute) -> Option<String> {
    match &attribute.meta {
        Meta::NameValue(meta) if meta.path.is_ident("doc") => match &meta.value {
            Expr::Lit(ExprLit { lit: Lit::Str(line), .. }) => {
                let line = line.value();
                Some(line.strip_prefix(' ').unwrap_or(&line).to_owned())
            }
            _ => None,
        },
        _ => None,
    }
}

/// Generates the struct into which the arguments are deserialized.
fn arguments(krate: &Path, parameters: &[Parameter]) -> TokenStream {
    let fields =
        parameters.iter().filter(|parameter| parameter.source == Source::Model).map(Parameter::field);
    let path = quote!(#krate).to_string().replace(' ', "");
    let (serde, schemars) = (format!("{path}::__private::serde"), format!("{path}::__private::schemars"));
    quote! {
        #[derive(#krate::__private::serde::Deserialize, #krate::__private::schemars::JsonSchema)]
        #[serde(crate = #serde)]
        #[schemars(crate = #schemars)]
        struct __CatenaArguments { #(#fields),* }
    }
}

/// Generates the call, as an expression that is a `Result`.
fn call(krate: &Path, signature: &Signature, parameters: &[Parameter]) -> TokenStream {
    let ident = &signature.ident;
    let values = parameters.iter().map(|parameter| parameter.value(krate));
    let awaited = signature.asyncness.map(|_| quote!(.await));
    let returned = match &signature.output {
        ReturnType::Default => ident.span(),
        ReturnType::Type(_, ty) => ty.span(),
    };
    quote_spanned! {returned=>
        #[allow(unused_imports, reason = "not all of them are needed")]
        use #krate::__private::{Returned, ReturnedOutput as _, ReturnedPlain as _, ReturnedWritten as _};
        match Returned(#ident(#(#values),*)#awaited).value() {
            Ok(value) => value.into_result(),
            Err(error) => Err(error),
        }
    }
}
