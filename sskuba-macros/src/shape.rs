//! `#[derive(Shape)]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, Data, DeriveInput, Error, Fields, LitStr, Result};

use crate::attributes::{named_fields, no_generics};
use crate::core_path::core_path;

pub(crate) fn derive(input: &DeriveInput) -> Result<TokenStream> {
    no_generics(input, "Shape")?;
    let (core, name) = (core_path(), &input.ident);
    let case = serde_word(&input.attrs, "rename_all");
    let all_default = has_serde_default(&input.attrs);
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
                let renamed = serde_word(&field.attrs, "rename");
                let key = renamed.unwrap_or_else(|| recase_field(plain, case.as_deref()));
                let (ty, defaulted) = (&field.ty, all_default || has_serde_default(&field.attrs));
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

/// Writes a field's name, which is in snake case, as serde does under `rename_all`.
fn recase_field(name: &str, case: Option<&str>) -> String {
    let pascal = || name.split('_').map(capitalised).collect::<String>();
    match case {
        Some("UPPERCASE" | "SCREAMING_SNAKE_CASE") => name.to_ascii_uppercase(),
        Some("PascalCase") => pascal(),
        Some("camelCase") => uncapitalised(&pascal()),
        Some("kebab-case") => name.replace('_', "-"),
        Some("SCREAMING-KEBAB-CASE") => name.to_ascii_uppercase().replace('_', "-"),
        _ => name.to_owned(),
    }
}

/// Writes a variant's name, which is in Pascal case, as serde does under `rename_all`.
fn recase(name: &str, case: Option<&str>) -> String {
    let separated = |separator: char| {
        name.char_indices().fold(String::new(), |mut text, (i, c)| {
            if c.is_uppercase() && i > 0 {
                text.push(separator);
            }
            text.push(c.to_ascii_lowercase());
            text
        })
    };
    match case {
        Some("lowercase") => name.to_ascii_lowercase(),
        Some("UPPERCASE") => name.to_ascii_uppercase(),
        Some("snake_case") => separated('_'),
        Some("kebab-case") => separated('-'),
        Some("SCREAMING_SNAKE_CASE") => separated('_').to_ascii_uppercase(),
        Some("SCREAMING-KEBAB-CASE") => separated('-').to_ascii_uppercase(),
        Some("camelCase") => uncapitalised(name),
        _ => name.to_owned(),
    }
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

fn uncapitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(letters).collect()
}
