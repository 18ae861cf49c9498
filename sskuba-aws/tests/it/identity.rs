//! Roles, policies, instance profiles and OpenID Connect providers.

use serde_json::{Value as Json, json};
use sskuba_aws::Provider as Settings;
use sskuba_aws::iam::{
    InstanceProfile, OpenIdConnectProvider, Policy, Role, RolePolicy, RolePolicyAttachment,
};
use sskuba_core::prelude::*;
use sskuba_core::testing::provider_conformance::Case;
use sskuba_testkit::aws::{Fate, Proxy};

use crate::services::{conforms, imported, no_instance, refused};
use crate::stacks::behind;
use crate::stage::{Live, Stage, inputs, scene};

const NONE: [&str; 0] = [];
const IAM: &str = "iam = boto3.client('iam')\n";

pub(crate) const ADDRESSES: &[&str] = &[
    "aws:iam:Role::role",
    "aws:iam:Policy::policy",
    "aws:iam:RolePolicy::inline",
    "aws:iam:RolePolicyAttachment::attachment",
    "aws:iam:InstanceProfile::profile",
    "aws:iam:OpenIdConnectProvider::oidc",
];

fn trust(service: &str) -> String {
    json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"Service": [format!("{service}.amazonaws.com")]}}})
    .to_string()
}

fn allow(actions: &[&str]) -> String {
    json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]})
        .to_string()
}

fn role(service: &str) -> Role {
    Role::new(trust(service))
}

/// Asks IAM as somebody else.
fn asked(line: &str) -> Json {
    behind(&format!("{IAM}{line}"))
}

scene! {
    async fn roles_and_their_policies_conform(stage: Stage) {
        let role = |service: &str, seconds: u32, tag: &str| json!({"assume_role_policy": trust(service),
            "max_session_seconds": seconds, "description": format!("for {service}"), "tags": {"a": tag}});
        let case = Case::new(role("ec2", 3600, "1")).update(role("ecs", 7200, "2"));
        let case = case.replacement(json!({"assume_role_policy": trust("ec2"), "path": "/other/"}));
        let case = case.unknown_id("arn:aws:iam::123456789012:role/nobody").another(move |_| role("ec2", 3600, "1"));
        let remove = format!("{IAM}iam.delete_role(RoleName='$ID'.split('/')[-1])");
        conforms(&stage, "aws:iam:Role", case, &remove).await;

        let policy = |action: &str, tag: &str| json!({"document": allow(&[action]), "tags": {"a": tag}});
        let case = Case::new(policy("s3:GetObject", "1")).update(policy("s3:PutObject", "2"));
        let case = case.replacement(json!({"document": allow(&["s3:*"]), "description": "another"}));
        let case = case.unknown_id("arn:aws:iam::123456789012:policy/nobody");
        let remove = format!("{IAM}iam.delete_policy(PolicyArn='$ID')");
        conforms(&stage, "aws:iam:Policy", case, &remove).await;

        let name = stage.create("main", self::role("ec2")).await.output("role_name");
        let inline = |of: &str, action: &str| json!({"role_name": name, "name": of, "document": allow(&[action])});
        let case = Case::new(inline("one", "s3:GetObject")).update(inline("one", "s3:PutObject"));
        let case = case.replacement(inline("two", "s3:PutObject")).unknown_id(format!("{name}:nobody"));
        let case = case.unknown_id("nobody:nobody");
        let remove = format!("{IAM}role, name = '$ID'.split(':')\niam.delete_role_policy(RoleName=role, PolicyName=name)");
        conforms(&stage, "aws:iam:RolePolicy", case, &remove).await;

        let one = stage.create("one", Policy::new(allow(&["s3:GetObject"]))).await.id();
        let two = stage.create("two", Policy::new(allow(&["s3:GetObject"]))).await.id();
        let attached = |arn: &str| json!({"role_name": name, "policy_arn": arn});
        let case = Case::new(attached(&one)).replacement(attached(&two));
        let case = case.unknown_id(format!("{name}/arn:aws:iam::123456789012:policy/nobody"));
        let remove = format!("{IAM}role, arn = '$ID'.split('/', 1)\niam.detach_role_policy(RoleName=role, PolicyArn=arn)");
        conforms(&stage, "aws:iam:RolePolicyAttachment", case, &remove).await;
    }
}

scene! {
    async fn profiles_and_providers_of_identity_conform(stage: Stage) {
        let one = stage.create("one", role("ec2")).await.output("role_name");
        let two = stage.create("two", role("ec2")).await.output("role_name");
        let profile = |role: &str, tag: &str| json!({"role_name": role, "tags": {"a": tag}});
        let case = Case::new(profile(&one, "1")).update(profile(&two, "2"));
        let case = case.replacement(json!({"role_name": one, "path": "/other/"}));
        let case = case.unknown_id("arn:aws:iam::123456789012:instance-profile/nobody");
        let remove = format!("{IAM}name = '$ID'.split('/')[-1]\n\
            for role in iam.get_instance_profile(InstanceProfileName=name)['InstanceProfile']['Roles']:\n  \
              iam.remove_role_from_instance_profile(InstanceProfileName=name, RoleName=role['RoleName'])\n\
            iam.delete_instance_profile(InstanceProfileName=name)");
        conforms(&stage, "aws:iam:InstanceProfile", case, &remove).await;

        let print = "990f4193972f2becf12ddeda5237f9c952f20d9e";
        let issuer = |url: &str, print: &str, tag: &str| json!({"url": url, "client_ids": ["x", "sts.amazonaws.com"],
            "thumbprints": [print], "tags": {"a": tag}});
        let case = Case::new(issuer("https://conform.example/a", print, "1"));
        let case = case.update(issuer("conform.example/a", &"a".repeat(40), "2"));
        let case = case.replacement(issuer("https://conform.example/b", print, "2"));
        let case = case.unknown_id("arn:aws:iam::123456789012:oidc-provider/nobody.example");
        let remove = format!("{IAM}iam.delete_open_id_connect_provider(OpenIDConnectProviderArn='$ID')");
        conforms(&stage, "aws:iam:OpenIdConnectProvider", case, &remove).await;
    }
}

scene! {
    async fn a_role_lives_its_life(stage: Stage) {
        let limit = stage.create("limit", Policy::new(allow(&["s3:*"]))).await;
        let mut role = stage.create("main", role("ec2").path("/life/").tag("tier", "a")).await;
        assert_eq!(stage.drift(&role).await, NONE);
        stage.found(&role).await;
        stage.same_again(&role).await;
        let name = role.output("role_name");
        assert!(role.id().ends_with(&format!(":role/life/{name}")) && name.starts_with("main-"), "{}", role.id());
        stage.update(&mut role, self::role("ecs").path("/life/").permissions_boundary(limit.id()).tag("owner", "b")).await;
        assert_eq!(stage.drift(&role).await, NONE);
        let seen = asked(&format!("role = iam.get_role(RoleName='{name}')['Role']\n\
            print(json.dumps(dict(tags={{t['Key']: t['Value'] for t in role['Tags']}}, trust=role['AssumeRolePolicyDocument'],\
            boundary=role['PermissionsBoundary']['PermissionsBoundaryArn'])))"));
        assert_eq!(seen["boundary"], json!(limit.id()));
        assert_eq!((&seen["tags"]["owner"], seen["tags"].get("tier")), (&json!("b"), None));
        assert!(seen["trust"].to_string().contains("ecs.amazonaws.com"), "{seen}");
        // The same policy in other words is the same.
        role.inputs = inputs(self::role("ecs").path("/life/").permissions_boundary(limit.id()));
        let worded = trust("ecs").replace("[\"ecs.amazonaws.com\"]", "\"ecs.amazonaws.com\"").replace("\"sts:AssumeRole\"", "[\"sts:AssumeRole\"]");
        asked(&format!("iam.update_assume_role_policy(RoleName='{name}', PolicyDocument='{worded}')"));
        assert_eq!(stage.drift(&role).await, NONE);
        asked(&format!("iam.update_assume_role_policy(RoleName='{name}', PolicyDocument='{}')", trust("lambda")));
        assert_eq!(stage.drift(&role).await, ["assume_role_policy"]);
        stage.update(&mut role, self::role("ecs").path("/life/")).await;
        assert_eq!(stage.drift(&role).await, NONE);
        stage.delete(&role).await;
        stage.delete(&limit).await;
    }
}

/// Returns how many versions a policy has, and what the one says that counts.
fn versions(policy: &Live<Policy>) -> (Json, String) {
    let seen = asked(&format!(
        "all = iam.list_policy_versions(PolicyArn='{0}')['Versions']\n\
         one = [v['VersionId'] for v in all if v['IsDefaultVersion']][0]\n\
         text = iam.get_policy_version(PolicyArn='{0}', VersionId=one)['PolicyVersion']['Document']\n\
         print(json.dumps([sorted(v['VersionId'] for v in all), text]))",
        policy.id()
    ));
    (seen[0].clone(), seen[1].to_string())
}

scene! {
    async fn a_policy_keeps_five_versions(stage: Stage) {
        let document = |n: usize| Policy::new(allow(&[&format!("s3:Act{n}")])).name("versioned");
        let mut policy = stage.create("main", document(1)).await;
        stage.same_again(&policy).await;
        for n in 2..=7 {
            stage.update(&mut policy, document(n)).await;
        }
        // Each update was asked for twice, and made one version.
        let (all, text) = versions(&policy);
        assert_eq!((all, stage.drift(&policy).await), (json!(["v3", "v4", "v5", "v6", "v7"]), vec![]));
        assert!(text.contains("s3:Act7"), "{text}");
        let said_otherwise = Policy::new(allow(&["s3:Act7"]).replace("[\"s3:Act7\"]", "\"s3:Act7\"")).name("versioned");
        stage.update(&mut policy, said_otherwise).await;
        assert_eq!(versions(&policy).0, json!(["v3", "v4", "v5", "v6", "v7"]));
        // Another version than the newest may count.
        asked(&format!("iam.set_default_policy_version(PolicyArn='{}', VersionId='v3')", policy.id()));
        assert_eq!(stage.drift(&policy).await, ["document"]);
        stage.update(&mut policy, document(8)).await;
        let (all, text) = versions(&policy);
        assert!(all.to_string().contains("\"v3\"") && text.contains("s3:Act8"), "{all} {text}");
        stage.delete(&policy).await;
    }
}

scene! {
    async fn what_another_has_is_refused_with_its_id(stage: Stage) {
        let role = stage.create("a", Role::new(trust("ec2")).name("taken")).await;
        refused(&stage, Role::new(trust("ec2")).name("taken"), &role.id()).await;
        let policy = stage.create("a", Policy::new(allow(&["s3:*"])).name("taken").path("/x/")).await;
        refused(&stage, Policy::new(allow(&["s3:*"])).name("taken").path("/x/"), &policy.id()).await;
        let profile = stage.create("a", InstanceProfile::new("taken").name("taken")).await;
        refused(&stage, InstanceProfile::new("taken").name("taken"), &profile.id()).await;
        let issuer = stage.create("a", OpenIdConnectProvider::new("https://taken.example").client_id("x")).await;
        refused(&stage, OpenIdConnectProvider::new("taken.example"), &issuer.id()).await;
        let inline = || RolePolicy::new("taken", "inline", allow(&["s3:*"]));
        let inlined = stage.create("a", inline()).await;
        stage.same_again(&inlined).await;
        refused(&stage, inline(), &inlined.id()).await;
        let attachment = || RolePolicyAttachment::new("taken", policy.id());
        let attached = stage.create("a", attachment()).await;
        stage.same_again(&attached).await;
        refused(&stage, attachment(), &attached.id()).await;
        // What an interrupted create of another document left is not ours.
        let mut cx = stage.cx::<RolePolicy>("inline");
        cx.recovering = true;
        let other = RolePolicy::new("taken", "inline", allow(&["ec2:*"]));
        assert!(stage.try_create(cx.clone(), other).await.is_err());
        stage.try_create(cx, inline()).await.unwrap();
    }
}

/// Declares one of each kind; with given names or with made ones.
fn identity(
    named: bool,
    endpoint: Option<String>,
) -> impl Fn(&mut Stack) -> Result<()> + Send + Sync + Clone + 'static {
    move |stack| {
        let here = Settings::new();
        let here = match &endpoint {
            Some(endpoint) => here.endpoint(endpoint.clone()),
            None => here,
        };
        let here = stack.add("here", here.default_tag("team", "data"))?;
        let (role, policy) = (Role::new(trust("ec2")), Policy::new(allow(&["s3:GetObject"])));
        let (role, policy) = if named { (role.name("lost"), policy.name("lost")) } else { (role, policy) };
        let role = stack.add("main", role)?.provider(&here);
        let policy = stack.add("main", policy)?.provider(&here);
        stack
            .add("main", RolePolicy::new(role.role_name(), "own", allow(&["s3:PutObject"])))?
            .provider(&here);
        stack.add("main", RolePolicyAttachment::new(role.role_name(), policy.arn()))?.provider(&here);
        let profile = InstanceProfile::new(role.role_name());
        let profile = if named { profile.name("lost") } else { profile };
        stack.add("main", profile)?.provider(&here);
        let url = if named { "https://lost.example" } else { "https://made.example" };
        stack.add("main", OpenIdConnectProvider::new(url).client_id("sts.amazonaws.com"))?.provider(&here);
        Ok(())
    }
}

scene! {
    async fn a_stack_is_made_twice_the_same_and_goes(stage: Stage) {
        let on = stage.stacked();
        let program = identity(false, None);
        assert_eq!(on.up(program.clone()).await, [7, 0, 0, 0]);
        assert_eq!(on.up(program.clone()).await, [0; 4]);
        let team = asked("print(json.dumps([[t['Value'] for t in iam.list_role_tags(RoleName=r['RoleName'])['Tags'] if t['Key'] == 'team']\
            for r in iam.list_roles()['Roles'] if r['RoleName'].startswith('main-')]))");
        assert!(team.as_array().unwrap().contains(&json!(["data"])), "{team}");
        on.down().await;
    }
}

scene! {
    async fn a_lost_answer_makes_no_second_object(stage: Stage) {
        const MADE: [&str; 6] = ["CreateRole", "CreatePolicy", "PutRolePolicy", "AttachRolePolicy", "CreateInstanceProfile",
            "CreateOpenIDConnectProvider"];
        let proxy = Proxy::start(&std::env::var("AWS_ENDPOINT_URL").unwrap(), |action, nth| {
            if nth == 1 && MADE.contains(&action) { Fate::Lose } else { Fate::Pass }
        })
        .await;
        let on = stage.stacked();
        let program = identity(true, Some(proxy.endpoint.clone()));
        assert_eq!(on.up(program.clone()).await, [7, 0, 0, 0]);
        for action in MADE {
            assert!(proxy.calls(action) >= 2, "{action}: {}", proxy.calls(action));
        }
        assert_eq!(on.up(program).await, [0; 4]);
        on.down().await;
        let left = asked("print(json.dumps([r['RoleName'] for r in iam.list_roles()['Roles'] if r['RoleName'] == 'lost']))");
        assert_eq!(left, json!([]));
    }
}

scene! {
    async fn what_is_there_is_listed_and_imported(stage: Stage) {
        let (by, may) = (trust("ec2"), allow(&["s3:GetObject"]));
        let ids = asked(&format!("role = iam.create_role(RoleName='byhand', AssumeRolePolicyDocument='{by}')['Role']['Arn']\n\
            policy = iam.create_policy(PolicyName='byhand', PolicyDocument='{may}')['Policy']['Arn']\n\
            iam.put_role_policy(RoleName='byhand', PolicyName='inline', PolicyDocument='{may}')\n\
            iam.attach_role_policy(RoleName='byhand', PolicyArn=policy)\n\
            profile = iam.create_instance_profile(InstanceProfileName='byhand')['InstanceProfile']['Arn']\n\
            iam.add_role_to_instance_profile(InstanceProfileName='byhand', RoleName='byhand')\n\
            oidc = iam.create_open_id_connect_provider(Url='https://byhand.example', ClientIDList=['x'],\
                ThumbprintList=['990f4193972f2becf12ddeda5237f9c952f20d9e'])['OpenIDConnectProviderArn']\n\
            print(json.dumps(dict(role=role, policy=policy, inline='byhand:inline', attachment='byhand/' + policy,\
                profile=profile, oidc=oidc)))"));
        let program = |stack: &mut Stack| -> Result<()> {
            let role = stack.add("role", role("ec2"))?;
            let policy = stack.add("policy", Policy::new(allow(&["s3:GetObject"])))?;
            stack.add("inline", RolePolicy::new(role.role_name(), "inline", allow(&["s3:GetObject"])))?;
            stack.add("attachment", RolePolicyAttachment::new(role.role_name(), policy.arn()))?;
            stack.add("profile", InstanceProfile::new(role.role_name()))?;
            stack.add("oidc", OpenIdConnectProvider::new("byhand.example").client_id("x"))?;
            Ok(())
        };
        imported(stage, &ids, ADDRESSES, no_instance, program).await;
    }
}

scene! {
    async fn a_document_that_is_none_is_refused_by_its_field(stage: Stage) {
        let odd = stage.try_create(stage.cx::<Policy>("odd"), Policy::new("{\"Version\": \"2012-10-17\"}")).await;
        let failure = odd.err().unwrap();
        assert_eq!(failure.class, sskuba_core::provider::Class::Invalid("document".into()), "{failure}");
    }
}
