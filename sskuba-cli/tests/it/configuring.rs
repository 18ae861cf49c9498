//! `config` and where values come from.

use crate::bench::Bench;

#[tokio::test(flavor = "multi_thread")]
async fn values_are_set_listed_and_removed() {
    let bench = Bench::new();
    bench.run("config set titles x,y").await.expect(0);
    assert_eq!(bench.read("sskuba.dev.toml"), "titles = \"x,y\"\n");
    assert_eq!(bench.run("config get titles").await.expect(0).out, "x,y\n");
    bench.run_with_input("config set text", "from a pipe\n").await.expect(0);
    let ran = bench.run("config list -c text=flag").await.expect(0);
    assert!(ran.out.contains("titles  \"x,y\"   sskuba.dev.toml  "), "{}", ran.out);
    assert!(ran.out.contains("\"flag\"") && ran.out.contains("the command line"), "{}", ran.out);
    assert!(ran.out.contains("The titles, with a comma between them."), "{}", ran.out);
    bench.run("up --yes").await.expect(0);
    assert_eq!(bench.shelf.titles().len(), 2);
    assert!(bench.shelf.books.lock().unwrap().values().all(|book| book.text == "from a pipe"));
    bench.run("config rm text").await.expect(0);
    assert!(bench.run("config rm text").await.expect(1).errors.contains("`text` is not set"));
    assert!(bench.run("config get text").await.expect(1).errors.contains("config set text VALUE"));
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_are_sealed_opened_for_a_run_and_never_shown() {
    let mut bench = Bench::new();
    let ran = bench.run("config set --secret code canary-1").await.expect(0);
    assert!(ran.errors.contains("shell's history"), "{}", ran.errors);
    let file = bench.read("sskuba.dev.toml");
    assert!(file.contains("code = { sealed = \"") && file.contains("recipients = [\"age1"), "{file}");
    assert!(!file.contains("canary"));
    bench.run("up --yes").await.expect(0);
    let code = |bench: &Bench| {
        let books = bench.shelf.books.lock().unwrap();
        books.values().next().unwrap().code.as_ref().unwrap().expose().clone()
    };
    assert_eq!(code(&bench), "canary-1");
    assert!(bench.run("config list").await.expect(0).out.contains("(secret)"));
    assert!(bench.run("config get code").await.expect(1).errors.contains("--show-secrets"));
    assert_eq!(bench.run("config get code --show-secrets").await.out, "canary-1\n");
    // The program reads it as a secret, so it is sealed without being told.
    bench.run_with_input("config set code", "plain-text").await.expect(0);
    assert!(!bench.read("sskuba.dev.toml").contains("plain-text"));
    bench.run("config set --secret other x").await.expect(0);
    assert!(bench.run("config set other plain").await.expect(2).errors.contains("is sealed"));
    bench.run("config rm other").await.expect(0);
    bench.run_with_input("config set --secret code", "canary-2\n").await.expect(0);
    let ran = bench.run("up --yes").await.expect(0);
    assert!(ran.out.contains("code: (secret) → (another secret)"), "{}", ran.out);
    assert_eq!(code(&bench), "canary-2");

    // Somebody else cannot open it, and is told what to do.
    bench.variables.push(("HOME".into(), bench.path().join("other").to_str().unwrap().into()));
    let ran = bench.run("preview").await.expect(1);
    assert!(
        ran.errors.contains("failed to open secrets of sskuba.dev.toml")
            && ran.errors.contains("SSKUBA_IDENTITY")
    );
    bench.variables.push(("SSKUBA_CONFIG_CODE".into(), "canary-3".into()));
    assert!(bench.run("config list").await.expect(0).out.contains("variable SSKUBA_CONFIG_CODE"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passphrase_is_enough_for_ci() {
    let mut bench = Bench::new();
    bench.variables =
        vec![("SSKUBA_PASSPHRASE".into(), "canary-pass".into()), ("HOME".into(), String::new())];
    bench
        .variables
        .push(("SSKUBA_STATE".into(), format!("sled:{}", bench.path().join("elsewhere").display())));
    bench.run_with_input("config set --secret code", "canary-ci").await.expect(0);
    bench.run("up --yes").await.expect(0);
    assert_eq!(bench.run("output code --show-secrets").await.out, "canary-ci\n");
    bench.variables[0].1 = "another".into();
    let ran = bench.run("up --yes -c code=x").await.expect(1);
    assert!(ran.errors.contains("failed to open the secrets of local/library/dev"), "{}", ran.errors);
    assert!(bench.path().join("elsewhere").exists() && !bench.path().join(".sskuba/state").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_stack_may_begin_with_the_configuration_of_another() {
    let bench = Bench::new();
    bench.run("config set titles x,y").await.expect(0);
    bench.run_with_input("config set code --secret", "canary-9").await.expect(0);
    let ran = bench.run("stack init test --copy-config-from dev").await.expect(0);
    assert!(ran.out.contains("Its configuration is in sskuba.test.toml"), "{}", ran.out);
    let (dev, test) = (bench.read("sskuba.dev.toml"), bench.read("sskuba.test.toml"));
    assert!(test.contains("titles = \"x,y\"") && !test.contains("canary"), "{test}");
    let sealed = |text: &str| text.lines().find(|line| line.starts_with("code")).unwrap().to_owned();
    assert_ne!(sealed(&dev), sealed(&test), "each is sealed for its stack");
    bench.run("up --yes").await.expect(0);
    let mut titles = bench.shelf.titles();
    titles.sort();
    assert_eq!(titles, ["x", "y"]);
    let books = bench.shelf.books.lock().unwrap().clone();
    assert!(books.values().all(|book| book.code.as_ref().is_some_and(|code| code.expose() == "canary-9")));
    let ran = bench.run("stack init third --copy-config-from none").await.expect(1);
    assert!(ran.errors.contains("stack local/library/none has no configuration"), "{}", ran.errors);
    assert!(!bench.run("stack list").await.expect(0).out.contains("third"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_program_cannot_read_is_not_set() {
    let bench = Bench::new();
    bench.run("config set titles a,b").await.expect(0);
    let before = bench.read("sskuba.dev.toml");
    let list = bench.run_with_input("config set titles", "[1, 2]").await.expect(2);
    let says = "`titles` (The titles, with a comma between them.) is to be of the type String: ";
    assert!(list.errors.contains(says) && list.errors.contains("nothing was set"), "{}", list.errors);
    let slip = bench.run("config set title x").await.expect(2);
    assert!(slip.errors.contains("does not read `title`; did you mean `titles`?"), "{}", slip.errors);
    let secret = bench.run_with_input("config set code", "[\"canary\"]").await;
    assert!(!secret.errors.contains("canary"), "{}", secret.errors);
    assert_eq!(bench.read("sskuba.dev.toml").lines().next(), before.lines().next());
    // A program that says nothing beforehand is asked what it reads.
    let ran = bench.run_silent("config set titles [1,2]").await.expect(2);
    assert!(ran.errors.contains("`titles` from sskuba.dev.toml: "), "{}", ran.errors);
    let ran = bench.run_silent("config set title x").await.expect(2);
    assert!(ran.errors.contains("did you mean `titles`?"), "{}", ran.errors);
    bench.run_silent("config set titles c").await.expect(0);
    assert!(bench.run("config get titles").await.expect(0).out.contains('c'));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_value_is_no_secret() {
    let bench = Bench::new();
    for args in ["config set --secret code", "config set titles"] {
        for input in ["", "\n"] {
            let ran = bench.run_with_input(args, input).await.expect(2);
            assert!(ran.errors.contains("there is no value for `"), "{args}: {}", ran.errors);
        }
    }
    assert!(!bench.path().join("sskuba.dev.toml").exists());
    bench.run_words(["config", "set", "text", ""].into_iter(), bench.environment()).await.expect(0);
}
