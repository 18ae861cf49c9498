//! From arguments to configs that are known to be good.

use std::fs;
use std::path::PathBuf;

use sskuba::core::clock::Timestamp;
use sskuba::core::secret::Secret;
use sskuba::talos::config::{self, Input, Pool, Role, gpu};
use sskuba::talos::contract::Contract;
use sskuba::talos::patch::{self, Patch};
use sskuba::talos::schematic::Schematic;
use sskuba::talos::secrets::Bundle;
use sskuba::talos::validate::{Mode, Target, validate};

use crate::args::Args;
use crate::failure::Failure;

/// A config that is to be written.
struct Wanted {
    file: &'static str,
    role: Role,
    patches: Vec<Patch>,
}

/// All configs of a cluster, not made yet.
pub(crate) struct Configs {
    input: Input,
    wanted: Vec<Wanted>,
}

/// What came out: files with their content, and what should be looked at.
pub(crate) struct Made {
    pub(crate) files: Vec<(&'static str, Secret<String>)>,
    pub(crate) warnings: Vec<String>,
}

impl Configs {
    /// Reads the arguments and the patches that they name.
    pub(crate) fn new(args: &Args) -> Result<Self, Failure> {
        versions(&args.kubernetes, args.contract)?;
        let mut input = Input::new(&args.name, &args.endpoint, &args.kubernetes)
            .contract(args.contract)
            .certificate_sans(&args.additional_sans)
            .install_disk(&args.install_disk);
        input.pod_subnets.clone_from(&args.pod_subnets);
        input.service_subnets.clone_from(&args.service_subnets);
        input.machine.install.image.clone_from(&args.install_image);
        let leader = patches(args.patch.iter().chain(&args.patch_control_plane))?;
        let worker = patches(args.patch.iter().chain(&args.patch_worker))?;
        let mut wanted = vec![
            Wanted { file: "controlplane.yaml", role: Role::control_plane(), patches: leader },
            Wanted { file: "worker.yaml", role: Role::worker(), patches: worker.clone() },
        ];
        if let Some(talos) = &args.gpu {
            let role = gpus(talos, args.contract)?;
            wanted.push(Wanted { file: "gpu.yaml", role, patches: worker });
        }
        Ok(Self { input, wanted })
    }

    /// Makes every config, patches it, and judges it as it will be on a machine.
    pub(crate) fn make(&self, bundle: &Bundle, now: Timestamp) -> Result<Made, Failure> {
        let target = Target::new(Mode::Metal, self.input.contract).at(now);
        let (mut files, mut errors, mut warnings) = (Vec::new(), Vec::new(), Vec::new());
        for Wanted { file, role, patches } in &self.wanted {
            let made = match config::generate(&self.input, role, bundle) {
                Ok(made) => made,
                Err(error) => {
                    errors.extend(error.problems.iter().map(ToString::to_string));
                    continue;
                }
            };
            let patched = patch::apply(&made, patches).map_err(|error| {
                Failure::all(error.problems.iter().map(|problem| format!("{file}: {problem}")))
            })?;
            let report = validate(&patched.documents, &target);
            errors.extend(report.errors.iter().map(ToString::to_string));
            warnings.extend(report.warnings.iter().map(|problem| format!("{file}: {problem}")));
            files.push((*file, patched.to_yaml()));
        }
        if errors.is_empty() { Ok(Made { files, warnings }) } else { Err(Failure::all(errors)) }
    }
}

/// Says whether Talos of a contract runs a version of Kubernetes, and what would.
fn versions(kubernetes: &str, contract: Contract) -> Result<(), Failure> {
    let minor = kubernetes.strip_prefix("1.").and_then(|rest| rest.split('.').next()?.parse::<u64>().ok());
    let Some(minor) = minor else {
        let most = contract.kubernetes().into_inner().1;
        return Err(Failure::new(format!(
            "--kubernetes {kubernetes:?} is not a version of Kubernetes 1; write all three numbers, e.g. 1.{most}.0"
        )));
    };
    let minors = contract.kubernetes();
    if minors.contains(&minor) {
        return Ok(());
    }
    let hint = match Contract::ALL.into_iter().rev().find(|other| other.kubernetes().contains(&minor)) {
        Some(other) => format!(", or --contract {other}, if the machines run that"),
        None => String::new(),
    };
    let (least, most) = minors.into_inner();
    Err(Failure::new(format!(
        "Talos {contract} does not run Kubernetes {kubernetes}: choose a version of 1.{least} to 1.{most}{hint}"
    )))
}

/// Makes the role of workers with GPUs.
fn gpus(talos: &str, contract: Contract) -> Result<Role, Failure> {
    // A driver is built for one kernel, and the kernel is that of one release.
    if talos.split('.').count() != 3 || talos.parse() != Ok(contract) {
        return Err(Failure::new(format!(
            "--gpu {talos:?} is no release of Talos {contract}; write all three numbers, e.g. {contract}.0"
        )));
    }
    let mut pool = gpu::pool(Pool::new("gpu"));
    let schematic = gpu::schematic(Schematic::default(), gpu::Driver::default());
    pool.machine.install.image = Some(schematic.installer("metal", talos, false));
    Ok(Role::Worker(pool))
}

/// Reads patches.
fn patches<'a>(files: impl Iterator<Item = &'a PathBuf>) -> Result<Vec<Patch>, Failure> {
    files
        .map(|file| {
            let at = |what: &dyn std::fmt::Display| format!("the patch {}: {what}", file.display());
            let text = fs::read_to_string(file).map_err(|error| Failure::new(at(&error)))?;
            Patch::parse(&text)
                .map_err(|error| Failure::all(error.problems.iter().map(|problem| at(problem))))
        })
        .collect()
}
