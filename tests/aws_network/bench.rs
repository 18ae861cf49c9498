//! A server, a proxy in front of it, and a folder for the program's state.

use std::path::Path;
use std::process::{Command, Stdio};

use sskuba_testkit::aws::{Fate, Moto, Proxy, REGION, Seen, boto3, seen};
use tempfile::TempDir;

use crate::program::{Said, binary};

/// An image that moto has had for years; the example's own pattern is for AWS.
const IMAGE: &str = "image_name=amzn-ami-hvm-2017.09.1.20171103-x86_64-gp2";

/// The stack, as its tag says it.
const STACK: &str = "local/aws-network/dev";

/// What the program is tried on.
pub(crate) struct Bench {
    moto: Moto,
    pub(crate) proxy: Proxy,
    folder: TempDir,
    before: Seen,
}

impl Bench {
    /// Starts a server and a proxy; none where moto is not installed.
    pub(crate) async fn new(script: impl Fn(&str, usize) -> Fate + Send + Sync + 'static) -> Option<Self> {
        let moto = Moto::start(&[])?;
        let proxy = Proxy::start(&moto.endpoint(), script).await;
        Some(Self::behind(moto, proxy))
    }

    /// The same with a proxy that refuses what AWS refuses and moto accepts.
    pub(crate) async fn strict() -> Option<Self> {
        let moto = Moto::start(&[])?;
        let proxy = Proxy::strict(&moto.endpoint(), |_, _| Fate::Pass).await;
        Some(Self::behind(moto, proxy))
    }

    fn behind(moto: Moto, proxy: Proxy) -> Self {
        let before = seen(&moto.endpoint(), None);
        Self { moto, proxy, folder: tempfile::tempdir().unwrap(), before }
    }

    /// Makes a call of the program.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = command(self.folder.path(), args);
        command.env("AWS_ENDPOINT_URL", &self.proxy.endpoint);
        command
    }

    /// Runs the program.
    pub(crate) fn run(&self, args: &[&str]) -> Said {
        Said::new(&self.command(args).output().unwrap())
    }

    /// Runs `up`, which has to go well, with these values of the configuration.
    #[track_caller]
    pub(crate) fn up(&self, config: &[&str]) -> Said {
        let mut args = vec!["up", "--yes", "--json"];
        args.extend(config.iter().flat_map(|pair| ["-c", pair]));
        self.run(&args).good()
    }

    /// Returns what boto3 sees of the stack.
    pub(crate) fn seen(&self) -> Seen {
        seen(&self.moto.endpoint(), Some(STACK))
    }

    /// Returns the ids of a kind that boto3 sees of the stack.
    pub(crate) fn ids(&self, kind: &str) -> Vec<String> {
        let all = self.seen();
        all.iter().filter(|(_, object)| object["kind"] == kind).map(|(id, _)| id.clone()).collect()
    }

    /// Does something behind the program's back.
    pub(crate) fn as_another(&self, line: &str) -> String {
        boto3(&self.moto.endpoint(), line)
    }

    /// Returns what exists, of whomever, and did not before.
    pub(crate) fn left(&self) -> Vec<String> {
        let all = seen(&self.moto.endpoint(), None);
        let new = all.iter().filter(|(id, _)| !self.before.contains_key(*id));
        new.map(|(id, object)| format!("{id} {object}")).collect()
    }

    /// Returns how many calls came in that change something.
    pub(crate) fn writes(&self) -> usize {
        self.proxy.log().iter().filter(|action| writes(action)).count()
    }
}

/// Tells whether an action changes something.
pub(crate) fn writes(action: &str) -> bool {
    !action.starts_with("Describe") && !action.starts_with("Get")
}

/// Makes a call of the program in a folder of its own; it inherits nothing.
pub(crate) fn command(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(binary());
    command
        .args(args)
        .args(["-c", "image_owner=amazon", "-c", IMAGE])
        .stdin(Stdio::null())
        .current_dir(folder)
        .env_clear()
        .env("HOME", folder)
        .env("XDG_CONFIG_HOME", folder.join("config"))
        .env("SSKUBA_STATE", format!("sled:{}", folder.join("state").display()))
        .env("AWS_REGION", REGION)
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .env("AWS_EC2_METADATA_DISABLED", "true");
    command
}
