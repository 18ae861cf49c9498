//! What an image of Talos has.

use sskuba_core::prelude::*;
use sskuba_core::schema::{FieldError, FieldType, Shape};

use super::mistakes::{Kind, mistake};
use crate::schematic::Schematic;

impl Shape for Schematic {
    fn shape() -> FieldType {
        FieldType::Any
    }
}

/// A schematic, by the id that is its content, made known to an image factory where one is named: a factory makes images of
/// what it was told of, and keeps it for ever. It is known in the plan already.
#[derive(Resource)]
#[resource(kind = "talos:image:Image", idempotency = "token", create = "1s", update = "1s", delete = "1ms")]
pub struct Image {
    /// What the image has. Another content is another image.
    #[resource(force_new)]
    schematic: Input<Schematic>,
    /// The factory that is told of it: the one of Talos (`https://factory.talos.dev`), or one of your own. Nobody is told where
    /// this is left out.
    factory: Option<Input<String>>,
    /// The id: that of the schematic.
    #[resource(computed, id, pattern = "{hex:64}")]
    id: Computed<String>,
}

impl Kind for Image {
    fn mistakes(args: &ImageArgs) -> Vec<FieldError> {
        let usable = |url: &String| {
            let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
            host.is_some_and(|host| !host.is_empty() && !host.starts_with('/') && !host.contains('@'))
        };
        let wrong = args.factory.as_ref().filter(|url| !usable(url));
        let message = "must be a URL without a password, e.g. https://factory.talos.dev";
        wrong.map(|_| mistake("factory", message)).into_iter().collect()
    }
}
