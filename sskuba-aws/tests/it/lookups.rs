//! Lookups.

use sskuba_aws::ec2::{AvailabilityZones, ExistingSubnets, ExistingVpc, Image, Subnet, Vpc};
use sskuba_aws::route53::{ExistingZone, Zone};
use sskuba_aws::secretsmanager::SecretValue;
use sskuba_aws::sts::CallerIdentity;
use sskuba_core::provider::{Class, Failure};
use sskuba_core::resource::Resource;
use sskuba_core::value::{Map, Value};
use sskuba_testkit::aws::boto3;

use crate::stage::{Stage, inputs, scene};

scene! {
    async fn zones_come_in_the_order_of_their_names(stage: Stage) {
        let cx = stage.cx::<AvailabilityZones>("zones");
        let found = stage.provider.lookup(&cx, &inputs(AvailabilityZones::new())).await.unwrap();
        let names: Vec<String> = found["names"].get().unwrap();
        let ids: Vec<String> = found["zone_ids"].get().unwrap();
        assert!(names.len() >= 3 && names.is_sorted() && names[0] == "us-east-1a", "{names:?}");
        assert!(ids.len() == names.len() && ids[0].starts_with("use1-az"), "{ids:?}");
    }
}

scene! {
    async fn the_newest_image_that_fits_is_taken(stage: Stage) {
        let cx = stage.cx::<Image>("image");
        let image = Image::new("099720109477", "ubuntu/images/*").architecture("x86_64");
        let image = image.filter("virtualization-type", vec!["hvm".to_owned()]);
        let found = stage.provider.lookup(&cx, &inputs(image)).await.unwrap();
        assert!(found["id"].as_str().unwrap().starts_with("ami-"), "{found:?}");
        assert!(found["name"].as_str().unwrap().starts_with("ubuntu/images/"), "{found:?}");
        let failure = stage.provider.lookup(&cx, &inputs(Image::new("amazon", "no-such-*"))).await.unwrap_err();
        assert_eq!(failure.class, Class::NotFound);
        assert!(failure.message.contains("no-such-*"), "{failure}");
    }
}

scene! {
    async fn the_caller_is_known(stage: Stage) {
        let cx = stage.cx::<CallerIdentity>("me");
        let found = stage.provider.lookup(&cx, &inputs(CallerIdentity::new())).await.unwrap();
        assert_eq!(found["account_id"], Value::from("123456789012"));
    }
}

async fn look<R: Resource>(stage: &Stage, what: R) -> Result<Map, Failure> {
    stage.provider.lookup(&stage.cx::<R>("it"), &inputs(what)).await
}

scene! {
    async fn a_network_of_others_is_found_by_what_is_said_of_it(stage: Stage) {
        let mine = stage.create("mine", Vpc::new("10.77.0.0/16").tag("team", "looked-up")).await.id();
        let other = stage.create("other", Vpc::new("10.78.0.0/16").tag("team", "looked-up")).await.id();
        for (cidr, zone) in [("10.77.2.0/24", "us-east-1b"), ("10.77.1.0/24", "us-east-1a")] {
            let subnet = Subnet::new(mine.clone(), cidr).availability_zone(zone).tag("tier", "private");
            stage.create(zone, subnet).await;
        }
        stage.create("open", Subnet::new(mine.clone(), "10.77.3.0/24").tag("tier", "public")).await;

        let found = look(&stage, ExistingVpc::new().range("10.77.0.0/16").tag("team", "looked-*")).await.unwrap();
        assert_eq!((&found["id"], &found["cidr"]), (&Value::from(mine.as_str()), &Value::from("10.77.0.0/16")));
        assert_eq!(look(&stage, ExistingVpc::new().vpc_id(mine.clone())).await.unwrap()["id"], found["id"]);
        let default = look(&stage, ExistingVpc::new().default(true)).await.unwrap();
        assert!(default["id"] != found["id"] && default["cidr"] == Value::from("172.31.0.0/16"), "{default:?}");

        let both = look(&stage, ExistingVpc::new().tag("team", "looked-up")).await.unwrap_err();
        assert_eq!(both.class, Class::Conflict);
        assert!(both.message.contains(&mine) && both.message.contains(&other), "{both}");
        let none = look(&stage, ExistingVpc::new().tag("team", "nobody")).await.unwrap_err();
        assert!(none.class == Class::NotFound && none.message.contains("no network in"), "{none}");

        let private = look(&stage, ExistingSubnets::new(mine.clone()).tag("tier", "private")).await.unwrap();
        assert_eq!(private["zones"].get::<Vec<String>>().unwrap(), ["us-east-1a", "us-east-1b"]);
        assert_eq!(private["cidrs"].get::<Vec<String>>().unwrap(), ["10.77.1.0/24", "10.77.2.0/24"]);
        let none = look(&stage, ExistingSubnets::new(other)).await.unwrap_err();
        assert_eq!(none.class, Class::NotFound);
    }
}

scene! {
    async fn a_zone_of_others_is_found_by_its_domain(stage: Stage) {
        let public = stage.create("public", Zone::new("looked.example")).await.id();
        stage.create("longer", Zone::new("not.looked.example")).await;
        let found = look(&stage, ExistingZone::new("Looked.example.")).await.unwrap();
        assert_eq!(found["id"], Value::from(public.as_str()));
        assert!(!found["name_servers"].get::<Vec<String>>().unwrap().is_empty());
        let private = look(&stage, ExistingZone::new("looked.example").private(true)).await.unwrap_err();
        assert!(private.class == Class::NotFound && private.message.contains("private"), "{private}");
        let second = stage.create("second", Zone::new("looked.example")).await.id();
        let two = look(&stage, ExistingZone::new("looked.example")).await.unwrap_err();
        assert!(two.class == Class::Conflict && two.message.contains(&second), "{two}");
    }
}

scene! {
    async fn the_value_of_a_secret_is_secret(stage: Stage) {
        let endpoint = std::env::var("AWS_ENDPOINT_URL").unwrap();
        let line = "sm = boto3.client('secretsmanager')\n\
            sm.create_secret(Name='looked/up', SecretString='{\"password\": \"hunter2\", \"port\": 5432}')\n\
            sm.create_secret(Name='looked/bytes', SecretBinary=b'x')";
        boto3(&endpoint, line);
        let found = look(&stage, SecretValue::new("looked/up").key("password")).await.unwrap();
        assert!(found["value"].has_secret() && !format!("{found:?}").contains("hunter2"), "{found:?}");
        assert_eq!(found["value"].reveal().as_str(), Some("hunter2"));
        let port = look(&stage, SecretValue::new("looked/up").key("port")).await.unwrap();
        assert_eq!(port["value"].reveal().as_str(), Some("5432"));
        let whole = look(&stage, SecretValue::new("looked/up")).await.unwrap();
        assert!(whole["value"].reveal().as_str().unwrap().starts_with('{'));
        for (wrong, class) in [
            (SecretValue::new("looked/up").key("user"), Class::Invalid("key".into())),
            (SecretValue::new("looked/bytes"), Class::Invalid("secret_id".into())),
            (SecretValue::new("looked/nobody"), Class::NotFound),
            (SecretValue::new("looked/up").stage("AWSPENDING"), Class::NotFound),
        ] {
            let failure = look(&stage, wrong).await.unwrap_err();
            assert!(failure.class == class && !failure.to_string().contains("hunter2"), "{failure}");
        }
    }
}
