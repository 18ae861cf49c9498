//! The derives of sskuba: [`macro@Resource`], [`macro@Shape`], [`macro@Config`].
//!
//! Each reads a plain struct and writes the code that a person would otherwise write by hand: a builder, the
//! resolved types that a handler works with, the accessors of a declared resource, and the schema.
//!
//! The code names the engine as its crate knows it: `sskuba::core` where the library depends on `sskuba`, under whatever
//! name, and `sskuba_core` otherwise.

mod attributes;
mod config;
mod core_path;
mod field;
mod resource;
mod shape;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Makes a struct declarable as a resource.
///
/// On the struct: `#[resource(kind = "provider:module:Type")]`, and as needed `version = 2`,
/// `idempotency = "token" | "token, tag" | "tag" | "none"` (none is the default), `visibility = "30s"`,
/// `create = "90s"`, `update = "5s"`, `delete = "60s"` (expected durations), `parallel = 4`, `updates = 1`, `delete_first`,
/// `deleting = "wipes {address}"` (what a delete does, for plans, with inputs in braces), `asks` (what an update does is asked while planning), `guarded` (only a resource that the
/// program unprotects is replaced), `may_be_away` (where its object does not answer, a refresh plans on and a `down` goes past
/// it), `replacing = "path::to::function"` (which fields replace the object, where that depends on values), `lookup`.
///
/// Each field is an `Input<T>` (required unless it has a default), an `Option<Input<T>>` or a `Computed<T>`.
/// On fields: `default` or `default = EXPRESSION`, `force_new`, `secret`,
/// `normaliser = "cidr" | "json" | "json_sets" | "set" | "case_insensitive" | "base64"` or a path to a function,
/// `rule = "NAMES"` (what a value has to be beyond its type: a `Rule`, as every function from a value to what is wrong is),
/// `reference = "provider:module:Type"`, `entry = "name"` (a setter for one entry of a map),
/// `item = "name"` (a setter for one item of a list), `entries_of = "tags"` (of a provider instance: every resource that is
/// made with it has the entries of this map in its own input of that name); on computed ones `computed`, `id`, `volatile`,
/// `renew_at` (from this moment on, the next plan updates the resource: milliseconds since 1970 or RFC 3339), `expires` (when it
/// is of no use any more), `pattern = "vpc-{hex:17}"`.
/// What an input with `holds` names cannot be deleted while the object names it.
///
/// It makes `new` with the required inputs, a setter for each other input, `…Args` (resolved inputs), `…State`
/// (computed fields) and `…Outputs` (what a handle gives access to).
#[proc_macro_derive(Resource, attributes(resource))]
pub fn derive_resource(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    resource::derive(&input).unwrap_or_else(|error| error.to_compile_error()).into()
}

/// Makes a struct with named fields, or an enum of plain variants, usable as the type of a field.
///
/// The names are those that serde uses: `#[serde(rename_all = "…")]` and `#[serde(rename = "…")]` count.
#[proc_macro_derive(Shape)]
pub fn derive_shape(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    shape::derive(&input).unwrap_or_else(|error| error.to_compile_error()).into()
}

/// Makes a struct readable from a stack's configuration; `#[config(default = EXPRESSION)]` on a field makes it
/// optional.
#[proc_macro_derive(Config, attributes(config))]
pub fn derive_config(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    config::derive(&input).unwrap_or_else(|error| error.to_compile_error()).into()
}
