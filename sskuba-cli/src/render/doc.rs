//! What doc comments say, for a terminal; and where a program finds a type.

use std::borrow::Cow;

use sskuba_core::schema::Schema;

/// Writes a doc comment on one line, links as the words that they stand for.
pub(crate) fn words(doc: &str) -> String {
    let text = doc.replace('\n', " ");
    let (mut out, mut rest) = (String::new(), text.as_str());
    while let Some(at) = rest.find('[') {
        out.push_str(&rest[..at]);
        let inside = &rest[at + 1..];
        match link(inside) {
            Some((word, after)) => {
                out.push_str(&word);
                rest = after;
            }
            None => {
                out.push('[');
                rest = inside;
            }
        }
    }
    out + rest
}

/// Reads what follows a bracket as a link; returns its words, and what follows it.
fn link(inside: &str) -> Option<(Cow<'_, str>, &str)> {
    let end = inside.find(']')?;
    let (word, after) = (&inside[..end], &inside[end + 1..]);
    let target = [('(', ')'), ('[', ']')].into_iter().find_map(|(open, close)| {
        let target = after.strip_prefix(open)?;
        target.find(close).map(|end| &target[end + 1..])
    });
    let code = word.strip_prefix('`').and_then(|word| word.strip_suffix('`'));
    match (target, code) {
        (Some(after), _) => Some((Cow::Owned(word.replace('`', "")), after)),
        (None, Some(code)) => {
            let near = |code: &str| {
                let paths = ["crate::", "self::", "super::"];
                paths.iter().find_map(|path| code.strip_prefix(path).map(str::to_owned))
            };
            Some((near(code).map_or(Cow::Borrowed(code), Cow::Owned), after))
        }
        // A list, a range, a place in a list.
        (None, None) => None,
    }
}

/// Returns the path by which a program names the type of a kind. The providers of this project show their kinds in the
/// module of their service, and the crate `sskuba` shows the providers.
pub(crate) fn rust_path(schema: &Schema) -> String {
    let parts: Vec<&str> = schema.rust.split("::").collect();
    match parts[..] {
        [krate, .., name] if krate.starts_with("sskuba_") => {
            let provider = krate.trim_start_matches("sskuba_");
            // Settings of a provider are shown beside its services.
            match parts.get(1).filter(|module| parts.len() > 2 && **module != "settings") {
                Some(service) => format!("sskuba::{provider}::{service}::{name}"),
                None => format!("sskuba::{provider}::{name}"),
            }
        }
        _ => schema.rust.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn links_are_words_and_brackets_that_are_none_stay() {
        for (doc, text) in [
            ("A [`Foo`](crate::Foo) of [bars](https://x.y/z(1)).", "A Foo of bars)."),
            ("See [`crate::ec2::Vpc`], [`Vpc::id`] and [one][`Two`].", "See ec2::Vpc, Vpc::id and one."),
            ("Some `code`, a[0], [1, 2] and [", "Some `code`, a[0], [1, 2] and ["),
            ("two\nlines [`a", "two lines [`a"),
            ("[`é`] (x)", "é (x)"),
        ] {
            assert_eq!(words(doc), text);
        }
    }
}
