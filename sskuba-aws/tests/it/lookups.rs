//! Lookups.

use sskuba_aws::ec2::{AvailabilityZones, Image};
use sskuba_aws::sts::CallerIdentity;
use sskuba_core::provider::Class;
use sskuba_core::value::Value;

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
