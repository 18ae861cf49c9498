//! Both kinds keep the contract of a provider, with everything that the hut can do wrong.

use std::time::Duration;

use hut::api::{Hut, PAGE};
use serde_json::json;
use sskuba::testing::{Case, assert_conforms};

/// Adds all that the hut does wrong when it is asked to.
fn in_trouble(hut: &Hut, case: Case) -> Case {
    let (lose, throttle, hide, remove) = (hut.clone(), hut.clone(), hut.clone(), hut.clone());
    case.reports_inputs()
        .page_size(PAGE)
        .timeout(Duration::from_secs(10))
        .lose_next_answer(async move || lose.lose_next_answer())
        .throttle(async move || throttle.throttle(3))
        .hide(async move || hide.hide_next())
        .remove(async move |id: String| remove.remove(&id))
}

#[tokio::test]
async fn a_server_conforms() {
    let hut = Hut::open(None).unwrap();
    let (fail, unset) = (hut.clone(), hut.clone());
    let case = Case::new(json!({"name": "web", "image": "debian-13", "note": "the first"}))
        .update(json!({"name": "www", "image": "debian-13"}))
        .replacement(json!({"name": "web", "image": "debian-14"}))
        .another(|n| json!({"name": format!("web-{n}"), "image": "debian-13"}))
        .unknown_id("srv-999999")
        .fail(async move || fail.fail_next())
        .unset_field("note", async move |id: String| unset.unset(&id, "note"));
    let findings =
        assert_conforms(&*hut::provider(hut.url()), "hut:compute:Server", &in_trouble(&hut, case)).await;
    assert_eq!(findings.not_tried, []);
    assert!(hut.is_empty(), "the suite leaves nothing behind");
}

#[tokio::test]
async fn a_domain_conforms() {
    let hut = Hut::open(None).unwrap();
    let case = Case::new(json!({"name": "shop.example", "server": "srv-000001"}))
        .update(json!({"name": "shop.example", "server": "srv-000002"}))
        .replacement(json!({"name": "store.example", "server": "srv-000001"}))
        .another(|n| json!({"name": format!("shop-{n}.example"), "server": "srv-000001"}))
        .unknown_id("dom-999999");
    let findings =
        assert_conforms(&*hut::provider(hut.url()), "hut:net:Domain", &in_trouble(&hut, case)).await;
    let left: Vec<_> = findings.not_tried.iter().map(|part| part.part).collect();
    assert_eq!(
        left,
        ["fields removed by others", "failed after made"],
        "a domain has nothing to unset, and cannot fail"
    );
    assert!(hut.is_empty(), "the suite leaves nothing behind");
}
