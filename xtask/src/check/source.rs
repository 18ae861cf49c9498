//! One Rust file: its syntax, its place in its package, and which of its lines are tests.

use std::ops::RangeInclusive;

use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Attribute, Item, Meta, Token, punctuated::Punctuated};

/// What Cargo makes of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// Part of a library.
    Library,
    /// Part of a program.
    Binary,
    /// An example.
    Example,
    /// A test or a benchmark, or a module that only tests compile.
    Test,
    /// A build script.
    BuildScript,
}

/// A parsed Rust file.
pub(crate) struct Source {
    /// Path relative to the root, with `/`.
    pub(crate) file: String,
    /// Path relative to the package.
    pub(crate) inner: String,
    /// Name of the package.
    pub(crate) package: String,
    /// What Cargo makes of it.
    pub(crate) place: Place,
    /// The text.
    pub(crate) text: String,
    /// The syntax tree.
    pub(crate) ast: syn::File,
    /// Lines that only tests compile.
    tests: Vec<RangeInclusive<usize>>,
}

impl Source {
    /// Parses a file; the error is where and why it cannot be parsed.
    pub(crate) fn parse(
        file: &str,
        inner: &str,
        package: &str,
        place: Place,
        text: String,
    ) -> Result<Self, (usize, String)> {
        let ast = syn::parse_file(&text).map_err(|error| (error.span().start().line, error.to_string()))?;
        let mut finder = TestLines(Vec::new());
        finder.visit_file(&ast);
        let (file, inner, package) = (file.to_owned(), inner.to_owned(), package.to_owned());
        Ok(Self { file, inner, package, place, text, ast, tests: finder.0 })
    }

    /// Whether only tests compile this line.
    pub(crate) fn is_test_line(&self, line: usize) -> bool {
        self.place == Place::Test || self.tests.iter().any(|range| range.contains(&line))
    }

    /// The number of lines that are not tests.
    pub(crate) fn lines_without_tests(&self) -> usize {
        (1..=self.text.lines().count()).filter(|line| !self.is_test_line(*line)).count()
    }

    /// Paths, relative to the root and without `.rs`, of the modules that this file declares for tests only.
    pub(crate) fn test_modules(&self) -> Vec<String> {
        let stem = self.file.strip_suffix(".rs").unwrap_or(&self.file);
        let (folder, name) = stem.rsplit_once('/').unwrap_or(("", stem));
        let folder = if matches!(name, "lib" | "main" | "mod") { folder } else { stem };
        let declared = self.ast.items.iter().filter_map(|item| match item {
            Item::Mod(module) if module.content.is_none() && is_test(&module.attrs) => Some(&module.ident),
            _ => None,
        });
        declared.map(|ident| format!("{folder}/{ident}")).collect()
    }

    /// The path of the module within its crate: `src/graph/dag.rs` is `graph`, `dag`.
    pub(crate) fn module(&self) -> Vec<String> {
        let inner = self.inner.strip_prefix("src/").unwrap_or(&self.inner);
        let mut parts: Vec<String> = inner.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
        if parts.last().is_some_and(|last| matches!(last.as_str(), "lib" | "main" | "mod")) {
            parts.pop();
        }
        parts
    }
}

/// Collects the lines of items that only tests compile.
struct TestLines(Vec<RangeInclusive<usize>>);

impl TestLines {
    fn note(&mut self, attrs: &[Attribute], spanned: &impl Spanned) -> bool {
        let test = is_test(attrs);
        if test {
            let span = spanned.span();
            self.0.push(span.start().line..=span.end().line);
        }
        test
    }
}

impl<'ast> Visit<'ast> for TestLines {
    fn visit_item(&mut self, item: &'ast Item) {
        let attrs = match item {
            Item::Const(item) => &item.attrs,
            Item::Enum(item) => &item.attrs,
            Item::Fn(item) => &item.attrs,
            Item::Impl(item) => &item.attrs,
            Item::Macro(item) => &item.attrs,
            Item::Mod(item) => &item.attrs,
            Item::Static(item) => &item.attrs,
            Item::Struct(item) => &item.attrs,
            Item::Trait(item) => &item.attrs,
            Item::Type(item) => &item.attrs,
            Item::Use(item) => &item.attrs,
            _ => return,
        };
        if !self.note(attrs, item) {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.note(&item.attrs, item);
    }
}

/// Whether an item is compiled for tests only: `#[cfg(test)]`, `#[cfg(all(test, …))]`, `#[test]`, `#[x::test]`.
pub(crate) fn is_test(attrs: &[Attribute]) -> bool {
    attrs.iter().any(|attr| {
        let path = attr.path();
        let named = path.segments.last().is_some_and(|last| last.ident == "test");
        named || (path.is_ident("cfg") && attr.parse_args::<Meta>().is_ok_and(|meta| needs_test(&meta)))
    })
}

/// Whether a `cfg` predicate holds in tests only.
fn needs_test(meta: &Meta) -> bool {
    match meta {
        Meta::Path(path) => path.is_ident("test"),
        Meta::List(list) if list.path.is_ident("all") => list
            .parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)
            .is_ok_and(|parts| parts.iter().any(needs_test)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(file: &str, text: &str) -> Source {
        Source::parse(file, file, "p", Place::Library, text.to_owned()).unwrap()
    }

    #[test]
    fn lines_of_tests_are_told_from_the_rest() {
        let text =
            "fn a() {}\n\n#[cfg(test)]\nmod tests {\n    fn b() {}\n}\n\n#[tokio::test]\nasync fn c() {}\n";
        let source = source("src/x.rs", text);
        let tests: Vec<usize> = (1..=9).filter(|line| source.is_test_line(*line)).collect();
        assert_eq!(tests, [3, 4, 5, 6, 8, 9]);
        assert_eq!(source.lines_without_tests(), 3);
    }

    #[test]
    fn only_a_predicate_that_needs_test_is_a_test() {
        let text = "#[cfg(all(test, unix))]\nfn a() {}\n#[cfg(any(test, unix))]\nfn b() {}\n#[cfg(not(test))]\nfn c() {}\n";
        let source = source("src/x.rs", text);
        let tests: Vec<usize> = (1..=6).filter(|line| source.is_test_line(*line)).collect();
        assert_eq!(tests, [1, 2]);
    }

    #[test]
    fn modules_for_tests_in_their_own_file_are_found() {
        let text = "#[cfg(test)]\nmod tests;\nmod real;\n";
        assert_eq!(source("p/src/x.rs", text).test_modules(), ["p/src/x/tests"]);
        assert_eq!(source("p/src/x/mod.rs", text).test_modules(), ["p/src/x/tests"]);
        assert_eq!(source("p/src/lib.rs", text).test_modules(), ["p/src/tests"]);
    }

    #[test]
    fn a_file_knows_its_module() {
        assert_eq!(source("src/graph/dag.rs", "").module(), ["graph", "dag"]);
        assert_eq!(source("src/graph/mod.rs", "").module(), ["graph"]);
        assert!(source("src/lib.rs", "").module().is_empty());
    }
}
