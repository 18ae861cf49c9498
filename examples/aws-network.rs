//! The network of `quickstart` on AWS: `cargo run --features aws --example aws-network -- up`.
//!
//! `preview` shows what it would make and `down` removes it; meanwhile the machines, the balancer, the NAT gateway and
//! its address cost money. Credentials and region come from where AWS's own tools take them. With `AWS_ENDPOINT_URL` it talks to that
//! address instead, e.g. to a moto server.

mod network;

#[tokio::main]
async fn main() -> std::process::ExitCode {
    sskuba::cli::new("aws-network")
        .called("cargo run --features aws --example aws-network --")
        .program(network::declare)
        .config::<network::NetworkConfig>()
        .run()
        .await
}
