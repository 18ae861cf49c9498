//! No text of a library names a command or a flag: programs that embed it have others, and only the command line turns
//! advice into its own.

use std::str::FromStr;

use proc_macro2::{TokenStream, TokenTree};

use super::repo::Repo;
use super::source::{Place, Source};
use super::tables::{COMMAND_GROUPS, COMMANDS, WITHOUT_COMMANDS};
use super::violation::Violation;

/// Checks the string literals of libraries that know no command line, outside of tests and docs.
pub(crate) fn check(repo: &Repo) -> Vec<Violation> {
    let libraries = repo.sources.iter().filter(|source| {
        source.place == Place::Library && WITHOUT_COMMANDS.contains(&source.package.as_str())
    });
    libraries.flat_map(of_source).collect()
}

fn of_source(source: &Source) -> Vec<Violation> {
    let mut literals = Vec::new();
    if let Ok(tokens) = TokenStream::from_str(&source.text) {
        collect(tokens, &mut literals);
    }
    let violation = |(line, named): (usize, String)| Violation {
        file: source.file.clone(),
        line,
        rule: "commands",
        what: format!("`{named}` in a text"),
        why: "it is a command or a flag of the command line, and programs that embed the library have others"
            .into(),
        fix: "say it as `Advice`, which `sskuba-cli/src/advice.rs` words".into(),
    };
    let shown = literals.into_iter().filter(|(line, _)| !source.is_test_line(*line));
    shown.filter_map(|(line, text)| Some(violation((line, named(&text)?)))).collect()
}

/// Collects the string literals and their lines, without those of docs.
fn collect(stream: TokenStream, literals: &mut Vec<(usize, String)>) {
    let mut after_hash = false;
    for token in stream {
        let attribute = std::mem::replace(&mut after_hash, false);
        match token {
            TokenTree::Punct(punct) => {
                after_hash = matches!(punct.as_char(), '#' | '!') && (attribute || punct.as_char() == '#')
            }
            TokenTree::Group(group) if !(attribute && is_doc(group.stream())) => {
                collect(group.stream(), literals)
            }
            TokenTree::Literal(literal) => {
                let line = literal.span().start().line;
                if let Ok(text) = syn::parse_str::<syn::LitStr>(&literal.to_string()) {
                    literals.push((line, text.value()));
                }
            }
            _ => {}
        }
    }
}

fn is_doc(attribute: TokenStream) -> bool {
    matches!(attribute.into_iter().next(), Some(TokenTree::Ident(name)) if name == "doc")
}

/// Returns the first flag or command that a text names.
fn named(text: &str) -> Option<String> {
    let flag = text.split(|c: char| c.is_whitespace() || "`(,;:\"'".contains(c)).find(|word| {
        let name = word.strip_prefix("--").unwrap_or_default();
        name.starts_with(|c: char| c.is_ascii_lowercase())
    });
    // What stands between backticks is every second part.
    flag.map(str::to_owned)
        .or_else(|| text.split('`').skip(1).step_by(2).find(|quoted| is_command(quoted)).map(str::to_owned))
}

/// Tells whether a quoted text is a command. What is also a word of other things, such as `config`, is one only with a
/// word behind it.
fn is_command(quoted: &str) -> bool {
    let quoted = quoted.strip_prefix("sskuba ").unwrap_or(quoted);
    match quoted.split_once(' ') {
        None => COMMANDS.contains(&quoted),
        Some((first, _)) => COMMANDS.contains(&first) || COMMAND_GROUPS.contains(&first),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;

    fn broken(text: &str) -> Vec<usize> {
        let (_keep, repo) = fixture::core_file("value.rs", text);
        check(&repo).iter().map(|violation| violation.line).collect()
    }

    #[test]
    fn flags_and_commands_in_texts_are_found() {
        assert_eq!(
            broken("const A: &str = \"x\";\nconst B: &str = \"leave it out with `--exclude`\";\n"),
            [2]
        );
        assert_eq!(broken("fn f() -> String {\n    format!(\"run `up` first, {}\", 1)\n}\n"), [2]);
        assert_eq!(broken("const A: &str = \"`state rm ADDRESS` forgets it\";\n"), [1]);
        assert_eq!(broken("#[error(\"choose it with --stack\")]\nstruct E;\n"), [1]);
        assert_eq!(broken("const A: &str = r#\"`sskuba preview --plan FILE`\"#;\n"), [1]);
    }

    #[test]
    fn docs_tests_and_other_words_are_fine() {
        assert!(broken("//! `up`.\n/// As `state rm` does, with `--yes`.\nfn f() {}\n").is_empty());
        assert!(broken("#[cfg(test)]\nmod tests {\n    const A: &str = \"`up`\";\n}\n").is_empty());
        assert!(
            broken("const A: &str = \"its `config` and `state` -- and `stack.add(…)` up\";\n").is_empty()
        );
        // What a run is recorded as is no text for people.
        assert!(broken("const A: &str = \"state repair\";\n").is_empty());
    }
}
