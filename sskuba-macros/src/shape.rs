//! `#[derive(Shape)]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, Data, DeriveInput, Error, Fields, LitStr, Result};

use crate::attributes::{core_path, named_fields};

pub(crate) fn derive(input: &DeriveInput) -> Result<TokenStream> {
    let (core, name) = (core_path(), &input.ident);
    let case = serde_word(&input.attrs, "rename_all");
    let shape = match &input.data {
        Data::Enum(data) => {
            let mut texts = Vec::new();
            for variant in &data.variants {
                if !matches!(variant.fields, Fields::Unit) {
                    return Err(Error::new_spanned(variant, "only variants without fields have a shape"));
                }
                let renamed = serde_word(&variant.attrs, "rename");
                texts.push(renamed.unwrap_or_else(|| recase(&variant.ident.to_string(), case.as_deref())));
            }
            quote!(#core::schema::FieldType::OneOf(::std::vec![#(#texts.to_owned()),*]))
        }
        _ => {
            let fields = named_fields(input, "Shape")?.map(|field| {
                let plain = field.ident.as_ref().map(ToString::to_string).unwrap_or_default();
                let plain = plain.trim_start_matches("r#");
                let key = serde_word(&field.attrs, "rename").unwrap_or_else(|| match case.as_deref() {
                    Some("camelCase") => camel(plain),
                    Some("kebab-case") => plain.replace('_', "-"),
                    _ => plain.to_owned(),
                });
                let (ty, defaulted) = (&field.ty, has_serde_default(&field.attrs));
                quote! {(
                    #key.to_owned(),
                    <#ty as #core::schema::Shape>::shape(),
                    !(#defaulted || <#ty as #core::schema::Shape>::is_optional()),
                )}
            });
            quote!(#core::schema::FieldType::Object(::std::vec![#(#fields),*]))
        }
    };
    Ok(quote! {
        impl #core::schema::Shape for #name {
            fn shape() -> #core::schema::FieldType { #shape }
        }
    })
}

fn serde_word(attributes: &[Attribute], word: &str) -> Option<String> {
    let mut found = None;
    for attribute in attributes.iter().filter(|a| a.path().is_ident("serde")) {
        let _ = attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident(word) {
                found = Some(meta.value()?.parse::<LitStr>()?.value());
            } else if meta.input.peek(syn::Token![=]) {
                let _: syn::Expr = meta.value()?.parse()?;
            }
            Ok(())
        });
    }
    found
}

fn has_serde_default(attributes: &[Attribute]) -> bool {
    let mut found = false;
    for attribute in attributes.iter().filter(|a| a.path().is_ident("serde")) {
        let _ = attribute.parse_nested_meta(|meta| {
            found |= meta.path.is_ident("default");
            if meta.input.peek(syn::Token![=]) {
                let _: syn::Expr = meta.value()?.parse()?;
            }
            Ok(())
        });
    }
    found
}

fn camel(snake: &str) -> String {
    let mut up = false;
    snake.chars().fold(String::new(), |mut text, c| {
        if c == '_' {
            up = true;
        } else {
            text.push(if std::mem::take(&mut up) { c.to_ascii_uppercase() } else { c });
        }
        text
    })
}

/// Writes a variant's name as serde does under `rename_all`.
fn recase(name: &str, case: Option<&str>) -> String {
    let separated = |separator: char| {
        name.char_indices().fold(String::new(), |mut text, (i, c)| {
            if c.is_ascii_uppercase() && i > 0 {
                text.push(separator);
            }
            text.push(c.to_ascii_lowercase());
            text
        })
    };
    match case {
        Some("lowercase") => name.to_lowercase(),
        Some("UPPERCASE") => name.to_uppercase(),
        Some("snake_case") => separated('_'),
        Some("kebab-case") => separated('-'),
        Some("SCREAMING_SNAKE_CASE") => separated('_').to_uppercase(),
        Some("camelCase") => name[..1].to_lowercase() + &name[1..],
        _ => name.to_owned(),
    }
}
