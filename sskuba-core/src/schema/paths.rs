//! Paths that a program gives, checked against a schema.

use super::{FieldType, Schema};
use crate::suggest::suggestion;
use crate::value::{FieldPath, Segment};

impl Schema {
    /// Reads the path of an input or of a part of one.
    ///
    /// # Errors
    /// What is wrong with it: it is no path, or the kind has no such part.
    pub fn path(&self, text: &str) -> Result<FieldPath, String> {
        let path = FieldPath::parse(text).map_err(|error| error.to_string())?;
        let Some(field) = self.field(path.field()).filter(|field| !field.computed) else {
            let near = suggestion(path.field(), self.inputs().map(|field| &*field.name));
            return Err(format!("{} has no input field `{}`{near}", self.kind, path.field()));
        };
        let mut at = FieldPath::of(path.field());
        let mut shape = &field.shape;
        for segment in path.rest() {
            shape = match (shape, segment) {
                (FieldType::Any, _) | (_, Segment::Deep) => return Ok(path),
                (FieldType::Map(inner), Segment::Key(_) | Segment::Every) => inner,
                (FieldType::List(inner), Segment::Index(_) | Segment::Every) => inner,
                (FieldType::Object(fields), Segment::Key(key)) => {
                    let Some((_, inner, _)) = fields.iter().find(|(name, ..)| name == key) else {
                        let near = suggestion(key, fields.iter().map(|(name, ..)| name.as_str()));
                        return Err(format!("`{at}` of {} has no field `{key}`{near}", self.kind));
                    };
                    inner
                }
                (shape, _) => {
                    return Err(format!("`{at}` of {} is {shape}, which has no part `{path}`", self.kind));
                }
            };
            at = at.join(segment.clone());
        }
        Ok(path)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Serialize};

    use crate::prelude::*;

    /// A rule.
    #[derive(Shape, Serialize, Deserialize, Clone, Debug)]
    struct Rule {
        /// Its port.
        port: u16,
    }

    /// Something with parts.
    #[derive(Resource)]
    #[resource(kind = "demo:paths:Thing", idempotency = "token")]
    struct Thing {
        /// Its rules.
        rules: Input<Vec<Rule>>,
        /// Its tags.
        #[resource(default)]
        tags: Input<BTreeMap<String, String>>,
        /// Anything.
        spec: Option<Input<serde_json::Value>>,
        /// The id.
        id: Computed<String>,
    }

    #[test]
    fn a_path_leads_to_what_the_kind_has_or_says_what_is_wrong() {
        let schema = Thing::schema();
        for good in ["rules", "rules[*].port", "rules[3]", "tags.team", "spec.a[0].b", "spec.**", "tags.*"] {
            assert_eq!(schema.path(good), Ok(crate::value::FieldPath::parse(good).unwrap()));
        }
        for (bad, why) in [
            ("rulez", "demo:paths:Thing has no input field `rulez`; did you mean `rules`?"),
            ("id", "demo:paths:Thing has no input field `id`"),
            ("rules[0].prot", "`rules[0]` of demo:paths:Thing has no field `prot`; did you mean `port`?"),
            (
                "rules.port",
                "`rules` of demo:paths:Thing is a list of an object of port, which has no part `rules.port`",
            ),
            ("tags.a.b", "`tags.a` of demo:paths:Thing is a text, which has no part `tags.a.b`"),
            (
                "tags[",
                "`tags[` is no path: its `[` is not closed; write it as in `spec.replicas`, `tags[\"team\"]` or \
              `rules[*].port`",
            ),
        ] {
            assert_eq!(schema.path(bad).unwrap_err(), why);
        }
    }
}
