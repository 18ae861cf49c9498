//! Templates that say how a provider's values look, e.g. `vpc-{hex:17}`.

use std::sync::Arc;

use serde_json::Value as Json;
use sskuba_core::clock::Timestamp;
use sskuba_core::schema::{Field, FieldType, Text};

use crate::seed::Seed;

/// What a template draws on.
pub(crate) struct Source<'a> {
    /// The resource's own name.
    pub(crate) name: &'a str,
    /// The stack's name.
    pub(crate) stack: &'a str,
    /// The token; empty for a lookup.
    pub(crate) token: &'a str,
    /// The region of the provider's instance.
    pub(crate) region: &'a str,
    /// The inputs; those that hold a secret only as their marks.
    pub(crate) inputs: &'a serde_json::Map<String, Json>,
}

#[derive(Debug, Clone, PartialEq)]
enum Part {
    Text(String),
    Letters(&'static str, usize),
    Uuid,
    Ip(Vec<u8>),
    Token,
    Name,
    Stack,
    Region,
    Field(String),
}

/// A parsed template.
///
/// Text stands for itself; `{{` and `}}` are braces. Placeholders: `{hex:N}`, `{digits:N}`, `{letters:N}`
/// (small letters), `{upper:N}`, `{alnum:N}`, `{base64:N}`, `{uuid}`, `{ip:10.0}` (an address that starts so),
/// `{token}`, `{name}` (the resource's), `{stack}`, `{region}`, `{field:NAME}` (an input).
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Pattern(Vec<Part>);

const KNOWN: &str = "hex:N, digits:N, letters:N, upper:N, alnum:N, base64:N, uuid, ip:PREFIX, token, name, stack, \
                     region, field:NAME";

impl Pattern {
    /// Parses a template; says what is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            literal.push_str(&rest[..at]);
            let brace = &rest[at..=at];
            rest = &rest[at + 1..];
            if let Some(after) = rest.strip_prefix(brace) {
                literal.push_str(brace);
                rest = after;
            } else if brace == "{" {
                let Some(end) = rest.find('}') else {
                    return Err(format!("pattern `{text}` has a `{{` without its `}}`"));
                };
                if !literal.is_empty() {
                    parts.push(Part::Text(std::mem::take(&mut literal)));
                }
                parts.push(placeholder(&rest[..end]).map_err(|why| format!("pattern `{text}`: {why}"))?);
                rest = &rest[end + 1..];
            } else {
                return Err(format!(
                    "pattern `{text}` has a `}}` without its `{{`; write `}}}}` for the brace itself"
                ));
            }
        }
        literal.push_str(rest);
        if !literal.is_empty() || parts.is_empty() {
            parts.push(Part::Text(literal));
        }
        Ok(Self(parts))
    }

    /// Fills the template.
    pub(crate) fn text(&self, source: &Source<'_>, seed: &mut Seed) -> String {
        self.0.iter().map(|part| part.fill(source, seed)).collect()
    }

    /// Returns the name of the field if the template is nothing but one field.
    fn only_field(&self) -> Option<&str> {
        match self.0.as_slice() {
            [Part::Field(name)] => Some(name),
            _ => None,
        }
    }
}

fn placeholder(text: &str) -> Result<Part, String> {
    let (word, argument) = text.split_once(':').unwrap_or((text, ""));
    let count = || match argument.parse::<usize>() {
        Ok(count) if (1..=4096).contains(&count) => Ok(count),
        _ => Err(format!("`{{{text}}}` needs a length from 1 to 4096, e.g. `{{{word}:8}}`")),
    };
    Ok(match word {
        "hex" => Part::Letters("0123456789abcdef", count()?),
        "digits" => Part::Letters("0123456789", count()?),
        "letters" => Part::Letters("abcdefghijklmnopqrstuvwxyz", count()?),
        "upper" => Part::Letters("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", count()?),
        "alnum" => Part::Letters("abcdefghijklmnopqrstuvwxyz0123456789", count()?),
        "base64" => {
            Part::Letters("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", count()?)
        }
        "uuid" => Part::Uuid,
        "ip" => {
            let prefix: Result<Vec<u8>, _> = argument.split('.').map(str::parse).collect();
            match prefix {
                Ok(prefix) if prefix.len() < 4 => Part::Ip(prefix),
                _ => {
                    return Err(format!(
                        "`{{{text}}}` needs the first numbers of an address, e.g. `{{ip:10.0}}`"
                    ));
                }
            }
        }
        "token" => Part::Token,
        "name" => Part::Name,
        "stack" => Part::Stack,
        "region" => Part::Region,
        "field" if !argument.is_empty() => Part::Field(argument.to_owned()),
        _ => return Err(format!("there is no `{{{text}}}`: one of {KNOWN}")),
    })
}

impl Part {
    fn fill(&self, source: &Source<'_>, seed: &mut Seed) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Letters(alphabet, count) => seed.text(alphabet, *count),
            Self::Uuid => uuid(seed),
            Self::Ip(prefix) => {
                let mut numbers: Vec<String> = prefix.iter().map(u8::to_string).collect();
                // The last number is never 0 or 255: those are a network's own.
                numbers.resize_with(3, || (seed.next() % 256).to_string());
                numbers.push((1 + seed.next() % 254).to_string());
                numbers.join(".")
            }
            Self::Token => source.token.to_owned(),
            Self::Name => source.name.to_owned(),
            Self::Stack => source.stack.to_owned(),
            Self::Region => source.region.to_owned(),
            Self::Field(name) => match source.inputs.get(name) {
                None | Some(Json::Null) => String::new(),
                Some(Json::String(text)) => text.clone(),
                Some(other) => other.to_string(),
            },
        }
    }
}

fn uuid(seed: &mut Seed) -> String {
    let mut hex = seed.text("0123456789abcdef", 32);
    hex.replace_range(12..13, "4");
    hex.replace_range(16..17, "a");
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// The last second that RFC 3339 can say, in milliseconds since 1970.
const END_OF_TIME: u64 = 253_402_300_799_000;

/// How the values of one computed field are made.
#[derive(Debug, Clone)]
pub(crate) struct Maker {
    pub(crate) name: Text,
    pub(crate) secret: bool,
    pub(crate) volatile: bool,
    /// It says when something ends, and nothing of the simulated world does.
    ends: bool,
    shape: FieldType,
    pattern: Option<Arc<Pattern>>,
    guess: Arc<Pattern>,
}

impl Maker {
    /// Prepares a computed field of the kind whose type is called `type_name`.
    pub(crate) fn new(field: &Field, type_name: &str, is_id: bool) -> Result<Self, String> {
        let parse = |text: &str| {
            Pattern::parse(text).map(Arc::new).map_err(|why| format!("field `{}`: {why}", field.name))
        };
        Ok(Self {
            name: field.name.clone(),
            secret: field.secret,
            volatile: field.volatile,
            ends: field.renew_at || field.expires,
            shape: field.shape.clone(),
            pattern: field.pattern.as_deref().map(parse).transpose()?,
            guess: parse(&guess(&field.name, type_name, is_id))?,
        })
    }

    /// Makes the value.
    pub(crate) fn make(&self, source: &Source<'_>, seed: &mut Seed) -> Json {
        match &self.pattern {
            None if self.ends => match self.shape {
                FieldType::Integer(..) => Json::from(END_OF_TIME),
                _ => Json::from(Timestamp(END_OF_TIME).to_string()),
            },
            Some(pattern) => {
                if let Some(value) = pattern.only_field().and_then(|name| source.inputs.get(name)) {
                    return value.clone();
                }
                let text = pattern.text(source, seed);
                self.of_text(&self.shape, &text).unwrap_or(Json::String(text))
            }
            None => self.of_shape(&self.shape, source, seed),
        }
    }

    /// Reads what a template gave as a value of the field's type.
    fn of_text(&self, shape: &FieldType, text: &str) -> Option<Json> {
        match shape {
            FieldType::String | FieldType::OneOf(_) => Some(Json::String(text.to_owned())),
            FieldType::List(item) => {
                let items = text.split('|').filter(|item| !item.is_empty());
                items.map(|text| self.of_text(item, text)).collect::<Option<Vec<_>>>().map(Json::Array)
            }
            _ => serde_json::from_str(text).ok(),
        }
    }

    fn of_shape(&self, shape: &FieldType, source: &Source<'_>, seed: &mut Seed) -> Json {
        match shape {
            FieldType::String => Json::String(self.guess.text(source, seed)),
            FieldType::Bool => Json::Bool(true),
            FieldType::Integer(low, high) => {
                let low = i64::try_from(*low).unwrap_or(0).max(0);
                let high = i64::try_from(*high).unwrap_or(i64::MAX).min(low.saturating_add(9_999));
                let span = u64::try_from(high - low).unwrap_or(0) + 1;
                Json::from(low + i64::try_from(seed.next() % span).unwrap_or(0))
            }
            FieldType::Float => Json::from(1.0),
            FieldType::List(item) => Json::Array(vec![self.of_shape(item, source, seed)]),
            FieldType::Object(fields) => {
                let value = |(name, shape, _): &(String, FieldType, bool)| {
                    (name.clone(), self.of_shape(shape, source, seed))
                };
                Json::Object(fields.iter().map(value).collect())
            }
            FieldType::OneOf(texts) => texts.first().map_or(Json::Null, |text| Json::String(text.clone())),
            FieldType::Map(_) => Json::Object(serde_json::Map::new()),
            _ => Json::Null,
        }
    }
}

/// Guesses a template from a field's name.
fn guess(field: &str, type_name: &str, is_id: bool) -> String {
    let kind = type_name.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| field.split('_').any(|part| part == *word));
    if has(&["arn"]) {
        format!("arn:sim:{kind}:{{region}}:{{digits:12}}:{{hex:12}}")
    } else if has(&["uuid", "guid"]) {
        "{uuid}".to_owned()
    } else if is_id || field == "id" || field.ends_with("_id") {
        format!("{kind}-{{hex:17}}")
    } else if has(&["ip", "address"]) {
        "{ip:10.0}".to_owned()
    } else if has(&["url", "uri", "endpoint"]) {
        "https://{name}-{hex:6}.sim.invalid".to_owned()
    } else if has(&["dns", "host", "hostname", "fqdn", "domain"]) {
        "{name}-{hex:6}.sim.invalid".to_owned()
    } else if has(&["account", "owner"]) {
        "{digits:12}".to_owned()
    } else if has(&["name"]) {
        "{name}-{hex:8}".to_owned()
    } else if has(&["password", "key", "secret", "token", "credential"]) {
        "{alnum:40}".to_owned()
    } else {
        format!("{}-{{hex:8}}", field.replace(['{', '}'], ""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(pattern: &str) -> String {
        let inputs = serde_json::json!({"cidr": "10.0.0.0/16"});
        let source = Source {
            name: "main",
            stack: "local/p/dev",
            token: "abcd",
            region: "sim-1",
            inputs: inputs.as_object().unwrap(),
        };
        Pattern::parse(pattern).unwrap().text(&source, &mut Seed::of(&[b"x"]))
    }

    #[test]
    fn placeholders_have_the_form_they_name() {
        let id = fill("vpc-{hex:17}");
        assert!(id.len() == 21 && id[4..].bytes().all(|b| b.is_ascii_hexdigit()), "{id}");
        assert_eq!(fill("{digits:12}").len(), 12);
        assert!(fill("{ip:10.0}").parse::<std::net::Ipv4Addr>().unwrap().octets().starts_with(&[10, 0]));
        let uuid = fill("{uuid}");
        assert!(uuid.len() == 36 && uuid.as_bytes()[14] == b'4', "{uuid}");
        assert_eq!(fill("{name}/{region}/{token}/{field:cidr}/{field:none}"), "main/sim-1/abcd/10.0.0.0/16/");
        assert_eq!(fill("{{\"a\":1}}"), "{\"a\":1}");
    }

    #[test]
    fn nothing_of_the_simulated_world_ends() {
        let source = Source { name: "a", stack: "b", token: "c", region: "d", inputs: &Default::default() };
        let make = |shape: FieldType, renew_at: bool| {
            let field = Field { shape, computed: true, renew_at, expires: !renew_at, ..Field::of("end") };
            Maker::new(&field, "Thing", false).unwrap().make(&source, &mut Seed::of(&[b"x"]))
        };
        assert_eq!(make(FieldType::Integer(0, u64::MAX.into()), true), Json::from(END_OF_TIME));
        assert_eq!(make(FieldType::String, false), Json::from("9999-12-31T23:59:59.000Z"));
    }

    #[test]
    fn a_bad_template_says_what_would_be_right() {
        for (pattern, word) in [("{hex}", "length"), ("{nix}", "hex:N"), ("{hex:3", "without"), ("a}", "}}")]
        {
            let error = Pattern::parse(pattern).unwrap_err();
            assert!(error.contains(word), "{error}");
        }
    }
}
