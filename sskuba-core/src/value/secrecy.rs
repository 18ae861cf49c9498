//! Which values become secret.

use super::{Map, Value};

/// Tells whether a part that is in the clear in one map is secret in another, whatever else differs.
pub(crate) fn becomes_secret(from: &Map, to: &Map) -> bool {
    from.iter().any(|(name, from)| to.get(name).is_some_and(|to| part_becomes_secret(from, to)))
}

fn part_becomes_secret(from: &Value, to: &Value) -> bool {
    match (from, to) {
        (Value::Secret(_) | Value::Null, _) => false,
        (_, Value::Secret(_)) => true,
        (Value::Map(from), Value::Map(to)) => becomes_secret(from, to),
        (Value::List(from), Value::List(to)) => {
            from.iter().zip(to).any(|(from, to)| part_becomes_secret(from, to))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_becomes_secret_whatever_else_changes() {
        let map = |login: Value, team: &str| -> Map {
            let tags = Value::Map([("login".to_owned(), login), ("team".to_owned(), team.into())].into());
            [("tags".to_owned(), tags), ("list".to_owned(), Value::List(vec![team.into()]))].into()
        };
        let (open, secret) = (|| Value::from("x"), || Value::from("x").into_secret());
        assert!(becomes_secret(&map(open(), "web"), &map(secret(), "web")));
        assert!(becomes_secret(&map(open(), "web"), &map(secret(), "ops")));
        assert!(!becomes_secret(&map(secret(), "web"), &map(secret(), "ops")), "it was one before");
        assert!(!becomes_secret(&map(secret(), "web"), &map(open(), "web")));
        assert!(!becomes_secret(&map(Value::Null, "web"), &map(secret(), "web")), "there was nothing");
    }
}
