//! Documents of volumes.

use std::collections::HashSet;

use super::field::Field;
use super::links::needed;
use super::report::Report;
use crate::schema::size;

/// Judges a document of a volume.
pub(super) fn judge(kind: &str, document: &Field<'_>, main: &Field<'_>, report: &mut Report) {
    if kind == "VolumeConfig" {
        return system(document, main, report);
    }
    let longest = match kind {
        "ExistingVolumeConfig" => usize::MAX,
        // A label of a partition has 36 letters, and Talos puts one before the name.
        _ => 34,
    };
    let name = document.get("name");
    let text = name.text();
    let letters = text.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-');
    if text.is_empty() || text.len() > longest || !letters {
        report.error(&name, "must be 1 to 34 letters, digits and `-`");
    }
    match kind {
        "ExistingVolumeConfig" => needed(&document.at("discovery.volumeSelector"), &["match"], report),
        "ExternalVolumeConfig" => {
            if document.get("filesystemType").text() != "virtiofs" {
                report.error(&document.get("filesystemType"), "must be virtiofs");
            }
            needed(&document.at("mount.virtiofs"), &["tag"], report);
        }
        "UserVolumeConfig" => user(document, report),
        _ => {
            provisioning(&document.get("provisioning"), true, report);
            encryption(&document.get("encryption"), report);
        }
    }
}

fn system(document: &Field<'_>, main: &Field<'_>, report: &mut Report) {
    let name = document.get("name").text();
    if !["STATE", "EPHEMERAL", "IMAGECACHE"].contains(&name.as_str()) {
        let what = "a volume of the system is STATE, EPHEMERAL or IMAGECACHE; others are UserVolumeConfigs";
        return report.error(&document.get("name"), what);
    }
    let (provision, encrypt) = (document.get("provisioning"), document.get("encryption"));
    if name == "STATE" {
        if !provision.blank() {
            report.error(&provision, "STATE is where and as large as Talos makes it");
        }
        for key in encrypt.get("keys").items() {
            if key.get("lockToState").on() {
                report.error(&key.get("lockToState"), "STATE cannot be locked to itself");
            }
        }
    }
    provisioning(&provision, false, report);
    encryption(&encrypt, report);
    let legacy = main.at("machine.systemDiskEncryption").get(&name.to_lowercase());
    if !encrypt.blank() && legacy.given() {
        report.error(&encrypt, format!("{} encrypts it too; keep only one", legacy.path()));
    }
}

fn user(document: &Field<'_>, report: &mut Report) {
    let kind = document.get("volumeType");
    let sections = ["provisioning", "encryption", "filesystem", "mount"];
    match kind.text().to_lowercase().as_str() {
        "directory" => {
            for section in sections.map(|section| document.get(section)) {
                if !section.blank() {
                    report.error(&section, "a directory has no such settings");
                }
            }
            return;
        }
        "disk" => {
            let provision = document.get("provisioning");
            needed(&provision.get("diskSelector"), &["match"], report);
            for key in ["minSize", "maxSize", "grow"].map(|key| provision.get(key)) {
                if key.given() {
                    report.error(&key, "a whole disk has its size");
                }
            }
        }
        "" | "partition" => provisioning(&document.get("provisioning"), true, report),
        _ => report.error(&kind, "must be partition, disk or directory"),
    }
    let filesystem = document.get("filesystem");
    let format = filesystem.get("type").text().to_lowercase();
    if !["", "none", "xfs", "ext4"].contains(&format.as_str()) {
        report.error(&filesystem.get("type"), "must be xfs or ext4");
    }
    if filesystem.get("projectQuotaSupport").on() && !["", "none", "xfs"].contains(&format.as_str()) {
        report.error(&filesystem.get("projectQuotaSupport"), "only xfs has project quotas");
    }
    encryption(&document.get("encryption"), report);
}

fn provisioning(provision: &Field<'_>, required: bool, report: &mut Report) {
    let (least, most) = (provision.get("minSize"), provision.get("maxSize"));
    if required {
        needed(&provision.get("diskSelector"), &["match"], report);
        if least.blank() && most.blank() {
            report.error(&least, "give `minSize` or `maxSize`");
        }
    }
    if least.text().starts_with('-') {
        report.error(&least, "must not be negative");
    }
    if let (Some(low), Some(high)) = (size(&least.text()), size(&most.text()))
        && low > high
    {
        report.error(&least, "must not be more than `maxSize`");
    }
}

fn encryption(encryption: &Field<'_>, report: &mut Report) {
    // A mapping of key kinds may be empty and means something: `nodeID: {}`.
    if !encryption.given() || encryption.entries().is_empty() {
        return;
    }
    if encryption.get("provider").text().to_lowercase() != "luks2" {
        report.error(&encryption.get("provider"), "must be luks2");
    }
    keys(&encryption.get("keys"), report);
}

/// Judges the keys of an encrypted volume.
pub(super) fn keys(keys: &Field<'_>, report: &mut Report) {
    if keys.items().is_empty() {
        return report.error(keys, "an encrypted volume needs at least one key");
    }
    let mut slots = HashSet::new();
    for key in keys.items() {
        if !slots.insert(key.get("slot").number()) {
            report.error(&key.get("slot"), "another key has this slot");
        }
        if !["nodeID", "static", "kms", "tpm"].iter().any(|kind| key.get(kind).given()) {
            report.error(&key, "a key is made of nodeID, static, kms or tpm");
        }
        if key.get("static").given() && key.at("static.passphrase").blank() {
            report.error(&key.at("static.passphrase"), "the passphrase is missing");
        }
        if key.get("kms").given() {
            super::cluster::reachable(&key.at("kms.endpoint"), report);
        }
        for register in key.at("tpm.options.pcrs").items() {
            if !(0..=23).contains(&register.number()) {
                report.error(&register, "a TPM has registers 0 to 23");
            }
        }
    }
}
