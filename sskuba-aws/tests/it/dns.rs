//! Hosted zones and records.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;
use sskuba_aws::Provider as Settings;
use sskuba_aws::ec2::Vpc;
use sskuba_aws::route53::{HealthCheck, HealthCheckType, Record, RecordType, Zone};
use sskuba_core::prelude::*;
use sskuba_core::provider::Readiness;
use sskuba_core::testing::provider_conformance::Case;
use sskuba_testkit::aws::{Fate, Proxy};

use crate::services::{conforms, imported, no_instance, refused};
use crate::stacks::behind;
use crate::stage::{Stage, scene};

const NONE: [&str; 0] = [];
const R53: &str = "r53 = boto3.client('route53')\n";

/// Deletes the record `$ID`.
const REMOVE: &str = "r53 = boto3.client('route53')\n\
    zone, kind, name = '$ID'.split(' ')[0].split('/', 2)\n\
    sets = r53.list_resource_record_sets(HostedZoneId=zone)['ResourceRecordSets']\n\
    one = [s for s in sets if s['Type'] == kind and s['Name'] == name + '.'][0]\n\
    r53.change_resource_record_sets(HostedZoneId=zone,\n\
        ChangeBatch={'Changes': [{'Action': 'DELETE', 'ResourceRecordSet': one}]})";

pub(crate) const ADDRESSES: &[&str] =
    &["aws:route53:Zone::zone", "aws:route53:Record::record", "aws:route53:HealthCheck::check"];

scene! {
    async fn zones_and_records_conform(stage: Stage) {
        let zone = |name: &str, comment: &str, tag: &str| json!({"name": name, "comment": comment, "tags": {"a": tag}});
        let case = Case::new(zone("conform.example", "one", "1")).update(zone("conform.example.", "two", "2"));
        let case = case.replacement(zone("other.example", "two", "2")).unknown_id("Z0000000000000000000");
        let case = case.another(|n| json!({"name": format!("number-{n}.example")}));
        let remove = format!("{R53}r53.delete_hosted_zone(Id='$ID')");
        conforms(&stage, "aws:route53:Zone", case, &remove).await;
        let one = stage.create("one", Vpc::new("10.0.0.0/16")).await.id();
        let two = stage.create("two", Vpc::new("10.1.0.0/16")).await.id();
        let private = |vpcs: &[&str]| json!({"name": "conform.internal", "private": true, "vpc_ids": vpcs});
        let case = Case::new(private(&[&one])).update(private(&[&two, "eu-west-1/vpc-0123456789abcdef0"]));
        conforms(&stage, "aws:route53:Zone", case.replacement(json!({"name": "conform.internal"})), &remove).await;

        let zone = stage.create("main", Zone::new("records.example")).await.id();
        let record = |name: &str, ttl: u32| json!({"zone_id": zone, "name": format!("{name}.records.example"),
            "record_type": "A", "values": ["192.0.2.1", "192.0.2.2"], "ttl_seconds": ttl});
        let case = Case::new(record("www", 60)).update(record("WWW", 120)).replacement(record("api", 120));
        let id = format!("{zone}/A/nobody.records.example");
        conforms(&stage, "aws:route53:Record", case.unknown_id(id), REMOVE).await;
    }
}

scene! {
    async fn health_checks_conform_and_live(stage: Stage) {
        let check = |path: &str, tag: &str| json!({"check_type": "HTTPS", "domain_name": "conform.example", "path": path,
            "port": 443, "interval_seconds": 10, "tags": {"a": tag}});
        let case = Case::new(check("/up", "1")).update(check("/health", "2"));
        let case = case.replacement(json!({"check_type": "TCP", "ip_address": "192.0.2.1", "port": 22}));
        let case = case.unknown_id("00000000-0000-0000-0000-000000000000");
        let remove = format!("{R53}r53.delete_health_check(HealthCheckId='$ID')");
        conforms(&stage, "aws:route53:HealthCheck", case, &remove).await;

        let text = || HealthCheck::new(HealthCheckType::HttpStrMatch).domain_name("life.example").search_string("fine");
        let mut live = stage.create("main", text().port(80_u16).tag("tier", "a")).await;
        assert_eq!(stage.drift(&live).await, NONE);
        stage.found(&live).await;
        stage.update(&mut live, text().port(8080_u16).failure_threshold(5_u8).inverted(true).tag("owner", "b")).await;
        assert_eq!(stage.drift(&live).await, NONE);
        let id = live.id();
        let tags = behind(&format!("{R53}tags = r53.list_tags_for_resource(ResourceType='healthcheck', ResourceId='{id}')\n\
            print(json.dumps({{tag['Key']: tag['Value'] for tag in tags['ResourceTagSet']['Tags']}}))"));
        assert_eq!((&tags["owner"], tags.get("tier"), &tags["Name"]), (&json!("b"), None, &json!("main")));
        behind(&format!("{R53}r53.update_health_check(HealthCheckId='{id}', Port=81)"));
        assert_eq!(stage.drift(&live).await, ["port"]);
        stage.delete(&live).await;
    }
}

scene! {
    async fn a_zone_lives_its_life(stage: Stage) {
        let mut zone = stage.create("main", Zone::new("Life.Example.").comment("ours").tag("tier", "a")).await;
        assert_eq!(stage.drift(&zone).await, NONE);
        // Nobody can ask which change made one that is found again.
        let found = stage.provider.find(&zone.cx).await.unwrap().expect("found by its token");
        assert_eq!((found.id, &found.outputs["name_servers"]), (zone.id(), &zone.object.outputs["name_servers"]));
        assert_eq!(stage.provider.find(&stage.cx::<Zone>("other")).await.unwrap(), None);
        stage.update(&mut zone, Zone::new("life.example").comment("new").tag("owner", "b")).await;
        assert_eq!(stage.drift(&zone).await, NONE);
        let id = zone.id();
        let tags = behind(&format!("{R53}tags = r53.list_tags_for_resource(ResourceType='hostedzone', ResourceId='{id}')\n\
            print(json.dumps({{tag['Key']: tag['Value'] for tag in tags['ResourceTagSet']['Tags']}}))"));
        assert_eq!((&tags["owner"], tags.get("tier"), &tags["Name"]), (&json!("b"), None, &json!("main")));
        assert_eq!(tags["sskuba:token"], zone.cx.token.to_string());
        behind(&format!("{R53}r53.update_hosted_zone_comment(Id='{id}', Comment='theirs')"));
        assert_eq!(stage.drift(&zone).await, ["comment"]);
        stage.delete(&zone).await;
    }
}

scene! {
    /// More tags than one call takes.
    async fn many_tags_are_set_in_several_calls(stage: Stage) {
        let many = |count: usize| (0..count).fold(Zone::new("many.example"), |zone, i| zone.tag(format!("t{i}"), "x"));
        let mut zone = stage.create("main", many(25)).await;
        assert_eq!(stage.drift(&zone).await, NONE);
        stage.update(&mut zone, many(3)).await;
        let tags = behind(&format!("{R53}print(json.dumps(len(r53.list_tags_for_resource(ResourceType='hostedzone',\
            ResourceId='{}')['ResourceTagSet']['Tags'])))", zone.id()));
        assert_eq!(tags, json!(3 + 4));
        stage.delete(&zone).await;
    }
}

scene! {
    async fn a_record_lives_its_life(stage: Stage) {
        let zone = stage.create("main", Zone::new("records.example")).await;
        let record = || Record::new(zone.id(), "*.Records.example", RecordType::A).value("192.0.2.1");
        let mut www = stage.create("www", record()).await;
        assert_eq!((www.id(), stage.drift(&www).await), (format!("{}/A/*.records.example", zone.id()), vec![]));
        stage.same_again(&www).await;
        refused(&stage, record(), &www.id()).await;
        stage.update(&mut www, record().value("192.0.2.2").ttl_seconds(60)).await;
        assert_eq!(stage.drift(&www).await, NONE);
        let alias = || Record::new(zone.id(), "*.records.example", RecordType::A).alias_name("NLB.elb.amazonaws.com.");
        stage.update(&mut www, alias().alias_zone_id("Z26RNL4JYFTOTI").evaluate_target_health(true)).await;
        assert_eq!(stage.drift(&www).await, NONE);
        www.inputs = crate::stage::inputs(alias().alias_zone_id("Z26RNL4JYFTOTI"));
        assert_eq!(stage.drift(&www).await, ["evaluate_target_health"]);

        let weighted = |set: &str, weight: u16| {
            let record = Record::new(zone.id(), "w.records.example", RecordType::Cname).value("a.example.");
            record.set_identifier(set).weight(weight)
        };
        let one = stage.create("one", weighted("one of two", 10)).await;
        let mut two = stage.create("two", weighted("two", 20)).await;
        stage.update(&mut two, weighted("two", 0)).await;
        assert_eq!((stage.drift(&one).await, stage.drift(&two).await), (vec![], vec![]));
        for record in [&one, &two, &www] {
            stage.delete(record).await;
        }
        stage.delete(&zone).await;
    }
}

scene! {
    /// Its id and its servers are known before all of them know it.
    async fn a_change_is_waited_for(stage: Stage) {
        let asked = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&asked);
        let proxy = Proxy::start(&std::env::var("AWS_ENDPOINT_URL").unwrap(), move |action, _| {
            let is_odd = action.contains("/change/") && counted.fetch_add(1, Ordering::Relaxed).is_multiple_of(2);
            if is_odd { Fate::Edit("INSYNC", "PENDING") } else { Fate::Pass }
        })
        .await;
        let stage = stage.with(Settings::new().endpoint(proxy.endpoint.clone())).await;
        let zone = stage.try_create(stage.cx::<Zone>("main"), Zone::new("sync.example")).await.unwrap();
        assert!(!zone.output("change_id").is_empty() && zone.object.outputs.contains_key("name_servers"));
        let pending = stage.provider.ready(&zone.cx, &zone.prior()).await.unwrap();
        assert!(matches!(pending, Readiness::Pending(None)), "{pending:?}");
        let ready = stage.provider.ready(&zone.cx, &zone.prior()).await.unwrap();
        assert!(matches!(ready, Readiness::Ready(_)), "{ready:?}");
        let record = || Record::new(zone.id(), "sync.example", RecordType::Txt).value("\"a b\"");
        let mut text = stage.create("text", record()).await;
        let before = asked.load(Ordering::Relaxed);
        stage.update(&mut text, record().value("\"c\"")).await;
        assert_eq!(asked.load(Ordering::Relaxed) - before, 4, "each of two updates waits");
        stage.delete(&text).await;
        stage.delete(&zone).await;
    }
}

scene! {
    async fn a_lost_answer_makes_no_second_zone(stage: Stage) {
        let proxy = Proxy::start(&std::env::var("AWS_ENDPOINT_URL").unwrap(), |action, nth| match action {
            _ if nth > 1 => Fate::Pass,
            "POST /2013-04-01/hostedzone" | "POST /2013-04-01/healthcheck" => Fate::Lose,
            _ if action.starts_with("POST") && action.contains("/rrset") => Fate::Lose,
            _ => Fate::Pass,
        })
        .await;
        let endpoint = proxy.endpoint.clone();
        let on = stage.stacked();
        let program = move |stack: &mut Stack| -> Result<()> {
            let here = stack.add("here", Settings::new().endpoint(endpoint.clone()))?;
            let zone = stack.add("main", Zone::new("lost.example").tag("a", "1"))?.provider(&here);
            let check = HealthCheck::new(HealthCheckType::Tcp).ip_address("192.0.2.7").port(7_u16);
            let check = stack.add("main", check)?.provider(&here);
            let www = Record::new(zone.id(), "www.lost.example", RecordType::A).value("192.0.2.7");
            let www = www.health_check_id(check.id());
            stack.add("www", www)?.provider(&here);
            Ok(())
        };
        assert_eq!(on.up(program.clone()).await, [4, 0, 0, 0]);
        let zones = format!("{R53}zones = [z['Id'] for z in r53.list_hosted_zones()['HostedZones'] if z['Name'] == 'lost.example.']\n\
            print(json.dumps([[s['Type'] for s in r53.list_resource_record_sets(HostedZoneId=z)['ResourceRecordSets']] for z in zones]))");
        assert_eq!(behind(&zones), json!([["NS", "SOA", "A"]]));
        assert_eq!((on.up(program).await, proxy.calls("POST /2013-04-01/hostedzone")), ([0; 4], 1));
        assert_eq!(proxy.calls("POST /2013-04-01/healthcheck"), 1);
        on.down().await;
        assert_eq!(behind(&zones), json!([]));
    }
}

scene! {
    /// AWS refuses a record that is there; moto only one that is the same.
    async fn a_record_of_somebody_else_is_refused(stage: Stage) {
        let zone = stage.create("main", Zone::new("foreign.example")).await;
        let id = zone.id();
        behind(&format!("{R53}r53.change_resource_record_sets(HostedZoneId='{id}', ChangeBatch={{'Changes': [{{'Action': 'CREATE',\
            'ResourceRecordSet': {{'Name': 'www.foreign.example', 'Type': 'A', 'TTL': 300, 'ResourceRecords': [{{'Value': '192.0.2.7'}}]}}}}]}})"));
        let www = |value: &str| Record::new(id.clone(), "www.foreign.example", RecordType::A).value(value);
        refused(&stage, www("192.0.2.7"), &format!("{id}/A/www.foreign.example")).await;
        let proxy = Proxy::start(&std::env::var("AWS_ENDPOINT_URL").unwrap(), |action, _| match action {
            _ if action.starts_with("POST") && action.contains("/rrset") => {
                Fate::RefuseWith(400, "InvalidChangeBatch", "[Tried to create resource record set but it already exists]")
            }
            _ => Fate::Pass,
        })
        .await;
        let far = stage.with(Settings::new().endpoint(proxy.endpoint.clone())).await;
        refused(&far, www("192.0.2.8"), &format!("{id}/A/www.foreign.example")).await;
        // Neither is one taken for what an interrupted create left that says something else.
        let mut cx = far.cx::<Record>("www");
        cx.recovering = true;
        let failure = far.try_create(cx.clone(), www("192.0.2.8")).await.err().expect("it is another");
        assert_eq!(failure.exists.as_deref(), Some(format!("{id}/A/www.foreign.example").as_str()), "{failure}");
        far.try_create(cx, www("192.0.2.7")).await.unwrap();
    }
}

scene! {
    async fn what_is_there_is_listed_and_imported(stage: Stage) {
        let ids = behind(&format!("{R53}zone = r53.create_hosted_zone(Name='byhand.example', CallerReference='by hand')['HostedZone']['Id'].split('/')[-1]\n\
            r53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={{'Changes': [{{'Action': 'CREATE', 'ResourceRecordSet':\
                {{'Name': '_acme-challenge.byhand.example', 'Type': 'TXT', 'TTL': 30, 'ResourceRecords': [{{'Value': '\"x y\"'}}]}}}}]}})\n\
            check = r53.create_health_check(CallerReference='by hand', HealthCheckConfig=dict(Type='TCP', Port=7,\
                IPAddress='192.0.2.7'))['HealthCheck']['Id']\n\
            print(json.dumps(dict(zone=zone, check=check, record=zone + '/TXT/_acme-challenge.byhand.example')))"));
        let program = |stack: &mut Stack| -> Result<()> {
            let zone = stack.add("zone", Zone::new("byhand.example"))?;
            let record = Record::new(zone.id(), "_acme-challenge.byhand.example", RecordType::Txt);
            stack.add("record", record.value("\"x y\"").ttl_seconds(30))?;
            stack.add("check", HealthCheck::new(HealthCheckType::Tcp).ip_address("192.0.2.7").port(7_u16))?;
            Ok(())
        };
        imported(stage, &ids, ADDRESSES, no_instance, program).await;
    }
}
