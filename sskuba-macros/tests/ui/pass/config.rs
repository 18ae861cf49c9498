//! A configuration with required, defaulted and optional keys, and one without keys.

use sskuba_core::prelude::*;

#[derive(Config)]
struct Settings {
    /// The range.
    cidr: String,
    /// How many zones.
    #[config(default = 3)]
    zones: u8,
    /// Labels.
    #[config(default)]
    labels: Vec<String>,
    /// A raw name.
    #[config(default)]
    r#type: Option<String>,
    /// How many machines; as many as there are zones if nothing is said.
    machines: Option<u16>,
    /// A password.
    password: Option<Secret<String>>,
}

#[derive(Config)]
struct Nothing {}

fn main() {
    let names: Vec<_> = Settings::fields().iter().map(|f| (f.name, f.required)).collect();
    assert_eq!(names, [("cidr", true), ("zones", false), ("labels", false), ("type", false), ("machines", false), ("password", false)]);
    let mut values = ConfigValues::default();
    assert!(Nothing::read(&values).is_ok());
    values.set("cidr", "10.0.0.0/8".into(), Origin::Flag);
    let settings = Settings::read(&values).unwrap();
    assert_eq!((settings.cidr.as_str(), settings.zones, settings.labels.len()), ("10.0.0.0/8", 3, 0));
    assert_eq!((settings.r#type, settings.machines), (None, None));
    assert!(settings.password.is_none() && Settings::fields()[5].secret);
    // From the command line everything is a text.
    values.set("machines", "4".into(), Origin::Flag);
    assert_eq!(Settings::read(&values).unwrap().machines, Some(4));
    values.set("machines", "four".into(), Origin::Flag);
    let error = Settings::read(&values).err().unwrap().to_string();
    assert!(error.contains("`machines` from the command line"), "{error}");
}
