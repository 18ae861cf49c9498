//! Every path that a file mentions, read from its tokens, so that macros and nested `use` trees count too.

use std::str::FromStr;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::source::Source;

/// A path in the code: `std::fs::read`, `crate::plan`, `println!`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mention {
    /// Its segments as written; a glob is `*`.
    pub(crate) path: Vec<String>,
    /// Its line, from 1.
    pub(crate) line: usize,
    /// Whether it is the name of a macro that is called.
    pub(crate) called: bool,
    /// The modules within the file that surround it.
    pub(crate) within: Vec<String>,
}

/// The paths that a file mentions outside of its tests.
pub(crate) fn mentions(source: &Source) -> Vec<Mention> {
    let mut scanner = Scanner { found: Vec::new(), within: Vec::new() };
    if let Ok(tokens) = TokenStream::from_str(&source.text) {
        scanner.stream(tokens);
    }
    scanner.found.retain(|mention| !source.is_test_line(mention.line));
    scanner.found
}

struct Scanner {
    found: Vec<Mention>,
    within: Vec<String>,
}

impl Scanner {
    fn stream(&mut self, stream: TokenStream) {
        let tokens: Vec<TokenTree> = stream.into_iter().collect();
        let mut at = 0;
        while at < tokens.len() {
            at = match &tokens[at] {
                TokenTree::Ident(ident) if ident == "mod" => self.module(&tokens, at),
                TokenTree::Ident(_) => self.path(&tokens, at, &[]),
                TokenTree::Group(group) => {
                    self.stream(group.stream());
                    at + 1
                }
                _ => at + 1,
            };
        }
    }

    /// Reads `mod name { … }` at `at`.
    fn module(&mut self, tokens: &[TokenTree], at: usize) -> usize {
        let (Some(TokenTree::Ident(name)), Some(TokenTree::Group(body))) =
            (tokens.get(at + 1), tokens.get(at + 2))
        else {
            return at + 1;
        };
        self.within.push(name.to_string());
        self.stream(body.stream());
        self.within.pop();
        at + 3
    }

    /// Reads the path that begins at `at`, below `prefix`, and returns where it ends.
    fn path(&mut self, tokens: &[TokenTree], at: usize, prefix: &[String]) -> usize {
        let line = tokens[at].span().start().line;
        let mut path = prefix.to_vec();
        path.extend(segment(&tokens[at]));
        let mut at = at + 1;
        while is_punct(tokens.get(at), ':') && is_punct(tokens.get(at + 1), ':') {
            match tokens.get(at + 2) {
                Some(next @ TokenTree::Ident(_)) => path.extend(segment(next)),
                Some(TokenTree::Punct(star)) if star.as_char() == '*' => path.push("*".into()),
                Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                    self.tree(group.stream(), &path);
                    return at + 3;
                }
                _ => break,
            }
            at += 3;
        }
        let called = is_punct(tokens.get(at), '!')
            && matches!(tokens.get(at + 1), Some(TokenTree::Group(_) | TokenTree::Ident(_)));
        self.found.push(Mention { path, line, called, within: self.within.clone() });
        at
    }

    /// Reads the branches of a `use` tree.
    fn tree(&mut self, stream: TokenStream, prefix: &[String]) {
        let tokens: Vec<TokenTree> = stream.into_iter().collect();
        let mut at = 0;
        while at < tokens.len() {
            at = match &tokens[at] {
                TokenTree::Ident(ident) if ident == "as" => at + 2,
                TokenTree::Ident(ident) if ident == "self" => {
                    self.note(prefix.to_vec(), &tokens[at]);
                    at + 1
                }
                TokenTree::Ident(_) => self.path(&tokens, at, prefix),
                TokenTree::Punct(star) if star.as_char() == '*' => {
                    let mut path = prefix.to_vec();
                    path.push("*".into());
                    self.note(path, &tokens[at]);
                    at + 1
                }
                _ => at + 1,
            };
        }
    }

    fn note(&mut self, path: Vec<String>, token: &TokenTree) {
        let line = token.span().start().line;
        self.found.push(Mention { path, line, called: false, within: self.within.clone() });
    }
}

/// The text of an identifier without `r#`.
fn segment(token: &TokenTree) -> Option<String> {
    match token {
        TokenTree::Ident(ident) => Some(ident.to_string().trim_start_matches("r#").to_owned()),
        _ => None,
    }
}

fn is_punct(token: Option<&TokenTree>, wanted: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == wanted)
}

#[cfg(test)]
mod tests {
    use super::super::source::Place;
    use super::*;

    fn paths(text: &str) -> Vec<String> {
        let source = Source::parse("src/x.rs", "src/x.rs", "p", Place::Library, text.to_owned()).unwrap();
        let long = mentions(&source).into_iter().filter(|mention| mention.path.len() > 1 || mention.called);
        long.map(|m| format!("{}{}:{}", m.path.join("::"), if m.called { "!" } else { "" }, m.line)).collect()
    }

    #[test]
    fn use_trees_are_spread_out() {
        let found =
            paths("use crate::{plan::{self, Step as S}, state::*, *};\nuse std::{env, fs as files};\n");
        let expected = [
            "crate::plan:1",
            "crate::plan::Step:1",
            "crate::state::*:1",
            "crate::*:1",
            "std::env:2",
            "std::fs:2",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn paths_in_code_in_types_and_in_macros_are_seen() {
        let found = paths(
            "fn f(x: &crate::a::B) -> Vec<c::D> {\n  assert!(crate::e::f(x) != 1);\n  Vec::<u8>::new()\n}\n",
        );
        assert_eq!(found, ["crate::a::B:1", "c::D:1", "assert!:2", "crate::e::f:2"]);
    }

    #[test]
    fn strings_comments_and_tests_are_not_code() {
        assert!(paths("//! use std::fs;\n/// std::fs\nconst X: &str = \"std::fs\";\n").is_empty());
        assert!(paths("#[cfg(test)]\nmod tests {\n    use std::fs;\n}\n").is_empty());
    }

    #[test]
    fn a_module_within_the_file_is_remembered() {
        let text = "mod inner {\n    use super::super::plan::X;\n}\n";
        let source = Source::parse("src/x.rs", "src/x.rs", "p", Place::Library, text.to_owned()).unwrap();
        let found = mentions(&source);
        assert!(found.iter().any(|m| m.path == ["super", "super", "plan", "X"] && m.within == ["inner"]));
    }
}
