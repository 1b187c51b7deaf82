//! `#[derive(Chunk)]`: merges the chunks of a struct field by field.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Field, Fields, Index, Member, Path, Token, Type, parse_quote};

use crate::arguments::{default_krate, field_words, krate, word};

/// The arguments of `#[chunk(...)]` on the type.
struct Options {
    krate: Path,
    last: bool,
}

impl Options {
    fn read(input: &DeriveInput) -> syn::Result<Self> {
        let mut options = Self { krate: default_krate(), last: false };
        for attribute in input.attrs.iter().filter(|attribute| attribute.path().is_ident("chunk")) {
            attribute.parse_args_with(|input: ParseStream<'_>| options.add(input))?;
        }
        Ok(options)
    }

    fn add(&mut self, input: ParseStream<'_>) -> syn::Result<()> {
        while !input.is_empty() {
            if input.peek(Token![crate]) {
                self.krate = krate(input)?;
            } else {
                word(input, &["last", "crate = path"], "for a chunk")?;
                self.last = true;
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(())
    }
}

/// A field of a chunk.
struct Piece<'a> {
    member: Member,
    ty: &'a Type,
    /// Whether merging keeps the last value of this field.
    last: bool,
}

pub(crate) fn expand(input: &DeriveInput) -> syn::Result<TokenStream> {
    let options = Options::read(input)?;
    let krate = &options.krate;
    if options.last {
        let bound = quote!(::std::clone::Clone + ::std::marker::Send + ::std::marker::Sync + 'static);
        return Ok(implementation(input, krate, &bound, &TokenStream::new()));
    }
    let fields = fields(input)?;
    let pieces = fields.iter().enumerate().map(piece).collect::<syn::Result<Vec<_>>>()?;
    let (merge, empty) = (merge(krate, &pieces), empty(krate, &pieces));
    let json = json(krate, fields, &pieces);
    Ok(implementation(input, krate, &quote!(#krate::Chunk), &quote!(#merge #empty #json)))
}

/// Generates the impl, with the bounds required of the type parameters.
fn implementation(
    input: &DeriveInput,
    krate: &Path,
    bound: &TokenStream,
    methods: &TokenStream,
) -> TokenStream {
    let ident = &input.ident;
    let mut generics = input.generics.clone();
    for parameter in input.generics.type_params() {
        let parameter = &parameter.ident;
        generics.make_where_clause().predicates.push(parse_quote!(#parameter: #bound));
    }
    let (parameters, arguments, bounds) = generics.split_for_impl();
    quote! {
        #[automatically_derived]
        impl #parameters #krate::Chunk for #ident #arguments #bounds {
            #methods
        }
    }
}

fn fields(input: &DeriveInput) -> syn::Result<&Fields> {
    match &input.data {
        Data::Struct(data) => Ok(&data.fields),
        _ => {
            let message =
                "only a struct can be merged field by field; write `#[chunk(last)]` to keep the last value";
            Err(syn::Error::new(input.ident.span(), message))
        }
    }
}

fn piece((index, field): (usize, &Field)) -> syn::Result<Piece<'_>> {
    let last = !field_words(&field.attrs, "chunk", &["last"])?.is_empty();
    let member = field.ident.clone().map_or_else(|| Member::Unnamed(Index::from(index)), Member::Named);
    Ok(Piece { member, ty: &field.ty, last })
}

fn merge(krate: &Path, pieces: &[Piece<'_>]) -> TokenStream {
    let merges = pieces.iter().map(|Piece { member, ty, last }| match last {
        true => quote!(self.#member = next.#member;),
        // Spanned to the type, so that errors point at it.
        false => quote_spanned!(ty.span()=> <#ty as #krate::Chunk>::merge(&mut self.#member, next.#member);),
    });
    let next = if pieces.is_empty() { quote!(_next) } else { quote!(next) };
    quote! {
        fn merge(&mut self, #next: Self) {
            #(#merges)*
        }
    }
}

/// Generates `empty`; `None`, the trait's default, if a field has no empty value.
fn empty(krate: &Path, pieces: &[Piece<'_>]) -> Option<TokenStream> {
    if pieces.iter().any(|piece| piece.last) {
        return None;
    }
    let members = pieces.iter().map(|piece| &piece.member);
    let types = pieces.iter().map(|piece| piece.ty);
    Some(quote! {
        fn empty() -> ::std::option::Option<Self> {
            ::std::option::Option::Some(Self { #(#members: <#types as #krate::Chunk>::empty()?),* })
        }
    })
}

fn json(krate: &Path, fields: &Fields, pieces: &[Piece<'_>]) -> Option<TokenStream> {
    let shown: Vec<&Piece<'_>> = pieces.iter().filter(|piece| !piece.last).collect();
    let values = shown.iter().map(|piece| {
        let member = &piece.member;
        quote!(#krate::Data::from(#krate::Chunk::to_json(&self.#member)))
    });
    let whole = match fields {
        Fields::Unit => return None,
        Fields::Unnamed(fields) if fields.unnamed.len() == 1 => quote!(#(#values)*),
        Fields::Unnamed(_) => {
            let count = shown.len();
            quote!({
                let values: [#krate::Data; #count] = [#(#values),*];
                #krate::Data::List(::std::vec::Vec::from(values))
            })
        }
        Fields::Named(_) => {
            let count = shown.len();
            let names = shown.iter().map(|piece| name(&piece.member));
            quote!({
                let values: [(&str, #krate::Data); #count] = [#((#names, #values)),*];
                #krate::Data::from(values)
            })
        }
    };
    // A newtype whose only field is hidden has nothing to show.
    let nothing = shown.is_empty() && matches!(fields, Fields::Unnamed(_));
    (!nothing).then(|| {
        quote! {
            // Names the JSON type without depending on another crate.
            fn to_json(&self) -> <#krate::Json as ::std::ops::Deref>::Target {
                #whole.into_json()
            }
        }
    })
}

fn name(member: &Member) -> String {
    match member {
        Member::Named(name) => name.unraw().to_string(),
        Member::Unnamed(index) => index.index.to_string(),
    }
}
