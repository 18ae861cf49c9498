//! Where golden data and the driver are.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;
use sskuba_talos::yaml::Node;

/// Returns the folder of Talos's golden data, or says that a test is skipped.
pub(crate) fn data(test: &str) -> Option<PathBuf> {
    variable("SSKUBA_ORACLES", test).map(|folder| folder.join("talos"))
}

/// Returns the driver, or says that a test is skipped.
pub(crate) fn driver(test: &str) -> Option<Driver> {
    variable("SSKUBA_TALOS_DRIVER", test).map(Driver)
}

/// Returns the loader of a version, or says that a test is skipped.
pub(crate) fn loader(version: &str, test: &str) -> Option<Driver> {
    variable(&format!("SSKUBA_TALOS_LOADER_{}", version.replace('.', "_")), test).map(Driver)
}

fn variable(name: &str, test: &str) -> Option<PathBuf> {
    let value = std::env::var_os(name).map(PathBuf::from);
    if value.is_none() {
        println!("{test}: skipped, {name} is not set");
    }
    value
}

/// Talos's Go module, as a program.
pub(crate) struct Driver(PathBuf);

impl Driver {
    /// Runs a command that takes no question.
    pub(crate) fn print(&self, command: &str) -> String {
        let output = Command::new(&self.0).arg(command).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    /// Asks questions of a driver that knows several kinds, one a line, and returns their answers in the same order.
    pub(crate) fn ask(&self, command: &str, questions: &[Value]) -> Vec<Result<String, String>> {
        self.answers(&[command], questions)
    }

    /// Asks questions, one a line, and returns their answers in the same order.
    pub(crate) fn answers(&self, args: &[&str], questions: &[Value]) -> Vec<Result<String, String>> {
        let mut child = Command::new(&self.0)
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", self.0.display()));
        let mut stdin = child.stdin.take().unwrap();
        let lines: String = questions.iter().map(|question| format!("{question}\n")).collect();
        let writer = std::thread::spawn(move || stdin.write_all(lines.as_bytes()));
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let answers: Vec<_> = text.lines().map(answer).collect();
        assert_eq!(answers.len(), questions.len(), "the driver answered otherwise than asked");
        answers
    }
}

fn answer(line: &str) -> Result<String, String> {
    let answer: Value = serde_json::from_str(line).unwrap();
    match answer["error"].as_str() {
        Some(error) => Err(error.to_owned()),
        None => Ok(answer["ok"].as_str().unwrap_or_default().to_owned()),
    }
}

/// Says where two trees differ first, or nothing where they are equal.
pub(crate) fn difference(left: &[Node], right: &[Node]) -> Option<String> {
    differ(&usual(&Node::Seq(left.to_vec())), &usual(&Node::Seq(right.to_vec())), "")
}

/// Returns a tree with all whole numbers in one notation.
fn usual(node: &Node) -> Node {
    match node {
        Node::Number(_) => {
            let value = node.integer().and_then(|value| i64::try_from(value).ok());
            value.map_or_else(|| node.clone(), Node::Int)
        }
        Node::Seq(items) => Node::Seq(items.iter().map(usual).collect()),
        Node::Map(map) => Node::Map(map.iter().map(|(key, node)| (key.clone(), usual(node))).collect()),
        other => other.clone(),
    }
}

fn differ(left: &Node, right: &Node, path: &str) -> Option<String> {
    match (left, right) {
        (Node::Map(left), Node::Map(right)) => left
            .keys()
            .chain(right.keys())
            .find_map(|key| differ(left.get(key)?, right.get(key)?, &format!("{path}.{key}")))
            .or_else(|| {
                let own = |one: &sskuba_talos::yaml::Map, other: &sskuba_talos::yaml::Map| {
                    one.keys().filter(|key| !other.contains_key(*key)).cloned().collect::<Vec<_>>()
                };
                let (left, right) = (own(left, right), own(right, left));
                (!left.is_empty() || !right.is_empty())
                    .then(|| format!("{path}: only left {left:?}, only right {right:?}"))
            }),
        (Node::Seq(left), Node::Seq(right)) if left.len() == right.len() => left
            .iter()
            .zip(right)
            .enumerate()
            .find_map(|(index, (left, right))| differ(left, right, &format!("{path}[{index}]"))),
        _ => (left != right).then(|| format!("{path}: {} and {}", shown(left), shown(right))),
    }
}

fn shown(node: &Node) -> String {
    sskuba_talos::yaml::write([node])
}
