//! Objects are asked for where they are, and finding out where that is costs one call of those that work there.

use serde_json::json;
use sskuba_aws::Provider as Settings;
use sskuba_aws::ec2::Vpc;
use sskuba_core::prelude::*;
use sskuba_testkit::aws::{Fate, Proxy};

use crate::stacks::behind;
use crate::stage::{Stage, scene};

/// Returns in which of two regions there is a network of a stack.
fn regions(stack: &str) -> serde_json::Value {
    behind(&format!(
        "own = [{{'Name': 'tag:sskuba:stack', 'Values': ['{stack}']}}]\n\
         of = lambda region: boto3.client('ec2', region_name=region).describe_vpcs(Filters=own)['Vpcs']\n\
         print(json.dumps([region for region in ['eu-central-1', 'eu-west-1'] if of(region)]))"
    ))
}

fn network(region: &'static str) -> impl Fn(&mut Stack) -> Result<()> + Send + Sync + 'static {
    move |stack| {
        let there = stack.add("there", Settings::new().region(region))?;
        stack.add("main", Vpc::new("10.0.0.0/16"))?.provider(&there);
        Ok(())
    }
}

scene! {
    async fn an_instance_in_another_region_takes_its_objects_along(stage: Stage) {
        let on = stage.stacked();
        let stack = on.stage.stack.as_str().to_owned();
        on.up(network("eu-west-1")).await;
        assert_eq!(regions(&stack), json!(["eu-west-1"]));
        let plan = on.engine.preview(&on.stage.stack, network("eu-central-1")).await.unwrap();
        let step = plan.steps.iter().find(|step| step.address.as_str() == "aws:ec2:Vpc::main").unwrap();
        assert!(step.reasons[0].to_string().contains("another place"), "{:?}", step.reasons);
        assert_eq!(on.up(network("eu-central-1")).await, [0, 0, 2, 0]);
        assert_eq!(regions(&stack), json!(["eu-central-1"]));
        on.down().await;
        assert_eq!(regions(&stack), json!([]));
    }
}

/// A network behind a proxy.
fn behind_proxy(proxy: &Proxy) -> impl Fn(&mut Stack) -> Result<()> + Send + Sync + Clone + 'static {
    let endpoint = proxy.endpoint.clone();
    move |stack| {
        let there = stack.add("there", Settings::new().endpoint(endpoint.clone()))?;
        stack.add("main", Vpc::new("10.0.0.0/16"))?.provider(&there);
        Ok(())
    }
}

scene! {
    async fn only_a_run_that_calls_asks_where_it_is(stage: Stage) {
        let proxy = Proxy::start(&std::env::var("AWS_ENDPOINT_URL").unwrap(), |_, _| Fate::Pass).await;
        let on = stage.stacked();
        let program = behind_proxy(&proxy);
        on.up(program.clone()).await;
        assert_eq!(proxy.calls("GetCallerIdentity"), 1);
        let calls = proxy.log().len();
        on.engine.preview(&on.stage.stack, program.clone()).await.unwrap();
        assert_eq!((on.up(program).await, proxy.log().len()), ([0; 4], calls), "{:?}", proxy.log());
        on.down().await;
        assert_eq!(proxy.calls("GetCallerIdentity"), 2);
    }
}

scene! {
    async fn a_place_that_cannot_be_found_out_is_one_error(stage: Stage) {
        let proxy = Proxy::start(&std::env::var("AWS_ENDPOINT_URL").unwrap(), |action, _| match action {
            "GetCallerIdentity" => Fate::Refuse(403, "AccessDenied"),
            _ => Fate::Pass,
        })
        .await;
        let on = stage.stacked();
        let error = on.engine.up(&on.stage.stack, behind_proxy(&proxy)).await.unwrap_err().to_string();
        for part in ["GetCallerIdentity", "AccessDenied", "aws:provider:Instance::there"] {
            assert!(error.contains(part), "`{part}` is missing: {error}");
        }
        assert_eq!((proxy.log(), on.stage.seen().len()), (vec!["GetCallerIdentity".to_owned()], 0));
    }
}
