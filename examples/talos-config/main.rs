//! The secrets, machine configs and talosconfig of a Talos cluster, as files and without a network:
//!
//! `cargo run --features talos --example talos-config -- --name base --endpoint https://base:6443 --kubernetes 1.36.3 --out base`
//!
//! Everything is judged before anything is written, and everything is written or nothing.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for a terminal")]

mod args;
mod bundle;
mod configs;
mod failure;
mod files;

use std::path::Path;
use std::process::ExitCode;

use clap::Parser;
use sskuba::core::clock::{Clock, SystemClock, SystemIds, Timestamp};
use sskuba::core::secret::Secret;
use sskuba::talos::secrets::{Bundle, Role};

use args::Args;
use configs::{Configs, Made};
use failure::Failure;

/// The secrets' file.
const SECRETS: &str = "secrets.yaml";

fn main() -> ExitCode {
    match run(&Args::parse(), SystemClock.now()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            for line in failure.to_string().lines() {
                eprintln!("talos-config: {line}");
            }
            eprintln!("nothing was written");
            ExitCode::FAILURE
        }
    }
}

/// Makes everything, then writes it.
fn run(args: &Args, now: Timestamp) -> Result<(), Failure> {
    let configs = Configs::new(args)?;
    let (bundle, made) = match &args.secrets {
        Some(file) => {
            let bundle = bundle::read(file, now)?;
            let made = configs.make(&bundle, now)?;
            free(args, &made, Some(&bundle), now)?;
            (bundle, made)
        }
        None => {
            // What is wrong is found before the key that takes seconds is made.
            let mut bundle = bundle::draft(args.contract, now)?;
            free(args, &configs.make(&bundle, now)?, None, now)?;
            let took = bundle::complete(&mut bundle)?;
            println!("made the key of service accounts (RSA, 4096 bits) in {:.1} s", took.as_secs_f64());
            let made = configs.make(&bundle, now)?;
            (bundle, made)
        }
    };
    let client = bundle.client_certificate(&[Role::Admin], args.admin_lifetime, now, &SystemIds)?;
    let until = client.validity()?.1;
    let talosconfig = bundle.talosconfig(&args.name, &args.control_planes, client).write();
    let mut all = made.files;
    all.push(("talosconfig", talosconfig));
    let kept = args.out.join(SECRETS).symlink_metadata().is_ok();
    if !kept {
        all.insert(0, (SECRETS, bundle.to_yaml()));
    }
    files::write(&args.out, &all, args.force)?;
    tell(args, &all, &made.warnings, kept, until);
    Ok(())
}

/// Says whether nothing is in the way of what is to be written.
fn free(args: &Args, made: &Made, bundle: Option<&Bundle>, now: Timestamp) -> Result<(), Failure> {
    let secrets = args.out.join(SECRETS);
    // Whoever loses the secrets of a cluster loses the cluster, so not even --force replaces them.
    let same = || bundle.is_some() && bundle::read(&secrets, now).ok().as_ref() == bundle;
    if secrets.symlink_metadata().is_ok() && !same() {
        let hint = "--secrets uses them; for another cluster choose another --out, or move the file away";
        return Err(Failure::new(format!(
            "{} has the secrets of a cluster already: {hint}",
            secrets.display()
        )));
    }
    let mut names: Vec<&str> = made.files.iter().map(|(name, _)| *name).collect();
    names.push("talosconfig");
    let taken = files::taken(&args.out, &names);
    if args.force || taken.is_empty() {
        return Ok(());
    }
    let names = taken.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ");
    Err(Failure::new(format!("{names}: there already; --force replaces the configs")))
}

/// Says what was written, what to look at, and what comes next.
fn tell(args: &Args, files: &[(&str, Secret<String>)], warnings: &[String], kept: bool, until: Timestamp) {
    let at = |name: &str| args.out.join(name);
    for (name, text) in files {
        println!("wrote {} ({} bytes)", at(name).display(), text.expose().len());
    }
    if kept {
        println!("kept {}", at(SECRETS).display());
    }
    for warning in warnings {
        println!("note: {warning}");
    }
    println!("\nThe talosconfig's certificate ends at {until}; whoever has {SECRETS} can make another.");
    println!("\nNext, with ADDRESS and WORKER for your machines:");
    let talosctl = format!("talosctl --talosconfig {}", shown(&at("talosconfig")));
    println!("  talosctl apply-config --insecure --nodes ADDRESS --file {}", shown(&at("controlplane.yaml")));
    println!("  talosctl apply-config --insecure --nodes WORKER --file {}", shown(&at("worker.yaml")));
    if args.control_planes.is_empty() {
        println!("  {talosctl} config endpoint ADDRESS");
    }
    println!("  {talosctl} --nodes ADDRESS bootstrap");
    println!("  {talosctl} --nodes ADDRESS kubeconfig");
}

/// Quotes a path for a shell where it needs that.
fn shown(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = text.chars().all(|letter| letter.is_ascii_alphanumeric() || "/._-+".contains(letter));
    if plain { text } else { format!("'{}'", text.replace('\'', "'\\''")) }
}
