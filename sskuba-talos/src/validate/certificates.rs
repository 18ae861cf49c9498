//! Authorities: whether they are certificates, of authorities, and valid now.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use x509_parser::pem::Pem;

use super::field::Field;
use super::report::Report;
use super::target::Target;

/// What a machine does with an authority.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// It signs: there must be a key.
    Signs,
    /// It only knows whom to trust: there must be no key.
    Trusts,
}

/// Judges a certificate and its key, both PEM in base64.
pub(super) fn authority(pair: &Field<'_>, wanted: Use, target: &Target, report: &mut Report) {
    let (certificate, key) = (pair.get("crt"), pair.get("key"));
    match decoded(&certificate) {
        Some(pem) => judge(&certificate, &pem, target, report),
        None => report.error(&certificate, "the certificate of the authority is missing, or no base64"),
    }
    match (wanted, key.blank()) {
        (Use::Signs, true) => report.error(&key, "the control plane signs certificates and needs the key"),
        (Use::Trusts, false) => {
            report.error(&key, "a worker must not have the key; whoever has it is an administrator");
        }
        (Use::Signs, false) if !decoded(&key).is_some_and(|pem| pem.contains("PRIVATE KEY-----")) => {
            report.error(&key, "this is no private key in PEM, in base64");
        }
        _ => {}
    }
}

/// Judges certificates that are trusted besides.
pub(super) fn accepted(list: &Field<'_>, target: &Target, report: &mut Report) {
    for item in list.items() {
        let certificate = item.get("crt");
        match decoded(&certificate) {
            Some(pem) => judge(&certificate, &pem, target, report),
            None => report.error(&certificate, "the certificate of the authority is missing, or no base64"),
        }
    }
}

/// Returns whether a text has at least one certificate in PEM.
pub(super) fn any(text: &str) -> bool {
    Pem::iter_from_buffer(text.as_bytes())
        .filter_map(Result::ok)
        .any(|pem| pem.label == "CERTIFICATE" && pem.parse_x509().is_ok())
}

/// Reads base64 of a text.
pub(super) fn decoded(field: &Field<'_>) -> Option<String> {
    let text: String = field.text().chars().filter(|letter| !"\r\n".contains(*letter)).collect();
    let bytes = STANDARD.decode(text).ok().filter(|bytes| !bytes.is_empty())?;
    String::from_utf8(bytes).ok()
}

fn judge(field: &Field<'_>, text: &str, target: &Target, report: &mut Report) {
    let mut found = false;
    for pem in Pem::iter_from_buffer(text.as_bytes()).filter_map(Result::ok) {
        let Ok(certificate) = pem.parse_x509() else { continue };
        found = true;
        if !certificate.is_ca() {
            report.error(field, "this is a certificate, but not of an authority");
        }
        let Some(now) = target.now else { continue };
        let now = i64::try_from(now.0 / 1000).unwrap_or(i64::MAX);
        let validity = certificate.validity();
        if validity.not_after.timestamp() < now {
            report.error(field, format!("the authority expired at {}; rotate it", validity.not_after));
        } else if validity.not_before.timestamp() > now {
            let what =
                format!("the authority is valid only from {}; is the clock right?", validity.not_before);
            report.error(field, what);
        }
    }
    if !found {
        report.error(field, "this is no certificate in PEM");
    }
}
