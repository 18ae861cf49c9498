//! Instances and key pairs.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sskuba_aws::ec2::{Image, Instance, KeyPair, RootVolume, SecurityGroup, Subnet, Vpc};
use sskuba_core::resource::Resource;
use sskuba_core::secret::Secret;
use sskuba_core::value::Value;

use crate::stage::{Stage, inputs, scene};

const NONE: [&str; 0] = [];
const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ2M8Rc9dOyRZ6uTPPCQfHEoqZdw0xkQ4bN8s5mX4v8X me@there";

async fn image(stage: &Stage) -> String {
    let found =
        stage.provider.lookup(&stage.cx::<Image>("ubuntu"), &inputs(Image::new("amazon", "*ubuntu*"))).await;
    found.unwrap()["id"].as_str().unwrap().to_owned()
}

scene! {
    async fn a_key_pair_lives_its_life(stage: Stage) {
        let mut key = stage.create("login", KeyPair::new(KEY)).await;
        assert!(key.output("key_name").starts_with("login-"));
        assert_eq!(stage.drift(&key).await, NONE);
        stage.found(&key).await;
        stage.update(&mut key, KeyPair::new(KEY.trim_end_matches(" me@there")).tag("team", "data")).await;
        assert_eq!(stage.drift(&key).await, NONE);
        assert_eq!(stage.seen()[&key.id()]["tags"]["team"], "data");
        stage.delete(&key).await;
        assert!(stage.seen().is_empty());
    }
}

scene! {
    async fn an_instance_lives_its_life(stage: Stage) {
        let ami = image(&stage).await;
        let vpc = stage.create("main", Vpc::new("10.0.0.0/16")).await;
        let subnet = stage.create("a", Subnet::new(vpc.id(), "10.0.1.0/24")).await;
        let (a, b) = (
            stage.create("a", SecurityGroup::new(vpc.id())).await,
            stage.create("b", SecurityGroup::new(vpc.id())).await,
        );
        let key = stage.create("login", KeyPair::new(KEY)).await;
        let volume = RootVolume { size_gib: Some(33), volume_type: Some("gp3".into()), ..RootVolume::default() };
        let declared = || {
            Instance::new(ami.clone(), "t3.micro", subnet.id())
                .key_name(key.output("key_name"))
                .user_data("#!/bin/sh\necho canary\n")
                .root_volume(volume.clone())
        };
        let before = declared().security_group(a.id()).metadata_hop_limit(2).source_dest_check(false).tag("n", "1");
        let mut server = stage.create("web", before).await;
        assert!(server.output("private_ip").starts_with("10.0.1."));
        assert!(server.output("network_interface_id").starts_with("eni-"));
        assert_eq!(stage.drift(&server).await, NONE);
        stage.found(&server).await;
        let seen = stage.seen();
        let instance = &seen[&server.id()];
        assert_eq!(instance["user_data"], STANDARD.encode("#!/bin/sh\necho canary\n"));
        assert_eq!((&instance["tokens"], &instance["tags"]["n"]), (&"required".into(), &"1".into()));
        let volumes: Vec<_> = seen.values().filter(|seen| seen["kind"] == "volume").collect();
        assert_eq!((volumes.len(), &volumes[0]["size"]), (1, &33.into()), "{volumes:?}");
        assert!(!format!("{:?}", server.object).contains("canary"));

        let after = declared().security_group(b.id()).security_group(a.id()).require_imdsv2(false).tag("n", "2");
        stage.update(&mut server, after).await;
        assert_eq!(stage.drift(&server).await, NONE);
        let instance = &stage.seen()[&server.id()];
        let mut groups = [a.id(), b.id()];
        groups.sort();
        assert_eq!((&instance["tokens"], &instance["groups"]), (&"optional".into(), &serde_json::json!(groups)));

        stage.delete(&server).await;
        stage.delete(&key).await;
        stage.delete(&a).await;
        stage.delete(&b).await;
        stage.delete(&subnet).await;
        stage.delete(&vpc).await;
        assert_eq!(stage.counts(), BTreeMap::new());
    }
}

scene! {
    async fn user_data_may_be_bytes(stage: Stage) {
        let ami = image(&stage).await;
        let vpc = stage.create("main", Vpc::new("10.0.0.0/16")).await;
        let subnet = stage.create("a", Subnet::new(vpc.id(), "10.0.1.0/24")).await;
        let bytes = STANDARD.encode([0_u8, 159, 146, 150]);
        let wrapped = format!("{}\n{}", &bytes[..4], &bytes[4..]);
        let declared = Instance::new(ami.clone(), "t3.micro", subnet.id()).user_data_base64(Secret::new(wrapped));
        let server = stage.create("web", declared).await;
        assert_eq!(stage.seen()[&server.id()]["user_data"], bytes);

        let big = Instance::new(ami, "t3.micro", subnet.id()).user_data("x".repeat(16_385).as_str());
        let inputs = inputs(big);
        let mistakes = stage.factory.check(&Instance::schema(), &inputs);
        assert_eq!(mistakes.len(), 1);
        let failure = stage.provider.create(&stage.cx::<Instance>("big"), &inputs).await.unwrap_err();
        assert_eq!(failure.class, sskuba_core::provider::Class::Invalid("user_data".into()), "{failure}");
        assert_eq!(inputs["user_data"].masked(), Value::from("x".repeat(16_385).as_str()).into_secret().masked());

        stage.delete(&server).await;
        stage.delete(&subnet).await;
        stage.delete(&vpc).await;
        assert_eq!(stage.counts(), BTreeMap::new());
    }
}
