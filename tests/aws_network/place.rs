//! Credentials or a region of elsewhere: nothing is read there as if it were here.

use std::process::Command;

use sskuba_testkit::aws::Fate;

use crate::bench::Bench;
use crate::program::Said;

const HERE: &str = "account 123456789012, region us-east-1";

fn refused(bench: &Bench, there: &str, change: &dyn Fn(&mut Command)) {
    let (seen, writes) = (bench.seen(), bench.writes());
    let import: &[&str] =
        &["import", "web/aws:ec2:Instance::web-2", "i-0123456789abcdef0", "-c", "machines=3"];
    for args in [&["up", "--yes", "-c", "machines=3"][..], &["down", "--yes"], &["refresh"], import] {
        let mut command = bench.command(args);
        change(&mut command);
        let said = Said::new(&command.output().unwrap());
        assert_eq!(said.code, Some(1), "{args:?}: {}", said.text);
        for part in [HERE, there, "nothing was read or changed"] {
            assert!(said.text.contains(part), "{args:?}: `{part}` is missing: {}", said.text);
        }
    }
    assert_eq!((bench.seen(), bench.writes()), (seen, writes));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_region_or_account_is_refused_before_anything_happens() {
    let Some(bench) = Bench::new(|_, _| Fate::Pass).await else { return };
    bench.up(&[]);
    refused(&bench, "region eu-west-1", &|command| {
        command.env("AWS_REGION", "eu-west-1");
    });
    let keys = bench.as_another(
        "role = boto3.client('sts').assume_role(RoleArn='arn:aws:iam::111111111111:role/deploy', RoleSessionName='deploy')\n\
         print(' '.join(role['Credentials'][key] for key in ['AccessKeyId', 'SecretAccessKey', 'SessionToken']))",
    );
    let keys: Vec<&str> = keys.split_whitespace().collect();
    refused(&bench, "account 111111111111", &|command| {
        let names = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];
        command.envs(names.into_iter().zip(keys.iter().copied()));
    });
    bench.run(&["up", "--refresh", "--expect-no-changes"]).good();
    bench.run(&["down", "--yes"]).good();
    assert_eq!(bench.left(), [""; 0]);
}

/// Where objects are is asked first; nothing begins while there is no answer.
fn unknown(bench: &Bench, all: &[&[&str]], endpoint: &str, why: &str) {
    let (seen, writes) = (bench.seen(), bench.writes());
    let state = bench.run(&["state", "list", "--json"]).good().document();
    for args in all {
        let mut command = bench.command(args);
        let begun = std::time::Instant::now();
        let output =
            command.env("AWS_ENDPOINT_URL_STS", endpoint).env("AWS_MAX_ATTEMPTS", "2").output().unwrap();
        let said = Said::new(&output);
        assert_eq!(said.code, Some(1), "{args:?}: {}", said.text);
        for part in ["failed to find out where provider `aws` works", "GetCallerIdentity: the STS of", why] {
            assert!(said.text.contains(part), "{args:?}: `{part}` is missing: {}", said.text);
        }
        assert_eq!(said.text.matches("GetCallerIdentity").count(), 1, "one error: {}", said.text);
        assert!(begun.elapsed() < std::time::Duration::from_secs(30), "{args:?}: {:?}", begun.elapsed());
    }
    assert_eq!(bench.run(&["state", "list", "--json"]).good().document(), state);
    assert_eq!((bench.seen(), bench.writes()), (seen, writes));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_it_cannot_be_asked_where_it_is_nothing_happens() {
    let Some(bench) = Bench::new(|_, _| Fate::Pass).await else { return };
    bench.up(&[]);
    let all: [&[&str]; 3] = [&["up", "--yes", "-c", "machines=3"], &["down", "--yes"], &["refresh"]];
    unknown(&bench, &all, "http://127.0.0.1:9", "does not answer");
    // One that takes the connection and says nothing.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", silent.local_addr().unwrap());
    unknown(&bench, &all[1..2], &endpoint, "did not answer in time");
    bench.run(&["down", "--yes"]).good();
    assert_eq!(bench.left(), [""; 0]);
}
