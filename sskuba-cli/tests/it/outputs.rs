//! What becomes of the outputs: in previews, and at the end of an `up`.

use serde_json::json;

use crate::bench::Bench;

#[tokio::test(flavor = "multi_thread")]
async fn outputs_are_shown_with_what_they_were() {
    let bench = Bench::new();
    let first = bench.run("up --yes").await.expect(0);
    for line in ["  + code = (secret)\n", "  + last = \"book-"] {
        assert!(first.out.contains(line), "{}", first.out);
    }
    // A secret that changes, one output that goes, and none that stays as it is.
    let args = "-c titles= -c code=canary-new";
    let preview = bench.run(&format!("preview {args}")).await.expect(0);
    assert!(preview.out.contains("  ~ code: (secret) → (another secret)\n"), "{}", preview.out);
    assert!(preview.out.contains("  - last (was \"book-"), "{}", preview.out);
    let json = bench.run(&format!("preview {args} --json")).await.expect(0).events();
    let plan = json.iter().find(|line| line["event"] == "plan").unwrap();
    assert_eq!(plan["outputs"][0]["field"], "code");
    assert_eq!(plan["outputs"][0]["to"], "(secret)");
    assert_eq!((&plan["outputs"][1]["field"], &plan["outputs"][1]["to"]), (&json!("last"), &json!(null)));
    let up = bench.run(&format!("up --yes {args} --json")).await.expect(0).events();
    let outputs = up.iter().find(|line| line["event"] == "outputs").unwrap();
    assert_eq!(outputs["outputs"], json!({"code": "(secret)"}));
    assert_eq!(outputs["changes"], plan["outputs"]);
    // What stays is listed without a sign, and a preview leaves it out.
    let same = bench.run("up --yes -c titles=a -c code=canary-new").await.expect(0);
    assert!(same.out.contains("    code = (secret)\n") && same.out.contains("  + last = "), "{}", same.out);
    let preview = bench.run("preview -c code=canary-new -c titles=").await.expect(0);
    assert!(!preview.out.contains("  code"), "{}", preview.out);
}
