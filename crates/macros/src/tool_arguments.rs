//! The parameters of a tool function.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Attribute, FnArg, Ident, Pat, Path, Signature, Type};

use crate::arguments::Errors;

/// A parameter and the source of its value.
pub(crate) struct Parameter {
    pub(crate) name: Ident,
    pub(crate) ty: Type,
    /// The attributes that are read by serde, schemars or rustdoc.
    attributes: Vec<Attribute>,
    pub(crate) source: Source,
}

/// The source of a parameter's value.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Source {
    /// The model.
    Model,
    /// The context of the call.
    Context,
    /// The configurable values of the run.
    Run,
}

impl Parameter {
    /// Takes all parameters, removing from the signature the attributes that the compiler does not know.
    pub(crate) fn take_all(signature: &mut Signature) -> syn::Result<Vec<Self>> {
        let mut errors = Errors::default();
        let mut parameters = Vec::new();
        for input in &mut signature.inputs {
            match Self::take(input) {
                Ok(parameter) => parameters.push(parameter),
                Err(error) => errors.push(error),
            }
        }
        errors.finish()?;
        Ok(parameters)
    }

    fn take(input: &mut FnArg) -> syn::Result<Self> {
        let input = match input {
            FnArg::Typed(input) => input,
            FnArg::Receiver(receiver) => {
                let message = "a tool cannot take `self`: make it a function, or use `Tool::from_function` with a closure";
                return Err(syn::Error::new(receiver.span(), message));
            }
        };
        let Pat::Ident(name) = &*input.pat else {
            let message = "a parameter of a tool must be a plain name, which the model sees";
            return Err(syn::Error::new(input.pat.span(), message));
        };
        let name = name.ident.clone();
        let (inject, attributes): (Vec<_>, Vec<_>) = std::mem::take(&mut input.attrs)
            .into_iter()
            .partition(|attribute| attribute.path().is_ident("inject"));
        let source = match &*input.ty {
            _ if !inject.is_empty() => Source::Run,
            ty if is_context(ty) => Source::Context,
            Type::Reference(reference) => {
                let message = "the arguments of a tool must be owned: take `String` instead of `&str`, `Vec<T>` instead of `&[T]`";
                return Err(syn::Error::new(reference.span(), message));
            }
            Type::ImplTrait(ty) => {
                let message =
                    "a parameter of a tool must have a concrete type, from which its schema is derived";
                return Err(syn::Error::new(ty.span(), message));
            }
            _ => Source::Model,
        };
        Ok(Self { name, ty: (*input.ty).clone(), attributes, source })
    }

    /// Generates the field in the struct of arguments.
    pub(crate) fn field(&self) -> TokenStream {
        let Self { name, ty, attributes, .. } = self;
        quote!(#(#attributes)* #name: #ty)
    }

    /// Generates the value, where `arguments` and `cx` are those of the call.
    pub(crate) fn value(&self, krate: &Path) -> TokenStream {
        let Self { name, ty, .. } = self;
        match self.source {
            Source::Model => quote!(arguments.#name),
            Source::Context => quote!(cx.clone()),
            Source::Run => {
                let key = syn::ext::IdentExt::unraw(name).to_string();
                quote_spanned!(ty.span()=> #krate::__private::injected::<#ty>(&cx, #key)?)
            }
        }
    }
}

fn is_context(ty: &Type) -> bool {
    match ty {
        Type::Path(path) => path.path.segments.last().is_some_and(|last| last.ident == "Context"),
        _ => false,
    }
}
