//! Compares what exists with what is recorded, by token.

use std::collections::BTreeMap;

use serde_json::Value as Json;

fn by_token(list: &[Json]) -> BTreeMap<String, Vec<String>> {
    let mut objects: BTreeMap<String, Vec<String>> = BTreeMap::new();
    // A provider instance has no object, and neither has a component.
    let has_none = |kind: &str| kind.contains(":provider:") || kind.starts_with("sskuba:");
    let is_object = |object: &&Json| object["kind"].as_str().is_none_or(|kind| !has_none(kind));
    for object in list.iter().filter(is_object) {
        let text = |field: &str| object[field].as_str().unwrap_or("?").to_owned();
        objects.entry(text("token")).or_default().push(format!("{} {}", text("kind"), text("id")));
    }
    objects
}

/// Says how world and record disagree; what the world does not know, such as recorded values, is left out.
pub(crate) fn compare(world: &[Json], record: &[Json]) -> Vec<String> {
    let (world, record) = (by_token(world), by_token(record));
    let tokens = world.keys().chain(record.keys().filter(|token| !world.contains_key(*token)));
    let difference = |token: &String| {
        let (is, known) = (world.get(token), record.get(token));
        (is != known || is.is_some_and(|is| is.len() > 1))
            .then(|| format!("token {token}: there is {is:?}, recorded is {known:?}"))
    };
    tokens.filter_map(difference).collect()
}

#[test]
fn every_disagreement_is_seen() {
    let list = |items: &[(&str, &str)]| -> Vec<Json> {
        items.iter().map(|(id, token)| serde_json::json!({"kind": "k", "id": id, "token": token})).collect()
    };
    let one = list(&[("1", "a")]);
    assert!(compare(&one, &one).is_empty());
    for (world, record) in [
        (one.clone(), vec![]),
        (vec![], one.clone()),
        (one.clone(), list(&[("2", "a")])),
        (list(&[("1", "a"), ("1", "a")]), list(&[("1", "a"), ("1", "a")])),
    ] {
        assert_eq!(compare(&world, &record).len(), 1, "{world:?} and {record:?}");
    }
}
