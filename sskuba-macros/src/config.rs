//! `#[derive(Config)]`.

use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens as _, quote};
use syn::{DeriveInput, Expr, Field, Result, Token};

use crate::attributes::{first_paragraph, named_fields, no_generics};
use crate::core_path::core_path;
use crate::field::inside;

/// Reads `#[config(default)]` or `#[config(default = EXPRESSION)]`.
fn default_of(field: &Field) -> Result<Option<Option<Expr>>> {
    let mut default = None;
    for attribute in field.attrs.iter().filter(|a| a.path().is_ident("config")) {
        attribute.parse_nested_meta(|meta| {
            if !meta.path.is_ident("default") {
                return Err(meta.error("the only option is `default` or `default = EXPRESSION`"));
            }
            default =
                Some(if meta.input.peek(Token![=]) { Some(meta.value()?.parse::<Expr>()?) } else { None });
            Ok(())
        })?;
    }
    Ok(default)
}

/// Tells whether a type names `Secret`, by itself or in another.
fn names_secret(ty: TokenStream) -> bool {
    ty.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == "Secret",
        TokenTree::Group(group) => names_secret(group.stream()),
        _ => false,
    })
}

pub(crate) fn derive(input: &DeriveInput) -> Result<TokenStream> {
    no_generics(input, "Config")?;
    let (core, name) = (core_path(), &input.ident);
    let (mut known, mut checks, mut reads, mut idents) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for field in named_fields(input, "Config")? {
        let Some(ident) = &field.ident else { continue };
        let key = ident.to_string().trim_start_matches("r#").to_owned();
        let (doc, ty, default) = (first_paragraph(&field.attrs), &field.ty, default_of(field)?);
        // What may be left out is what says so: by a default, or by its type.
        let optional = inside(ty, "Option").filter(|_| default.is_none());
        let required = default.is_none() && optional.is_none();
        let secret = names_secret(ty.to_token_stream());
        let read = optional.unwrap_or(ty);
        let wants = read.to_token_stream().to_string().replace(' ', "");
        known.push(quote!(#core::config::ConfigField {
            name: #key, doc: #doc, wants: #wants, required: #required, secret: #secret,
        }));
        checks.push(quote!(#key => ::std::option::Option::Some(#core::config::fits::<#read>(value)),));
        let default = match default {
            None => quote!(::std::option::Option::None),
            Some(None) => quote!(::std::option::Option::Some(<#ty as ::std::default::Default>::default())),
            Some(Some(expr)) => quote!(::std::option::Option::Some(#expr)),
        };
        reads.push(match optional {
            Some(inner) => quote!(let #ident = reader.optional::<#inner>(#key);),
            None => quote!(let #ident = reader.field::<#ty>(#key, #default);),
        });
        idents.push(ident);
    }
    Ok(quote! {
        impl #core::config::Config for #name {
            fn fields() -> ::std::vec::Vec<#core::config::ConfigField> {
                ::std::vec![#(#known),*]
            }
            fn check(
                key: &str,
                value: &#core::config::Configured,
            ) -> ::std::option::Option<::std::result::Result<(), ::std::string::String>> {
                match key {
                    #(#checks)*
                    _ => ::std::option::Option::None,
                }
            }
            fn read(
                values: &#core::config::ConfigValues,
            ) -> ::std::result::Result<Self, #core::config::ConfigError> {
                let mut reader = #core::config::ConfigReader::new(values, Self::fields());
                #(#reads)*
                reader.finish()?;
                match (#(#idents,)*) {
                    (#(::std::option::Option::Some(#idents),)*) => ::std::result::Result::Ok(Self { #(#idents),* }),
                    #[expect(unreachable_patterns, reason = "a struct without fields has no other case")]
                    _ => ::std::result::Result::Err(#core::config::ConfigError::new(::std::vec::Vec::new())),
                }
            }
        }
    })
}
