//! The network of `quickstart` on AWS: `cargo run --features aws --example aws-network -- up`.
//!
//! Credentials and region come from where AWS's own tools take them. With `AWS_ENDPOINT_URL` it talks to that
//! address instead, e.g. to a moto server.

mod network;

#[tokio::main]
async fn main() -> std::process::ExitCode {
    sskuba::cli::new("aws-network").program(network::declare).config::<network::NetworkConfig>().run().await
}
