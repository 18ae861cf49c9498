//! `cargo xtask compare`: this engine and other tools side by side on the same graph, on this machine.

mod edit;
pub(crate) mod measure;
mod shape;
mod table;
mod tool;

use std::path::Path;

use anyhow::{Context, bail};
use walkdir::WalkDir;

use shape::Shape;
use table::Row;
use tool::{Operation, Tool};

/// What to compare.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// How many resources
    #[arg(long, default_value_t = 1000)]
    resources: usize,
    /// In how many layers, besides the wide graph without any
    #[arg(long, default_value_t = 20)]
    layers: usize,
    /// How many resources of the layer before each one uses
    #[arg(long, default_value_t = 3)]
    edges: usize,
    /// Tools to compare with
    #[arg(long, value_delimiter = ',', default_value = "terraform,tofu")]
    tools: Vec<String>,
    /// Leave out what takes minutes
    #[arg(long)]
    skip_slow: bool,
    /// Seconds after which a command is killed
    #[arg(long, default_value_t = 900)]
    timeout: u64,
}

impl Options {
    fn shapes(&self) -> Vec<Shape> {
        let shape = |layers| Shape { resources: self.resources, layers, edges: self.edges };
        if self.layers > 1 { vec![shape(1), shape(self.layers)] } else { vec![shape(1)] }
    }
}

/// Measures every tool that is here and says whether each did what it was told.
pub(crate) fn run(root: &Path, options: &Options) -> anyhow::Result<bool> {
    edit::measure(root, !options.skip_slow)?;
    let tools = tools(root, &options.tools)?;
    let mut rows = Vec::new();
    let mut good = true;
    for shape in options.shapes() {
        for tool in &tools {
            if options.skip_slow && tool.is_slow(shape) {
                println!("{} {}: left out by --skip-slow", shape.name(), tool.name());
                continue;
            }
            if let Err(error) = measure_all(tool, shape, options.timeout, &mut rows) {
                println!("{} {}: {error:#}", shape.name(), tool.name());
                good = false;
            }
        }
    }
    println!("\n{}", table::table(&rows));
    println!(
        "\n{} resources; previews are the middle one of {}; the last columns are multiples of the best peer's figure",
        options.resources,
        Operation::NoOp.times()
    );
    Ok(good)
}

/// The peers that are installed, and ours if it can be built; each that is not is said.
fn tools(root: &Path, names: &[String]) -> anyhow::Result<Vec<Tool>> {
    let mut tools = Vec::new();
    for name in names {
        match Tool::peer(name)? {
            Some(tool) => tools.push(tool),
            None => println!("{name}: not installed"),
        }
    }
    if root.join("examples/scale.rs").is_file() || root.join("examples/scale/main.rs").is_file() {
        build_example(root, "scale", &["--release"])?;
        tools.push(Tool::Ours(crate::target_dir(root).join("release/examples/scale")));
    } else {
        println!("sskuba: there is no example `scale` yet");
    }
    Ok(tools)
}

/// Builds an example, with more words for cargo.
fn build_example(root: &Path, name: &str, more: &[&str]) -> anyhow::Result<()> {
    let mut build = crate::suites::cargo();
    build.args(["build", "--package", "sskuba", "--example", name]).args(more).current_dir(root);
    let status = build.status().context("cannot start cargo")?;
    if !status.success() {
        bail!("the example `{name}` cannot be built: {status}");
    }
    Ok(())
}

/// Measures the operations of one tool, up to the first that goes wrong.
fn measure_all(tool: &Tool, shape: Shape, timeout: u64, rows: &mut Vec<Row>) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let folder = folder.path();
    tool.prepare(shape, folder)?;
    for operation in Operation::ALL {
        let log = folder.join("output.log");
        let mut samples = Vec::new();
        for _ in 0..operation.times() {
            let sample = measure::measured(&tool.operation(operation, shape, folder), &log, timeout)?;
            if sample.timed_out {
                bail!("{} was killed after {timeout} s", operation.name());
            }
            if sample.code != 0 {
                bail!("{} ended with {}:\n{}", operation.name(), sample.code, tail(&log));
            }
            samples.push(sample);
        }
        let sample = measure::middle(samples).context("nothing was measured")?;
        println!("{} {} {}: {:.3} s", shape.name(), tool.name(), operation.name(), sample.wall);
        rows.push(Row {
            shape: shape.name(),
            operation: operation.name(),
            tool: tool.name(),
            peer: !matches!(tool, Tool::Ours(_)),
            sample,
            state: size(&tool.state(folder)),
        });
    }
    Ok(())
}

/// The last lines that a command printed.
fn tail(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(15)..].join("\n")
}

/// Bytes in a file, or in all files of a folder.
fn size(path: &Path) -> f64 {
    let entries =
        WalkDir::new(path).into_iter().filter_map(Result::ok).filter_map(|entry| entry.metadata().ok());
    entries.filter(|metadata| metadata.is_file()).map(|metadata| metadata.len()).sum::<u64>() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_shapes_are_measured() {
        let options = |layers| Options {
            resources: 8,
            layers,
            edges: 3,
            tools: Vec::new(),
            skip_slow: false,
            timeout: 1,
        };
        let names = |layers| options(layers).shapes().into_iter().map(Shape::name).collect::<Vec<_>>();
        assert_eq!(names(4), ["wide", "4x3"]);
        assert_eq!(names(1), ["wide"]);
    }

    #[test]
    fn the_size_of_a_folder_is_that_of_its_files() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("sub")).unwrap();
        std::fs::write(folder.path().join("sub/a"), "12345").unwrap();
        assert_eq!(size(folder.path()), 5.0);
        assert_eq!(size(&folder.path().join("nothing")), 0.0);
    }
}
