//! The table of keys and types. `interop/talos/driver schema` prints it from Talos's own types.

use std::sync::LazyLock;

use indexmap::IndexMap;

use crate::contract::Contract;

/// The table as text: `kind NAME STRUCT [named] [conflicts=KINDS]`, `STRUCT KEY:TYPE[!] …` and `enum NAME VALUE …`.
const V1_13: &str = include_str!("table.txt");
const V1_12: &str = include_str!("table-1.12.txt");
const V1_11: &str = include_str!("table-1.11.txt");

/// Returns the table of Talos 1.13, which knows all that 1.11 and 1.12 do.
pub(crate) fn schema() -> &'static Schema {
    schema_of(Contract::V1_13)
}

/// Returns the table of a contract.
pub(crate) fn schema_of(contract: Contract) -> &'static Schema {
    static OF_1_11: LazyLock<Schema> = LazyLock::new(|| Schema::read(V1_11));
    static OF_1_12: LazyLock<Schema> = LazyLock::new(|| Schema::read(V1_12));
    static OF_1_13: LazyLock<Schema> = LazyLock::new(|| Schema::read(V1_13));
    match contract {
        Contract::V1_11 => &OF_1_11,
        Contract::V1_12 => &OF_1_12,
        Contract::V1_13 => &OF_1_13,
    }
}

/// Documents, mappings and enumerations.
#[derive(Debug, Default)]
pub(crate) struct Schema {
    pub(crate) kinds: IndexMap<String, Kind>,
    structs: IndexMap<String, Struct>,
    enums: IndexMap<String, Vec<String>>,
}

/// A kind of document.
#[derive(Debug)]
pub(crate) struct Kind {
    /// Its mapping.
    pub(crate) structure: String,
    /// Whether there may be several, each with a name.
    pub(crate) named: bool,
    /// Kinds of which there may be none of the same name.
    pub(crate) conflicts: Vec<String>,
}

/// A mapping with known keys.
#[derive(Debug, Default)]
pub(crate) struct Struct {
    pub(crate) fields: IndexMap<String, Field>,
}

/// A key of a mapping.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) kind: Type,
    /// Whether a patch replaces it instead of adding to it.
    pub(crate) replace: bool,
}

/// The type of a value.
#[derive(Debug, PartialEq)]
pub(crate) enum Type {
    /// Any scalar, taken as text.
    Text,
    /// True or false.
    Truth,
    /// A whole number, with its least and its greatest value.
    Number(i64, u64),
    /// Anything: another project's schema.
    Any,
    /// What may be absent, as opposed to empty.
    Pointer(Box<Self>),
    /// A list.
    List(Box<Self>),
    /// A mapping with any keys.
    Map(Box<Self>),
    /// A mapping with known keys, by its name.
    Struct(String),
    /// A text of a certain form, by the form's name.
    Form(String),
    /// A list or mapping that is merged in a way of its own, by that way's name.
    Special(String, Box<Self>),
}

impl Schema {
    fn read(text: &str) -> Self {
        let mut schema = Self::default();
        for line in text.lines() {
            let mut words = line.split(' ');
            match words.next().unwrap_or_default() {
                "kind" => schema.kinds.extend(kind(words)),
                "enum" => {
                    let name = words.next().unwrap_or_default().to_owned();
                    schema.enums.insert(name, words.map(str::to_owned).collect());
                }
                name => drop(schema.structs.insert(name.to_owned(), structure(words))),
            }
        }
        schema
    }

    /// Returns the mapping of a name.
    pub(crate) fn structure(&self, name: &str) -> Option<&Struct> {
        self.structs.get(name)
    }

    /// Returns the values of an enumeration, the one that stands for nothing first; `-` where there is none such.
    pub(crate) fn values(&self, name: &str) -> Option<&[String]> {
        self.enums.get(name).map(Vec::as_slice)
    }
}

fn kind<'a>(mut words: impl Iterator<Item = &'a str>) -> Option<(String, Kind)> {
    let (name, structure) = (words.next()?, words.next()?);
    let mut kind = Kind { structure: structure.to_owned(), named: false, conflicts: Vec::new() };
    for word in words {
        match word.strip_prefix("conflicts=") {
            Some(kinds) => kind.conflicts = kinds.split(',').map(str::to_owned).collect(),
            None => kind.named = true,
        }
    }
    Some((name.to_owned(), kind))
}

fn structure<'a>(words: impl Iterator<Item = &'a str>) -> Struct {
    let field = |word: &'a str| {
        let (key, spelled) = word.split_once(':')?;
        let (spelled, replace) = match spelled.strip_suffix('!') {
            Some(spelled) => (spelled, true),
            None => (spelled, false),
        };
        Some((key.to_owned(), Field { kind: Type::read(spelled), replace }))
    };
    Struct { fields: words.filter_map(field).collect() }
}

impl Type {
    fn read(spelled: &str) -> Self {
        let inner = |rest: &str| Box::new(Self::read(rest));
        if let Some(rest) = spelled.strip_prefix('*') {
            return Self::Pointer(inner(rest));
        }
        if let Some(rest) = spelled.strip_prefix("[]") {
            return Self::List(inner(rest));
        }
        if let Some(rest) = spelled.strip_prefix("{string}") {
            return Self::Map(inner(rest));
        }
        if let Some((name, rest)) = spelled.strip_prefix('~').and_then(|rest| rest.split_once('=')) {
            return Self::Special(name.to_owned(), inner(rest));
        }
        if let Some(form) = spelled.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')) {
            return Self::Form(form.to_owned());
        }
        match spelled {
            "string" => Self::Text,
            "bool" => Self::Truth,
            "any" => Self::Any,
            "int" | "int64" => Self::Number(i64::MIN, i64::MAX.unsigned_abs()),
            "uint" | "uint64" => Self::Number(0, u64::MAX),
            "uint32" => Self::Number(0, u32::MAX.into()),
            "uint16" => Self::Number(0, u16::MAX.into()),
            "uint8" => Self::Number(0, u8::MAX.into()),
            name => Self::Struct(name.to_owned()),
        }
    }

    /// Returns the type within a pointer or a special way of merging, or itself.
    pub(crate) fn plain(&self) -> &Self {
        match self {
            Self::Pointer(inner) | Self::Special(_, inner) => inner.plain(),
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every name that the table uses is in it.
    fn dangling(kind: &Type, missing: &mut Vec<String>) {
        match kind {
            Type::Struct(name) if schema().structure(name).is_none() => missing.push(name.clone()),
            Type::Pointer(inner) | Type::List(inner) | Type::Map(inner) | Type::Special(_, inner) => {
                dangling(inner, missing);
            }
            _ => {}
        }
    }

    #[test]
    fn the_table_is_whole() {
        let schema = schema();
        assert_eq!(schema.kinds.len(), 45);
        let mut missing = Vec::new();
        for kind in schema.kinds.values() {
            dangling(&Type::Struct(kind.structure.clone()), &mut missing);
        }
        for structure in schema.structs.values() {
            structure.fields.values().for_each(|field| dangling(&field.kind, &mut missing));
        }
        assert!(missing.is_empty(), "{missing:?}");
        assert!(schema.structure("ClusterNetworkConfig").unwrap().fields["podSubnets"].replace);
        assert_eq!(schema.values("DefaultAction").unwrap(), ["accept", "block"]);
    }
}
