//! Keys, secrets, their values and policies.

use serde_json::{Value as Json, json};
use sskuba_aws::Provider as Settings;
use sskuba_aws::kms::{Alias, Key};
use sskuba_aws::secretsmanager::{Secret, SecretPolicy, SecretVersion};
use sskuba_core::prelude::Secret as Sealed;
use sskuba_core::prelude::*;
use sskuba_core::provider::Prior;
use sskuba_core::testing::provider_conformance::{Case, assert_conforms};
use sskuba_testkit::aws::{Fate, Proxy};

use crate::services::{conforms, imported, no_instance, refused};
use crate::stacks::behind;
use crate::stage::{Stage, inputs, scene};

const NONE: [&str; 0] = [];

pub(crate) const ADDRESSES: &[&str] = &[
    "aws:kms:Key::key",
    "aws:kms:Alias::alias",
    "aws:secretsmanager:Secret::secret",
    "aws:secretsmanager:SecretPolicy::policy",
    "aws:secretsmanager:SecretVersion::version",
];

/// Asks as somebody else.
fn asked(line: &str) -> Json {
    behind(&format!("kms, sm = boto3.client('kms'), boto3.client('secretsmanager')\n{line}"))
}

const REMOVE: &str = "kms, sm = boto3.client('kms'), boto3.client('secretsmanager')\n";

fn policy(action: &str) -> String {
    json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": [action], "Resource": "*",
        "Principal": {"AWS": "arn:aws:iam::123456789012:root"}}]})
    .to_string()
}

fn sealed(text: &str) -> Sealed<String> {
    Sealed::new(text.to_owned())
}

scene! {
    async fn keys_and_aliases_conform(stage: Stage) {
        let case = Case::new(json!({"description": "one", "tags": {"a": "1"}, "deletion_window_days": 7}));
        let case = case.update(json!({"description": "two", "rotation": true,
            "policy": policy("kms:*"), "tags": {"b": "2"}}));
        let case = case.replacement(json!({"usage": "SIGN_VERIFY", "spec": "ECC_NIST_P256", "enabled": false}));
        let case = case.unknown_id("00000000-0000-0000-0000-000000000000");
        let remove = format!("{REMOVE}kms.schedule_key_deletion(KeyId='$ID', PendingWindowInDays=7)");
        conforms(&stage, "aws:kms:Key", case, &remove).await;
        let (one, two) = (stage.create("one", Key::new()).await, stage.create("two", Key::new()).await);
        let alias = |name: &str, key: String| json!({"name": format!("alias/{name}"), "target_key_id": key});
        let case = Case::new(alias("conform", one.id())).update(alias("conform", two.output("arn")));
        let case = case.replacement(alias("other", one.id())).unknown_id("alias/nobody");
        conforms(&stage, "aws:kms:Alias", case, &format!("{REMOVE}kms.delete_alias(AliasName='$ID')")).await;
    }
}

scene! {
    async fn secrets_conform(stage: Stage) {
        let secret = |words: &str, tag: &str| json!({"description": words, "tags": {"a": tag}, "recovery_window_days": 0});
        let case = Case::new(secret("one", "1")).update(secret("two", "2"));
        let case = case.replacement(json!({"name": "conform/other", "recovery_window_days": 7}));
        let case = case.unknown_id("arn:aws:secretsmanager:us-east-1:123456789012:secret:nobody-AbCdEf");
        let remove = format!("{REMOVE}sm.delete_secret(SecretId='$ID')");
        conforms(&stage, "aws:secretsmanager:Secret", case, &remove).await;

        let one = stage.create("one", Secret::new()).await.id();
        let two = stage.create("two", Secret::new()).await.id();
        let of = |arn: &str, action: &str| json!({"secret_arn": arn, "policy": policy(action)});
        let case = Case::new(of(&one, "secretsmanager:GetSecretValue")).update(of(&one, "secretsmanager:*"));
        let remove = format!("{REMOVE}sm.delete_resource_policy(SecretId='$ID')");
        conforms(&stage, "aws:secretsmanager:SecretPolicy", case.replacement(of(&two, "secretsmanager:*")), &remove).await;

        // AWS cannot take a value away.
        let value = |arn: &str, value: &str| json!({"secret_arn": arn, "value": value});
        let case = Case::new(value(&one, "canary-one")).update(value(&one, "canary-two")).replacement(value(&two, "canary"));
        assert_conforms(stage.factory.as_ref(), "aws:secretsmanager:SecretVersion", &case.only_in_state()).await;
    }
}

scene! {
    async fn a_key_lives_its_life(stage: Stage) {
        let mut key = stage.create("main", Key::new().policy(policy("kms:*")).rotation(true).tag("tier", "a")).await;
        assert_eq!(stage.drift(&key).await, NONE);
        stage.found(&key).await;
        stage.update(&mut key, Key::new().description("new").enabled(false).tag("owner", "b")).await;
        assert_eq!(stage.drift(&key).await, NONE);
        let id = key.id();
        let seen = asked(&format!("key = kms.describe_key(KeyId='{id}')['KeyMetadata']\n\
            tags = {{t['TagKey']: t['TagValue'] for t in kms.list_resource_tags(KeyId='{id}')['Tags']}}\n\
            print(json.dumps([key['Enabled'], key['Description'], tags.get('tier'), tags['owner'], tags['sskuba:address']]))"));
        assert_eq!(seen, json!([false, "new", null, "b", "aws:kms:Key::main"]));
        asked(&format!("kms.enable_key(KeyId='{id}')"));
        assert_eq!(stage.drift(&key).await, ["enabled"]);
        stage.delete(&key).await;
        assert_eq!(asked(&format!("print(json.dumps(kms.describe_key(KeyId='{id}')['KeyMetadata']['KeyState']))")), "PendingDeletion");
    }
}

scene! {
    async fn a_secret_lives_its_life(stage: Stage) {
        let key = stage.create("key", Key::new()).await;
        let mut secret = stage.create("main", Secret::new().description("one").kms_key_id(key.output("arn")).tag("tier", "a")).await;
        assert_eq!(stage.drift(&secret).await, NONE);
        stage.found(&secret).await;
        stage.same_again(&secret).await;
        stage.update(&mut secret, Secret::new().description("two").kms_key_id(key.id()).tag("owner", "b")).await;
        assert_eq!(stage.drift(&secret).await, NONE);
        let id = secret.id();
        let tags = asked(&format!("print(json.dumps({{t['Key']: t['Value'] for t in sm.describe_secret(SecretId='{id}')['Tags']}}))"));
        assert_eq!((&tags["owner"], tags.get("tier")), (&json!("b"), None));
        asked(&format!("sm.update_secret(SecretId='{id}', Description='theirs')"));
        assert_eq!(stage.drift(&secret).await, ["description"]);
        stage.update(&mut secret, Secret::new().description("two").recovery_window_days(7)).await;
        stage.delete(&secret).await;
        let gone = asked(&format!("print(json.dumps('DeletedDate' in sm.describe_secret(SecretId='{id}')))"));
        assert_eq!(gone, json!(true));
        // Without a window it goes for good, also after it was scheduled.
        secret.inputs = inputs(Secret::new().description("two").recovery_window_days(0));
        stage.delete(&secret).await;
        assert_eq!(asked(&format!("print(json.dumps([s for s in sm.list_secrets(IncludePlannedDeletion=True)['SecretList'] if s['ARN'] == '{id}']))")), json!([]));
    }
}

/// Returns the values of a secret: the current one and the one before.
fn values(id: &str) -> Json {
    asked(&format!(
        "stages = [s for v in sm.describe_secret(SecretId='{id}')['VersionIdsToStages'].values() for s in v]\n\
         of = lambda stage: sm.get_secret_value(SecretId='{id}', VersionStage=stage)['SecretString'] if stage in stages else None\n\
         print(json.dumps([of('AWSCURRENT'), of('AWSPREVIOUS')]))"
    ))
}

scene! {
    async fn a_value_is_set_and_never_read_back(stage: Stage) {
        let proxy = Proxy::start(&std::env::var("AWS_ENDPOINT_URL").unwrap(), |_, _| Fate::Pass).await;
        let stage = stage.with(Settings::new().endpoint(proxy.endpoint.clone())).await;
        let secret = stage.create("main", Secret::new()).await;
        let version = |text: &str| SecretVersion::new(secret.id(), sealed(text));
        let mut value = stage.create("main", version("canary-1")).await;
        assert_eq!(value.output("version_id"), value.cx.token.to_string());
        stage.same_again(&value).await;
        assert_eq!((stage.drift(&value).await, values(&secret.id())), (vec![], json!(["canary-1", null])));
        // An update that is made again makes no second version.
        stage.update(&mut value, version("canary-2")).await;
        assert_eq!(values(&secret.id()), json!(["canary-2", "canary-1"]));
        let asked_before = proxy.calls("GetSecretValue");
        let read = stage.read(&value).await.unwrap();
        assert!(!format!("{read:?}").contains("canary") && proxy.calls("GetSecretValue") == asked_before, "{read:?}");
        // What others set is theirs.
        asked(&format!("sm.put_secret_value(SecretId='{}', SecretString='theirs')", secret.id()));
        let read = stage.read(&value).await.unwrap();
        assert_ne!(read.outputs["version_id"], value.object.outputs["version_id"]);
        refused(&stage, version("canary-3"), &secret.id()).await;
        assert_eq!(values(&secret.id()), json!(["theirs", "canary-2"]));
        stage.delete(&secret).await;
        assert_eq!(stage.read(&value).await, None);
    }
}

scene! {
    async fn what_another_has_is_refused_with_its_id(stage: Stage) {
        let key = stage.create("a", Key::new()).await;
        let alias = stage.create("a", Alias::new("alias/taken", key.id())).await;
        refused(&stage, Alias::new("alias/taken", key.id()), &alias.id()).await;
        let mut cx = stage.cx::<Alias>("other");
        cx.recovering = true;
        stage.try_create(cx.clone(), Alias::new("alias/taken", key.output("arn"))).await.unwrap();
        let other = stage.create("b", Key::new()).await;
        assert!(stage.try_create(cx, Alias::new("alias/taken", other.id())).await.is_err());
        let secret = stage.create("a", Secret::new().name("taken")).await;
        refused(&stage, Secret::new().name("taken"), &secret.id()).await;
        let of = |action: &str| SecretPolicy::new(secret.id(), policy(action));
        let policy = stage.create("a", of("secretsmanager:*")).await;
        stage.same_again(&policy).await;
        refused(&stage, of("secretsmanager:*"), &policy.id()).await;
        let mut cx = stage.cx::<SecretPolicy>("other");
        cx.recovering = true;
        assert!(stage.try_create(cx, of("secretsmanager:GetSecretValue")).await.is_err());
        // One that was deleted a moment ago has the name still.
        stage.delete(&secret).await;
        let failure = stage.try_create(stage.cx::<Secret>("other"), Secret::new().name("taken")).await.err().unwrap();
        assert_eq!(failure.class, sskuba_core::provider::Class::Conflict, "{failure}");
        let gone = stage.provider.read(&policy.cx, &Prior { id: policy.id(), ..Prior::default() }).await.unwrap();
        assert_eq!(gone, None, "it goes with the secret");
    }
}

scene! {
    async fn a_lost_answer_makes_no_second_object(stage: Stage) {
        const MADE: [&str; 5] = ["CreateKey", "CreateAlias", "CreateSecret", "PutSecretValue", "PutResourcePolicy"];
        let proxy = Proxy::start(&std::env::var("AWS_ENDPOINT_URL").unwrap(), |action, nth| {
            if nth == 1 && MADE.contains(&action) { Fate::Lose } else { Fate::Pass }
        })
        .await;
        let endpoint = proxy.endpoint.clone();
        let on = stage.stacked();
        let program = move |stack: &mut Stack| -> Result<()> {
            let here = stack.add("here", Settings::new().endpoint(endpoint.clone()).default_tag("team", "lost"))?;
            let key = stack.add("main", Key::new())?.provider(&here);
            stack.add("main", Alias::new("alias/lost", key.id()))?.provider(&here);
            let secret = stack.add("main", Secret::new().name("lost").kms_key_id(key.arn()).recovery_window_days(0))?.provider(&here);
            stack.add("main", SecretVersion::new(secret.arn(), sealed("canary")))?.provider(&here);
            stack.add("main", SecretPolicy::new(secret.arn(), policy("secretsmanager:*")))?.provider(&here);
            Ok(())
        };
        assert_eq!(on.up(program.clone()).await, [6, 0, 0, 0]);
        assert_eq!((on.up(program).await, proxy.calls("CreateKey")), ([0; 4], 1));
        let keys = "of = lambda k: {t['TagKey']: t['TagValue'] for t in kms.list_resource_tags(KeyId=k)['Tags']}.get('team')\n\
            alive = lambda k: kms.describe_key(KeyId=k)['KeyMetadata']['KeyState'] == 'Enabled'\n\
            print(json.dumps(len([k for k in kms.list_keys()['Keys'] if of(k['KeyId']) == 'lost' and alive(k['KeyId'])])))";
        assert_eq!((asked(keys), values("lost")), (json!(1), json!(["canary", null])));
        on.down().await;
        assert_eq!(asked(keys), json!(0));
    }
}

scene! {
    async fn what_is_there_is_listed_and_imported(stage: Stage) {
        let may = policy("secretsmanager:*");
        let ids = asked(&format!("key = kms.create_key(Description='by hand', KeyUsage='ENCRYPT_DECRYPT')['KeyMetadata']['KeyId']\n\
            kms.create_alias(AliasName='alias/byhand', TargetKeyId=key)\n\
            secret = sm.create_secret(Name='byhand', SecretString='canary')['ARN']\n\
            sm.put_resource_policy(SecretId=secret, ResourcePolicy='{may}')\n\
            print(json.dumps(dict(key=key, alias='alias/byhand', secret=secret, policy=secret, version=secret)))"));
        let program = |stack: &mut Stack| -> Result<()> {
            let key = stack.add("key", Key::new().description("by hand"))?;
            stack.add("alias", Alias::new("alias/byhand", key.arn()))?;
            let secret = stack.add("secret", Secret::new())?;
            stack.add("policy", SecretPolicy::new(secret.arn(), policy("secretsmanager:*")))?;
            stack.add("version", SecretVersion::new(secret.arn(), sealed("canary")))?;
            Ok(())
        };
        imported(stage, &ids, ADDRESSES, no_instance, program).await;
    }
}
