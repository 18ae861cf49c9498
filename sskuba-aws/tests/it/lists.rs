//! What an account has: every kind lists its objects, those of nobody's stack too, over all pages.

use std::collections::BTreeSet;

use serde_json::Value as Json;
use sskuba_aws::Provider as Settings;
use sskuba_aws::ec2::Instance;
use sskuba_aws::elbv2::LoadBalancer;
use sskuba_core::address::{Address, Token};
use sskuba_core::provider::{Cx, Object, Prior};
use sskuba_testkit::aws::{Fate, Proxy};

use crate::imports::{ADDRESSES, BY_HAND, KEY};
use crate::stacks::behind;
use crate::stage::{Stage, scene};

const FAR: &str = "eu-north-1";

/// More than a page of instances and of balancers; prints their ids.
const MANY: &str = r#"
ec2, elb = boto3.client('ec2', region_name='FAR'), boto3.client('elbv2', region_name='FAR')
vpc = ec2.create_vpc(CidrBlock='10.9.0.0/16')['Vpc']['VpcId']
subnet = ec2.create_subnet(VpcId=vpc, CidrBlock='10.9.0.0/20')['Subnet']['SubnetId']
run = lambda: ec2.run_instances(ImageId='ami-12c6146b', InstanceType='t3.micro', SubnetId=subnet, MinCount=1,
    MaxCount=1)['Instances'][0]['InstanceId']
balance = lambda name, kind: elb.create_load_balancer(Name=name, Type=kind,
    Subnets=[subnet])['LoadBalancers'][0]['LoadBalancerArn']
balance('application', 'application')
print(json.dumps(dict(machines=[run() for _ in range(101)],
    balancers=[balance(f'page-{i}', 'network') for i in range(51)])))
"#;

const ALONE: [&str; 3] = ["user_data", "termination_protection", "cpu_credits"];

impl Stage {
    /// Returns what a kind lists.
    async fn listed(&self, kind: &str) -> Vec<Object> {
        let cx = self.cx_of(kind);
        self.provider.list(&cx).await.unwrap()
    }

    fn cx_of(&self, kind: &str) -> Cx {
        let address = Address::parse(&format!("{kind}::all")).unwrap();
        Cx::new(self.stack.clone(), address, Token::new([9; 16]), std::time::Duration::from_secs(60))
    }
}

scene! {
    async fn every_kind_lists_what_is_there_as_it_is_read(stage: Stage) {
        let ids = behind(&format!("KEY = b'{KEY}'\n{}", BY_HAND.replace("theirs", "listed")));
        let mut kinds = BTreeSet::new();
        for address in ADDRESSES {
            let (kind, name) = address.split_once("::").unwrap();
            let id = ids[name].as_str().unwrap();
            let listed: Vec<Object> = stage.listed(kind).await;
            let all: BTreeSet<&str> = listed.iter().map(|object| object.id.as_str()).collect();
            assert_eq!(all.len(), listed.len(), "{kind} lists something twice");
            let found = listed.iter().find(|object| object.id == id);
            let found = found.unwrap_or_else(|| panic!("{kind} does not list {id}: {all:?}"));
            let prior = Prior { id: id.to_owned(), ..Prior::default() };
            let read = stage.provider.read(&stage.cx_of(kind), &prior).await.unwrap().unwrap();
            // What AWS tells of one machine at a time is asked about where one is read alone.
            let mut read = read;
            read.inputs.retain(|name, _| found.inputs.contains_key(name) || !ALONE.contains(&name.as_str()));
            assert_eq!(found, &read, "{kind}");
            kinds.insert(kind);
        }
        kinds.extend(crate::services::addresses().filter_map(|address| Some(address.split_once("::")?.0)));
        let schemas = sskuba_aws::schemas();
        let managed = schemas.iter().filter(|schema| !schema.is_lookup() && !schema.is_instance());
        // A bucket may have billions of objects; moto has no placement groups, which the proxy of their own tests has.
        let elsewhere = ["aws:s3:Object", "aws:ec2:PlacementGroup"];
        let managed = managed.filter(|schema| !elsewhere.contains(&schema.kind.as_str()));
        assert_eq!(kinds, managed.map(|schema| schema.kind.as_str()).collect());
        // What goes is not listed while AWS still shows it.
        let machine = ids["machine"].as_str().unwrap();
        behind(&format!("ec2.terminate_instances(InstanceIds=['{machine}'])"));
        let left = stage.listed("aws:ec2:Instance").await;
        assert!(left.iter().all(|object| object.id != machine), "{left:?}");
    }
}

scene! {
    /// moto gives 100 instances and 50 balancers at a time. In a region of its own: the witness of other scenes asks for one
    /// page alone.
    async fn a_list_has_all_pages(stage: Stage) {
        let proxy = Proxy::start(&std::env::var("AWS_ENDPOINT_URL").unwrap(), |_, _| Fate::Pass).await;
        let stage = stage.with(Settings::new().endpoint(proxy.endpoint.clone()).region(FAR)).await;
        let made = behind(&MANY.replace("FAR", FAR));
        let all = |name: &str| -> BTreeSet<String> {
            let ids = made[name].as_array().unwrap().iter();
            ids.map(|id: &Json| id.as_str().unwrap().to_owned()).collect()
        };
        let machines: BTreeSet<String> = ids(&stage.listed(kind::<Instance>().as_str()).await);
        assert!(machines.is_superset(&all("machines")), "{} of 101", machines.len());
        assert!(proxy.calls("DescribeInstances") >= 2);
        let balancers = ids(&stage.listed(kind::<LoadBalancer>().as_str()).await);
        assert!(balancers.is_superset(&all("balancers")), "{} of 51", balancers.len());
        assert!(balancers.iter().all(|arn| !arn.contains("/application/")), "{balancers:?}");
        assert!(proxy.calls("DescribeLoadBalancers") >= 2);
        // Their tags are asked for together.
        assert!(proxy.calls("DescribeTags") <= 10, "{}", proxy.calls("DescribeTags"));
    }
}

fn ids(objects: &[Object]) -> BTreeSet<String> {
    objects.iter().map(|object| object.id.clone()).collect()
}

fn kind<R: sskuba_core::resource::Resource>() -> String {
    R::schema().kind.to_string()
}
