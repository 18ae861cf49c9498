//! Volumes, their attachments and snapshots.

use sskuba_aws::Provider as Settings;
use sskuba_aws::ec2::{Instance, Snapshot, Subnet, Volume, VolumeAttachment, Vpc};
use sskuba_core::plan::Action;
use sskuba_core::prelude::*;
use sskuba_core::provider::{Class, Readiness};
use sskuba_testkit::aws::{Fate, Proxy};

use crate::in_place::IMAGE;
use crate::stacks::behind;
use crate::stage::{Stage, scene};

const NONE: [&str; 0] = [];

impl Stage {
    /// Goes on behind a proxy that refuses what AWS refuses, with this script.
    pub(crate) async fn strict(
        self,
        script: impl Fn(&str, usize) -> Fate + Send + Sync + 'static,
    ) -> (Self, Proxy) {
        let proxy = Proxy::strict(&std::env::var("AWS_ENDPOINT_URL").unwrap(), script).await;
        let stage = self.with(Settings::new().endpoint(proxy.endpoint.clone())).await;
        (stage, proxy)
    }

    /// Makes a machine in a network of its own.
    pub(crate) async fn machine(&self, name: &str) -> String {
        let vpc = self.create(name, Vpc::new("10.0.0.0/16")).await.id();
        let subnet = Subnet::new(vpc, "10.0.1.0/24").availability_zone("us-east-1a");
        let subnet = self.create(name, subnet).await.id();
        self.create(name, Instance::new(IMAGE, "t3.micro", subnet)).await.id()
    }
}

fn volume(size: u32) -> Volume {
    Volume::new("us-east-1a").size_gib(size)
}

scene! {
    async fn a_volume_grows_in_place_and_waits_for_it(stage: Stage) {
        let (stage, proxy) = stage
            .strict(|action, nth| match (action, nth) {
                ("DescribeVolumesModifications", 2) => Fate::Edit("completed", "modifying"),
                _ => Fate::Pass,
            })
            .await;
        let mut data = stage.create("data", volume(10).iops(3000_u32).tag("n", "1")).await;
        assert_eq!(stage.drift(&data).await, NONE);
        stage.found(&data).await;
        stage.same_again(&data).await;
        let seen = behind(&format!("print(json.dumps(ec2.describe_volumes(VolumeIds=['{}'])['Volumes'][0], default=str))", data.id()));
        assert_eq!((&seen["Encrypted"], &seen["VolumeType"]), (&true.into(), &"gp3".into()));
        let grown = volume(20).iops(4000_u32).throughput_mib(250_u32).tag("n", "2");
        stage.update(&mut data, grown).await;
        assert_eq!(stage.drift(&data).await, NONE);
        // Once before it, twice after it, and once of the same update again, which changes nothing.
        assert_eq!((proxy.calls("ModifyVolume"), proxy.calls("DescribeVolumesModifications")), (1, 4));
        assert_eq!(stage.seen()[&data.id()]["size"], 20);
        stage.delete(&data).await;
        assert!(stage.seen().is_empty());
    }
}

scene! {
    async fn a_volume_that_shall_be_smaller_is_replaced(stage: Stage) {
        let on = stage.stacked();
        let sized = |size: u32| {
            move |stack: &mut Stack| {
                stack.add("data", volume(size))?;
                Ok(())
            }
        };
        on.up(sized(20)).await;
        assert_eq!(on.planned(sized(30), "aws:ec2:Volume").await, Action::Update);
        assert_eq!(on.planned(sized(10), "aws:ec2:Volume").await, Action::Replace);
        let id = on.id_of("volume");
        assert_eq!(on.up(sized(30)).await, [0, 1, 0, 0]);
        assert_eq!((on.id_of("volume"), on.drifted().await), (id, vec![]));
        on.down().await;
    }
}

scene! {
    async fn a_volume_in_the_state_error_is_given_up(stage: Stage) {
        let (stage, _proxy) = stage
            .strict(|action, _| match action {
                "DescribeVolumes" => Fate::Edit("<status>available", "<status>error"),
                _ => Fate::Pass,
            })
            .await;
        let data = stage.try_create(stage.cx::<Volume>("data"), volume(1)).await.unwrap();
        let ready = stage.provider.ready(&data.cx, &data.prior()).await.unwrap();
        assert!(matches!(&ready, Readiness::Failed(why) if why.contains("error")), "{ready:?}");
        stage.delete(&data).await;
    }
}

scene! {
    async fn a_change_that_aws_gave_up_is_told(stage: Stage) {
        let (stage, _proxy) = stage
            .strict(|action, nth| match (action, nth) {
                ("DescribeVolumesModifications", 2) => Fate::Edit("completed", "failed"),
                ("ModifyVolume", 2) => Fate::Refuse(400, "VolumeModificationRateExceeded"),
                _ => Fate::Pass,
            })
            .await;
        let data = stage.create("data", volume(1)).await;
        let change = |size| sskuba_core::provider::Change { prior: data.prior(), inputs: crate::stage::inputs(volume(size)) };
        let failed = stage.provider.update(&data.cx, &change(2)).await.unwrap_err();
        assert_eq!(failed.class, Class::Conflict, "{failed}");
        assert!(failed.message.contains("could not change"), "{failed}");
        let again = stage.provider.update(&data.cx, &change(3)).await.unwrap_err();
        assert_eq!(again.class, Class::Conflict, "{again}");
        stage.delete(&data).await;
    }
}

scene! {
    async fn a_volume_is_attached_and_detached(stage: Stage) {
        let (stage, proxy) = stage.strict(|_, _| Fate::Pass).await;
        let (one, two) = (stage.machine("one").await, stage.machine("two").await);
        let data = stage.create("data", volume(10)).await;
        let uses = |instance: &str| VolumeAttachment::new(data.id(), instance, "/dev/sdf");
        let attached = stage.create("data", uses(&one)).await;
        assert_eq!(attached.id(), format!("{}:{one}", data.id()));
        assert_eq!(stage.drift(&attached).await, NONE);
        stage.same_again(&attached).await;
        assert_eq!(proxy.calls("AttachVolume"), 1);
        let refused = stage.try_create(stage.cx::<VolumeAttachment>("other"), uses(&two)).await;
        let refused = refused.err().unwrap();
        assert_eq!((refused.exists.as_deref(), proxy.calls("AttachVolume")), (Some(&*attached.id()), 1));
        let listed = stage.provider.list(&attached.cx).await.unwrap();
        assert!(listed.iter().any(|listed| listed.id == attached.id()));
        stage.delete(&attached).await;
        stage.delete(&data).await;
    }
}

scene! {
    async fn a_snapshot_becomes_a_volume(stage: Stage) {
        let (stage, _proxy) = stage
            .strict(|action, nth| match (action, nth) {
                ("DescribeSnapshots", 1) => Fate::Edit("completed", "pending"),
                _ => Fate::Pass,
            })
            .await;
        let data = stage.create("data", volume(10)).await;
        let made = Snapshot::new(data.id()).description("before").tag("n", "1");
        let before = stage.try_create(stage.cx::<Snapshot>("before"), made).await.unwrap();
        let ready = stage.provider.ready(&before.cx, &before.prior()).await.unwrap();
        assert!(matches!(ready, Readiness::Pending(_)), "{ready:?}");
        let ready = stage.provider.ready(&before.cx, &before.prior()).await.unwrap();
        assert!(matches!(ready, Readiness::Ready(_)), "{ready:?}");
        stage.found(&before).await;
        assert_eq!(stage.drift(&before).await, NONE);
        let copy = stage.create("copy", Volume::new("us-east-1b").snapshot_id(before.id())).await;
        assert_eq!((stage.drift(&copy).await, &stage.seen()[&copy.id()]["size"]), (vec![], &10.into()));
        stage.delete(&copy).await;
        stage.delete(&before).await;
        stage.delete(&data).await;
    }
}
