//! No text of a library names a command, a flag or a variable: programs that embed it have others, and only the command
//! line turns advice into its own.

use std::str::FromStr;

use proc_macro2::{TokenStream, TokenTree};
use syn::spanned::Spanned as _;

use super::repo::Repo;
use super::source::{Place, Source};
use super::tables::{COMMAND_EXCEPTIONS, COMMAND_GROUPS, COMMANDS, COMMANDS_FILE, VARIABLES, WITH_COMMANDS};
use super::violation::Violation;

/// Checks the string literals of every library but the command line's, outside of tests and docs; and that the tables
/// know every command that there is.
pub(crate) fn check(repo: &Repo) -> Vec<Violation> {
    let may = |source: &Source| WITH_COMMANDS.iter().any(|(package, _)| *package == source.package);
    let libraries = repo.sources.iter().filter(|source| source.place == Place::Library && !may(source));
    let arguments = repo.sources.iter().filter(|source| source.file == COMMANDS_FILE);
    libraries.flat_map(of_source).chain(arguments.flat_map(unlisted)).collect()
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
        why: "it belongs to the command line, and programs that embed the library have other commands".into(),
        fix: "say it as `Advice`, which `sskuba-cli/src/advice.rs` words".into(),
    };
    let shown = literals.into_iter().filter(|(line, _)| !source.is_test_line(*line));
    let excepted =
        |named: &str| COMMAND_EXCEPTIONS.iter().any(|(file, text, _)| *file == source.file && *text == named);
    shown
        .filter_map(|(line, text)| Some((line, named(&text)?)))
        .filter(|(_, named)| !excepted(named))
        .map(violation)
        .collect()
}

/// Finds commands of the command line that the tables do not know, and that no text is therefore looked through for.
fn unlisted(source: &Source) -> Vec<Violation> {
    let commands = source.ast.items.iter().find_map(|item| match item {
        syn::Item::Enum(item) if item.ident == "Command" => Some(item),
        _ => None,
    });
    let mut found = Vec::new();
    for variant in commands.into_iter().flat_map(|commands| &commands.variants) {
        let mut names = Vec::new();
        for attribute in variant.attrs.iter().filter(|attribute| attribute.path().is_ident("command")) {
            if let syn::Meta::List(list) = &attribute.meta {
                collect(list.tokens.clone(), &mut names);
            }
        }
        names.push((variant.span().start().line, variant.ident.to_string().to_lowercase()));
        found.extend(names.into_iter().filter(|(_, name)| !is_listed(name)));
    }
    let violation = |(line, name): (usize, String)| Violation {
        file: source.file.clone(),
        line,
        rule: "commands",
        what: format!("`{name}` is a command that the rule does not know"),
        why: "texts of libraries are not looked through for it".into(),
        fix: "add it to `COMMANDS` or `COMMAND_GROUPS` in `xtask/src/check/tables.rs`".into(),
    };
    found.into_iter().map(violation).collect()
}

fn is_listed(name: &str) -> bool {
    COMMANDS.contains(&name) || COMMAND_GROUPS.contains(&name)
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

/// Returns the first flag, variable or command that a text names.
fn named(text: &str) -> Option<String> {
    let mut words = text.split(|c: char| c.is_whitespace() || "`(,;:\"'".contains(c));
    let flag = words.find(|word| is_long_flag(word));
    let variable = VARIABLES.iter().copied().find(|name| text.contains(name));
    // By spaces alone: `sskuba:stack:Reference` is a kind.
    let spaced: Vec<&str> = text.split_whitespace().map(|word| word.trim_matches('`')).collect();
    let call = spaced.windows(2).find(|pair| match pair {
        ["sskuba", command] => is_listed(command),
        pair => *pair == ["cargo", "run"],
    });
    // What stands between backticks is every second part.
    let mut quotes = text.split('`').skip(1).step_by(2);
    let quoted = quotes.find(|quoted| is_command(quoted) || quoted.split(' ').any(is_short_flag));
    flag.or(variable)
        .map(str::to_owned)
        .or_else(|| call.map(|pair| pair.join(" ")))
        .or(quoted.map(str::to_owned))
}

fn is_long_flag(word: &str) -> bool {
    word.strip_prefix("--").is_some_and(|name| name.starts_with(|c: char| c.is_ascii_lowercase()))
}

/// A short flag is looked for between backticks alone: elsewhere `-c` is the shell's.
fn is_short_flag(word: &str) -> bool {
    matches!(word.as_bytes(), [b'-', letter] if letter.is_ascii_alphabetic())
}

/// Tells whether a quoted text is a command. What is also a word of other things, such as `config`, is one only with a
/// word behind it.
fn is_command(quoted: &str) -> bool {
    match quoted.split_once(' ') {
        None => COMMANDS.contains(&quoted),
        Some((first, _)) => is_listed(first),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;

    fn broken(text: &str) -> Vec<usize> {
        fixture::broken_lines(check, text)
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
        assert_eq!(broken("const A: &str = \"set it with `-c KEY=VALUE`\";\n"), [1]);
        assert_eq!(broken("const A: &str = \"give it in SSKUBA_PASSPHRASE\";\n"), [1]);
        assert_eq!(broken("const A: &str = \"type sskuba stack list\";\n"), [1]);
        assert_eq!(broken("const A: &str = \"then cargo run it\";\n"), [1]);
    }

    #[test]
    fn every_library_but_the_command_line_is_looked_through() {
        let text = "pub const A: &str = \"run `up`\";\n";
        let of = |package: &str| {
            let file = format!("{package}/src/lib.rs");
            of_package(Source::parse(&file, "src/lib.rs", package, Place::Library, text.to_owned()).unwrap())
        };
        assert_eq!(of("sskuba-new"), 1);
        assert_eq!(of("sskuba-macros"), 1);
        assert_eq!(of("sskuba-cli"), 0);
    }

    fn of_package(source: Source) -> usize {
        let (_keep, mut repo) = fixture::core_file("value.rs", "");
        repo.sources.push(source);
        check(&repo).len()
    }

    #[test]
    fn a_new_command_is_to_be_listed() {
        let text = "enum Command {\n    #[command(alias = \"apply\", alias = \"perform\")]\n    Up(Up),\n    Frobnicate,\n}\n";
        let source =
            Source::parse(COMMANDS_FILE, "src/args.rs", "sskuba-cli", Place::Library, text.to_owned())
                .unwrap();
        let lines: Vec<usize> = unlisted(&source).iter().map(|violation| violation.line).collect();
        assert_eq!(lines, [2, 4]);
    }

    #[test]
    fn docs_tests_and_other_words_are_fine() {
        assert!(broken("//! `up`.\n/// As `state rm` does, with `--yes`.\nfn f() {}\n").is_empty());
        assert!(broken("#[cfg(test)]\nmod tests {\n    const A: &str = \"`up`\";\n}\n").is_empty());
        assert!(
            broken("const A: &str = \"its `config` and `state` -- and `stack.add(…)` up, as sskuba:stack:Reference\";\n").is_empty()
        );
        // What a run is recorded as is no text for people.
        assert!(broken("const A: &str = \"state repair\";\n").is_empty());
    }
}
