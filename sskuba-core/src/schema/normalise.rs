//! Normalisers: which spellings of a value mean the same to its provider.

use serde_json::Value as Json;

use crate::value::{Map, Value};

/// How the values of a field are compared.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub enum Normaliser {
    /// As they are.
    #[default]
    Exact,
    /// As an address range: `10.0.0.7/16` is `10.0.0.0/16`, IPv6 in its short form.
    Cidr,
    /// As JSON text: white space and the order of keys do not count.
    Json,
    /// As JSON text whose lists are sets, such as a policy of access: order and repetition in lists do not count either, and
    /// an item alone is the same as a list of it.
    JsonSets,
    /// As a set: order and repetition do not count.
    Set,
    /// As text whose case does not count.
    CaseInsensitive,
    /// As base64 text: line breaks and padding do not count.
    Base64,
    /// As a function says.
    Function(fn(&Value) -> Value),
}

impl Normaliser {
    /// Returns the value's normal form; a value that has none is returned as it is.
    pub fn apply(&self, value: &Value) -> Value {
        if value.has_unknown() {
            return value.clone();
        }
        match self {
            Self::Exact => value.clone(),
            Self::Function(f) => f(value),
            Self::Set => set(value),
            Self::Cidr => each_text(value, &|text| cidr(text).unwrap_or_else(|| text.to_owned())),
            Self::CaseInsensitive => each_text(value, &str::to_lowercase),
            Self::Base64 => each_text(value, &|text| {
                text.chars().filter(|c| !c.is_ascii_whitespace() && *c != '=').collect()
            }),
            Self::Json => each_text(value, &|text| json(text, |json| json)),
            Self::JsonSets => each_text(value, &|text| json(text, sets)),
        }
    }

    /// Says what is wrong with a value that has no normal form.
    pub fn reject(&self, value: &Value) -> Option<&'static str> {
        let bad = |wrong: &dyn Fn(&str) -> bool| texts(value).into_iter().any(wrong);
        match self {
            Self::Cidr if bad(&|text| cidr(text).is_none()) => {
                Some("an address range such as `10.0.0.0/16` or `fd00::/64`")
            }
            Self::Json | Self::JsonSets
                if bad(&|text| serde_json::from_str::<serde::de::IgnoredAny>(text).is_err()) =>
            {
                Some("JSON text")
            }
            _ => None,
        }
    }

    /// Tells whether two values mean the same.
    pub fn same(&self, a: &Value, b: &Value) -> bool {
        a.reveal() == b.reveal() || equal(&self.apply(a), &self.apply(b))
    }

    /// Names the normaliser, for the schema.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Cidr => "cidr",
            Self::Json => "json",
            Self::JsonSets => "json_sets",
            Self::Set => "set",
            Self::CaseInsensitive => "case_insensitive",
            Self::Base64 => "base64",
            Self::Function(_) => "function",
        }
    }
}

/// Compares values as their canonical forms do: secrecy and the spelling of numbers do not count.
pub(crate) fn equal(a: &Value, b: &Value) -> bool {
    canonical(a) == canonical(b)
}

fn canonical(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    value.canonical(&mut |part| bytes.extend_from_slice(part));
    bytes
}

fn cidr(text: &str) -> Option<String> {
    text.parse::<ipnet::IpNet>().ok().map(|net| net.trunc().to_string())
}

fn json(text: &str, normal: impl Fn(Json) -> Json) -> String {
    serde_json::from_str(text).map_or_else(|_| text.to_owned(), |json| normal(json).to_string())
}

/// Sorts all lists, without repetitions, and takes an item that is alone out of its list.
fn sets(json: Json) -> Json {
    match json {
        Json::Array(items) => {
            let mut items: Vec<Json> = items.into_iter().map(sets).collect();
            items.sort_by_cached_key(Json::to_string);
            items.dedup();
            if items.len() == 1 { items.remove(0) } else { Json::Array(items) }
        }
        Json::Object(fields) => fields.into_iter().map(|(name, value)| (name, sets(value))).collect(),
        other => other,
    }
}

fn set(value: &Value) -> Value {
    match value.reveal() {
        Value::List(items) => {
            let mut items: Vec<_> = items.iter().map(|item| (canonical(item), item)).collect();
            items.sort_by(|a, b| a.0.cmp(&b.0));
            items.dedup_by(|a, b| a.0 == b.0);
            Value::List(items.into_iter().map(|(_, item)| item.clone()).collect())
        }
        _ => value.clone(),
    }
}

fn texts(value: &Value) -> Vec<&str> {
    match value.reveal() {
        Value::String(text) => vec![text],
        Value::List(items) => items.iter().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

fn each_text(value: &Value, f: &dyn Fn(&str) -> String) -> Value {
    match value {
        Value::String(text) => Value::String(f(text)),
        Value::List(items) => Value::List(items.iter().map(|item| each_text(item, f)).collect()),
        Value::Map(map) => Value::Map(map.iter().map(|(k, v)| (k.clone(), each_text(v, f))).collect::<Map>()),
        Value::Secret(_) => each_text(value.reveal(), f).into_secret(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn v(json: serde_json::Value) -> Value {
        Value::from_json(json)
    }

    #[test]
    fn two_spellings_are_one_value() {
        use serde_json::json;
        assert!(Normaliser::Cidr.same(&v(json!("10.0.3.7/16")), &v(json!("10.0.0.0/16"))));
        assert!(Normaliser::Cidr.same(&v(json!("FD00:0::/64")), &v(json!("fd00::/64"))));
        assert!(Normaliser::Json.same(&v(json!("{\"b\":1, \"a\":2}")), &v(json!("{\"a\":2,\"b\":1}"))));
        assert!(Normaliser::Set.same(&v(json!([2, 1, 1])), &v(json!([1, 2]))));
        assert!(Normaliser::CaseInsensitive.same(&v(json!("TCP")), &v(json!("tcp"))));
        assert!(Normaliser::Base64.same(&v(json!("YWI=\n")), &v(json!("YWI"))));
        assert!(!Normaliser::Exact.same(&v(json!([2, 1])), &v(json!([1, 2]))));
        assert!(Normaliser::Exact.same(&v(json!(1)).into_secret(), &v(json!(1))));
    }

    #[test]
    fn a_policy_is_the_same_however_its_sets_are_written() {
        let policy = |json: serde_json::Value| Value::from(json.to_string());
        let one = policy(serde_json::json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "*"},
            {"Effect": "Deny", "Action": "s3:*", "Resource": ["*"], "Principal": {"AWS": ["a", "b"]}},
        ]}));
        let same = policy(serde_json::json!({"Statement": [
            {"Resource": ["*"], "Principal": {"AWS": ["b", "a", "a"]}, "Action": ["s3:*"], "Effect": "Deny"},
            {"Effect": "Allow", "Resource": "*", "Action": ["s3:PutObject", "s3:GetObject"]},
        ], "Version": "2012-10-17"}));
        assert!(Normaliser::JsonSets.same(&one, &same) && !Normaliser::Json.same(&one, &same));
        let other = policy(serde_json::json!({"Statement": {"Action": ["s3:GetObject"]}}));
        assert!(!Normaliser::JsonSets.same(&one, &other));
        assert!(Normaliser::JsonSets.reject(&Value::from("{")).is_some());
    }

    #[test]
    fn a_range_that_is_none_is_rejected() {
        assert!(Normaliser::Cidr.reject(&Value::from("10.0.0.0/33")).is_some());
        assert!(Normaliser::Cidr.reject(&Value::from("10.0.0.0")).is_some());
        assert!(Normaliser::Cidr.reject(&Value::from("10.0.0.0/8")).is_none());
    }
}
