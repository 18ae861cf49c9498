//! What the kinds of EC2 are written with.

pub(super) use std::collections::BTreeMap;

pub(super) use sskuba_core::prelude::*;
pub(super) use sskuba_core::schema::{Differing, FieldError};
pub(super) use sskuba_core::value::Value;

#[cfg(feature = "ec2")]
pub(super) use super::service::*;
pub(super) use crate::kind::{Kind, mistake};
pub(super) use crate::texts::{AtMost, Between, OneOf, TextRule};

/// The signs of ASCII that can be seen, and the space.
pub(super) const SIGNS: &str = " !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

/// The signs that names and descriptions of security groups and their rules may have.
pub(super) const WORD_SIGNS: &str = " ._-:/()#,@[]+=&;{}!$*";

/// What AWS takes as the description of a security group or a rule.
pub(super) const WORDS: TextRule = TextRule { longest: 255, signs: WORD_SIGNS, inner: "", reserved: "" };

/// Says what is wrong with the range of a network or a subnet.
pub(super) fn ipv4_range(range: &Value) -> Option<String> {
    let (address, length) = range.as_str()?.split_once('/')?;
    if address.contains(':') {
        Some("is an IPv6 range; AWS takes an IPv4 one here".to_owned())
    } else if length.parse::<u8>().is_ok_and(|length| !(16..=28).contains(&length)) {
        Some(format!("is a /{length}; AWS takes ranges from /16 to /28"))
    } else {
        None
    }
}

/// Says what is wrong with an IPv4 address.
pub(super) fn ipv4_address(address: &Value) -> Option<String> {
    let address = address.as_str()?;
    address.parse::<std::net::Ipv4Addr>().is_err().then(|| format!("{address:?} is no IPv4 address"))
}
