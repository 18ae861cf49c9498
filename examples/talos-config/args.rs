//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use sskuba::talos::contract::Contract;

/// Writes the secrets and the machine configs of a Talos cluster, without asking anybody anything.
#[derive(Parser)]
#[command(name = "talos-config")]
pub(crate) struct Args {
    /// The cluster's name
    #[arg(long)]
    pub(crate) name: String,
    /// Where the Kubernetes API will be, e.g. https://10.0.0.10:6443
    #[arg(long, value_name = "URL")]
    pub(crate) endpoint: String,
    /// The version of Kubernetes, e.g. 1.36.3
    #[arg(long, value_name = "VERSION")]
    pub(crate) kubernetes: String,
    /// The version of Talos that the machines run
    #[arg(long, value_name = "VERSION", default_value_t)]
    pub(crate) contract: Contract,
    /// A secrets.yaml of this cluster; without it new secrets are made
    #[arg(long, value_name = "FILE")]
    pub(crate) secrets: Option<PathBuf>,
    /// A patch of every config, strategic or JSON; may be repeated
    #[arg(long, value_name = "FILE")]
    pub(crate) patch: Vec<PathBuf>,
    /// A patch of the control plane's config
    #[arg(long, value_name = "FILE")]
    pub(crate) patch_control_plane: Vec<PathBuf>,
    /// A patch of the workers' configs
    #[arg(long, value_name = "FILE")]
    pub(crate) patch_worker: Vec<PathBuf>,
    /// More names and addresses for certificates
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) additional_sans: Vec<String>,
    /// A range of addresses for pods (default: 10.244.0.0/16)
    #[arg(long, value_name = "CIDR", value_delimiter = ',')]
    pub(crate) pod_subnets: Vec<String>,
    /// A range of addresses for services (default: 10.96.0.0/12)
    #[arg(long, value_name = "CIDR", value_delimiter = ',')]
    pub(crate) service_subnets: Vec<String>,
    /// The disk that Talos is installed to
    #[arg(long, value_name = "PATH", default_value = "/dev/sda")]
    pub(crate) install_disk: String,
    /// The installer's image
    #[arg(long, value_name = "IMAGE")]
    pub(crate) install_image: Option<String>,
    /// Also write gpu.yaml: workers with NVIDIA's GPUs, installed with this version of Talos, e.g. 1.13.9
    #[arg(long, value_name = "VERSION")]
    pub(crate) gpu: Option<String>,
    /// Addresses of control planes, for the talosconfig
    #[arg(long, value_name = "ADDRESS", value_delimiter = ',')]
    pub(crate) control_planes: Vec<String>,
    /// How long the talosconfig's certificate is valid
    #[arg(long, value_name = "DURATION", default_value = "8h", value_parser = humantime::parse_duration)]
    pub(crate) admin_lifetime: Duration,
    /// Replace configs that are there already; secrets are never replaced
    #[arg(long)]
    pub(crate) force: bool,
    /// The folder to write to
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
}
