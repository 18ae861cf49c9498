//! Ranges of addresses, and addresses.

use ipnet::IpNet;

use super::field::Field;
use super::report::Report;
use crate::schema::{address, prefix};

/// Judges lists of subnets or addresses, in which `!` excludes one.
pub(super) fn subnets(list: &Field<'_>, report: &mut Report) {
    for item in list.items() {
        let text = item.text();
        let bare = text.strip_prefix('!').unwrap_or(&text);
        if prefix(bare).is_none() && address(bare).is_none() {
            report.error(&item, format!("{text:?} is neither a range of addresses nor an address"));
        }
    }
}

/// Judges the ranges of pods and of services: they must be networks, and none may overlap another.
pub(super) fn networks(lists: &[Field<'_>], report: &mut Report) {
    let mut known: Vec<(IpNet, String)> = Vec::new();
    for item in lists.iter().flat_map(Field::items) {
        let text = item.text();
        let Some(range) = prefix(&text) else {
            report.error(&item, format!("{text:?} is no range of addresses, e.g. 10.244.0.0/16"));
            continue;
        };
        if range.network() != range.addr() {
            report.error(&item, format!("{text:?} is an address within {}; write that", range.trunc()));
        }
        for (other, path) in &known {
            if range.contains(&other.network()) || other.contains(&range.network()) {
                report.error(&item, format!("{range} overlaps {other} of {path}"));
            }
        }
        known.push((range, item.path().to_owned()));
    }
}

/// Judges an address, with or without the length of its prefix.
pub(super) fn address_or_range(field: &Field<'_>, report: &mut Report) {
    let text = field.text();
    let valid = if text.contains('/') { prefix(&text).is_some() } else { plain(&text) };
    if !valid {
        report.error(field, format!("{text:?} is no address"));
    }
}

/// Judges an address that may be left out.
pub(super) fn optional_address(field: &Field<'_>, report: &mut Report) {
    if !field.blank() && !plain(&field.text()) {
        report.error(field, format!("{:?} is no address", field.text()));
    }
}

/// Returns whether a text is an address without a zone.
pub(super) fn plain(text: &str) -> bool {
    text.parse::<std::net::IpAddr>().is_ok()
}
