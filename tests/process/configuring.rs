//! Wrong configuration, arguments and variables; and services that throttle, deny, or lose their answers.

use std::fs;

use crate::stage::{Ran, Stage};

#[test]
fn mistakes_of_the_configuration_come_together_and_nothing_is_touched() {
    let stage = Stage::new("fixture", &[]);
    stage.run("up --yes").expect(1).says(&["configuration does not fit", "`owner`", "Who is to be asked"]);
    stage.run("up --yes -c ownr=ann").expect(1).says(&[
        "`owner`",
        "`ownr`",
        "did you mean `owner`?",
        "the command line",
    ]);
    stage.run("up --yes -c owner=ann -c things=many").expect(1).says(&[
        "`things`",
        "many",
        "the command line",
    ]);
    let all = "up --yes --json -c things=-1 -c protect=perhaps -c nothing=1";
    let ran = stage.run(all).expect(1);
    ran.says(&["`owner`", "`things`", "`protect`", "`nothing`", "config set"]);
    assert_eq!(ran.summary()["result"], "failed");
    fs::write(stage.path().join("sskuba.dev.toml"), "owner = 3\nthings = \"many\"\n[protect]\nx = 1\n")
        .unwrap();
    stage.run("preview").expect(1).says(&["`things`", "`protect`", "sskuba.dev.toml"]);
    fs::write(stage.path().join("sskuba.dev.toml"), "owner = \n").unwrap();
    stage.run("preview").expect(1).says(&["sskuba.dev.toml", "line 1"]);
    fs::write(stage.path().join("sskuba.dev.toml"), "owner = \"ann\"\n").unwrap();
    let wrong = Stage { variables: vec![("SSKUBA_CONFIG_THINGS", "many".into())], ..stage };
    wrong.run("preview").expect(1).says(&["`things`", "variable SSKUBA_CONFIG_THINGS"]);
    assert_eq!(wrong.world().len(), 0);
    let right = Stage { variables: vec![("SSKUBA_CONFIG_THINGS", "1".into())], ..wrong };
    right.run("up --yes").expect(0);
}

#[test]
fn a_range_that_is_none_is_found_before_anything_is_touched() {
    let stage = Stage::new("quickstart", &[]);
    for args in ["preview", "up --yes", "up --yes --json"] {
        let ran = stage.run(&format!("{args} -c cidr=10.0.0.0/99")).expect(1);
        ran.says(&["network/aws:ec2:Vpc::vpc", "`cidr`", "10.0.0.0/99", "examples/network/mod.rs:"]);
    }
    // Several, each with its address.
    let ran = stage.run(r#"up --yes -c cidr=nonsense -c public=["10.0.0.0/24","x"]"#).expect(1);
    ran.says(&["aws:ec2:Vpc::vpc", "nonsense", "aws:ec2:Subnet::public-1", "\"x\""]);
    assert_eq!(stage.world().len(), 0);
    assert_eq!(stage.record("dev").len(), 0);
}

#[test]
fn what_protects_is_said_of_all_at_once() {
    let stage = Stage::new("fixture", &["owner=ann", "protect=true"]);
    stage.run("up --yes").expect(0);
    let world = stage.world();
    stage.run("down --yes").expect(1).says(&["thing-0", "thing-1", "protected", ".protect()"]);
    stage.run("up --yes -c owner=bob").expect(1).says(&["thing-0", "thing-1", "protected", ".protect()"]);
    assert_eq!(stage.world(), world);
}

#[test]
fn usage_errors_end_with_2_and_say_what_to_do() {
    let stage = Stage::new("churn", &[]);
    for (args, parts) in [
        ("", &["Usage"][..]),
        ("upp", &["unrecognized subcommand", "'up'"]),
        ("up --parallel 0", &["--parallel", "0"]),
        ("up --wait soon", &["--wait", "soon"]),
        ("up -c resources", &["KEY=VALUE"]),
        ("up --sim-speed fast", &["a number above 0"]),
        (
            "up --yes --state nowhere",
            &["`nowhere`", "it has no scheme", "did you mean `sled:nowhere`?", "`sled:PATH`", "`memory:`"],
        ),
        ("up --yes --state postgres://db/x", &["the scheme `postgres` is not known", "`sled:PATH`"]),
        ("up --yes --state sled:", &["the folder is missing"]),
        ("state list --state memory:x", &["`memory:` takes nothing"]),
        ("up --yes --stack Bad", &["local/churn/Bad", "a-z"]),
        ("up --yes --stack a/b/c/d", &["a/b/c/d"]),
        ("up --yes --stack ../x", &["../x"]),
        ("stack init", &["<NAME>"]),
        ("stack init X", &["X"]),
        ("state show", &["<ADDRESS>"]),
        ("up", &["there is no terminal to ask at", "--yes", "preview"]),
        ("down", &["there is no terminal to ask at", "--yes"]),
        ("up --json", &["with `--json` nobody is asked", "--yes"]),
    ] {
        let ran = stage.run(args).expect(2);
        let text = format!("{}{}", ran.out, ran.errors);
        for part in parts {
            assert!(text.contains(part), "the error does not say `{part}`: {ran}");
        }
        if std::env::var_os("SSKUBA_TEST_TEXTS").is_some() {
            println!("--- {}\n{text}", ran.call);
        }
    }
    for (name, value) in [("SSKUBA_STACK", "Bad"), ("SSKUBA_SIM_FAULTS", "throtle=0.1")] {
        let mut command = stage.command("up --yes");
        command.env(name, value);
        Ran::of(command).expect(2).says(&[value, name]);
    }
    for faults in ["throttled", "throttled=2", "throttled=0.9,denied=0.9", "seed=x", "denied=0.1,denied=0.2"]
    {
        let wrong = Stage::new("churn", &[]).variable("SSKUBA_SIM_FAULTS", faults);
        wrong.run("up --yes").expect(2).says(&["SSKUBA_SIM_FAULTS", faults]);
    }
    assert!(!stage.path().join("state").exists(), "nothing was made");
}

#[test]
fn what_passes_is_tried_again() {
    for faults in ["throttle=0.3", "transient=0.2", "lost_after=0.08"] {
        let mut stage = Stage::new("churn", &["resources=25"]);
        let mut tries = 0;
        loop {
            // The faults of a seed are the same in every run.
            stage.variables = vec![("SSKUBA_SIM_FAULTS", format!("{faults},seed={}", 7 + tries))];
            let ran = stage.run("up --yes --json --continue-on-error");
            tries += 1;
            if ran.code == Some(0) {
                assert!(
                    !faults.starts_with("throttle") || ran.out.contains("\"event\":\"throttled\""),
                    "{ran}"
                );
                break;
            }
            assert!(tries < 12 && !faults.starts_with("throttle"), "after {tries}: {ran}");
        }
        println!("{faults}, seeds from 7: {tries} runs");
        stage.variables.clear();
        stage.agrees();
    }
}

#[test]
fn a_denied_call_says_so_and_the_next_run_goes_on() {
    let stage = Stage::new("churn", &["resources=20"]);
    let denied = Stage { variables: vec![("SSKUBA_SIM_FAULTS", "denied=1".into())], ..stage };
    let ran = denied.run("up --yes --parallel 1").expect(1);
    ran.says(&["failed to create sim:", "denied", "declared at examples/churn/graph.rs:"]);
    assert!(ran.out.contains("Failed after") && ran.out.contains("correct the cause and run"), "{ran}");
    assert_eq!(denied.world().len(), 0);
    let allowed = Stage { variables: vec![], ..denied };
    allowed.run("up --yes").expect(0);
    allowed.agrees();
}

#[test]
fn values_before_and_after_the_command_count_alike() {
    let stage = Stage::new("scale", &[]);
    for args in [
        "-c resources=6 preview -c layers=2",
        "preview -c resources=6 -c layers=2",
        "-c resources=9 --config layers=2 preview -c resources=6",
    ] {
        assert!(stage.run(args).expect(0).out.contains("Plan: 6 to create"), "{args}");
    }
}

/// Whoever changes the file at the same time waits for the other, and nothing that was set is lost.
#[test]
fn what_many_programs_set_at_once_is_all_there() {
    use std::io::Write as _;

    let stage = Stage::new("churn", &[]).variable("CARGO_MANIFEST_DIR", ".");
    stage.run("config set first canary-4f1d --secret").expect(0);
    let start = |n: usize| {
        let mut command = stage.command(&format!("config set key-{n} --secret"));
        command.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::null());
        command.spawn().unwrap()
    };
    let mut running: Vec<_> = (0..20).map(start).collect();
    // All of them wait for their value.
    std::thread::sleep(std::time::Duration::from_millis(500));
    for program in &mut running {
        program.stdin.take().unwrap().write_all(b"canary-4f1d").unwrap();
    }
    for mut program in running {
        assert!(program.wait().unwrap().success());
    }
    let text = fs::read_to_string(stage.path().join("sskuba.dev.toml")).unwrap();
    for n in 0..20 {
        assert!(text.contains(&format!("key-{n} = ")), "{n} is lost:\n{text}");
    }
    let left = fs::read_dir(stage.path()).unwrap().map(|entry| entry.unwrap().file_name());
    let left: Vec<_> = left.filter(|name| name.to_string_lossy().starts_with("sskuba.dev.toml")).collect();
    assert_eq!(left, ["sskuba.dev.toml"], "nothing of a write is left");
}

#[test]
fn what_the_own_table_of_the_file_should_not_have_is_all_named() {
    let stage = Stage::new("churn", &[]).variable("CARGO_MANIFEST_DIR", ".");
    let path = stage.path().join("sskuba.dev.toml");
    for (text, parts) in [
        (
            "[sskuba]\nrecipient = [\"age1x\"]\nrecipients = \"age1x\"\n",
            [
                "`recipient` is not known; did you mean `recipients`?",
                "`recipients` is not a list of public keys",
            ],
        ),
        ("sskuba = 7\n", ["the table `[sskuba]`", "it is no table"]),
        (
            "[sskuba]\nrecipients = [1]\nbackend = \"x\"\n",
            ["`recipients` is not a list", "`backend` is not known"],
        ),
    ] {
        fs::write(&path, text).unwrap();
        for args in ["up --yes", "config list", "config set a b"] {
            stage.run(args).expect(1).says(&parts);
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
}

/// Somebody who can write the file, and open nothing in it, puts one secret in the place of another.
#[test]
fn a_secret_that_was_moved_to_another_key_is_refused_by_name() {
    let stage = Stage::new("fixture", &["owner=ann"]).variable("CARGO_MANIFEST_DIR", ".");
    stage.run("config set code canary-4f1d").expect(0);
    stage.run("config set other canary-4f1d --secret").expect(0);
    let path = stage.path().join("sskuba.dev.toml");
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(text.matches("{ sealed = \"v2:").count(), 2, "{text}");
    let moved = text.replace("other = ", "x = ").replace("code = ", "other = ").replace("x = ", "code = ");
    fs::write(&path, moved).unwrap();
    stage
        .run("config get code --show-secrets")
        .expect(1)
        .says(&["`code`", "sealed for `other` of stack fixture/dev"]);
    stage
        .run("up --yes")
        .expect(1)
        .says(&["`code`: it was sealed for `other`", "`other`: it was sealed for `code`"]);
    stage.run("config set code canary-4f1d").expect(0);
    stage.run("config rm other").expect(0);
    stage.run("up --yes").expect(0);
    // The file of another stack.
    fs::copy(&path, stage.path().join("sskuba.prod.toml")).unwrap();
    stage.run("stack init prod").expect(0);
    stage.run("up --yes").expect(1).says(&["for stack fixture/dev, not for fixture/prod"]);
}

#[test]
fn another_place_is_refused_before_a_plan_is_shown() {
    let mut stage = Stage::new("quickstart", &[]);
    stage.run("up --yes").expect(0);
    let before = stage.world();
    stage.variables.push(("SSKUBA_SIM_REGION", "other-1".to_owned()));
    for args in ["preview", "up --yes", "down --yes"] {
        let ran = stage.run(args).expect(1);
        ran.says(&["works in", "region other-1", "nothing was read or changed"]);
        assert!(!ran.out.contains("Plan:"), "{ran}");
    }
    assert_eq!(stage.world(), before);
}
