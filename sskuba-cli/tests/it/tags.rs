//! `stack tag`, and finding stacks by their tags.

use serde_json::json;

use crate::bench::Bench;

#[tokio::test(flavor = "multi_thread")]
async fn tags_are_set_listed_found_and_removed() {
    let bench = Bench::new();
    let missing = bench.run("stack tag owner=ann").await.expect(1);
    assert!(missing.errors.contains("there is no stack local/library/dev"), "{}", missing.errors);
    assert!(!bench.path().join("home").exists(), "no identity is made for what is not there");
    bench.run("stack init dev").await.expect(0);
    assert!(bench.run("stack tag").await.expect(0).out.contains("has no tags"));
    let ran = bench.run("stack tag owner=ann expires=2027-01-31 note=a=b").await.expect(0);
    assert_eq!(ran.out, "TAG      VALUE\nexpires  2027-01-31\nnote     a=b\nowner    ann\n");
    bench.run("up --yes").await.expect(0);
    let ran = bench.run("stack tag owner=bob note- gone-").await.expect(0);
    assert!(ran.errors.contains("has no tag `gone`"), "{}", ran.errors);
    let tags = bench.run("stack tag --json").await.expect(0).document();
    assert_eq!(tags["tags"], json!({"expires": "2027-01-31", "owner": "bob"}));

    bench.run("stack init other").await.expect(0);
    let names = async |args: &str| -> Vec<String> {
        let list = bench.run(args).await.expect(0).document();
        list.as_array().unwrap().iter().map(|stack| stack["stack"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names("stack ls --json").await.len(), 2);
    assert_eq!(names("stack ls --json --tag owner=bob").await, ["local/library/dev"]);
    assert!(names("stack ls --json --tag owner=bob --tag expires=never").await.is_empty());
    let list = bench.run("stack list").await.expect(0);
    assert!(list.out.contains("TAGS") && list.out.contains("expires=2027-01-31, owner=bob"), "{}", list.out);
    bench.run("stack rename prod --stack dev").await.expect(0);
    assert_eq!(names("stack ls --json --tag owner=bob").await, ["local/library/prod"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_tag_is_refused_and_nothing_is_set() {
    let bench = Bench::new();
    bench.run("stack init dev").await.expect(0);
    for (args, code, says) in [
        ("stack tag owner", 2, "`owner` is neither KEY=VALUE"),
        ("stack tag a=1 a=2", 2, "the tag `a` is given twice"),
        ("stack tag a=1 a-", 2, "the tag `a` is given twice"),
        ("stack tag =x ok=y", 1, "is not a key of a tag"),
        ("stack list --tag owner", 2, "the form is KEY=VALUE"),
    ] {
        let ran = bench.run(args).await.expect(code);
        assert!(ran.errors.contains(says), "{args}: {}", ran.errors);
    }
    let many: Vec<String> = (0..51).map(|i| format!("k{i}=v")).collect();
    let ran = bench.run(&format!("stack tag {}", many.join(" "))).await.expect(1);
    assert!(ran.errors.contains("would have 51 tags"), "{}", ran.errors);
    assert_eq!(bench.run("stack tag --json").await.expect(0).document()["tags"], json!({}));
}
