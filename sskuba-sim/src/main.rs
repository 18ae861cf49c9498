//! Shows what exists in a simulated world, without the engine.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Parser, Subcommand};
use serde_json::{Value as Json, json};
use sskuba_core::secret::MASK;
use sskuba_sim::{DEFAULT_PATH, Fields, World, WorldObject};

/// What exists in a simulated world.
#[derive(Parser)]
#[command(name = "sskuba-sim", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List everything that exists, in the order of creation.
    List {
        /// Print one JSON array of {"kind","id","token","stack","fields"}.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        at: At,
    },
    /// Remove everything.
    Clear {
        #[command(flatten)]
        at: At,
    },
}

#[derive(clap::Args)]
struct At {
    /// The world's file.
    #[arg(env = "SSKUBA_SIM_WORLD", default_value = DEFAULT_PATH)]
    world: PathBuf,
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::List { json, at } => list(&at.world, json),
        Command::Clear { at } => clear(&at.world),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        // A reader that has seen enough, such as `head`, is no failure.
        Err(error) if is_closed_pipe(error.as_ref()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn is_closed_pipe(error: &(dyn std::error::Error + 'static)) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

fn list(path: &PathBuf, json: bool) -> Result<(), Box<dyn std::error::Error>> {
    if !path.exists() {
        writeln!(io::stderr(), "note: there is no world {} yet", path.display())?;
    }
    let objects = World::peek(path)?.objects()?;
    let mut out = io::BufWriter::new(io::stdout().lock());
    if json {
        let all: Vec<Json> = objects.iter().map(|object| shown(object)).collect();
        serde_json::to_writer_pretty(&mut out, &all)?;
        writeln!(out)?;
    } else {
        table(&mut out, &objects)?;
    }
    Ok(out.flush()?)
}

/// Returns the fields, inputs and computed ones, secrets masked.
fn fields(object: &WorldObject) -> Fields {
    let mut fields = object.inputs.clone();
    fields.extend(object.outputs.clone());
    for name in &object.hidden {
        if let Some(value) = fields.get_mut(name) {
            *value = MASK.into();
        }
    }
    fields
}

fn shown(object: &WorldObject) -> Json {
    json!({
        "kind": object.kind,
        "id": object.id,
        "token": object.token,
        "stack": object.stack,
        "address": object.address,
        "created": object.created.to_string(),
        "partial": object.partial,
        "fields": fields(object),
    })
}

fn table(out: &mut impl Write, objects: &[Arc<WorldObject>]) -> io::Result<()> {
    if objects.is_empty() {
        return writeln!(out, "nothing exists");
    }
    let heads = ["KIND", "ID", "STACK", "ADDRESS", "CREATED"];
    let mut rows = vec![heads.map(str::to_owned)];
    rows.extend(objects.iter().map(|object| {
        let half = if object.partial { " (unfinished)" } else { "" };
        [
            object.kind.to_string(),
            format!("{}{half}", object.id),
            object.stack.to_string(),
            object.address.to_string(),
            object.created.to_string(),
        ]
    }));
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths = [width(0), width(1), width(2), width(3), width(4)];
    for row in &rows {
        let cells: Vec<String> =
            row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        writeln!(out, "{}", cells.join("  ").trim_end())?;
    }
    Ok(())
}

fn clear(path: &PathBuf) -> Result<(), Box<dyn std::error::Error>> {
    if !path.exists() {
        writeln!(io::stderr(), "note: there is no world {}; nothing to clear", path.display())?;
        return Ok(());
    }
    let world = World::open(path)?;
    let count = world.objects()?.len();
    world.clear()?;
    writeln!(io::stdout(), "removed {count} objects from {}", path.display())?;
    Ok(())
}
