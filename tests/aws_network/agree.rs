//! What is recorded and what boto3 sees, object by object.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::bench::Bench;

/// The kinds that AWS cannot tag; they are counted in what they belong to.
const WITHOUT_TAGS: [&str; 3] = ["Route", "RouteTableAssociation", "TargetGroupAttachment"];

impl Bench {
    /// Fails unless every recorded object exists once, with its token, and nothing else of ours does. Returns
    /// how many there are.
    #[track_caller]
    pub(crate) fn agreed(&self) -> usize {
        let recorded = self.run(&["state", "list", "--json"]).good().document();
        let mut tokens: BTreeMap<String, String> = BTreeMap::new();
        let mut counted: BTreeMap<String, usize> = WITHOUT_TAGS.map(|kind| (kind.to_owned(), 0)).into();
        let records = recorded.as_array().unwrap();
        let mut total = 0;
        for record in records {
            let text = |name: &str| record[name].as_str().unwrap().to_owned();
            let kind = text("kind").rsplit(':').next().unwrap().to_owned();
            if text("id").is_empty() && text("status") == "live" {
                continue; // a lookup
            }
            if text("kind") == "sskuba:stack:Component" {
                continue; // no object of AWS
            }
            assert_eq!(
                (record["status"].as_str(), record["generation"].as_u64()),
                (Some("live"), Some(1)),
                "{record}"
            );
            total += 1;
            match counted.get_mut(&kind) {
                Some(count) => *count += 1,
                None => assert_eq!(tokens.insert(text("token"), text("id")), None),
            }
        }
        let mut existing: BTreeMap<String, String> = BTreeMap::new();
        let mut parts = BTreeMap::from(WITHOUT_TAGS.map(|kind| (kind.to_owned(), 0)));
        for (id, object) in self.seen() {
            if object["kind"] == "volume" {
                continue; // a part of its machine, with the machine's tags
            }
            let token =
                object["tags"]["sskuba:token"].as_str().unwrap_or_else(|| panic!("{id} has no token"));
            let twice = existing.insert(token.to_owned(), id.clone());
            assert_eq!(twice, None, "{id} and another have one token");
            let size = |field: &str| object[field].as_array().map_or(0, Vec::len);
            let routes = object["routes"]
                .as_object()
                .map_or(0, |all| all.values().filter(|to| *to != "local").count());
            for (kind, count) in [(0, routes), (1, size("subnets")), (2, size("targets"))] {
                *parts.get_mut(WITHOUT_TAGS[kind]).unwrap() += count;
            }
        }
        assert_eq!(tokens, existing, "recorded, and seen by boto3");
        assert_eq!(counted, parts, "recorded, and seen by boto3");
        total
    }
}

/// Returns a field of an object.
pub(crate) fn field<'a>(object: &'a Json, name: &str) -> &'a str {
    object[name].as_str().unwrap_or_default()
}
