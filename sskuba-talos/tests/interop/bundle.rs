//! The fixed secrets that golden configs are made from.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sskuba_core::secret::Secret;
use sskuba_talos::secrets::{Bundle, CertificateAndKey, Certificates, Identity, Tokens};
use sskuba_talos::yaml;

/// Reads the bundle of the golden data, and its text.
pub(crate) fn read(data: &Path) -> (Bundle, String) {
    let text = fs::read_to_string(data.join("secrets.yaml")).unwrap();
    let documents = yaml::read(&text).unwrap();
    let field = |path: &str| {
        let keys: Vec<&str> = path.split('.').collect();
        documents[0].at(&keys).and_then(|node| node.as_str()).unwrap_or_else(|| panic!("{path}")).to_owned()
    };
    let pem = |path: &str| String::from_utf8(STANDARD.decode(field(path)).unwrap()).unwrap();
    let pair = |path: &str| CertificateAndKey {
        certificate: pem(&format!("{path}.crt")),
        key: Secret::new(pem(&format!("{path}.key"))),
    };
    let bundle = Bundle {
        cluster: Identity { id: field("cluster.id"), secret: Secret::new(field("cluster.secret")) },
        tokens: Tokens {
            bootstrap: Secret::new(field("secrets.bootstraptoken")),
            trustd: Secret::new(field("trustdinfo.token")),
            secretbox: Secret::new(field("secrets.secretboxencryptionsecret")),
        },
        certificates: Certificates {
            etcd: pair("certs.etcd"),
            kubernetes: pair("certs.k8s"),
            aggregator: pair("certs.k8saggregator"),
            os: pair("certs.os"),
            service_account: Secret::new(pem("certs.k8sserviceaccount.key")),
        },
    };
    (bundle, text)
}
