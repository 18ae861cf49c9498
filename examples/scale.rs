//! As many recorded values as you like, in layers: `-c resources=1000 -c layers=20 -c edges=3`. One layer means
//! that none depends on another.

use sskuba::local::data::Data;
use sskuba::prelude::*;

/// The shape of the graph.
#[derive(Config)]
struct Shape {
    /// How many resources.
    #[config(default = 1000)]
    resources: usize,
    /// In how many layers.
    #[config(default = 1)]
    layers: usize,
    /// How many resources of the layer before each one uses.
    #[config(default = 3)]
    edges: usize,
}

fn scale(stack: &mut Stack) -> sskuba::Result {
    let Shape { resources, layers, edges } = stack.config()?;
    let layers = layers.clamp(1, resources.max(1));
    let mut before: Vec<Handle<Data>> = Vec::new();
    for layer in 0..layers {
        let width = resources / layers + usize::from(layer < resources % layers);
        let mut here = Vec::with_capacity(width);
        for i in 0..width {
            let used = (0..edges.min(before.len())).map(|edge| before[(i + edge) % before.len()].id());
            let value =
                Output::all(used).map(move |ids| serde_json::json!({"place": [layer, i], "uses": ids}));
            here.push(stack.add(format!("d-{layer}-{i}"), Data::new(value))?);
        }
        before = here;
    }
    stack.export_value("resources", resources);
    Ok(())
}

#[tokio::main]
async fn main() -> std::process::ExitCode {
    sskuba::cli::new("scale").program(scale).config::<Shape>().run().await
}
