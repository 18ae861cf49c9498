//! Records as the service has them.

use aws_sdk_route53::operation::change_resource_record_sets::builders::ChangeResourceRecordSetsFluentBuilder as ChangeSets;
use aws_sdk_route53::types::{
    AliasTarget, Change, ChangeAction, ChangeBatch, ResourceRecord, ResourceRecordSet, RrType,
};

use super::super::prelude::*;
use super::{Record, RecordArgs, RecordState, RecordType};

/// A record as the service describes it, its zone, and the change that made it.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub(super) zone: String,
    pub(super) set: ResourceRecordSet,
    pub(super) change: String,
}

/// Every type, with the name that DNS has for it.
const TYPES: [(RecordType, &str); 17] = [
    (RecordType::A, "A"),
    (RecordType::Aaaa, "AAAA"),
    (RecordType::Caa, "CAA"),
    (RecordType::Cname, "CNAME"),
    (RecordType::Ds, "DS"),
    (RecordType::Https, "HTTPS"),
    (RecordType::Mx, "MX"),
    (RecordType::Naptr, "NAPTR"),
    (RecordType::Ns, "NS"),
    (RecordType::Ptr, "PTR"),
    (RecordType::Soa, "SOA"),
    (RecordType::Spf, "SPF"),
    (RecordType::Srv, "SRV"),
    (RecordType::Sshfp, "SSHFP"),
    (RecordType::Svcb, "SVCB"),
    (RecordType::Tlsa, "TLSA"),
    (RecordType::Txt, "TXT"),
];

fn name_of(kind: RecordType) -> &'static str {
    TYPES.iter().find(|(of, _)| *of == kind).map_or("", |(_, name)| name)
}

pub(super) fn kind(theirs: &RrType) -> Option<RecordType> {
    TYPES.iter().find(|(_, name)| *name == theirs.as_str()).map(|(kind, _)| *kind)
}

/// Name, type and set identifier: what tells a record in its zone.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Key {
    name: String,
    kind: String,
    set: Option<String>,
}

impl Key {
    fn of(set: &ResourceRecordSet) -> Self {
        let kind = set.r#type().as_str().to_owned();
        Self { name: plain(set.name()), kind, set: given(set.set_identifier()) }
    }
}

fn id(zone: &str, key: &Key) -> String {
    let set = key.set.as_ref().map(|set| format!(" {set}")).unwrap_or_default();
    format!("{zone}/{}/{}{set}", key.kind, key.name)
}

/// Splits a record's id into its zone and its key.
pub(super) fn parts(id: &str) -> Result<(&str, Key), Failure> {
    let mut parts = id.splitn(3, '/');
    let (Some(zone), Some(kind), Some(rest)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(Failure::new(Class::Invalid("id".to_owned()), format!("{id:?} is not the id of a record"))
            .hint("it is zone, type and name: Z0123456789ABC/A/www.shop.example, and after a space the set identifier"));
    };
    let (name, set) = match rest.split_once(' ') {
        Some((name, set)) => (name, given(Some(set))),
        None => (rest, None),
    };
    Ok((zone, Key { name: plain(name), kind: kind.to_owned(), set }))
}

pub(super) fn state(id: &str, change: &str) -> RecordState {
    RecordState { id: id.to_owned(), change_id: change.to_owned() }
}

pub(super) fn made_of(call: &Call<'_>, args: &RecordArgs, change: String) -> Result<Report<Record>, Failure> {
    let id = id(&args.zone_id, &Key::of(&set(args, call)?));
    Ok(Report::new(id.clone(), state(&id, &change)))
}

/// Makes a description of a record one of this kind; none of one of a type that is not known here.
pub(super) fn found(zone: &str, set: ResourceRecordSet, change: String) -> Option<Found<Item>> {
    kind(set.r#type())?;
    let id = id(zone, &Key::of(&set));
    Some(Found { id, tags: BTreeMap::new(), item: Item { zone: zone.to_owned(), set, change } })
}

/// Makes a record as the service takes it.
pub(super) fn set(args: &RecordArgs, call: &Call<'_>) -> Result<ResourceRecordSet, Failure> {
    let odd = |_| call.lacking("whole record");
    let record = |value: &String| ResourceRecord::builder().value(value).build();
    let records = args.values.iter().map(record).collect::<Result<Vec<_>, _>>().map_err(odd)?;
    let alias = match (&args.alias_name, &args.alias_zone_id) {
        (Some(name), Some(zone)) => {
            let alias = AliasTarget::builder().dns_name(name).hosted_zone_id(zone);
            Some(alias.evaluate_target_health(args.evaluate_target_health).build().map_err(odd)?)
        }
        _ => None,
    };
    let set =
        ResourceRecordSet::builder().name(plain(&args.name)).r#type(RrType::from(name_of(args.record_type)));
    let set = match alias {
        Some(_) => set.set_alias_target(alias),
        None => set.set_resource_records(Some(records)).ttl(args.ttl_seconds.into()),
    };
    let set = set.set_weight(args.weight.map(i64::from)).set_set_identifier(args.set_identifier.clone());
    set.set_health_check_id(args.health_check_id.clone()).build().map_err(odd)
}

/// Tells whether two records say the same.
pub(super) fn is_same(a: &ResourceRecordSet, b: &ResourceRecordSet) -> bool {
    let values = |set: &ResourceRecordSet| {
        let values = set.resource_records().iter().map(|record| record.value().to_owned());
        values.collect::<std::collections::BTreeSet<_>>()
    };
    let alias = |set: &ResourceRecordSet| {
        let alias = set.alias_target();
        alias.map(|to| (plain(to.dns_name()), to.hosted_zone_id().to_owned(), to.evaluate_target_health()))
    };
    Key::of(a) == Key::of(b)
        && values(a) == values(b)
        && alias(a) == alias(b)
        && (a.ttl(), a.weight(), a.health_check_id()) == (b.ttl(), b.weight(), b.health_check_id())
}

pub(super) fn change(
    call: &Call<'_>,
    zone: &str,
    action: ChangeAction,
    set: ResourceRecordSet,
) -> Result<ChangeSets, Failure> {
    let odd = |_| call.lacking("whole change");
    let change = Change::builder().action(action).resource_record_set(set).build().map_err(odd)?;
    let batch = ChangeBatch::builder().changes(change).build().map_err(odd)?;
    Ok(call.aws.change_resource_record_sets().hosted_zone_id(zone).change_batch(batch))
}

/// Returns the record of a zone with a key, whoever made it.
pub(super) async fn of(call: &Call<'_>, zone: &str, key: &Key) -> Result<Option<ResourceRecordSet>, Failure> {
    match sets(call.aws, zone, Some(key)).await {
        Err(failure) if failure.class == Class::NotFound => Ok(None),
        found => Ok(found?.into_iter().find(|set| Key::of(set) == *key)),
    }
}

/// Returns the records of a zone: all, or those of the name and type of a key. The service sorts them by name and type.
pub(super) async fn sets(
    r53: &Aws<Route53>,
    zone: &str,
    key: Option<&Key>,
) -> Result<Vec<ResourceRecordSet>, Failure> {
    let is_of = |set: &ResourceRecordSet| {
        key.is_none_or(|key| plain(set.name()) == key.name && set.r#type().as_str() == key.kind)
    };
    let mut ask = r53.list_resource_record_sets().hosted_zone_id(zone);
    if let Some(key) = key {
        ask = ask.start_record_name(&key.name).start_record_type(RrType::from(key.kind.as_str()));
    }
    let mut all = Vec::new();
    loop {
        let page = ask.clone().send().await.asked(r53)?;
        let is_last = !page.is_truncated() || !page.resource_record_sets().last().is_some_and(is_of);
        all.extend(page.resource_record_sets.into_iter().filter(is_of));
        if is_last {
            return Ok(all);
        }
        ask = ask
            .set_start_record_name(page.next_record_name)
            .set_start_record_type(page.next_record_type)
            .set_start_record_identifier(page.next_record_identifier);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_says_which_record_of_which_zone() {
        for (text, name, set) in [
            ("Z1/A/www.shop.example", "www.shop.example", None),
            ("Z1/CNAME/0/25.2.0.192.in-addr.arpa blue one", "0/25.2.0.192.in-addr.arpa", Some("blue one")),
            ("Z1/TXT/\\052.shop.example", "*.shop.example", None),
        ] {
            let (zone, key) = parts(text).unwrap();
            assert_eq!((zone, key.name.as_str(), key.set.as_deref()), ("Z1", name, set), "{text}");
            assert_eq!(parts(&id(zone, &key)).unwrap().1, key);
        }
        for odd in ["", "Z1", "Z1/A"] {
            assert!(parts(odd).is_err(), "{odd}");
        }
    }
}
