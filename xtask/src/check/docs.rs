//! Every public item of a library says what it is, and so does every file.

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Attribute, Fields, Ident, ImplItem, Item, TraitItem, Visibility};

use super::repo::Repo;
use super::source::{Place, Source};
use super::tables::UNDOCUMENTED;
use super::violation::Violation;

/// Checks every file of the libraries.
pub(crate) fn check(repo: &Repo) -> Vec<Violation> {
    let libraries = repo.sources.iter().filter(|source| source.place == Place::Library);
    libraries.filter(|source| !UNDOCUMENTED.contains(&source.package.as_str())).flat_map(file).collect()
}

/// Items of one file, and the file itself, that have no doc.
fn file(source: &Source) -> Vec<Violation> {
    let mut walk = Walk { source, found: Vec::new() };
    if !documented(&source.ast.attrs) {
        walk.report(1, "the file has no `//!`".into());
    }
    walk.visit_file(&source.ast);
    walk.found
}

struct Walk<'a> {
    source: &'a Source,
    found: Vec<Violation>,
}

impl Walk<'_> {
    fn report(&mut self, line: usize, what: String) {
        self.found.push(Violation {
            file: self.source.file.clone(),
            line,
            rule: "docs",
            what,
            why: "a public item is a promise, and its doc is where the promise is kept".into(),
            fix: "begin with a line in the third person; give units, errors and source".into(),
        });
    }

    /// Judges something that is public if `visibility` says so.
    fn judge(
        &mut self,
        what: &str,
        name: &str,
        visibility: Option<&Visibility>,
        attrs: &[Attribute],
        span: Span,
    ) {
        let line = span.start().line;
        let public = visibility.is_none_or(|visibility| matches!(visibility, Visibility::Public(_)));
        if public && !documented(attrs) && !self.source.is_test_line(line) {
            self.report(line, format!("the {what} `{name}` has no doc"));
        }
    }

    fn named(&mut self, what: &str, ident: &Ident, visibility: &Visibility, attrs: &[Attribute]) {
        self.judge(what, &ident.to_string(), Some(visibility), attrs, ident.span());
    }

    /// Judges the named fields of something; those of a variant are as public as it is.
    fn fields(&mut self, fields: &Fields, of_variant: bool) {
        for field in fields {
            if let Some(ident) = &field.ident {
                let visibility = (!of_variant).then_some(&field.vis);
                self.judge("field", &ident.to_string(), visibility, &field.attrs, field.span());
            }
        }
    }

    fn item_enum(&mut self, item: &syn::ItemEnum) {
        self.named("enum", &item.ident, &item.vis, &item.attrs);
        for variant in item.variants.iter().filter(|_| matches!(item.vis, Visibility::Public(_))) {
            self.judge("variant", &variant.ident.to_string(), None, &variant.attrs, variant.ident.span());
            self.fields(&variant.fields, true);
        }
    }

    fn item_trait(&mut self, item: &syn::ItemTrait) {
        self.named("trait", &item.ident, &item.vis, &item.attrs);
        for inner in item.items.iter().filter(|_| matches!(item.vis, Visibility::Public(_))) {
            let (what, ident, attrs) = match inner {
                TraitItem::Const(inner) => ("constant", &inner.ident, &inner.attrs),
                TraitItem::Fn(inner) => ("method", &inner.sig.ident, &inner.attrs),
                TraitItem::Type(inner) => ("type", &inner.ident, &inner.attrs),
                _ => continue,
            };
            self.judge(what, &ident.to_string(), None, attrs, ident.span());
        }
    }

    fn item_impl(&mut self, item: &syn::ItemImpl) {
        for inner in item.items.iter().filter(|_| item.trait_.is_none()) {
            match inner {
                ImplItem::Const(inner) => self.named("constant", &inner.ident, &inner.vis, &inner.attrs),
                ImplItem::Fn(inner) => self.named("method", &inner.sig.ident, &inner.vis, &inner.attrs),
                ImplItem::Type(inner) => self.named("type", &inner.ident, &inner.vis, &inner.attrs),
                _ => {}
            }
        }
    }
}

impl<'ast> Visit<'ast> for Walk<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        match item {
            Item::Const(item) => self.named("constant", &item.ident, &item.vis, &item.attrs),
            Item::Enum(item) => self.item_enum(item),
            Item::Fn(item) => self.named("function", &item.sig.ident, &item.vis, &item.attrs),
            Item::Impl(item) => self.item_impl(item),
            Item::Macro(item) => {
                let exported = item.attrs.iter().any(|attr| attr.path().is_ident("macro_export"));
                if let Some(ident) = item.ident.as_ref().filter(|_| exported) {
                    self.judge("macro", &ident.to_string(), None, &item.attrs, ident.span());
                }
            }
            // A module in its own file is documented there.
            Item::Mod(item) if item.content.is_some() => {
                self.named("module", &item.ident, &item.vis, &item.attrs);
                visit::visit_item_mod(self, item);
            }
            Item::Static(item) => self.named("static", &item.ident, &item.vis, &item.attrs),
            Item::Struct(item) => {
                self.named("struct", &item.ident, &item.vis, &item.attrs);
                self.fields(&item.fields, false);
            }
            Item::Trait(item) => self.item_trait(item),
            Item::Type(item) => self.named("type", &item.ident, &item.vis, &item.attrs),
            Item::Union(item) => self.named("union", &item.ident, &item.vis, &item.attrs),
            _ => {}
        }
    }
}

/// Whether there is a `///`, a `//!` or a `#[doc …]`.
fn documented(attrs: &[Attribute]) -> bool {
    attrs.iter().any(|attr| attr.path().is_ident("doc"))
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;

    fn broken(text: &str) -> Vec<String> {
        let (_keep, repo) = fixture::core_file("value.rs", text);
        check(&repo).iter().map(|v| format!("{}: {}", v.line, v.what)).collect()
    }

    #[test]
    fn a_file_says_what_it_is() {
        assert_eq!(broken("use x::y;\n"), ["1: the file has no `//!`"]);
    }

    #[test]
    fn items_fields_variants_and_methods_need_docs() {
        let text = "//! V.\npub struct A {\n    pub x: u8,\n    y: u8,\n}\npub enum B {\n    C,\n    D { e: u8 },\n}\n\
                    impl A {\n    pub fn f() {}\n    fn g() {}\n}\npub trait T {\n    fn h();\n}\npub mod m {\n    pub const K: u8 = 1;\n}\n";
        let names: Vec<String> =
            broken(text).iter().map(|v| v.split('`').nth(1).unwrap().to_owned()).collect();
        assert_eq!(names, ["A", "x", "B", "C", "D", "e", "f", "T", "h", "m", "K"]);
    }

    #[test]
    fn what_is_not_public_or_is_documented_elsewhere_needs_none() {
        let text = "//! V.\nfn a() {}\npub(crate) struct B;\npub use x::y;\npub mod file;\n/// C.\n#[derive(Debug)]\npub struct C(pub u8);\n\
                    impl Display for C {\n    fn fmt() {}\n}\n#[doc(hidden)]\npub fn d() {}\nenum E { F }\n";
        assert!(broken(text).is_empty());
    }

    #[test]
    fn only_libraries_need_docs() {
        let root = ("Cargo.toml", "[workspace]\nmembers = [\"it\"]\n");
        for name in ["xtask", "sskuba-testkit"] {
            let manifest = format!("[package]\nname = \"{name}\"\n");
            let (_keep, repo) =
                fixture::repo(&[root, ("it/Cargo.toml", &manifest), ("it/src/lib.rs", "pub fn f() {}\n")]);
            assert!(check(&repo).is_empty());
        }
        let (_keep, repo) = fixture::core(&[("sskuba-core/examples/x.rs", "pub fn f() {}\n")]);
        assert!(check(&repo).is_empty());
    }

    #[test]
    fn tests_are_exempt() {
        assert!(broken("//! V.\n#[cfg(test)]\npub mod tests {\n    pub fn f() {}\n}\n").is_empty());
    }
}
