//! Typed values become [`Value`]s: what JSON cannot say, and what is nested too deep, is refused by name.

use std::cell::RefCell;
use std::fmt;

use serde::Serialize;
use serde::ser::{self, Serializer};
use serde_json::{Number, Value as Json};

use super::limits::{MOST_DEPTH, take_excess};
use super::{Map, Value, ValueError};
use crate::secret::CARRIER;

/// Fields that could not be turned into values, and why.
pub(crate) type Faults = Vec<(String, ValueError)>;

/// How deep a type may nest while it is read: its secrets are levels there and none of a value.
const LEVELS: usize = 2 * MOST_DEPTH;

/// Structs with such names are texts of numbers and of raw JSON.
const FOREIGN: &str = "$serde_json::private::";

impl ser::Error for ValueError {
    fn custom<T: fmt::Display>(why: T) -> Self {
        Self(why.to_string())
    }
}

/// Turns a typed value into a value, without a look at its measure.
pub(super) fn value_of<T: Serialize + ?Sized>(typed: &T) -> Result<Value, ValueError> {
    typed.serialize(ToValue { left: LEVELS, faults: None })
}

/// Turns a typed struct into as much of a map as can be recorded, and returns what cannot.
pub(super) fn fields_of<T: Serialize + ?Sized>(typed: &T) -> Result<(Map, Faults), ValueError> {
    let faults = RefCell::new(Vec::new());
    let value = typed.serialize(ToValue { left: LEVELS, faults: Some(&faults) })?;
    let Value::Map(mut map) = value else {
        return Err(ValueError(format!("is {}, not a map", value.sort())));
    };
    let mut faults = faults.into_inner();
    faults.extend(take_excess(&mut map));
    Ok((map, faults))
}

/// Puts a field's name before what is wrong in it.
fn within(field: &str, error: ValueError) -> ValueError {
    match error.0.strip_prefix('`') {
        // The path to what is nested too deep would be as long as that is deep.
        _ if error.0.len() > 200 => error,
        Some(rest) => ValueError(format!("`{field}.{rest}")),
        None => ValueError(format!("`{field}` {}", error.0)),
    }
}

#[derive(Clone, Copy)]
struct ToValue<'a> {
    left: usize,
    /// Where the faults of fields go, if they are no end to the whole.
    faults: Option<&'a RefCell<Faults>>,
}

impl<'a> ToValue<'a> {
    fn float(number: f64, as_number: Option<Number>) -> Result<Value, ValueError> {
        as_number.map(Value::Number).ok_or_else(|| {
            let what = if number.is_nan() { "NaN" } else { "infinite" };
            ValueError(format!("is {what}, which is no number that can be recorded"))
        })
    }

    fn inside(self) -> Result<Self, ValueError> {
        let left = self.left.checked_sub(1);
        let left = left.ok_or_else(|| {
            ValueError(format!("is nested more than {LEVELS} deep; a value may be nested {MOST_DEPTH} deep"))
        })?;
        Ok(Self { left, faults: None })
    }

    fn items(self, variant: Option<&'static str>) -> Result<Items<'a>, ValueError> {
        Ok(Items { inside: self.inside()?, list: Vec::new(), variant })
    }

    fn fields(self, name: &'static str, variant: Option<&'static str>) -> Result<Fields<'a>, ValueError> {
        let (inside, faults) = (self.inside()?, self.faults);
        Ok(Fields { inside, faults, fields: Vec::new(), key: String::new(), name, variant })
    }
}

fn tagged(variant: Option<&str>, value: Value) -> Value {
    match variant {
        Some(variant) => Value::Map([(variant.to_owned(), value)].into()),
        None => value,
    }
}

macro_rules! numbers {
    ($($name:ident: $ty:ty;)*) => { $(
        fn $name(self, number: $ty) -> Result<Value, ValueError> {
            Ok(Value::Number(number.into()))
        }
    )* };
}

impl<'a> Serializer for ToValue<'a> {
    type Ok = Value;
    type Error = ValueError;
    type SerializeSeq = Items<'a>;
    type SerializeTuple = Items<'a>;
    type SerializeTupleStruct = Items<'a>;
    type SerializeTupleVariant = Items<'a>;
    type SerializeMap = Fields<'a>;
    type SerializeStruct = Fields<'a>;
    type SerializeStructVariant = Fields<'a>;

    numbers! {
        serialize_i8: i8; serialize_i16: i16; serialize_i32: i32; serialize_i64: i64;
        serialize_u8: u8; serialize_u16: u16; serialize_u32: u32; serialize_u64: u64;
    }

    fn serialize_bool(self, b: bool) -> Result<Value, ValueError> {
        Ok(Value::Bool(b))
    }
    fn serialize_i128(self, number: i128) -> Result<Value, ValueError> {
        let number = Number::from_i128(number).ok_or_else(too_large)?;
        Ok(Value::Number(number))
    }
    fn serialize_u128(self, number: u128) -> Result<Value, ValueError> {
        let number = Number::from_u128(number).ok_or_else(too_large)?;
        Ok(Value::Number(number))
    }
    fn serialize_f32(self, number: f32) -> Result<Value, ValueError> {
        let as_number = Json::from(number).as_number().cloned();
        Self::float(number.into(), as_number)
    }
    fn serialize_f64(self, number: f64) -> Result<Value, ValueError> {
        Self::float(number, Number::from_f64(number))
    }
    fn serialize_char(self, letter: char) -> Result<Value, ValueError> {
        Ok(Value::String(letter.to_string()))
    }
    fn serialize_str(self, text: &str) -> Result<Value, ValueError> {
        Ok(Value::String(text.to_owned()))
    }
    fn serialize_bytes(self, bytes: &[u8]) -> Result<Value, ValueError> {
        Ok(Value::List(bytes.iter().map(|byte| Value::Number((*byte).into())).collect()))
    }
    fn serialize_none(self) -> Result<Value, ValueError> {
        Ok(Value::Null)
    }
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Value, ValueError> {
        value.serialize(self)
    }
    fn serialize_unit(self) -> Result<Value, ValueError> {
        Ok(Value::Null)
    }
    fn serialize_unit_struct(self, _: &'static str) -> Result<Value, ValueError> {
        Ok(Value::Null)
    }
    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
    ) -> Result<Value, ValueError> {
        Ok(Value::String(name.to_owned()))
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<Value, ValueError> {
        value.serialize(self)
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Value, ValueError> {
        Ok(tagged(Some(variant), value.serialize(self.inside()?)?))
    }
    fn serialize_seq(self, _: Option<usize>) -> Result<Items<'a>, ValueError> {
        self.items(None)
    }
    fn serialize_tuple(self, _: usize) -> Result<Items<'a>, ValueError> {
        self.items(None)
    }
    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Items<'a>, ValueError> {
        self.items(None)
    }
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Items<'a>, ValueError> {
        self.items(Some(variant))
    }
    fn serialize_map(self, _: Option<usize>) -> Result<Fields<'a>, ValueError> {
        self.fields("", None)
    }
    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Fields<'a>, ValueError> {
        self.fields(name, None)
    }
    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Fields<'a>, ValueError> {
        self.fields("", Some(variant))
    }
}

fn too_large() -> ValueError {
    ValueError("is a whole number of more than 64 bits".to_owned())
}

/// The items of a list, as they come.
struct Items<'a> {
    inside: ToValue<'a>,
    list: Vec<Value>,
    variant: Option<&'static str>,
}

impl Items<'_> {
    fn add<T: Serialize + ?Sized>(&mut self, item: &T) -> Result<(), ValueError> {
        self.list.push(item.serialize(self.inside)?);
        Ok(())
    }
    fn done(self) -> Result<Value, ValueError> {
        Ok(tagged(self.variant, Value::List(self.list)))
    }
}

/// The fields of a map or a struct, as they come.
struct Fields<'a> {
    inside: ToValue<'a>,
    faults: Option<&'a RefCell<Faults>>,
    fields: Vec<(String, Value)>,
    key: String,
    name: &'static str,
    variant: Option<&'static str>,
}

impl Fields<'_> {
    fn add<T: Serialize + ?Sized>(&mut self, key: String, value: &T) -> Result<(), ValueError> {
        match (value.serialize(self.inside), self.faults) {
            (Ok(value), _) => self.fields.push((key, value)),
            (Err(error), Some(faults)) => faults.borrow_mut().push((key, error)),
            (Err(error), None) => return Err(within(&key, error)),
        }
        Ok(())
    }

    fn done(mut self) -> Result<Value, ValueError> {
        if let [(key, value)] = self.fields.as_mut_slice() {
            if key == CARRIER {
                return Ok(std::mem::take(value).into_secret());
            }
            if self.name.starts_with(FOREIGN)
                && let Value::String(text) = value
            {
                let json = serde_json::from_str(text).map_err(<ValueError as ser::Error>::custom)?;
                return Ok(Value::from_json(json));
            }
        }
        Ok(tagged(self.variant, Value::Map(self.fields.into_iter().collect())))
    }
}

/// Turns the key of a map into a text.
fn key_of<T: Serialize + ?Sized>(key: &T) -> Result<String, ValueError> {
    match key.serialize(ToValue { left: 2, faults: None })? {
        Value::String(text) => Ok(text),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(b) => Ok(b.to_string()),
        other => Err(ValueError(format!("has {} as a key of a map; a key is a text", other.sort()))),
    }
}

macro_rules! sequences {
    ($($trait:ident::$add:ident;)*) => { $(
        impl ser::$trait for Items<'_> {
            type Ok = Value;
            type Error = ValueError;
            fn $add<T: Serialize + ?Sized>(&mut self, item: &T) -> Result<(), ValueError> {
                self.add(item)
            }
            fn end(self) -> Result<Value, ValueError> {
                self.done()
            }
        }
    )* };
}

sequences! {
    SerializeSeq::serialize_element;
    SerializeTuple::serialize_element;
    SerializeTupleStruct::serialize_field;
    SerializeTupleVariant::serialize_field;
}

macro_rules! structs {
    ($($trait:ident;)*) => { $(
        impl ser::$trait for Fields<'_> {
            type Ok = Value;
            type Error = ValueError;
            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                key: &'static str,
                value: &T,
            ) -> Result<(), ValueError> {
                self.add(key.to_owned(), value)
            }
            fn end(self) -> Result<Value, ValueError> {
                self.done()
            }
        }
    )* };
}

structs! {
    SerializeStruct;
    SerializeStructVariant;
}

impl ser::SerializeMap for Fields<'_> {
    type Ok = Value;
    type Error = ValueError;
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), ValueError> {
        self.key = key_of(key)?;
        Ok(())
    }
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), ValueError> {
        let key = std::mem::take(&mut self.key);
        self.add(key, value)
    }
    fn end(self) -> Result<Value, ValueError> {
        self.done()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashMap};

    use super::*;
    use crate::secret::{Secret, exposing};

    #[derive(Serialize)]
    enum Shape {
        Point,
        Line(f64),
        Pair(i8, u8),
        Box { width: Option<f32>, label: char },
    }

    #[derive(Serialize)]
    struct All {
        shapes: Vec<Shape>,
        unit: (),
        keys: HashMap<u16, bool>,
        flags: BTreeMap<bool, i128>,
        raw: Json,
        secret: Secret<String>,
    }

    #[test]
    fn a_type_becomes_what_its_json_says() {
        let all = All {
            shapes: vec![
                Shape::Point,
                Shape::Line(0.1),
                Shape::Pair(-1, 2),
                Shape::Box { width: Some(0.1), label: 'é' },
                Shape::Box { width: None, label: '"' },
            ],
            unit: (),
            keys: (0..300).map(|n| (n, n % 2 == 0)).collect(),
            flags: [(true, 1), (false, -1)].into(),
            raw: serde_json::json!({"a": [1, 2.5, null, u64::MAX], "$b": {}}),
            secret: "canary".into(),
        };
        let json = exposing(|| serde_json::to_value(&all)).unwrap();
        let value = Value::of(&all).unwrap();
        assert_eq!(value, Value::from_json(json));
        let Value::Map(map) = value else { panic!("a map") };
        assert!(map["secret"].has_secret() && !map["raw"].has_secret());
    }

    #[test]
    fn what_is_no_number_is_refused_by_name() {
        #[derive(Serialize)]
        struct Inner {
            x: f64,
        }
        #[derive(Serialize)]
        struct Outer {
            at: Inner,
            size: f32,
            name: &'static str,
        }
        let outer = |x, size| Outer { at: Inner { x }, size, name: "n" };
        let error = Value::of(&outer(f64::NAN, 1.0)).unwrap_err().to_string();
        assert_eq!(error, "`at.x` is NaN, which is no number that can be recorded");
        let error = Value::of(&outer(1.0, f32::NEG_INFINITY)).unwrap_err().to_string();
        assert_eq!(error, "`size` is infinite, which is no number that can be recorded");
        let error = Value::of(&f64::NAN).unwrap_err().to_string();
        assert_eq!(error, "is NaN, which is no number that can be recorded");

        let (map, faults) = fields_of(&outer(f64::NAN, f32::NAN)).unwrap();
        assert_eq!(map.keys().collect::<Vec<_>>(), ["name"]);
        assert_eq!(faults.iter().map(|(field, _)| field.as_str()).collect::<Vec<_>>(), ["at", "size"]);
    }

    #[test]
    fn what_nests_without_end_is_refused_and_aborts_nothing() {
        let json = (0..1000).fold(Json::Null, |inner, _| Json::Array(vec![inner]));
        let error = Value::of(&json).unwrap_err().to_string();
        assert!(error.contains("a value may be nested 64 deep"), "{error}");
        let wrap = |inner| Json::Object([("key".to_owned(), inner)].into_iter().collect());
        let map = (0..1000).fold(Json::Null, |inner, _| wrap(inner));
        let error = Value::of(&map).unwrap_err().to_string();
        assert!(error.contains("a value may be nested 64 deep"), "{error}");
        let just = (0..64).fold(Json::Null, |inner, _| Json::Array(vec![inner]));
        assert_eq!(Value::of(&just).unwrap().measure().depth, 64);
    }
}
