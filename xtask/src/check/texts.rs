//! What no file may say: somebody's paths, and `#[allow(…)]`.

use std::fs;
use std::str::FromStr;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::repo::Repo;
use super::source::Source;
use super::tables::{MACHINE_TEXT_EXCEPTIONS, MACHINE_TEXTS};
use super::violation::Violation;

/// Macros whose contents are generated code, in which an `expect` would often have nothing to expect.
const GENERATORS: &[&str] = &["quote", "quote_spanned", "parse_quote", "parse_quote_spanned"];

/// Checks every file of the repository.
pub(crate) fn check(repo: &Repo) -> Vec<Violation> {
    let mut found: Vec<Violation> = repo.files.iter().flat_map(|file| machine_texts(repo, file)).collect();
    found.extend(repo.sources.iter().flat_map(allows));
    found
}

/// Lines with a text that belongs to somebody's machine; a file that is no text has none.
fn machine_texts(repo: &Repo, file: &str) -> Vec<Violation> {
    let Ok(text) = fs::read_to_string(repo.root.join(file)) else { return Vec::new() };
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let banned = MACHINE_TEXTS.iter().filter(|banned| line.contains(**banned));
        for banned in banned.filter(|banned| !MACHINE_TEXT_EXCEPTIONS.contains(&(file, **banned))) {
            found.push(Violation {
                file: file.to_owned(),
                line: index + 1,
                rule: "texts",
                what: format!("the text `{banned}`"),
                why: "it is a path of one machine and means nothing on another".into(),
                fix: "write it relative to the repository, or take it as an argument".into(),
            });
        }
    }
    found
}

/// Lines with `#[allow(…)]`.
fn allows(source: &Source) -> Vec<Violation> {
    let mut lines = Vec::new();
    if let Ok(tokens) = TokenStream::from_str(&source.text) {
        find_allows(tokens, &mut lines);
    }
    let violation = |line| Violation {
        file: source.file.clone(),
        line,
        rule: "texts",
        what: "`#[allow(…)]`".into(),
        why: "an `allow` stays when its reason has gone; an `expect` then complains".into(),
        fix: "write `#[expect(…, reason = \"…\")]`, or correct what the lint says".into(),
    };
    lines.into_iter().map(violation).collect()
}

/// Collects the lines of attributes that are, or by `cfg_attr` contain, an `allow`.
fn find_allows(stream: TokenStream, lines: &mut Vec<usize>) {
    let tokens: Vec<TokenTree> = stream.into_iter().collect();
    for (at, token) in tokens.iter().enumerate() {
        let TokenTree::Group(group) = token else { continue };
        if at >= 2 && is_punct(&tokens[at - 1], '!') && is_ident(&tokens[at - 2], GENERATORS) {
            continue;
        }
        let attribute = group.delimiter() == Delimiter::Bracket
            && at >= 1
            && (is_punct(&tokens[at - 1], '#')
                || (at >= 2 && is_punct(&tokens[at - 1], '!') && is_punct(&tokens[at - 2], '#')));
        match attribute {
            true if permits(group.stream()) => lines.push(group.span_open().start().line),
            _ => find_allows(group.stream(), lines),
        }
    }
}

/// Whether the inside of an attribute is `allow(…)`, or `cfg_attr(…, allow(…))`.
fn permits(stream: TokenStream) -> bool {
    let tokens: Vec<TokenTree> = stream.into_iter().collect();
    match tokens.as_slice() {
        [name, TokenTree::Group(_)] if is_ident(name, &["allow"]) => true,
        [name, TokenTree::Group(group)] if is_ident(name, &["cfg_attr"]) => {
            let inner: Vec<TokenTree> = group.stream().into_iter().collect();
            inner.windows(2).any(|two| is_ident(&two[0], &["allow"]) && matches!(two[1], TokenTree::Group(_)))
        }
        _ => false,
    }
}

fn is_ident(token: &TokenTree, names: &[&str]) -> bool {
    matches!(token, TokenTree::Ident(ident) if names.iter().any(|name| ident == name))
}

fn is_punct(token: &TokenTree, wanted: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == wanted)
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;

    fn broken(text: &str) -> Vec<usize> {
        fixture::broken_lines(check, text)
    }

    #[test]
    fn allow_is_forbidden_in_every_form() {
        assert_eq!(broken("#![allow(dead_code)]\n\n#[allow(unused)]\nfn f() {}\n"), [1, 3]);
        assert_eq!(
            broken("#[cfg_attr(unix, allow(unused))]\nfn f() {\n    #[allow(unused)]\n    let x = 1;\n}\n"),
            [1, 3]
        );
        assert_eq!(broken("#[cfg(test)]\nmod tests {\n    #[allow(unused)]\n    fn f() {}\n}\n"), [3]);
    }

    #[test]
    fn expect_strings_comments_and_generated_code_are_fine() {
        assert!(broken("//! #[allow(x)]\n#[expect(unused, reason = \"x\")]\nfn f() {}\n").is_empty());
        assert!(broken("const X: &str = \"#[allow(x)]\";\nfn allow(x: [u8; 1]) {}\n").is_empty());
        assert!(broken("fn f() -> T {\n    quote! { #[allow(unused)] fn g() {} }\n}\n").is_empty());
    }

    #[test]
    fn paths_of_a_machine_are_forbidden_in_any_file() {
        let text = format!("one\ntwo {}x\n", MACHINE_TEXTS[0]);
        let (_keep, repo) = fixture::core(&[("docs/guide.md", &text), (".ci/run", &text)]);
        let found: Vec<String> = check(&repo).iter().map(|v| format!("{}:{}", v.file, v.line)).collect();
        assert_eq!(
            found,
            ["docs/guide.md:2", ".ci/run:2"].map(str::to_owned).into_iter().rev().collect::<Vec<_>>()
        );
    }
}
