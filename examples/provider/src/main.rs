//! A program on a provider of its own: `cargo run -p hut -- up`, `preview`, `down`.
//!
//! The hut opens with the program and keeps what is in it in a file beside the program's state.

use std::process::ExitCode;

use hut::{Domain, Server, api};
use sskuba::prelude::*;

/// What the shop needs.
#[derive(Config)]
struct ShopConfig {
    /// How many servers it has.
    #[config(default = 2)]
    servers: u8,
    /// What they run.
    #[config(default = "debian-13".to_owned())]
    image: String,
}

fn shop(stack: &mut Stack) -> sskuba::Result {
    let config: ShopConfig = stack.config()?;
    for number in 0..config.servers {
        let name = format!("web-{number}");
        let server = stack.add(&name, Server::new(name.as_str(), config.image.as_str()))?;
        stack.add(&name, Domain::new(format!("{name}.shop.example"), server.id()))?;
        stack.export(name, server.address());
    }
    Ok(())
}

#[tokio::main]
async fn main() -> ExitCode {
    sskuba::cli::new("hut")
        .program(shop)
        .config::<ShopConfig>()
        .provider_keeping(|own| hut::provider(&open(own)))
        .run()
        .await
}

/// Opens the hut and returns where it is.
#[expect(clippy::print_stderr, reason = "a program says what went wrong")]
fn open(own: &std::path::Path) -> String {
    let opened = std::fs::create_dir_all(own).and_then(|()| api::Hut::open(Some(own.join("hut.json"))));
    match opened {
        Ok(hut) => hut.url().to_owned(),
        Err(error) => {
            eprintln!("the hut does not open: {error}");
            // Nobody answers there, which each call then says.
            "http://127.0.0.1:1".to_owned()
        }
    }
}
