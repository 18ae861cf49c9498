//! The graph that every tool is given: layers of equal width, each resource using some of the layer before.

use std::fmt::Write;

/// The size and form of a graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shape {
    /// How many resources there are.
    pub(crate) resources: usize,
    /// In how many layers; in one, nothing depends on anything.
    pub(crate) layers: usize,
    /// How many resources of the layer before each one uses.
    pub(crate) edges: usize,
}

impl Shape {
    /// What tables call it.
    pub(crate) fn name(self) -> String {
        match self.layers {
            1 => "wide".into(),
            layers => format!("{layers}x{}", self.edges),
        }
    }

    /// The resources, by number, that resource `index` uses.
    pub(crate) fn uses(self, index: usize) -> Vec<usize> {
        let width = self.resources.div_ceil(self.layers.max(1)).max(1);
        let (layer, position) = (index / width, index % width);
        if layer == 0 {
            return Vec::new();
        }
        let before = (layer - 1) * width;
        (0..self.edges.min(width)).map(|edge| before + (position + edge) % width).collect()
    }

    /// The program for Terraform and OpenTofu: `terraform_data`, which needs no provider. A resource uses the ids
    /// of others, because outputs that contain outputs would double in size with every layer.
    pub(crate) fn terraform(self) -> String {
        let mut text = String::new();
        for index in 0..self.resources {
            let mut input = format!("r{index}");
            for used in self.uses(index) {
                let _ = write!(input, "-${{terraform_data.r{used}.id}}");
            }
            let _ =
                write!(text, "resource \"terraform_data\" \"r{index}\" {{\n  input = \"{input}\"\n}}\n\n");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wide_graph_has_no_edges() {
        let shape = Shape { resources: 10, layers: 1, edges: 3 };
        assert_eq!(shape.name(), "wide");
        assert!((0..10).all(|index| shape.uses(index).is_empty()));
    }

    #[test]
    fn a_layer_uses_the_one_before() {
        let shape = Shape { resources: 12, layers: 3, edges: 2 };
        assert_eq!(shape.name(), "3x2");
        assert_eq!(shape.uses(3), Vec::<usize>::new());
        assert_eq!(shape.uses(4), [0, 1]);
        assert_eq!(shape.uses(7), [3, 0]);
        assert_eq!(shape.uses(11), [7, 4]);
    }

    #[test]
    fn a_narrow_layer_is_used_once() {
        assert_eq!(Shape { resources: 4, layers: 2, edges: 5 }.uses(2), [0, 1]);
        assert_eq!(Shape { resources: 2, layers: 9, edges: 5 }.uses(1), [0]);
    }

    #[test]
    fn the_program_names_what_is_used() {
        let text = Shape { resources: 4, layers: 2, edges: 2 }.terraform();
        assert_eq!(text.matches("resource \"terraform_data\"").count(), 4);
        assert!(text.contains("input = \"r2-${terraform_data.r0.id}-${terraform_data.r1.id}\""));
    }
}
