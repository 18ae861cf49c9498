//! How long files and functions may be.

use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Block, Signature};

use super::repo::Repo;
use super::source::{Place, Source};
use super::tables::{FILE_LINES, FUNCTION_LINES, LONG_FUNCTIONS};
use super::violation::Violation;

/// Checks every file that is not a test.
pub(crate) fn check(repo: &Repo) -> Vec<Violation> {
    let sources = repo.sources.iter().filter(|source| source.place != Place::Test);
    sources.flat_map(|source| file(source).into_iter().chain(functions(source))).collect()
}

/// A file that is too long.
fn file(source: &Source) -> Option<Violation> {
    let lines = source.lines_without_tests();
    (lines > FILE_LINES).then(|| Violation {
        file: source.file.clone(),
        line: 1,
        rule: "size",
        what: format!("the file has {lines} lines without its tests; the most is {FILE_LINES}"),
        why: "a file is one thought that fits in a head: about 200 lines".into(),
        fix: "give each of its thoughts a module".into(),
    })
}

/// Functions that are too long.
fn functions(source: &Source) -> Vec<Violation> {
    let mut finder = Functions { source, found: Vec::new() };
    finder.visit_file(&source.ast);
    finder.found
}

struct Functions<'a> {
    source: &'a Source,
    found: Vec<Violation>,
}

impl Functions<'_> {
    fn judge(&mut self, signature: &Signature, block: &Block) {
        let line = signature.span().start().line;
        let lines = block.span().end().line + 1 - line;
        let name = signature.ident.to_string();
        let listed = LONG_FUNCTIONS.contains(&(self.source.file.as_str(), name.as_str()));
        if lines <= FUNCTION_LINES || listed || self.source.is_test_line(line) {
            return;
        }
        self.found.push(Violation {
            file: self.source.file.clone(),
            line,
            rule: "size",
            what: format!("the function `{name}` has {lines} lines; the most is {FUNCTION_LINES}"),
            why: "a function that is read in one look hides nothing".into(),
            fix: "give its parts names".into(),
        });
    }
}

impl<'ast> Visit<'ast> for Functions<'_> {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.judge(&item.sig, &item.block);
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.judge(&item.sig, &item.block);
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        if let Some(block) = &item.default {
            self.judge(&item.sig, block);
        }
        visit::visit_trait_item_fn(self, item);
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;

    fn broken(name: &str, text: &str) -> Vec<String> {
        let (_keep, repo) = fixture::core_file(name, text);
        check(&repo).iter().map(|v| format!("{}: {}", v.line, v.what)).collect()
    }

    /// A function of so many lines.
    fn function(lines: usize) -> String {
        format!("fn long() {{\n{}}}\n", "    x();\n".repeat(lines - 2))
    }

    #[test]
    fn a_long_function_is_a_violation_wherever_it_is() {
        assert!(broken("value.rs", &function(70)).is_empty());
        let expected = "the function `long` has 71 lines; the most is 70";
        assert_eq!(broken("value.rs", &function(71)), [format!("1: {expected}")]);
        assert_eq!(
            broken("value.rs", &format!("impl X {{\n{}}}\n", function(71))),
            [format!("2: {expected}")]
        );
        assert_eq!(
            broken("value.rs", &format!("trait X {{\n{}}}\n", function(71))),
            [format!("2: {expected}")]
        );
    }

    #[test]
    fn a_long_file_is_a_violation() {
        assert!(broken("value.rs", &"const X: u8 = 1;\n".repeat(500)).is_empty());
        let found = broken("value.rs", &"const X: u8 = 1;\n".repeat(501));
        assert_eq!(found, ["1: the file has 501 lines without its tests; the most is 500"]);
    }

    #[test]
    fn tests_do_not_count() {
        let tests = format!("#[cfg(test)]\nmod tests {{\n{}}}\n", function(600));
        assert!(broken("value.rs", &tests).is_empty());
        assert!(broken("value.rs", &format!("#[test]\n{}", function(600))).is_empty());
        assert!(broken("../tests/it.rs", &function(600)).is_empty());
    }
}
