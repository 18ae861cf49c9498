//! Pools of machines with NVIDIA's GPUs.
//!
//! Talos comes without NVIDIA's driver: it is in system extensions, and those are in the image that a
//! [`Schematic`] names. The device plugin or GPU operator, which offers GPUs to pods, comes with Flux.

use super::machine::{File, KernelModule};
use super::role::Pool;
use crate::schematic::Schematic;

/// Which of NVIDIA's drivers a machine runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
#[non_exhaustive]
pub enum Driver {
    /// The branch for production.
    #[default]
    Production,
    /// The branch with long support.
    Lts,
}

/// The taint and the label of GPU nodes.
pub const KEY: &str = "nvidia.com/gpu";

/// The kernel modules of the driver, in the order in which they load.
pub const MODULES: [&str; 4] = ["nvidia", "nvidia_uvm", "nvidia_drm", "nvidia_modeset"];

/// Makes NVIDIA's runtime the one that containers run with.
const RUNTIME: &str = "[plugins]
  [plugins.\"io.containerd.cri.v1.runtime\"]
    [plugins.\"io.containerd.cri.v1.runtime\".containerd]
      default_runtime_name = \"nvidia\"
";

/// Makes a pool one of GPU machines: modules, the kernel parameter that they need, the container runtime, a label, and
/// a taint that keeps other work away.
///
/// ```
/// use sskuba_talos::config::{Pool, gpu};
/// use sskuba_talos::schematic::Schematic;
///
/// let driver = gpu::Driver::default();
/// let image = gpu::schematic(Schematic::default(), driver).installer("metal", "v1.13.9", false);
/// let mut pool = gpu::pool(Pool::new("gpu"));
/// pool.machine.install.image = Some(image);
/// assert_eq!(pool.machine.taints["nvidia.com/gpu"], "present:NoSchedule");
/// ```
#[must_use]
pub fn pool(pool: Pool) -> Pool {
    let mut pool = pool.label(KEY, "present").taint(KEY, "present:NoSchedule");
    let machine = &mut pool.machine;
    for module in MODULES {
        if !machine.kernel_modules.iter().any(|known| known.name == module) {
            machine.kernel_modules.push(KernelModule::new(module));
        }
    }
    // The driver's own BPF programs do not load otherwise.
    machine.sysctls.insert("net.core.bpf_jit_harden".to_owned(), "0".to_owned());
    let file = File::new("/etc/cri/conf.d/20-customization.part", RUNTIME);
    if !machine.files.contains(&file) {
        machine.files.push(file);
    }
    pool
}

/// Adds the driver and the container toolkit to the image of a GPU machine.
#[must_use]
pub fn schematic(schematic: Schematic, driver: Driver) -> Schematic {
    let branch = match driver {
        Driver::Production => "production",
        Driver::Lts => "lts",
    };
    schematic
        .extension(format!("siderolabs/nonfree-kmod-nvidia-{branch}"))
        .extension(format!("siderolabs/nvidia-container-toolkit-{branch}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pool_becomes_one_of_gpus_once() {
        let once = pool(Pool::new("gpu").label("zone", "a"));
        assert_eq!(pool(once.clone()), once);
        let modules: Vec<&str> =
            once.machine.kernel_modules.iter().map(|module| module.name.as_str()).collect();
        assert_eq!(modules, MODULES);
        assert_eq!(once.machine.sysctls["net.core.bpf_jit_harden"], "0");
        assert_eq!(once.machine.labels.len(), 2);
        assert!(once.machine.files[0].content.expose().contains("nvidia"));
    }

    #[test]
    fn the_image_has_driver_and_toolkit_of_one_branch() {
        let lts = schematic(Schematic::default(), Driver::Lts);
        let names = &lts.customization.system_extensions.official_extensions;
        assert_eq!(names, &["siderolabs/nonfree-kmod-nvidia-lts", "siderolabs/nvidia-container-toolkit-lts"]);
        assert_ne!(lts.id(), schematic(Schematic::default(), Driver::Production).id());
    }
}
