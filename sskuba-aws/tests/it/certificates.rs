//! Certificates.

use serde_json::{Value as Json, json};
use sskuba_aws::Provider as Settings;
use sskuba_aws::acm::Certificate;
use sskuba_core::prelude::*;
use sskuba_core::provider::Readiness;
use sskuba_core::testing::provider_conformance::Case;
use sskuba_testkit::aws::{Fate, Proxy};

use crate::services::{conforms, imported};
use crate::stacks::behind;
use crate::stage::{Stage, scene};

const NONE: [&str; 0] = [];
const HEAD: &str = "acm = boto3.client('acm')\n";

pub(crate) const ADDRESSES: &[&str] = &["aws:acm:Certificate::certificate"];

/// Asks ACM as somebody else.
fn asked(line: &str) -> Json {
    behind(&format!("{HEAD}{line}"))
}

/// Goes on behind a proxy where certificates are in another state than the one in which moto has new ones.
async fn in_state(stage: Stage, status: &'static str) -> Stage {
    let proxy = Proxy::start(&std::env::var("AWS_ENDPOINT_URL").unwrap(), move |action, _| match action {
        "DescribeCertificate" => Fate::Edit("\"Status\": \"PENDING_VALIDATION\"", status),
        _ => Fate::Pass,
    })
    .await;
    stage.with(Settings::new().endpoint(proxy.endpoint)).await
}

/// Starts a proxy where every certificate is issued.
async fn issued() -> Proxy {
    Proxy::start(&std::env::var("AWS_ENDPOINT_URL").unwrap(), |action, _| match action {
        "DescribeCertificate" => Fate::Edit("\"Status\": \"PENDING_VALIDATION\"", ISSUED),
        _ => Fate::Pass,
    })
    .await
}

const ISSUED: &str = "\"Status\": \"ISSUED\"";

scene! {
    async fn certificates_conform(stage: Stage) {
        let stage = in_state(stage, ISSUED).await;
        let of = |name: &str, tag: &str| json!({"domain_name": name, "alternative_names": ["www.conform.example", "*.conform.example"],
            "tags": {"a": tag}});
        let case = Case::new(of("conform.example", "1")).update(of("Conform.example.", "2"));
        let case = case.replacement(json!({"domain_name": "*.other.example"}));
        let case = case.unknown_id("arn:aws:acm:us-east-1:123456789012:certificate/00000000-0000-0000-0000-000000000000");
        let remove = format!("{HEAD}acm.delete_certificate(CertificateArn='$ID')");
        conforms(&stage, "aws:acm:Certificate", case, &remove).await;
    }
}

scene! {
    async fn a_certificate_is_proven_before_it_is_issued(stage: Stage) {
        let declared = || Certificate::new("life.example").alternative_name("www.life.example").tag("tier", "a");
        let made = stage.try_create(stage.cx::<Certificate>("main"), declared()).await.unwrap();
        let names: Vec<String> = made.object.outputs["validation_names"].get().unwrap();
        let values: Vec<String> = made.object.outputs["validation_values"].get().unwrap();
        assert_eq!((names.len(), values.len()), (2, 2), "{names:?} {values:?}");
        assert!(names[0].ends_with(".life.example.") && names[1].ends_with(".www.life.example."), "{names:?}");
        stage.found(&made).await;
        let answer = stage.provider.ready(&made.cx, &made.prior()).await.unwrap();
        assert!(matches!(answer, Readiness::Pending(None)), "{answer:?}");

        let stage = in_state(stage, "\"Status\": \"FAILED\", \"FailureReason\": \"CAA_ERROR\"").await;
        let answer = stage.provider.ready(&made.cx, &made.prior()).await.unwrap();
        assert_eq!(answer, Readiness::Failed("it failed: CAA_ERROR".to_owned()));
        let stage = in_state(stage, "\"Status\": \"VALIDATION_TIMED_OUT\"").await;
        let answer = stage.provider.ready(&made.cx, &made.prior()).await.unwrap();
        assert!(matches!(answer, Readiness::Failed(ref why) if why.contains("72 hours")), "{answer:?}");
        let stage = in_state(stage, ISSUED).await;
        let answer = stage.provider.ready(&made.cx, &made.prior()).await.unwrap();
        assert!(matches!(answer, Readiness::Ready(_)), "{answer:?}");

        let mut live = stage.create("second", declared()).await;
        assert_ne!(live.id(), made.id(), "a domain may have several");
        stage.update(&mut live, declared().tag("owner", "b")).await;
        assert_eq!(stage.drift(&live).await, NONE);
        asked(&format!("acm.remove_tags_from_certificate(CertificateArn='{}', Tags=[{{'Key': 'owner'}}])", live.id()));
        assert_eq!(stage.drift(&live).await, ["tags"]);
        stage.delete(&live).await;
        stage.delete(&made).await;
    }
}

scene! {
    /// AWS forgets a token after an hour: what an interrupted create made is found by its tag.
    async fn a_lost_answer_makes_no_second_certificate(stage: Stage) {
        let proxy = Proxy::start(&std::env::var("AWS_ENDPOINT_URL").unwrap(), |action, nth| match action {
            "RequestCertificate" if nth == 1 => Fate::Lose,
            "DescribeCertificate" => Fate::Edit("\"Status\": \"PENDING_VALIDATION\"", ISSUED),
            _ => Fate::Pass,
        })
        .await;
        let endpoint = proxy.endpoint.clone();
        let on = stage.stacked();
        let program = move |stack: &mut Stack| -> Result<()> {
            let here = stack.add("here", Settings::new().endpoint(endpoint.clone()))?;
            stack.add("main", Certificate::new("lost.example"))?.provider(&here);
            Ok(())
        };
        assert_eq!(on.up(program.clone()).await, [2, 0, 0, 0]);
        let there = "print(json.dumps(len([c for c in acm.list_certificates()['CertificateSummaryList'] if c['DomainName'] == 'lost.example'])))";
        assert_eq!((asked(there), on.up(program).await), (json!(1), [0; 4]));
        on.down().await;
        assert_eq!(asked(there), json!(0));
    }
}

scene! {
    async fn what_is_there_is_listed_and_imported(stage: Stage) {
        let ids = asked("arn = acm.request_certificate(DomainName='byhand.example', ValidationMethod='DNS')['CertificateArn']\n\
            print(json.dumps(dict(certificate=arn)))");
        let proxy = issued().await;
        let endpoint = proxy.endpoint.clone();
        let here = move |stack: &mut Stack| stack.add("here", Settings::new().endpoint(endpoint.clone()));
        let instance = {
            let here = here.clone();
            move |stack: &mut Stack| -> Result<()> { Ok(here(stack).map(drop)?) }
        };
        let program = move |stack: &mut Stack| -> Result<()> {
            let here = here(stack)?;
            stack.add("certificate", Certificate::new("byhand.example"))?.provider(&here);
            Ok(())
        };
        imported(stage, &ids, ADDRESSES, instance, program).await;
    }
}
