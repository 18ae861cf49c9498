//! Which tags AWS takes.

use sskuba_core::schema::FieldError;
use sskuba_core::value::{Map, Value};

use crate::kind::mistake;

/// The stack that owns an object.
pub(crate) const STACK: &str = "sskuba:stack";
/// The resource's address when the object was last made or changed: for people. Nothing is looked up by it, so that a
/// rename alone changes no tags.
pub(crate) const ADDRESS: &str = "sskuba:address";
/// The generation's token, by which an interrupted create is found again.
pub(crate) const TOKEN: &str = "sskuba:token";
/// What AWS's console shows as the name.
pub(crate) const NAME: &str = "Name";

/// The tags that every object gets of us, whatever the program says.
pub(crate) const OURS: [&str; 3] = [STACK, ADDRESS, TOKEN];

/// The most tags of an object, and the most characters of a key and of a value
/// (<https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html>).
const MOST: usize = 50;
const KEY_LIMIT: usize = 128;
pub(crate) const VALUE_LIMIT: usize = 256;

/// Says which tags of a resource AWS refuses; makes no call, and needs no other input to be known.
pub(crate) fn tag_mistakes(inputs: &Map) -> Vec<FieldError> {
    match inputs.get("tags").map(Value::reveal) {
        Some(Value::Map(tags)) => mistakes_in("tags", tags),
        _ => Vec::new(),
    }
}

/// Says which tags of a field AWS refuses.
pub(crate) fn mistakes_in(field: &str, tags: &Map) -> Vec<FieldError> {
    let mut mistakes: Vec<FieldError> = tags
        .iter()
        .filter_map(|(key, value)| wrong_key(key).or_else(|| wrong_value(key, value)))
        .map(|message| mistake(field, message))
        .collect();
    let room = MOST - OURS.len() - usize::from(!tags.contains_key(NAME));
    if tags.len() > room {
        let more = "AWS takes 50, and those of sskuba and a `Name` are among them";
        mistakes
            .push(mistake(field, format!("has {} tags, where there is room for {room}: {more}", tags.len())));
    }
    mistakes
}

fn wrong_key(key: &str) -> Option<String> {
    let length = key.chars().count();
    if key.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("aws:")) {
        Some(format!("has the key {key:?}; those that begin with `aws:` are AWS's own: choose another"))
    } else if OURS.contains(&key) {
        Some(format!("has the key {key:?}, by which sskuba knows its objects: choose another"))
    } else if length == 0 || length > KEY_LIMIT {
        let start: String = key.chars().take(20).collect();
        Some(format!("has a key of {length} characters ({start:?}…); AWS takes 1 to {KEY_LIMIT}"))
    } else {
        None
    }
}

/// Says that a value is too long, without showing it: it may be secret.
fn wrong_value(key: &str, value: &Value) -> Option<String> {
    let length = value.reveal().as_str().map_or(0, |text| text.chars().count());
    (length > VALUE_LIMIT)
        .then(|| format!("has a value of {length} characters under {key:?}; AWS takes at most {VALUE_LIMIT}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pairs: &[(&str, &str)]) -> Vec<String> {
        let tags = pairs.iter().map(|(key, value)| ((*key).to_owned(), Value::from(*value))).collect();
        mistakes_in("tags", &tags).into_iter().map(|mistake| mistake.message).collect()
    }

    #[test]
    fn a_tag_that_aws_refuses_is_named() {
        let (long, most) = ("k".repeat(129), "é".repeat(128));
        assert_eq!(of(&[("team", ""), (&most, &"v".repeat(256))]), [""; 0]);
        let wrong = [
            ("aws:x", "", "AWS's own"),
            ("AWS:x", "", "AWS's own"),
            (TOKEN, "", "by which sskuba knows"),
            ("", "", "a key of 0 characters"),
            (&long, "", "a key of 129 characters"),
            ("team", &"v".repeat(257), "a value of 257 characters under \"team\""),
        ];
        for (key, value, words) in wrong {
            let mistakes = of(&[(key, value)]);
            assert!(mistakes.len() == 1 && mistakes[0].contains(words), "{key}: {mistakes:?}");
        }
    }

    #[test]
    fn there_is_room_for_as_many_as_ours_leave() {
        let many = |count: usize, name: bool| {
            let keys: Vec<String> = (0..count).map(|i| format!("k{i}")).collect();
            let mut pairs: Vec<(&str, &str)> = keys.iter().map(|key| (key.as_str(), "v")).collect();
            pairs.extend(name.then_some((NAME, "mine")));
            of(&pairs)
        };
        assert_eq!((many(46, false), many(46, true)), (vec![], vec![]));
        assert!(many(47, false)[0].contains("room for 46"), "{:?}", many(47, false));
        assert!(many(47, true)[0].contains("room for 47"));
    }
}
