//! Groups of logs, buckets and objects, and parameters.

use serde_json::{Value as Json, json};
use sskuba_aws::Provider as Settings;
use sskuba_aws::kms::Key;
use sskuba_aws::logs::LogGroup;
use sskuba_aws::s3::{Bucket, BucketPolicy, Object};
use sskuba_aws::ssm::Parameter;
use sskuba_core::prelude::*;
use sskuba_core::provider::Class;
use sskuba_core::testing::provider_conformance::Case;
use sskuba_testkit::aws::{Fate, Proxy};

use crate::services::{conforms, imported, refused};
use crate::stacks::behind;
use crate::stage::{Stage, inputs, scene};

const NONE: [&str; 0] = [];
const HEAD: &str = "logs, s3, ssm = boto3.client('logs'), boto3.client('s3'), boto3.client('ssm')\n";

pub(crate) const ADDRESSES: &[&str] = &[
    "aws:logs:LogGroup::group",
    "aws:s3:Bucket::bucket",
    "aws:s3:BucketPolicy::policy",
    "aws:ssm:Parameter::parameter",
    "aws:ssm:Parameter::sealed",
];

/// Asks as somebody else.
fn asked(line: &str) -> Json {
    behind(&format!("{HEAD}{line}"))
}

fn sealed(text: &str) -> Secret<String> {
    Secret::new(text.to_owned())
}

/// What happens to a call to S3: moto answers the question about versions of a bucket that never had any with a wrong name,
/// which AWS's own SDK for Rust does not read.
fn corrected(action: &str) -> Fate {
    match action.strip_prefix("GET /").map(|path| path.trim_end_matches('/')) {
        Some(bucket) if !bucket.is_empty() && !bucket.contains('/') => {
            Fate::Edit("GetBucketVersioningResponse", "VersioningConfiguration")
        }
        _ => Fate::Pass,
    }
}

/// Goes on behind a proxy that corrects moto.
async fn correct(stage: Stage, settings: Settings) -> Stage {
    let endpoint = std::env::var("AWS_ENDPOINT_URL").unwrap();
    let proxy = Proxy::start(&endpoint, |action, _| corrected(action)).await;
    stage.with(settings.endpoint(proxy.endpoint)).await
}

fn policy(bucket: &str, action: &str) -> String {
    json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": [action], "Resource": format!("arn:aws:s3:::{bucket}/*"),
        "Principal": {"AWS": "arn:aws:iam::123456789012:root"}}]})
    .to_string()
}

scene! {
    async fn groups_of_logs_and_parameters_conform(stage: Stage) {
        let group = |days: u16, tag: &str| json!({"retention_days": days, "tags": {"a": tag}});
        let case = Case::new(group(7, "1")).update(group(30, "2")).replacement(json!({"name": "/conform/other"}));
        let case = case.unknown_id("arn:aws:logs:us-east-1:123456789012:log-group:nobody").another(move |_| group(1, "1"));
        let remove = format!("{HEAD}logs.delete_log_group(logGroupName='$ID'.split(':')[-1])");
        conforms(&stage, "aws:logs:LogGroup", case, &remove).await;

        let parameter = |value: &str, secure: bool, tag: &str| json!({"value": value, "secure": secure, "description": tag,
            "tags": {"a": tag}});
        let remove = format!("{HEAD}ssm.delete_parameter(Name='$ID')");
        let case = Case::new(parameter("canary-1", false, "1")).update(parameter("canary-2", false, "2"));
        let case = case.replacement(parameter("canary-2", true, "2")).unknown_id("/nobody");
        conforms(&stage, "aws:ssm:Parameter", case, &remove).await;
        let case = Case::new(parameter("canary-1", true, "1")).update(parameter("canary-2", true, "2"));
        conforms(&stage, "aws:ssm:Parameter", case.unset_field("description", async |id: String| {
            asked(&format!("ssm.put_parameter(Name='{id}', Value='canary-1', Type='SecureString', Overwrite=True, Description='theirs')"));
        }), &remove).await;
    }
}

scene! {
    async fn buckets_and_objects_conform(stage: Stage) {
        let stage = correct(stage, Settings::new()).await;
        let key = stage.create("main", Key::new()).await.output("arn");
        let bucket = |versioning: bool, tag: &str| json!({"versioning": versioning, "tags": {"a": tag}});
        let sealed = json!({"versioning": false, "kms_key_id": key, "bucket_key": true, "public_access_blocked": false, "tags": {"b": "2"}});
        let case = Case::new(bucket(true, "1")).update(sealed).replacement(json!({"name": "conform-other.example"}));
        let case = case.unknown_id("nobody-has-this-bucket").another(move |_| bucket(false, "1"));
        conforms(&stage, "aws:s3:Bucket", case, &format!("{HEAD}s3.delete_bucket(Bucket='$ID')")).await;

        let one = stage.create("one", Bucket::new()).await.id();
        let two = stage.create("two", Bucket::new()).await.id();
        let of = |bucket: &str, action: &str| json!({"bucket": bucket, "policy": policy(bucket, action)});
        let case = Case::new(of(&one, "s3:GetObject")).update(of(&one, "s3:PutObject")).replacement(of(&two, "s3:PutObject"));
        let case = case.unknown_id("nobody-has-this-bucket");
        conforms(&stage, "aws:s3:BucketPolicy", case, &format!("{HEAD}s3.delete_bucket_policy(Bucket='$ID')")).await;

        let object = |key: &str, text: &str| json!({"bucket": one, "key": key, "content": text, "cache_control": "max-age=7"});
        let case = Case::new(object("a/é b", "one")).update(object("a/é b", "two")).replacement(object("b", "three"));
        let case = case.unknown_id(format!("{one}/nobody"));
        let remove = format!("{HEAD}bucket, key = '$ID'.split('/', 1)\ns3.delete_object(Bucket=bucket, Key=key)");
        conforms(&stage, "aws:s3:Object", case, &remove).await;
    }
}

scene! {
    async fn a_group_of_logs_lives_its_life(stage: Stage) {
        let group = || LogGroup::new().name("/life/of_a-group");
        let mut live = stage.create("main", group().retention_days(30_u16).tag("tier", "a")).await;
        assert_eq!((stage.drift(&live).await, live.output("group_name")), (vec![], "/life/of_a-group".to_owned()));
        stage.same_again(&live).await;
        stage.update(&mut live, group().tag("owner", "b")).await;
        assert_eq!(stage.drift(&live).await, NONE);
        let id = live.id();
        let tags = asked(&format!("print(json.dumps(logs.list_tags_for_resource(resourceArn='{id}')['tags']))"));
        assert_eq!((&tags["owner"], tags.get("tier"), &tags["sskuba:address"]), (&json!("b"), None, &json!("aws:logs:LogGroup::main")));
        let days = "print(json.dumps(logs.describe_log_groups(logGroupNamePrefix='/life/of')['logGroups'][0].get('retentionInDays')))";
        assert_eq!(asked(days), Json::Null);
        stage.update(&mut live, group().retention_days(1_u16)).await;
        asked("logs.put_retention_policy(logGroupName='/life/of_a-group', retentionInDays=7)");
        assert_eq!(stage.drift(&live).await, ["retention_days"]);
        // One whose name begins as another's is another.
        let longer = stage.create("longer", LogGroup::new().name("/life/of_a-group/too")).await;
        stage.delete(&live).await;
        assert_eq!(stage.drift(&longer).await, NONE);
        let made = stage.create("made", LogGroup::new()).await;
        stage.found(&made).await;
    }
}

scene! {
    async fn a_bucket_lives_its_life(stage: Stage) {
        let stage = correct(stage, Settings::new()).await;
        let mut bucket = stage.create("Main.Site_x", Bucket::new().versioning(true).tag("tier", "a")).await;
        let id = bucket.id();
        assert!(id.starts_with("main-site-x-") && bucket.output("domain_name") == format!("{id}.s3.us-east-1.amazonaws.com"), "{id}");
        assert_eq!(stage.drift(&bucket).await, NONE);
        stage.found(&bucket).await;
        stage.same_again(&bucket).await;
        asked(&format!("s3.put_bucket_tagging(Bucket='{id}', Tagging={{'TagSet': s3.get_bucket_tagging(Bucket='{id}')['TagSet']\
            + [{{'Key': 'theirs', 'Value': 'yes'}}]}})"));
        stage.update(&mut bucket, Bucket::new().tag("owner", "b")).await;
        let seen = asked(&format!("tags = {{t['Key']: t['Value'] for t in s3.get_bucket_tagging(Bucket='{id}')['TagSet']}}\n\
            block = s3.get_public_access_block(Bucket='{id}')['PublicAccessBlockConfiguration']\n\
            print(json.dumps([tags['theirs'], tags['owner'], tags.get('tier'), tags['sskuba:token'], s3.get_bucket_versioning(Bucket='{id}')['Status'],\
            sorted(set(block.values()))]))"));
        assert_eq!(seen, json!(["yes", "b", null, bucket.cx.token.to_string(), "Suspended", [true]]));
        asked(&format!("s3.delete_public_access_block(Bucket='{id}')\ns3.put_bucket_versioning(Bucket='{id}', VersioningConfiguration={{'Status': 'Enabled'}})"));
        assert_eq!(stage.drift(&bucket).await, ["versioning", "public_access_blocked"]);

        // What is in it goes with it only where the program says so; more than one page of it.
        asked(&format!("for i in range(1003):\n  s3.put_object(Bucket='{id}', Key=f'k{{i % 600}}', Body=b'x')\ns3.delete_object(Bucket='{id}', Key='k1')"));
        let failure = stage.provider.delete(&bucket.cx, &bucket.prior()).await.unwrap_err();
        assert_eq!((&failure.class, failure.hint.as_deref().is_some_and(|hint| hint.contains("force_destroy"))), (&Class::Conflict, true), "{failure}");
        bucket.inputs = inputs(Bucket::new().force_destroy(true));
        stage.delete(&bucket).await;
    }
}

scene! {
    async fn an_object_lives_its_life(stage: Stage) {
        let stage = correct(stage, Settings::new()).await;
        let bucket = stage.create("main", Bucket::new()).await;
        let object = |text: &str| Object::new(bucket.id(), "index.html", text).content_type("text/html");
        let mut live = stage.create("index", object("<p>one</p>").cache_control("no-cache")).await;
        assert_eq!(stage.drift(&live).await, NONE);
        stage.same_again(&live).await;
        stage.update(&mut live, object("<p>two</p>")).await;
        assert_eq!(stage.drift(&live).await, NONE);
        let body = asked(&format!("one = s3.get_object(Bucket='{}', Key='index.html')\nprint(json.dumps([one['Body'].read().decode(), one['ContentType'], one.get('CacheControl')]))", bucket.id()));
        assert_eq!(body, json!(["<p>two</p>", "text/html", null]));
        asked(&format!("s3.put_object(Bucket='{}', Key='index.html', Body=b'theirs', ContentType='text/html')", bucket.id()));
        assert_eq!(stage.read(&live).await.unwrap().inputs["content"].as_str(), Some("theirs"));
        asked(&format!("s3.put_object(Bucket='{}', Key='index.html', Body=bytes([255, 254]), ContentType='text/html')", bucket.id()));
        assert!(!stage.read(&live).await.unwrap().inputs.contains_key("content"), "it is no text");
        stage.delete(&live).await;
        let unlisted = stage.provider.list(&live.cx).await.unwrap_err();
        assert!(unlisted.message.contains("there is no list of these"), "{unlisted}");
    }
}

scene! {
    async fn a_parameter_lives_its_life(stage: Stage) {
        let parameter = |text: &str| Parameter::new(sealed(text)).name("/life/of.a-parameter").secure(true);
        let mut live = stage.create("main", parameter("canary-1").description("one").tag("tier", "a")).await;
        assert_eq!((stage.drift(&live).await, live.output("parameter_version")), (vec![], "1".to_owned()));
        stage.same_again(&live).await;
        // An update is asked for twice, and makes one version.
        stage.update(&mut live, parameter("canary-2").tag("owner", "b")).await;
        assert_eq!((stage.drift(&live).await, live.output("parameter_version")), (vec![], "2".to_owned()));
        let read = stage.read(&live).await.unwrap();
        assert!(!format!("{read:?}").contains("canary"), "{read:?}");
        asked("ssm.put_parameter(Name='/life/of.a-parameter', Value='theirs', Type='SecureString', Overwrite=True)");
        let read = stage.read(&live).await.unwrap();
        assert_eq!(read.inputs["value"].reveal().as_str(), Some("theirs"));
        stage.delete(&live).await;
        let made = stage.create("made", Parameter::new(sealed("canary"))).await;
        stage.found(&made).await;
    }
}

scene! {
    async fn what_another_has_is_refused_with_its_id(stage: Stage) {
        let stage = correct(stage, Settings::new()).await;
        let group = stage.create("a", LogGroup::new().name("taken")).await;
        refused(&stage, LogGroup::new().name("taken"), &group.id()).await;
        let parameter = stage.create("a", Parameter::new(sealed("x")).name("taken")).await;
        refused(&stage, Parameter::new(sealed("x")).name("taken"), &parameter.id()).await;
        let bucket = stage.create("a", Bucket::new().name("taken-by-a")).await;
        refused(&stage, Bucket::new().name("taken-by-a"), &bucket.id()).await;
        let of = |action: &str| BucketPolicy::new(bucket.id(), policy("taken-by-a", action));
        let policy = stage.create("a", of("s3:GetObject")).await;
        stage.same_again(&policy).await;
        refused(&stage, of("s3:GetObject"), &policy.id()).await;
        let object = stage.create("a", Object::new(bucket.id(), "k", "x")).await;
        refused(&stage, Object::new(bucket.id(), "k", "x"), &object.id()).await;
        let mut cx = stage.cx::<Object>("other");
        cx.recovering = true;
        assert!(stage.try_create(cx, Object::new(bucket.id(), "k", "y")).await.is_err());
        let mut cx = stage.cx::<BucketPolicy>("other");
        cx.recovering = true;
        assert!(stage.try_create(cx, of("s3:PutObject")).await.is_err());
    }
}

scene! {
    async fn a_lost_answer_makes_no_second_object(stage: Stage) {
        let made = |action: &str| {
            ["CreateLogGroup", "PutParameter"].contains(&action)
                || action.starts_with("PUT /")
        };
        let proxy = Proxy::start(&std::env::var("AWS_ENDPOINT_URL").unwrap(), move |action, nth| {
            if nth == 1 && made(action) { Fate::Lose } else { corrected(action) }
        })
        .await;
        let endpoint = proxy.endpoint.clone();
        let on = stage.stacked();
        let program = move |stack: &mut Stack| -> Result<()> {
            let here = stack.add("here", Settings::new().endpoint(endpoint.clone()))?;
            stack.add("main", LogGroup::new().name("lost").retention_days(7_u16))?.provider(&here);
            stack.add("main", Parameter::new(sealed("canary")).name("lost"))?.provider(&here);
            let bucket = stack.add("lost-bucket", Bucket::new().force_destroy(true))?.provider(&here);
            stack.add("main", BucketPolicy::new(bucket.id(), policy("x", "s3:GetObject")))?.provider(&here);
            stack.add("main", Object::new(bucket.id(), "lost", "x"))?.provider(&here);
            Ok(())
        };
        assert_eq!(on.up(program.clone()).await, [6, 0, 0, 0]);
        let lost = proxy.log().into_iter().filter(|action| made(action)).collect::<Vec<_>>();
        assert!(lost.len() >= 6, "each was made again: {lost:?}");
        assert_eq!(on.up(program).await, [0; 4]);
        let seen = asked("print(json.dumps([len([b for b in s3.list_buckets()['Buckets'] if b['Name'].startswith('lost-bucket')]),\
            ssm.get_parameter(Name='lost')['Parameter']['Version']]))");
        assert_eq!(seen, json!([1, 1]));
        on.down().await;
    }
}

scene! {
    async fn a_bucket_of_another_region_is_told(stage: Stage) {
        let far = correct(stage, Settings::new().region("eu-west-1")).await;
        let bucket = far.create("far", Bucket::new()).await;
        assert!(bucket.output("domain_name").ends_with(".s3.eu-west-1.amazonaws.com"));
        assert_eq!((far.drift(&bucket).await, asked(&format!("print(json.dumps(s3.get_bucket_location(Bucket='{}')['LocationConstraint']))", bucket.id()))),
            (vec![], json!("eu-west-1")));
        far.delete(&bucket).await;
    }
}

scene! {
    async fn what_is_there_is_listed_and_imported(stage: Stage) {
        let may = policy("byhand-bucket", "s3:GetObject");
        let endpoint = std::env::var("AWS_ENDPOINT_URL").unwrap();
        let proxy = Proxy::start(&endpoint, |action, _| corrected(action)).await;
        let endpoint = proxy.endpoint.clone();
        let stage = stage.with(Settings::new().endpoint(endpoint.clone())).await;
        // Of the second one AWS does not tell the tags.
        let ids = asked(&format!("logs.create_log_group(logGroupName='byhand')\n\
            logs.create_log_group(logGroupName='by#hand')\n\
            s3.create_bucket(Bucket='byhand-bucket')\n\
            s3.put_bucket_versioning(Bucket='byhand-bucket', VersioningConfiguration=dict(Status='Enabled'))\n\
            s3.put_public_access_block(Bucket='byhand-bucket', PublicAccessBlockConfiguration={{k: True for k in\
                ['BlockPublicAcls', 'IgnorePublicAcls', 'BlockPublicPolicy', 'RestrictPublicBuckets']}})\n\
            s3.put_bucket_policy(Bucket='byhand-bucket', Policy='{may}')\n\
            ssm.put_parameter(Name='byhand', Value='x', Type='String')\n\
            ssm.put_parameter(Name='byhand-sealed', Value='y', Type='SecureString')\n\
            group = logs.describe_log_groups(logGroupNamePrefix='byhand')['logGroups'][0]['logGroupArn']\n\
            print(json.dumps(dict(group=group, bucket='byhand-bucket', policy='byhand-bucket', parameter='byhand', sealed='byhand-sealed')))"));
        let instance = {
            let endpoint = endpoint.clone();
            move |stack: &mut Stack| -> Result<()> {
                stack.add("here", Settings::new().endpoint(endpoint.clone()))?;
                Ok(())
            }
        };
        let program = move |stack: &mut Stack| -> Result<()> {
            let here = stack.add("here", Settings::new().endpoint(endpoint.clone()))?;
            stack.add("group", LogGroup::new())?.provider(&here);
            let bucket = stack.add("bucket", Bucket::new().versioning(true))?.provider(&here);
            let may = policy("byhand-bucket", "s3:GetObject");
            stack.add("policy", BucketPolicy::new(bucket.id(), may))?.provider(&here);
            stack.add("parameter", Parameter::new(sealed("x")))?.provider(&here);
            stack.add("sealed", Parameter::new(sealed("y")).secure(true))?.provider(&here);
            Ok(())
        };
        imported(stage, &ids, ADDRESSES, instance, program).await;
    }
}
