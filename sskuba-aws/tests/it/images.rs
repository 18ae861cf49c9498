//! Repositories of images, and their policies.

use serde_json::{Value as Json, json};
use sskuba_aws::Provider as Settings;
use sskuba_aws::ecr::{LifecyclePolicy, Repository, RepositoryPolicy};
use sskuba_core::prelude::*;
use sskuba_core::testing::provider_conformance::Case;
use sskuba_testkit::aws::{Fate, Proxy};

use crate::services::{conforms, imported, no_instance, refused};
use crate::stacks::behind;
use crate::stage::{Stage, inputs, scene};

const NONE: [&str; 0] = [];
const HEAD: &str = "ecr = boto3.client('ecr')\n";

pub(crate) const ADDRESSES: &[&str] = &[
    "aws:ecr:Repository::repository",
    "aws:ecr:LifecyclePolicy::lifecycle",
    "aws:ecr:RepositoryPolicy::policy",
];

/// Asks ECR as somebody else.
fn asked(line: &str) -> Json {
    behind(&format!("{HEAD}{line}"))
}

fn policy(action: &str) -> String {
    json!({"Version": "2012-10-17", "Statement": [{"Sid": "all", "Effect": "Allow", "Action": [action],
        "Principal": {"AWS": "arn:aws:iam::123456789012:root"}}]})
    .to_string()
}

fn rules(count: u8) -> String {
    json!({"rules": [{"rulePriority": 1, "selection": {"tagStatus": "any", "countType": "imageCountMoreThan",
        "countNumber": count}, "action": {"type": "expire"}}]})
    .to_string()
}

scene! {
    async fn repositories_conform(stage: Stage) {
        let repository = |scan: bool, tag: &str| json!({"scan_on_push": scan, "immutable_tags": scan, "tags": {"a": tag}});
        let case = Case::new(repository(false, "1")).update(repository(true, "2")).replacement(json!({"name": "conform/other"}));
        let case = case.unknown_id("arn:aws:ecr:us-east-1:123456789012:repository/nobody");
        let case = case.another(move |_| repository(false, "1"));
        let remove = format!("{HEAD}ecr.delete_repository(repositoryName='$ID'.split('/', 1)[1])");
        conforms(&stage, "aws:ecr:Repository", case, &remove).await;
        let one = stage.create("one", Repository::new()).await.output("repository_name");
        let two = stage.create("two", Repository::new()).await.output("repository_name");
        let of = |name: &str, action: &str| json!({"repository_name": name, "policy": policy(action)});
        let case = Case::new(of(&one, "ecr:BatchGetImage")).update(of(&one, "ecr:*")).replacement(of(&two, "ecr:*"));
        let remove = format!("{HEAD}ecr.delete_repository_policy(repositoryName='$ID')");
        conforms(&stage, "aws:ecr:RepositoryPolicy", case.unknown_id("nobody"), &remove).await;
        let of = |name: &str, count: u8| json!({"repository_name": name, "rules": rules(count)});
        let case = Case::new(of(&one, 1)).update(of(&one, 2)).replacement(of(&two, 2));
        let remove = format!("{HEAD}ecr.delete_lifecycle_policy(repositoryName='$ID')");
        conforms(&stage, "aws:ecr:LifecyclePolicy", case.unknown_id("nobody"), &remove).await;
    }
}

scene! {
    async fn a_repository_lives_its_life(stage: Stage) {
        let mut live = stage.create("Main_Web", Repository::new().immutable_tags(true).tag("tier", "a")).await;
        let name = live.output("repository_name");
        assert!(name.starts_with("main-web-") && live.output("url").ends_with(&format!("/{name}")), "{name}");
        assert_eq!(stage.drift(&live).await, NONE);
        stage.found(&live).await;
        stage.same_again(&live).await;
        stage.update(&mut live, Repository::new().scan_on_push(true).tag("owner", "b")).await;
        assert_eq!(stage.drift(&live).await, NONE);
        let tags = asked(&format!("print(json.dumps({{t['Key']: t['Value'] for t in ecr.list_tags_for_resource(resourceArn='{}')['tags']}}))", live.id()));
        assert_eq!((&tags["owner"], tags.get("tier"), &tags["Name"]), (&json!("b"), None, &json!("Main_Web")));
        asked(&format!("ecr.put_image_tag_mutability(repositoryName='{name}', imageTagMutability='IMMUTABLE')"));
        assert_eq!(stage.drift(&live).await, ["immutable_tags"]);
        asked(&format!("ecr.put_image(repositoryName='{name}', imageTag='a', imageManifest=json.dumps(dict(schemaVersion=2,\
            mediaType='application/vnd.docker.distribution.manifest.v2+json', config=dict(mediaType='x', size=1, digest='sha256:' + 'a' * 64), layers=[])))"));
        let failure = stage.provider.delete(&live.cx, &live.prior()).await.unwrap_err();
        assert!(failure.hint.as_deref().is_some_and(|hint| hint.contains("force_delete")), "{failure}");
        live.inputs = inputs(Repository::new().force_delete(true));
        stage.delete(&live).await;
    }
}

scene! {
    async fn what_another_has_is_refused_with_its_id(stage: Stage) {
        let repository = stage.create("a", Repository::new().name("taken/a")).await;
        refused(&stage, Repository::new().name("taken/a"), &repository.id()).await;
        let of = |action: &str| RepositoryPolicy::new("taken/a", policy(action));
        let one = stage.create("a", of("ecr:*")).await;
        stage.same_again(&one).await;
        refused(&stage, of("ecr:*"), &one.id()).await;
        let lifecycle = |count: u8| LifecyclePolicy::new("taken/a", rules(count));
        let two = stage.create("a", lifecycle(1)).await;
        stage.same_again(&two).await;
        refused(&stage, lifecycle(1), &two.id()).await;
        let mut cx = stage.cx::<LifecyclePolicy>("other");
        cx.recovering = true;
        assert!(stage.try_create(cx, lifecycle(2)).await.is_err());
    }
}

scene! {
    async fn a_lost_answer_makes_no_second_object(stage: Stage) {
        const MADE: [&str; 3] = ["CreateRepository", "SetRepositoryPolicy", "PutLifecyclePolicy"];
        let proxy = Proxy::start(&std::env::var("AWS_ENDPOINT_URL").unwrap(), |action, nth| {
            if nth == 1 && MADE.contains(&action) { Fate::Lose } else { Fate::Pass }
        })
        .await;
        let endpoint = proxy.endpoint.clone();
        let on = stage.stacked();
        let program = move |stack: &mut Stack| -> Result<()> {
            let here = stack.add("here", Settings::new().endpoint(endpoint.clone()))?;
            let repository = stack.add("main", Repository::new().name("lost/web"))?.provider(&here);
            stack.add("main", RepositoryPolicy::new(repository.repository_name(), policy("ecr:*")))?.provider(&here);
            stack.add("main", LifecyclePolicy::new(repository.repository_name(), rules(1)))?.provider(&here);
            Ok(())
        };
        assert_eq!(on.up(program.clone()).await, [4, 0, 0, 0]);
        for action in MADE {
            assert!(proxy.calls(action) >= 2, "{action}: {}", proxy.calls(action));
        }
        assert_eq!(on.up(program).await, [0; 4]);
        on.down().await;
    }
}

scene! {
    async fn what_is_there_is_listed_and_imported(stage: Stage) {
        let (may, keep) = (policy("ecr:*"), rules(3));
        let ids = asked(&format!("arn = ecr.create_repository(repositoryName='byhand')['repository']['repositoryArn']\n\
            ecr.set_repository_policy(repositoryName='byhand', policyText='{may}')\n\
            ecr.put_lifecycle_policy(repositoryName='byhand', lifecyclePolicyText='{keep}')\n\
            print(json.dumps(dict(repository=arn, lifecycle='byhand', policy='byhand')))"));
        let program = |stack: &mut Stack| -> Result<()> {
            let repository = stack.add("repository", Repository::new())?;
            stack.add("lifecycle", LifecyclePolicy::new(repository.repository_name(), rules(3)))?;
            stack.add("policy", RepositoryPolicy::new(repository.repository_name(), policy("ecr:*")))?;
            Ok(())
        };
        imported(stage, &ids, ADDRESSES, no_instance, program).await;
    }
}
