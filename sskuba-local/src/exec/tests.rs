use std::time::Instant;

use sskuba_core::address::Address;
use sskuba_core::provider::Effect;

use super::*;

fn cx() -> Cx {
    Cx::new(
        StackId::parse("local/test/dev").unwrap(),
        Address::parse("local:exec:Command::main").unwrap(),
        Token::new([1; 16]),
        Duration::from_secs(60),
    )
}

fn args(create: Vec<String>) -> CommandArgs {
    CommandArgs {
        create,
        update: None,
        delete: None,
        env: BTreeMap::new(),
        cwd: None,
        triggers: BTreeMap::new(),
        timeout: None,
    }
}

fn prior(args: &CommandArgs, object: &TypedObject<Command>) -> TypedPrior<Command> {
    TypedPrior { id: object.id.clone(), args: Some(args.clone()), state: Some(object.state.clone()) }
}

#[tokio::test]
async fn a_command_runs_at_each_step_and_knows_what_came_before() {
    let folder = tempfile::tempdir().unwrap();
    let mut args = args(shell("echo made >> log; echo first"));
    args.update = Some(shell("echo \"changed $SSKUBA_STDOUT $LEVEL\" >> log; echo second"));
    args.delete = Some(shell("echo \"deleted $SSKUBA_STDOUT $SSKUBA_TOKEN\" >> log"));
    args.cwd = Some(folder.path().to_str().unwrap().to_owned());
    let made = CommandHandler::default().create(&cx(), args.clone()).await.unwrap();
    assert_eq!((made.state.stdout.as_str(), made.state.status), ("first", 0));
    let mut more = args.clone();
    more.env.insert("LEVEL".into(), "3".into());
    let change = TypedChange { prior: prior(&args, &made), args: more.clone() };
    let changed = CommandHandler::default().update(&cx(), change).await.unwrap();
    assert_eq!(changed.state.stdout, "second");
    let mut later = more.clone();
    later.timeout = Some(9);
    let change = TypedChange { prior: prior(&more, &changed), args: later.clone() };
    let same = CommandHandler::default().update(&cx(), change).await.unwrap();
    assert_eq!(same.state.stdout, "second", "a longer timeout runs nothing");
    CommandHandler::default().delete(&cx(), prior(&later, &same)).await.unwrap();
    let log = std::fs::read_to_string(folder.path().join("log")).unwrap();
    assert_eq!(log, format!("made\nchanged first 3\ndeleted second {}\n", "01".repeat(16)));
}

#[tokio::test]
async fn a_failure_has_the_end_of_stderr_and_no_secret() {
    let mut args =
        args(shell("for i in $(seq 2000); do echo line $i >&2; done; echo \"pass $PASS\" >&2; exit 3"));
    args.env.insert("PASS".into(), "canary-1".into());
    let failure = CommandHandler::default().create(&cx(), args).await.unwrap_err();
    let text = failure.to_string();
    assert!(text.contains("status 3") && text.ends_with("pass (secret)"), "{text}");
    assert!(!text.contains("canary") && !text.contains("line 1\n") && text.len() < 3000, "{text}");
    assert_eq!(failure.effect, Effect::NotApplied, "it is run again");
}

#[tokio::test]
async fn a_program_that_is_not_there_changed_nothing() {
    let failure =
        CommandHandler::default().create(&cx(), args(vec!["/no/such/program".into()])).await.unwrap_err();
    assert_eq!((failure.class, failure.effect), (Class::Invalid("create".into()), Effect::NotApplied));
    let mut args = args(shell("true"));
    args.cwd = Some("/no/such/folder".into());
    let failure = CommandHandler::default().create(&cx(), args).await.unwrap_err();
    assert_eq!(failure.class, Class::Invalid("cwd".into()));
}

fn is_running(pid: &str) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/stat"));
    status.is_ok_and(|status| !status.contains(") Z "))
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_timeout_kills_everything_that_was_started() {
    let folder = tempfile::tempdir().unwrap();
    let mut args = args(shell("sleep 60 & echo $! > pid; wait"));
    args.cwd = Some(folder.path().to_str().unwrap().to_owned());
    args.timeout = Some(1);
    let start = Instant::now();
    let failure = CommandHandler::default().create(&cx(), args).await.unwrap_err();
    assert!(start.elapsed() < Duration::from_secs(20));
    assert_eq!((&failure.class, &failure.effect), (&Class::Timeout, &Effect::Unknown));
    let pid = std::fs::read_to_string(folder.path().join("pid")).unwrap();
    // A signal is sent before it is felt: a busy machine may take its time over the second.
    while is_running(pid.trim()) {
        assert!(start.elapsed() < Duration::from_secs(20), "{failure}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_dropped_call_kills_everything_that_was_started() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pid");
    let mut args = args(shell("sleep 60 & echo $! > pid; wait"));
    args.cwd = Some(folder.path().to_str().unwrap().to_owned());
    let task = tokio::spawn(async move { CommandHandler::default().create(&cx(), args).await });
    let pid = loop {
        match std::fs::read_to_string(&path) {
            Ok(text) if text.ends_with('\n') => break text,
            _ => tokio::time::sleep(Duration::from_millis(5)).await,
        }
    };
    assert!(is_running(pid.trim()));
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    while is_running(pid.trim()) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn what_is_left_running_does_not_hold_up_the_answer() {
    let start = Instant::now();
    let made = CommandHandler::default().create(&cx(), args(shell("echo done; sleep 60 & "))).await.unwrap();
    assert_eq!(made.state.stdout, "done");
    assert!(start.elapsed() < Duration::from_secs(20));
}

#[tokio::test]
async fn much_output_is_cut() {
    let made = CommandHandler::default()
        .create(&cx(), args(shell("head -c 300000 /dev/zero | tr '\\0' x")))
        .await
        .unwrap();
    assert_eq!(made.state.stdout.len(), 64 * 1024);
}

#[test]
fn mistakes_are_named_before_anything_runs() {
    let mut args = args(Vec::new());
    args.delete = Some(vec![String::new()]);
    args.env.insert("A=B".into(), "x".into());
    args.timeout = Some(0);
    let fields: Vec<String> =
        CommandHandler::default().check(&args).into_iter().map(|error| error.field).collect();
    assert_eq!(fields, ["create", "delete", "timeout", "env"]);
}

#[tokio::test]
async fn a_command_runs_in_the_folder_of_the_program_or_below_it() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().canonicalize().unwrap();
    std::fs::create_dir(home.join("sub")).unwrap();
    let handler = CommandHandler::default().within(ProgramFolder::new(&home));
    for (cwd, expected) in [(None, home.clone()), (Some("sub"), home.join("sub"))] {
        let args = CommandArgs { cwd: cwd.map(str::to_owned), ..args(vec!["pwd".into()]) };
        let cx = Cx { token: Token::new([cwd.is_some().into(); 16]), ..cx() };
        let made = handler.create(&cx, args).await.unwrap();
        assert_eq!(Path::new(&made.state.stdout), expected);
    }
}
