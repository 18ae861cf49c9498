use std::collections::BTreeSet;
use std::sync::Arc;

use sskuba_core::schema::{FieldType, Idempotency, Normaliser, Schema};
use sskuba_core::value::{Map, Value};

use super::*;

#[test]
fn every_reference_names_a_kind_and_every_id_is_a_field() {
    let schemas = schemas();
    let kinds: BTreeSet<&str> = schemas.iter().map(|schema| schema.kind.as_str()).collect();
    assert_eq!(kinds.len(), schemas.len(), "two kinds have one name");
    for schema in &schemas {
        for field in &schema.fields {
            assert!(!field.doc.is_empty(), "{} {}", schema.kind, field.name);
            assert!(
                field.reference.as_deref().is_none_or(|kind| kinds.contains(kind)),
                "{} {}: {:?}",
                schema.kind,
                field.name,
                field.reference
            );
        }
        if !schema.is_lookup() {
            assert!(schema.field(&schema.id_field).is_some_and(|field| field.computed), "{}", schema.kind);
            assert_ne!(schema.idempotency, Idempotency::None, "{}", schema.kind);
        }
    }
}

#[test]
fn every_computed_field_has_a_pattern() {
    for schema in schemas() {
        for field in schema.outputs() {
            let pattern = field.pattern.as_deref().unwrap_or_default();
            assert!(!pattern.is_empty(), "{} {}", schema.kind, field.name);
            let list = matches!(field.shape, FieldType::List(_));
            assert_eq!(pattern.contains('|'), list, "{} {}: {pattern}", schema.kind, field.name);
        }
    }
}

#[test]
fn ranges_are_compared_as_ranges_and_groups_as_sets() {
    for schema in schemas() {
        for field in schema.inputs() {
            if ["cidr", "destination"].contains(&&*field.name) {
                assert!(matches!(field.normaliser, Normaliser::Cidr), "{} {}", schema.kind, field.name);
            }
            if field.name == "security_group_ids" {
                assert!(matches!(field.normaliser, Normaliser::Set), "{}", schema.kind);
            }
        }
    }
}

#[test]
fn what_cannot_be_there_twice_has_a_key() {
    let schemas = schemas();
    // Beside the keys, which say it of all others: a target group is for one balancer alone.
    let first = schemas.iter().filter(|schema| schema.delete_first).map(|schema| schema.kind.as_str());
    assert_eq!(first.collect::<Vec<_>>(), ["aws:elbv2:Listener"], "its keys say when the old one goes first");
    let without: BTreeSet<&str> = schemas
        .iter()
        .filter(|schema| schema.unique.is_empty() && !schema.is_lookup() && !schema.is_instance())
        .map(|schema| schema.kind.as_str())
        .collect();
    let several = [
        "aws:acm:Certificate",
        "aws:ec2:DhcpOptions",
        "aws:ec2:Eip",
        "aws:ec2:NetworkAcl",
        "aws:ec2:RouteTable",
        "aws:ec2:Snapshot",
        "aws:ec2:Volume",
        "aws:ec2:Vpc",
        "aws:kms:Key",
        "aws:route53:HealthCheck",
        "aws:route53:Zone",
    ];
    assert_eq!(without, BTreeSet::from(several));
}

#[test]
fn tags_have_several_owners() {
    for schema in schemas().iter().filter(|schema| !schema.is_lookup()) {
        let tags = schema.field("tags");
        assert!(tags.is_none_or(|tags| !tags.owned_entries.is_empty()), "{}", schema.kind);
    }
}

/// What is wrong with the inputs of a resource, as a plan says it.
fn mistakes(kind: &str, inputs: serde_json::Value) -> Vec<String> {
    let provider = super::provider();
    let schema = provider.schemas().into_iter().find(|schema| schema.kind.as_str() == kind).unwrap();
    let Value::Map(inputs) = Value::from_json(inputs) else { panic!("a map") };
    let inputs = schema.complete(inputs);
    let mistakes = schema.check_with(&inputs, || provider.check(&schema, &inputs));
    mistakes.into_iter().map(|mistake| mistake.to_string()).collect()
}

#[test]
fn tags_that_aws_keeps_for_itself_are_refused_before_all_is_known() {
    let provider = super::provider();
    let has_tags = |schema: &&Arc<Schema>| !schema.is_lookup() && schema.field("tags").is_some();
    for schema in provider.schemas().iter().filter(has_tags) {
        let required = schema.inputs().filter(|field| field.required);
        let mut inputs: Map = required.map(|field| (field.name.to_string(), Value::Unknown)).collect();
        for (key, good) in
            [("aws:team", false), ("AWS:x", false), ("team", true), ("awslike", true), ("é", true)]
        {
            let tags = Map::from([(key.to_owned(), Value::from("x"))]);
            inputs.insert("tags".to_owned(), Value::Map(tags));
            let mut mistakes = provider.check(schema, &inputs);
            // Some kinds need one of several inputs that are not required.
            mistakes.retain(|mistake| mistake.field == "tags");
            assert_eq!(mistakes.is_empty(), good, "{}: {key}: {mistakes:?}", schema.kind);
            assert!(
                good || (mistakes[0].field == "tags" && mistakes[0].message.contains(key)),
                "{mistakes:?}"
            );
        }
    }
    let known = serde_json::json!({"cidr": "10.0.0.0/16", "tags": {"aws:cloudformation:stack-name": "x"}});
    assert!(
        mistakes("aws:ec2:Vpc", known)[0].contains("`tags`: has the key \"aws:cloudformation:stack-name\"")
    );
}

#[test]
fn mistakes_are_found_without_a_call() {
    use serde_json::json;
    let route = json!({"route_table_id": "rtb-1", "destination": "0.0.0.0/0"});
    assert!(mistakes("aws:ec2:Route", route)[0].contains("needs a target"));
    let route =
        json!({"route_table_id": "r", "destination": "::/0", "gateway_id": "i", "nat_gateway_id": "n"});
    assert_eq!(mistakes("aws:ec2:Route", route).len(), 1);
    let rule = json!({"security_group_id": "sg-1", "direction": "ingress", "cidr": "0.0.0.0/0"});
    assert!(mistakes("aws:ec2:SecurityGroupRule", rule)[0].contains("needs both ports"));
    let nat = json!({"subnet_id": "subnet-1"});
    assert!(mistakes("aws:ec2:NatGateway", nat)[0].contains("allocation_id"));
    let group = json!({"vpc_id": "vpc-1", "port": 80, "name": "no_underscores", "health_check": {"protocol": "TCP",
        "port": "traffic-port", "interval_seconds": 1, "timeout_seconds": 10, "healthy_threshold": 3,
        "unhealthy_threshold": 3}});
    assert_eq!(mistakes("aws:elbv2:TargetGroup", group).len(), 2);
    assert!(mistakes("aws:ec2:ExistingVpc", json!({}))[0].contains("says nothing of the network"));
    let made_by = json!({"tags": {"aws:cloudformation:stack-name": "network"}});
    assert_eq!(mistakes("aws:ec2:ExistingVpc", made_by), [""; 0]);
    assert_eq!(mistakes("aws:route53:ExistingZone", json!({"name": "a..b"})).len(), 1);
}

#[test]
fn policies_are_compared_as_sets() {
    for schema in schemas() {
        for field in schema.inputs().filter(|field| {
            let is_one =
                field.name == "document" || field.name == "policy" || field.name.ends_with("_policy");
            is_one && field.shape == FieldType::String
        }) {
            assert!(matches!(field.normaliser, Normaliser::JsonSets), "{} {}", schema.kind, field.name);
        }
    }
}

/// Says how many mistakes there are of each field.
fn wrong(kind: &str, inputs: serde_json::Value) -> Vec<String> {
    let field = |mistake: String| mistake.split('`').nth(1).unwrap_or_default().to_owned();
    let mut fields: Vec<String> = mistakes(kind, inputs).into_iter().map(field).collect();
    fields.sort();
    fields
}

#[test]
fn mistakes_of_domains_and_records_are_found() {
    use serde_json::json;
    assert_eq!(wrong("aws:route53:Zone", json!({"name": "a..b", "private": true})), ["name", "vpc_ids"]);
    assert_eq!(wrong("aws:route53:Zone", json!({"name": "a.b", "vpc_ids": ["vpc-1"]})), ["vpc_ids"]);
    let record = |kind: &str, more: serde_json::Value| {
        let mut all = json!({"zone_id": "Z1", "name": "a.example", "record_type": kind});
        for (name, value) in more.as_object().unwrap() {
            all[name] = value.clone();
        }
        wrong("aws:route53:Record", all)
    };
    assert_eq!(record("A", json!({"values": ["192.0.2.1"]})), [""; 0]);
    assert_eq!(record("A", json!({})), ["values"]);
    assert_eq!(record("A", json!({"values": ["www"]})), ["values"]);
    assert_eq!(record("AAAA", json!({"values": ["192.0.2.1"]})), ["values"]);
    assert_eq!(record("TXT", json!({"values": ["bare"]})), ["values"]);
    assert_eq!(record("CNAME", json!({"values": ["a.", "b."]})), ["values"]);
    assert_eq!(record("A", json!({"alias_name": "x"})), ["alias_zone_id"]);
    assert_eq!(record("A", json!({"alias_zone_id": "Z2"})), ["alias_name"]);
    let alias = json!({"alias_name": "x", "alias_zone_id": "Z2", "values": ["192.0.2.1"]});
    assert_eq!(record("A", alias), ["values"]);
    let alias = json!({"alias_name": "x", "alias_zone_id": "Z2", "ttl_seconds": 60});
    assert_eq!(record("A", alias), ["ttl_seconds"]);
    let one = |more: serde_json::Value| {
        let mut all = json!({"values": ["192.0.2.1"]});
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        record("A", all)
    };
    assert_eq!(one(json!({"weight": 256, "set_identifier": "a"})), ["weight"]);
    assert_eq!(one(json!({"weight": 1})), ["set_identifier"]);
    assert_eq!(one(json!({"set_identifier": "a"})), ["weight"]);
    assert_eq!(one(json!({"ttl_seconds": u32::MAX})), ["ttl_seconds"]);
}

#[test]
fn mistakes_of_health_checks_are_found() {
    use serde_json::json;
    let check = |more: serde_json::Value| wrong("aws:route53:HealthCheck", more);
    assert_eq!(check(json!({"check_type": "HTTPS", "domain_name": "shop.example", "path": "/up"})), [""; 0]);
    assert_eq!(check(json!({"check_type": "TCP"})), ["domain_name", "port"]);
    let odd = json!({"check_type": "TCP", "ip_address": "x", "port": 0, "path": "/", "search_string": "x",
        "interval_seconds": 20, "failure_threshold": 11});
    let fields = ["failure_threshold", "interval_seconds", "ip_address", "path", "port", "search_string"];
    assert_eq!(check(odd), fields);
    assert_eq!(check(json!({"check_type": "HTTP_STR_MATCH", "domain_name": "a.example"})), ["search_string"]);
}

#[test]
fn mistakes_of_names_and_policies_are_found() {
    use serde_json::json;
    let role =
        json!({"assume_role_policy": "{}", "name": "x".repeat(65), "path": "x", "max_session_seconds": 60});
    assert_eq!(wrong("aws:iam:Role", role), ["max_session_seconds", "name", "path"]);
    let policy = json!({"document": format!("\"{}\"", "x".repeat(6143)), "name": "a b"});
    assert_eq!(wrong("aws:iam:Policy", policy), ["document", "name"]);
    let spaced = json!({"document": format!("[{}]", " ".repeat(9000))});
    assert_eq!(wrong("aws:iam:Policy", spaced), [""; 0]);
    let attachment = json!({"role_name": "r", "policy_arn": "AdministratorAccess"});
    assert_eq!(wrong("aws:iam:RolePolicyAttachment", attachment), ["policy_arn"]);
    let issuer = json!({"url": "http://x", "thumbprints": ["zz"]});
    assert_eq!(wrong("aws:iam:OpenIdConnectProvider", issuer), ["thumbprints", "url"]);
}

#[test]
fn mistakes_of_keys_and_secrets_are_found() {
    use serde_json::json;
    let key = json!({"deletion_window_days": 3, "rotation_period_days": 10, "spec": "RSA_2048", "usage": "SIGN_VERIFY"});
    assert_eq!(wrong("aws:kms:Key", key), ["deletion_window_days", "rotation_period_days"]);
    let key = json!({"rotation": true, "spec": "HMAC_256", "usage": "SIGN_VERIFY"});
    assert_eq!(wrong("aws:kms:Key", key), ["rotation", "usage"]);
    assert_eq!(wrong("aws:kms:Key", json!({"rotation_period_days": 100})), ["rotation_period_days"]);
    for name in ["shop", "alias/", "alias/a b", "alias/aws/s3"] {
        assert_eq!(wrong("aws:kms:Alias", json!({"name": name, "target_key_id": "x"})), ["name"], "{name}");
    }
    assert_eq!(
        wrong("aws:secretsmanager:Secret", json!({"recovery_window_days": 3})),
        ["recovery_window_days"]
    );
    assert_eq!(wrong("aws:secretsmanager:Secret", json!({"name": "a b"})), ["name"]);
    let version =
        |value: String| wrong("aws:secretsmanager:SecretVersion", json!({"secret_arn": "x", "value": value}));
    assert_eq!(
        (version(String::new()).len(), version("x".repeat(65_537)).len(), version("x".into()).len()),
        (1, 1, 0)
    );
    let policy = json!({"secret_arn": "x", "policy": format!("\"{}\"", "x".repeat(20_480))});
    assert_eq!(wrong("aws:secretsmanager:SecretPolicy", policy), ["policy"]);
}

#[test]
fn mistakes_of_logs_buckets_parameters_and_repositories_are_found() {
    use serde_json::json;
    assert_eq!(
        wrong("aws:logs:LogGroup", json!({"retention_days": 2, "name": "aws/x"})),
        ["name", "retention_days"]
    );
    for name in ["ab", "Upper", "-a-", "a..b", "192.0.2.1", "xn--a", "a-s3alias", "a--x-s3", "a_b"] {
        assert_eq!(wrong("aws:s3:Bucket", json!({"name": name})), ["name"], "{name}");
    }
    assert_eq!(wrong("aws:s3:Bucket", json!({"name": "my.bucket-1", "bucket_key": true})), ["bucket_key"]);
    let object = json!({"bucket": "b", "key": "k".repeat(1025), "content": "x".repeat((1 << 20) + 1)});
    assert_eq!(wrong("aws:s3:Object", object), ["content", "key"]);
    for name in ["/aws/x", "SSMx", "a/b", "/a/", "/a//b", "/a b", &"/a".repeat(16)] {
        assert_eq!(wrong("aws:ssm:Parameter", json!({"value": "x", "name": name})), ["name"], "{name}");
    }
    let parameter = json!({"value": "x".repeat(4097), "kms_key_id": "k"});
    assert_eq!(wrong("aws:ssm:Parameter", parameter), ["kms_key_id", "value"]);
    for name in ["a", "Upper", "a//b", "a..b", "-a", "a_-b"] {
        assert_eq!(wrong("aws:ecr:Repository", json!({"name": name})), ["name"], "{name}");
    }
    assert_eq!(wrong("aws:ecr:Repository", json!({"name": "shop/web_a.b-c"})), [""; 0]);
}

#[test]
fn mistakes_of_volumes_and_interfaces_are_found() {
    use serde_json::json;
    let volume = |more: serde_json::Value| {
        let mut all = json!({"availability_zone": "us-east-1a", "size_gib": 10});
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        wrong("aws:ec2:Volume", all)
    };
    assert_eq!(volume(json!({"iops": 4000, "throughput_mib": 200, "kms_key_id": "k"})), [""; 0]);
    assert_eq!(volume(json!({"size_gib": null})), ["size_gib"]);
    assert_eq!(volume(json!({"size_gib": 0})), ["size_gib"]);
    assert_eq!(volume(json!({"volume_type": "gp4"})), ["volume_type"]);
    assert_eq!(volume(json!({"volume_type": "io2"})), ["iops"]);
    assert_eq!(
        volume(json!({"volume_type": "gp2", "iops": 1, "throughput_mib": 1})),
        ["iops", "throughput_mib"]
    );
    assert_eq!(volume(json!({"encrypted": false, "kms_key_id": "k"})), ["kms_key_id"]);
    assert_eq!(volume(json!({"kms_key_id": "alias/k"})), ["kms_key_id"]);
    let interface = json!({"subnet_id": "subnet-1", "fixed_private_ip": "10.0.0.256"});
    assert_eq!(wrong("aws:ec2:NetworkInterface", interface), ["fixed_private_ip"]);
    let interface =
        json!({"subnet_id": "subnet-1", "security_group_ids": [], "secondary_private_ips": ["x"]});
    assert_eq!(wrong("aws:ec2:NetworkInterface", interface), ["secondary_private_ips", "security_group_ids"]);
    let twice = json!({"subnet_id": "subnet-1", "fixed_private_ip": "10.0.0.4", "secondary_private_ips": ["10.0.0.4"]});
    assert_eq!(wrong("aws:ec2:NetworkInterface", twice), ["secondary_private_ips"]);
    assert_eq!(wrong("aws:ec2:EipAssociation", json!({"allocation_id": "e"})), ["instance_id"]);
    let both = json!({"allocation_id": "e", "instance_id": "i", "network_interface_id": "n"});
    assert_eq!(wrong("aws:ec2:EipAssociation", both), ["network_interface_id"]);
    let group = |more: serde_json::Value| wrong("aws:ec2:PlacementGroup", more);
    assert_eq!(group(json!({"strategy": "partition", "partitions": 8})), ["partitions"]);
    let cluster = json!({"strategy": "cluster", "partitions": 7, "spread_level": "rack"});
    assert_eq!(group(cluster), ["partitions", "spread_level"]);
}

#[test]
fn mistakes_of_templates_and_groups_are_found() {
    use serde_json::json;
    let template = |more: serde_json::Value| {
        let mut all = json!({"ami": "ami-1", "instance_type": "t3.micro"});
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        wrong("aws:ec2:LaunchTemplate", all)
    };
    assert_eq!(template(json!({"name": "web", "instance_tags": {"a": "b"}})), [""; 0]);
    assert_eq!(template(json!({"name": "ab", "security_group_ids": []})), ["name", "security_group_ids"]);
    assert_eq!(template(json!({"name": "a b c"})), ["name"]);
    assert_eq!(template(json!({"instance_tags": {"aws:x": "b"}})), ["instance_tags"]);
    assert_eq!(template(json!({"user_data": "x".repeat(16_385)})), ["user_data"]);
    let group = |more: serde_json::Value| {
        let mut all =
            json!({"launch_template_id": "lt-1", "min_size": 1, "max_size": 3, "subnet_ids": ["subnet-1"]});
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        wrong("aws:autoscaling:Group", all)
    };
    assert_eq!(group(json!({"desired": 3, "tags": {"a": "1"}, "instance_tags": {"b": "1"}})), [""; 0]);
    assert_eq!(group(json!({"min_size": 4})), ["min_size"]);
    assert_eq!(group(json!({"desired": 4})), ["desired"]);
    assert_eq!(group(json!({"subnet_ids": []})), ["subnet_ids"]);
    assert_eq!(group(json!({"name": "a:b"})), ["name"]);
    assert_eq!(group(json!({"tags": {"a": "1"}, "instance_tags": {"a": "1"}})), ["instance_tags"]);
}

#[test]
fn mistakes_of_parts_of_networks_are_found() {
    use serde_json::json;
    let subnet = |range: &str| {
        let inputs = json!({"vpc_id": "vpc-1", "cidr": "10.0.1.0/24", "ipv6_cidr": range});
        wrong("aws:ec2:Subnet", inputs)
    };
    assert_eq!(subnet("2600:1f18:aaaa:bb00::/64"), [""; 0]);
    assert_eq!(
        (subnet("2600:1f18:aaaa:bb00::/56"), subnet("10.0.0.0/16")),
        (vec!["ipv6_cidr".into()], vec!["ipv6_cidr".into()])
    );
    let assigns = json!({"vpc_id": "vpc-1", "cidr": "10.0.1.0/24", "assign_ipv6_on_creation": true});
    assert_eq!(wrong("aws:ec2:Subnet", assigns), ["assign_ipv6_on_creation"]);
    let range = |more: serde_json::Value| wrong("aws:ec2:VpcCidrBlock", more);
    assert_eq!(range(json!({"vpc_id": "vpc-1"})), ["cidr"]);
    assert_eq!(range(json!({"vpc_id": "vpc-1", "amazon_ipv6": false})), ["amazon_ipv6"]);
    assert_eq!(range(json!({"vpc_id": "vpc-1", "amazon_ipv6": true, "cidr": "10.1.0.0/16"})), ["cidr"]);
    assert_eq!(wrong("aws:ec2:DhcpOptions", json!({})), ["domain_name_servers"]);
    let many = json!({"domain_name_servers": ["1", "2", "3", "4", "5"], "ntp_servers": []});
    assert_eq!(wrong("aws:ec2:DhcpOptions", many), ["domain_name_servers", "ntp_servers"]);
    let acl = |number: u16, protocol: &str, cidr: &str| {
        let rule = json!({"number": number, "allow": true, "protocol": protocol, "cidr": cidr});
        wrong("aws:ec2:NetworkAcl", json!({"vpc_id": "vpc-1", "ingress": [rule]}))
    };
    assert_eq!((acl(100, "tcp", "::/0"), acl(32_766, "all", "0.0.0.0/0")), (vec![], vec![]));
    for (number, protocol, cidr) in
        [(0, "tcp", "::/0"), (32_767, "tcp", "::/0"), (1, "tcpp", "::/0"), (1, "tcp", "x")]
    {
        assert_eq!(acl(number, protocol, cidr), ["ingress"], "{number} {protocol} {cidr}");
    }
    let rule = json!({"number": 7, "allow": true, "protocol": "tcp", "cidr": "::/0"});
    assert_eq!(wrong("aws:ec2:NetworkAcl", json!({"vpc_id": "vpc-1", "egress": [rule, rule]})), ["egress"]);
    let endpoint = |kind: &str, more: serde_json::Value| {
        let mut all = json!({"vpc_id": "vpc-1", "service_name": "s", "endpoint_type": kind});
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        wrong("aws:ec2:VpcEndpoint", all)
    };
    let all = json!({"subnet_ids": ["subnet-1"], "security_group_ids": ["sg-1"], "private_dns": true});
    assert_eq!(endpoint("gateway", all.clone()), ["private_dns", "security_group_ids", "subnet_ids"]);
    assert_eq!(endpoint("interface", all), [""; 0]);
    assert_eq!(endpoint("interface", json!({"route_table_ids": ["rtb-1"]})), ["route_table_ids"]);
    let peering = json!({"vpc_id": "vpc-1", "peer_vpc_id": "vpc-1", "accept": false, "accepter_dns": true});
    assert_eq!(wrong("aws:ec2:VpcPeering", peering), ["accepter_dns", "peer_vpc_id"]);
    let log = |to: &str| {
        wrong("aws:ec2:FlowLog", json!({"resource_id": "i-1", "destination_arn": to, "interval_seconds": 61}))
    };
    assert_eq!(log("bucket"), ["destination_arn", "interval_seconds", "resource_id"]);
    assert_eq!(log("arn:aws:s3:::logs"), ["interval_seconds", "resource_id"]);
    assert_eq!(log("arn:aws:logs:us-east-1:1:log-group:x"), ["interval_seconds", "resource_id", "role_arn"]);
}

#[test]
fn mistakes_of_certificates_are_found() {
    use serde_json::json;
    for name in ["shop", "*", "a b.example", "*.*.example", "shop..example"] {
        assert_eq!(wrong("aws:acm:Certificate", json!({"domain_name": name})), ["domain_name"], "{name}");
    }
    let names =
        json!({"domain_name": "*.shop.example.", "alternative_names": ["shop.example", "x_y.example"]});
    assert_eq!(wrong("aws:acm:Certificate", names), ["alternative_names"]);
    let itself = json!({"domain_name": "shop.example", "alternative_names": ["Shop.example."]});
    assert_eq!(wrong("aws:acm:Certificate", itself), ["alternative_names"]);
}

/// Every call of every kind is refused with the same words, and nothing is sent.
#[cfg(not(feature = "sts"))]
mod without_a_client {
    use std::time::Duration;

    use sskuba_core::address::{Address, StackId, Token};
    use sskuba_core::advice::Advice;
    use sskuba_core::provider::{Change, Class, Cx, Effect, Failure, Prior};

    use super::*;

    fn cx(kind: &str) -> Cx {
        Cx::new(
            StackId::parse("local/shop/dev").unwrap(),
            Address::parse(&format!("{kind}::main")).unwrap(),
            Token::new([7; 16]),
            Duration::from_secs(5),
        )
    }

    fn refused<T: std::fmt::Debug>(answer: Result<T, Failure>) {
        let failure = answer.unwrap_err();
        assert_eq!((failure.class.clone(), failure.effect.clone()), (Class::Terminal, Effect::NotApplied));
        let text = failure.to_string();
        assert!(text.contains("this program was built without the AWS client"), "{text}");
        assert!(text.contains("feature `aws`"), "{text}");
        assert_eq!(failure.advice, [Advice::Simulate], "{text}");
    }

    #[tokio::test]
    async fn every_call_says_how_to_get_it() {
        let provider = provider();
        let instance = provider.configure(None).await.unwrap();
        let (map, prior) = (Map::new(), Prior::default());
        let change = Change { prior: prior.clone(), inputs: Map::new() };
        for schema in provider.schemas().iter().filter(|schema| !schema.is_instance()) {
            let cx = cx(schema.kind.as_str());
            if schema.is_lookup() {
                refused(instance.lookup(&cx, &map).await);
                continue;
            }
            refused(instance.create(&cx, &map).await);
            refused(instance.ready(&cx, &prior).await);
            refused(instance.read(&cx, &prior).await);
            refused(instance.update(&cx, &change).await);
            refused(instance.delete(&cx, &prior).await);
            refused(instance.find(&cx).await);
            refused(instance.list(&cx).await);
        }
        refused(instance.place().await);
        let settings = Map::from([("default_tags".into(), Value::Map(Map::new()))]);
        refused(provider.configure(Some(&settings)).await);
    }
}
