//! What a machine is, and restarting it.

use super::call::{asks, changes};
use super::machine::Machine;
use super::proto::machine as proto;
use super::proto::machine::{reboot_request, reset_request};
use super::proto::storage::disk::DiskType;
use crate::api::{
    ApiError, Disk, DiskKind, ErrorKind, Health, RebootMode, ResetOptions, Service, Version, WipeMode,
};

impl Machine {
    /// Asks for the version.
    ///
    /// # Errors
    /// Those of every call.
    pub async fn version(&self) -> Result<Version, ApiError> {
        let call = asks("version");
        let send = |request| {
            let mut service = self.machine_service();
            async move { service.version(request).await }
        };
        let answer = self.ask(call, (), send).await?;
        let answer = self.only(call, answer.messages)?;
        let Some(version) = answer.version else {
            return Err(self.fail(call, ErrorKind::Answer { what: "no version".to_owned() }));
        };
        let platform = answer.platform.unwrap_or_default().name;
        Ok(Version { tag: version.tag, sha: version.sha, arch: version.arch, platform })
    }

    /// Asks for the services.
    ///
    /// # Errors
    /// Those of every call.
    pub async fn services(&self) -> Result<Vec<Service>, ApiError> {
        let call = asks("services");
        let send = |request| {
            let mut service = self.machine_service();
            async move { service.service_list(request).await }
        };
        let answer = self.ask(call, (), send).await?;
        Ok(self.only(call, answer.messages)?.services.into_iter().map(service).collect())
    }

    /// Asks for the disks.
    ///
    /// # Errors
    /// Those of every call.
    pub async fn disks(&self) -> Result<Vec<Disk>, ApiError> {
        let call = asks("disks");
        let send = |request| {
            let mut service = self.storage_service();
            async move { service.disks(request).await }
        };
        let answer = self.ask(call, (), send).await?;
        let disks = self.only(call, answer.messages)?.disks;
        Ok(disks
            .into_iter()
            .map(|disk| Disk {
                kind: match disk.r#type() {
                    DiskType::Unknown => DiskKind::Unknown,
                    DiskType::Ssd => DiskKind::Ssd,
                    DiskType::Hdd => DiskKind::Hdd,
                    DiskType::Nvme => DiskKind::Nvme,
                    DiskType::Sd => DiskKind::Sd,
                    DiskType::Cd => DiskKind::Cd,
                },
                device: disk.device_name,
                size: disk.size,
                model: disk.model,
                serial: disk.serial,
                wwid: disk.wwid,
                uuid: disk.uuid,
                bus_path: disk.bus_path,
                system: disk.system_disk,
                read_only: disk.readonly,
            })
            .collect())
    }

    /// Restarts the machine; returns the id under which its events speak of it.
    ///
    /// # Errors
    /// Those of every call.
    pub async fn reboot(&self, mode: RebootMode) -> Result<String, ApiError> {
        let call = changes("reboot");
        let mode = match mode {
            RebootMode::Default => reboot_request::Mode::Default,
            RebootMode::PowerCycle => reboot_request::Mode::Powercycle,
            RebootMode::Force => reboot_request::Mode::Force,
        };
        let send = |request| {
            let mut service = self.machine_service();
            async move { service.reboot(request).await }
        };
        let answer = self.ask(call, proto::RebootRequest { mode: mode.into() }, send).await?;
        Ok(self.only(call, answer.messages)?.actor_id)
    }

    /// Has the machine forget what it was; returns the id under which its events speak of it.
    ///
    /// # Errors
    /// [`ErrorKind::NotReady`] if it was to leave in order and cannot.
    pub async fn reset(&self, options: &ResetOptions) -> Result<String, ApiError> {
        let call = changes("reset");
        let wipe = match options.wipe {
            WipeMode::All => reset_request::WipeMode::All,
            WipeMode::SystemDisk => reset_request::WipeMode::SystemDisk,
            WipeMode::UserDisks => reset_request::WipeMode::UserDisks,
        };
        let partition = |label: &String| proto::ResetPartitionSpec { label: label.clone(), wipe: true };
        let request = proto::ResetRequest {
            graceful: options.graceful,
            reboot: options.reboot,
            system_partitions_to_wipe: options.system_partitions.iter().map(partition).collect(),
            user_disks_to_wipe: options.user_disks.clone(),
            mode: wipe.into(),
        };
        let send = |request| {
            let mut service = self.machine_service();
            async move { service.reset(request).await }
        };
        let answer = self.ask(call, request, send).await?;
        Ok(self.only(call, answer.messages)?.actor_id)
    }
}

fn service(info: proto::ServiceInfo) -> Service {
    let proto::ServiceInfo { id, state, health } = info;
    let health = health.unwrap_or(proto::ServiceHealth { unknown: true, ..Default::default() });
    let state_of_health = match (health.unknown, health.healthy) {
        (true, _) => Health::Unknown,
        (false, true) => Health::Healthy,
        (false, false) => Health::Unhealthy,
    };
    Service { id, state, health: state_of_health, message: health.last_message }
}
