//! The names of a derived shape are those that serde writes, whatever the case.

use serde::Serialize;
use sskuba_core::prelude::Shape;
use sskuba_core::schema::FieldType;

fn field_names(shape: FieldType) -> Vec<String> {
    match shape {
        FieldType::Object(fields) => fields.into_iter().map(|(name, ..)| name).collect(),
        other => panic!("{other:?} is no object"),
    }
}

fn texts(shape: FieldType) -> Vec<String> {
    match shape {
        FieldType::OneOf(texts) => texts,
        other => panic!("{other:?} is no choice"),
    }
}

macro_rules! same_names_as_serde {
    ($($test:ident: $case:literal;)*) => { $(
        #[test]
        fn $test() {
            #[derive(Serialize, Shape)]
            #[serde(rename_all = $case)]
            struct Fields {
                port: u16,
                from_port: u16,
                #[serde(rename = "Odd Name")]
                odd: u16,
                r#type: u16,
            }
            let json = serde_json::to_value(Fields { port: 1, from_port: 2, odd: 3, r#type: 4 }).unwrap();
            let mut shape = field_names(Fields::shape());
            shape.sort();
            assert_eq!(shape, json.as_object().unwrap().keys().cloned().collect::<Vec<_>>());

            #[derive(Serialize, Shape)]
            #[serde(rename_all = $case)]
            enum Choice {
                Tcp,
                AllTraffic,
                #[serde(rename = "-1")]
                Any,
            }
            let all = [Choice::Tcp, Choice::AllTraffic, Choice::Any];
            let json = all.map(|c| serde_json::to_value(c).unwrap().as_str().unwrap().to_owned());
            assert_eq!(texts(Choice::shape()), json);
        }
    )* };
}

same_names_as_serde! {
    lower_case: "lowercase";
    upper_case: "UPPERCASE";
    pascal_case: "PascalCase";
    camel_case: "camelCase";
    snake_case: "snake_case";
    screaming_snake_case: "SCREAMING_SNAKE_CASE";
    kebab_case: "kebab-case";
    screaming_kebab_case: "SCREAMING-KEBAB-CASE";
}

#[test]
fn what_serde_may_leave_out_the_shape_does_not_require() {
    #[derive(Serialize, Shape)]
    struct Fields {
        must: u16,
        may: Option<u16>,
        #[serde(default)]
        defaulted: u16,
    }
    #[derive(Serialize, Shape, Default)]
    #[serde(default)]
    struct AllDefault {
        port: u16,
    }
    let required = |shape: FieldType| match shape {
        FieldType::Object(fields) => fields.into_iter().map(|(.., required)| required).collect::<Vec<_>>(),
        other => panic!("{other:?} is no object"),
    };
    let _ = (Fields { must: 1, may: None, defaulted: 2 }, AllDefault { port: 3 });
    assert_eq!(required(Fields::shape()), [true, false, false]);
    assert_eq!(required(AllDefault::shape()), [false]);
}
