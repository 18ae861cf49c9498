//! Where the engine's crate is, as the crate that uses a derive knows it.

use std::path::Path;

use proc_macro_crate::{FoundCrate, crate_name};
use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::Ident;
use toml_edit::{DocumentMut, Item, TableLike};

/// The engine itself, and the crate that re-exports it as `core`.
const CORE: &str = "sskuba-core";
const FACADE: &str = "sskuba";

/// Returns the path of `sskuba-core`.
pub(crate) fn core_path() -> TokenStream {
    choose(crate_name(CORE).ok(), crate_name(FACADE).ok(), facade_is_for_tests())
}

/// A crate that has both names what it was written against, which is `sskuba`, unless only its tests know that: then
/// its library would not compile.
fn choose(core: Option<FoundCrate>, facade: Option<FoundCrate>, facade_is_for_tests: bool) -> TokenStream {
    let ident = |name: &str| Ident::new(name, Span::call_site());
    match (core, facade) {
        (Some(FoundCrate::Itself), _) => quote!(::sskuba_core),
        (Some(FoundCrate::Name(name)), facade) if facade.is_none() || facade_is_for_tests => {
            let name = ident(&name);
            quote!(::#name)
        }
        (_, Some(FoundCrate::Name(name))) => {
            let name = ident(&name);
            quote!(::#name::core)
        }
        _ => quote!(::sskuba::core),
    }
}

/// Tells whether `sskuba` is a dependency of tests, examples and benchmarks alone, and `sskuba-core` one of the library.
fn facade_is_for_tests() -> bool {
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR").map(|folder| Path::new(&folder).join("Cargo.toml"));
    let text = manifest.and_then(|path| std::fs::read_to_string(path).ok());
    text.is_some_and(|text| is_for_tests(&text))
}

fn is_for_tests(manifest: &str) -> bool {
    let Ok(manifest) = manifest.parse::<DocumentMut>() else { return false };
    let has = |package: &str| {
        let dependencies = manifest.get("dependencies").and_then(Item::as_table_like);
        dependencies.is_some_and(|table| names(table, package))
    };
    has(CORE) && !has(FACADE)
}

/// Tells whether a table of dependencies has a package, under whatever name.
fn names(table: &dyn TableLike, package: &str) -> bool {
    table.iter().any(|(key, value)| value.get("package").and_then(Item::as_str).unwrap_or(key) == package)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> Option<FoundCrate> {
        Some(FoundCrate::Name(name.to_owned()))
    }

    #[test]
    fn the_facade_is_preferred_where_the_library_has_it() {
        let path = |core, facade, for_tests| choose(core, facade, for_tests).to_string().replace(' ', "");
        assert_eq!(path(named("sskuba_core"), named("sskuba"), false), "::sskuba::core");
        assert_eq!(path(None, named("iac"), false), "::iac::core");
        assert_eq!(path(named("engine"), None, false), "::engine");
        assert_eq!(path(named("sskuba_core"), named("sskuba"), true), "::sskuba_core");
        assert_eq!(path(Some(FoundCrate::Itself), named("sskuba"), false), "::sskuba_core");
        assert_eq!(path(named("sskuba_core"), Some(FoundCrate::Itself), false), "::sskuba::core");
    }

    #[test]
    fn a_manifest_says_who_knows_the_facade() {
        let both = "[dependencies]\nsskuba = \"1\"\nsskuba-core = \"1\"\n";
        assert!(!is_for_tests(both));
        assert!(!is_for_tests("[dependencies]\nsskuba = \"1\"\n[dev-dependencies]\nsskuba-core = \"1\"\n"));
        assert!(is_for_tests("[dependencies]\nsskuba-core = \"1\"\n[dev-dependencies]\nsskuba = \"1\"\n"));
        let renamed =
            "[dependencies]\niac = { package = \"sskuba\", version = \"1\" }\nsskuba-core.workspace = true\n";
        assert!(!is_for_tests(renamed));
    }
}
