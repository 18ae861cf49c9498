//! Tags: the program's, and those by which we know our objects.

use std::collections::BTreeMap;

use sskuba_core::provider::Cx;

pub(crate) use crate::tag_rules::{ADDRESS, NAME, STACK, TOKEN};
use crate::tag_rules::{OURS, VALUE_LIMIT};

pub(crate) type Tags = BTreeMap<String, String>;

/// Returns all tags of an object: its own, among which the engine puts the defaults, and the ownership tags, which win.
pub(crate) fn desired(cx: &Cx, own: &Tags) -> Tags {
    let mut tags = own.clone();
    tags.entry(NAME.to_owned()).or_insert_with(|| cx.address.name().to_string());
    tags.extend(ownership(cx));
    tags
}

/// Returns the ownership tags.
fn ownership(cx: &Cx) -> Tags {
    let short = |text: String| text.chars().take(VALUE_LIMIT).collect::<String>();
    Tags::from([
        (STACK.to_owned(), short(cx.stack.to_string())),
        (ADDRESS.to_owned(), short(cx.address.to_string())),
        (TOKEN.to_owned(), cx.token.to_string()),
    ])
}

/// Returns an object's tags without the ownership tags, which are not the program's to say.
pub(crate) fn reported(mut all: Tags) -> Tags {
    all.retain(|key, _| !OURS.contains(&key.as_str()));
    all
}

/// Returns the keys that an update takes away: those that were given before, as a tag of its own or a default one, and are
/// no more. What others added stays.
pub(crate) fn dropped(before: &Tags, desired: &Tags) -> Vec<String> {
    before.keys().filter(|key| !desired.contains_key(*key)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use sskuba_core::address::{Address, StackId, Token};

    fn cx() -> Cx {
        Cx::new(
            StackId::parse("local/shop/dev").unwrap(),
            Address::parse("network/aws:ec2:Vpc::main").unwrap(),
            Token::new([0xcd; 16]),
            std::time::Duration::from_secs(60),
        )
    }

    fn tags(pairs: &[(&str, &str)]) -> Tags {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn ownership_wins_over_what_the_program_says() {
        let all = desired(&cx(), &tags(&[("team", "own"), ("cost", "7"), (TOKEN, "forged")]));
        let expected = tags(&[
            ("Name", "main"),
            ("cost", "7"),
            ("team", "own"),
            (STACK, "local/shop/dev"),
            (ADDRESS, "network/aws:ec2:Vpc::main"),
            (TOKEN, &"cd".repeat(16)),
        ]);
        assert_eq!(all, expected);
    }

    #[test]
    fn all_tags_are_reported_but_those_of_ownership() {
        let mut all = desired(&cx(), &tags(&[("tier", "web"), ("team", "data")]));
        all.insert("by-hand".into(), "yes".into());
        let expected = tags(&[("Name", "main"), ("by-hand", "yes"), ("team", "data"), ("tier", "web")]);
        assert_eq!(reported(all), expected);
    }

    #[test]
    fn a_tag_goes_only_if_the_program_gave_it() {
        let after = desired(&cx(), &tags(&[("b", "2"), ("c", "3")]));
        assert_eq!(dropped(&tags(&[("a", "1"), ("b", "1"), ("c", "1")]), &after), ["a"]);
    }

    #[test]
    fn a_value_is_cut_to_what_aws_takes() {
        let mut cx = cx();
        let deep = vec!["component"; 40].join("/");
        cx.address = Address::parse(&format!("{deep}/aws:ec2:Vpc::main")).unwrap();
        assert_eq!(desired(&cx, &Tags::new())[ADDRESS].chars().count(), VALUE_LIMIT);
    }
}
