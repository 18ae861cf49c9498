//! A network with machines and a balancer, on a simulated AWS: no account, nothing to configure.
//!
//! `cargo run --example quickstart -- up`

mod network;

#[tokio::main]
async fn main() -> std::process::ExitCode {
    sskuba::cli::new("quickstart")
        .program(network::declare)
        .config::<network::NetworkConfig>()
        .simulated_by_default()
        .run()
        .await
}
