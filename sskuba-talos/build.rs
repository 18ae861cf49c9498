//! Compiles the machine API's messages where the client is built; a compiler of protos need not be installed.

use std::io;

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=proto");
    #[cfg(feature = "client")]
    compile()?;
    Ok(())
}

/// Writes the code of messages and clients, and of servers for the feature `testing`, to Cargo's folder.
#[cfg(feature = "client")]
fn compile() -> io::Result<()> {
    const FILES: [&str; 7] = [
        "common.proto",
        "machine.proto",
        "image.proto",
        "lifecycle.proto",
        "storage.proto",
        "cluster.proto",
        "resource.proto",
    ];
    let files = protox::compile(FILES, ["proto"]).map_err(io::Error::other)?;
    tonic_prost_build::configure()
        .build_server(cfg!(feature = "testing"))
        .build_transport(false)
        .include_file("api.rs")
        .compile_fds(files)
}
