//! Names: how a stack, a kind, a resource and one incarnation of it are called.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;
use std::sync::Arc;

use serde::de::Visitor;
use serde::{Deserialize, Serialize};

/// Says why a text is not a valid name of its sort.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a valid {what}: {why}")]
#[non_exhaustive]
pub struct NameError {
    /// The offending text.
    pub text: String,
    /// What it was read as, e.g. `resource name`.
    pub what: &'static str,
    /// The rule that it breaks.
    pub why: &'static str,
}

/// Writes the control characters of a text as escapes: what is no name may have line ends and worse in it.
pub(crate) fn printable(text: &str) -> String {
    let escaped = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    text.chars().map(escaped).collect()
}

fn fail<T>(text: &str, what: &'static str, why: &'static str) -> Result<T, NameError> {
    let text: String = text.chars().take(80).collect();
    Err(NameError { text: printable(&text), what, why })
}

// A state has thousands of addresses, and each is short: what follows looks at bytes, since to search a text takes
// longer.

/// The bytes that a word may have.
const IN_WORDS: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        table[byte as usize] = byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        byte += 1;
    }
    table
};

/// Tells whether `text` is a word of `[A-Za-z0-9][A-Za-z0-9._-]*` of at most `max` bytes.
fn is_word(text: &[u8], max: usize) -> bool {
    text.first().is_some_and(u8::is_ascii_alphanumeric)
        && text.len() <= max
        && text.iter().all(|byte| IN_WORDS[usize::from(*byte)])
}

/// Tells whether `text` is three words with colons between them.
fn is_kind(text: &str) -> bool {
    let mut parts = text.as_bytes().split(|byte| *byte == b':');
    (0..3).all(|_| parts.next().is_some_and(|part| is_word(part, 63))) && parts.next().is_none()
}

/// Cuts an address into component path, kind and name; none without `::`.
fn parts(text: &str) -> Option<(Option<&str>, &str, &str)> {
    let bytes = text.as_bytes();
    let name = bytes.windows(2).rposition(|pair| pair == b"::")?;
    let (left, name) = (&text[..name], &text[name + 2..]);
    Some(match left.bytes().rposition(|byte| byte == b'/') {
        Some(slash) => (Some(&left[..slash]), &left[slash + 1..], name),
        None => (None, left, name),
    })
}

/// Reads a text without a copy of its own.
struct Parsed<T>(PhantomData<T>);

impl<T: FromStr<Err = NameError>> Visitor<'_> for Parsed<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<T, E> {
        T::from_str(text).map_err(E::custom)
    }
}

/// Implements the traits that every newtype round a checked text has.
macro_rules! text_type {
    ($name:ident) => {
        impl $name {
            /// Returns the text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl FromStr for $name {
            type Err = NameError;
            fn from_str(text: &str) -> Result<Self, NameError> {
                Self::parse(text)
            }
        }
        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(&self.0)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                from.deserialize_str(Parsed(PhantomData))
            }
        }
    };
}

/// A kind of resource: `provider:module:Type`, e.g. `aws:ec2:Subnet`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Kind(Arc<str>);
text_type!(Kind);

impl Kind {
    /// Parses `provider:module:Type`.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        if !is_kind(text) {
            return fail(text, "kind", "three words with colons between them, e.g. `aws:ec2:Subnet`");
        }
        Ok(Self(text.into()))
    }

    /// Returns the provider's part, e.g. `aws`.
    pub fn provider(&self) -> &str {
        self.0.split(':').next().unwrap_or_default()
    }

    /// Returns the part in the middle, e.g. `ec2`.
    pub fn module(&self) -> &str {
        self.0.split(':').nth(1).unwrap_or_default()
    }

    /// Returns the type's part, e.g. `Subnet`.
    pub fn type_name(&self) -> &str {
        self.0.rsplit(':').next().unwrap_or_default()
    }
}

/// The name of a resource or component within its parent: `[A-Za-z0-9][A-Za-z0-9._-]*`, at most 128 bytes.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(Arc<str>);
text_type!(Name);

impl Name {
    /// Parses a name.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        if !is_word(text.as_bytes(), 128) {
            return fail(
                text,
                "resource name",
                "1 to 128 of letters, digits, `.`, `_`, `-`, the first a letter or digit",
            );
        }
        Ok(Self(text.into()))
    }
}

/// Where a resource stands in its stack: component path, kind and name.
///
/// ```
/// use sskuba_core::address::Address;
/// let address: Address = "network/aws:ec2:Subnet::private-0".parse()?;
/// assert_eq!(address.name(), "private-0");
/// assert_eq!(address.path(), "network");
/// assert_eq!(address.kind().provider(), "aws");
/// # Ok::<(), sskuba_core::address::NameError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address(Arc<str>);
text_type!(Address);

impl Address {
    /// Builds an address; `path` is the component path, empty at the top.
    pub fn new(path: &str, kind: &Kind, name: &Name) -> Self {
        let slash = if path.is_empty() { "" } else { "/" };
        Self(format!("{path}{slash}{kind}::{name}").into())
    }

    /// Parses `path/kind::name`.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let what = "address";
        let formed = parts(text).filter(|(_, kind, name)| is_kind(kind) && is_word(name.as_bytes(), 128));
        let Some((path, ..)) = formed else {
            return fail(text, what, "the form is `component/provider:module:Type::name`");
        };
        if path.is_some_and(|path| path.split('/').any(|part| !is_word(part.as_bytes(), 128))) {
            return fail(text, what, "a component's name is letters, digits, `.`, `_`, `-`");
        }
        Ok(Self(text.into()))
    }

    fn split(&self) -> (&str, &str, &str) {
        let (path, kind, name) = parts(&self.0).unwrap_or((None, "", &self.0));
        (path.unwrap_or_default(), kind, name)
    }

    /// Returns the resource's own name.
    pub fn name(&self) -> &str {
        self.split().2
    }

    /// Returns the component path, components separated by `/`; empty at the top.
    pub fn path(&self) -> &str {
        self.split().0
    }

    /// Returns the kind's text, without an allocation.
    pub fn kind_str(&self) -> &str {
        self.split().1
    }

    /// Returns the kind.
    pub fn kind(&self) -> Kind {
        Kind(self.kind_str().into())
    }

    /// Returns the name of the kind's provider, without an allocation.
    pub fn provider(&self) -> &str {
        self.kind_str().split(':').next().unwrap_or_default()
    }

    /// Tells whether it names a provider instance by its name alone: its kind is `NAME:provider:Instance`. What the kind's
    /// schema says is asked of the registry.
    pub fn is_instance(&self) -> bool {
        self.kind_str().split(':').nth(1) == Some("provider")
    }
}

/// The identity of one generation of a resource: 128 random bits, written as 32 hexadecimal digits.
///
/// It is durable before the first call to the provider, and is the idempotency token, the source of physical
/// names and the ownership tag.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Token([u8; 16]);

impl Token {
    /// Makes a token of 16 bytes.
    pub const fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Returns the bytes.
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// Parses 32 hexadecimal digits.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        let mut bytes = [0_u8; 16];
        if text.len() != 32 {
            return fail(text, "token", "32 hexadecimal digits");
        }
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            match digit(pair[0]).zip(digit(pair[1])) {
                Some((high, low)) => *byte = high << 4 | low,
                None => return fail(text, "token", "32 hexadecimal digits"),
            }
        }
        Ok(Self(bytes))
    }

    /// Returns a name for the object that no other generation has: `name` cut to fit, a dash, hexadecimal
    /// digits of the token; at most `max` bytes.
    pub fn physical_name(&self, name: &str, max: usize) -> String {
        let suffix = &self.to_string()[..12];
        let room = max.saturating_sub(suffix.len() + 1);
        let stem: String =
            name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).take(room).collect();
        format!("{}-{suffix}", stem.trim_end_matches('-'))
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Token {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Self, NameError> {
        Self::parse(text)
    }
}

impl Serialize for Token {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Token {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_str(Parsed(PhantomData))
    }
}

/// The name of a stack: `organisation/project/stack`, each `[a-z0-9][a-z0-9._-]{0,62}`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StackId(Arc<str>);
text_type!(StackId);

impl StackId {
    /// Builds an id of its three parts.
    pub fn new(organisation: &str, project: &str, stack: &str) -> Result<Self, NameError> {
        Self::parse(&format!("{organisation}/{project}/{stack}"))
    }

    /// Parses `organisation/project/stack`.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let good = |part: &str| is_word(part.as_bytes(), 63) && !part.bytes().any(|b| b.is_ascii_uppercase());
        if text.split('/').count() != 3 || !text.split('/').all(good) {
            return fail(
                text,
                "stack",
                "organisation/project/stack, each 1 to 63 of a-z, 0-9, `.`, `_`, `-`, \
                 the first a letter or digit",
            );
        }
        Ok(Self(text.into()))
    }

    fn part(&self, index: usize) -> &str {
        self.0.split('/').nth(index).unwrap_or_default()
    }

    /// Returns the organisation, `local` by default.
    pub fn organisation(&self) -> &str {
        self.part(0)
    }

    /// Returns the project, the program's name by default.
    pub fn project(&self) -> &str {
        self.part(1)
    }

    /// Returns the stack's own name, `dev` by default.
    pub fn stack(&self) -> &str {
        self.part(2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_survives_its_own_text() {
        for text in ["aws:ec2:Vpc::main", "a/b/aws:ec2:Vpc::main", "sim:x:Y::a.b_c-1"] {
            assert_eq!(Address::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn bad_addresses_are_refused_with_the_form() {
        for text in [
            "",
            "x",
            "aws:ec2::main",
            "aws:ec2:Vpc::",
            "/aws:ec2:Vpc::x",
            "a//aws:ec2:Vpc::x",
            "aws:ec2:Vpc::é",
        ] {
            assert!(Address::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn tokens_and_stacks_are_checked() {
        let token = Token::new([0xab; 16]);
        assert_eq!(Token::parse(&token.to_string()).unwrap(), token);
        assert!(Token::parse("xy").is_err());
        assert!(Token::parse(&"é".repeat(16)).is_err());
        assert!(StackId::parse("local/demo/dev").is_ok());
        assert!(StackId::parse("local/demo/Dev").is_err());
        assert!(StackId::parse("demo/dev").is_err());
        assert_eq!(token.physical_name("my name", 20), "my-name-abababababab");
        assert!(token.physical_name(&"x".repeat(90), 32).len() <= 32);
    }
}
