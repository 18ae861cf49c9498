//! Certificates that are made: authorities and clients.

use std::time::Duration;

use rsa::sha2::Sha256;
use sskuba_core::clock::{IdSource, Timestamp};
use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::builder::profile::BuilderProfile;
use x509_cert::builder::{Builder, CertificateBuilder, Error};
use x509_cert::certificate::TbsCertificate;
use x509_cert::der::asn1::{Any, OctetString, PrintableStringRef};
use x509_cert::der::flagset::FlagSet;
use x509_cert::der::oid::ObjectIdentifier;
use x509_cert::der::oid::db::rfc4519::{COMMON_NAME, ORGANIZATION_NAME};
use x509_cert::der::oid::db::rfc5280::{ID_KP_CLIENT_AUTH, ID_KP_SERVER_AUTH};
use x509_cert::der::{DateTime, Decode, Encode};
use x509_cert::ext::pkix::{
    AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage, KeyUsages, SubjectKeyIdentifier,
};
use x509_cert::ext::{Extension, ToExtension};
use x509_cert::name::{Name, RdnSequence, RelativeDistinguishedName};
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::{SubjectPublicKeyInfoOwned, SubjectPublicKeyInfoRef};
use x509_cert::time::{Time, Validity};

use super::{Key, PkiError, pem};

/// Whom a certificate is for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Subject<'a> {
    pub(crate) organizations: &'a [&'a str],
    pub(crate) common_name: Option<&'a str>,
}

/// What the key of a client's certificate is used for, beside proving who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    Signature,
    SignatureAndEncipherment,
}

/// Who signs.
pub(crate) struct Issuer<'a> {
    pub(crate) name: &'a Name,
    pub(crate) key: &'a Key,
    pub(crate) key_id: Option<&'a [u8]>,
}

/// What makes an authority's certificate or a client's.
struct Shape {
    issuer: Option<Name>,
    subject: Name,
    extensions: Vec<Extension>,
}

impl BuilderProfile for Shape {
    fn get_issuer(&self, subject: &Name) -> Name {
        self.issuer.clone().unwrap_or_else(|| subject.clone())
    }

    fn get_subject(&self) -> Name {
        self.subject.clone()
    }

    fn build_extensions(
        &self,
        _: SubjectPublicKeyInfoRef<'_>,
        _: SubjectPublicKeyInfoRef<'_>,
        _: &TbsCertificate,
    ) -> Result<Vec<Extension>, Error> {
        Ok(self.extensions.clone())
    }
}

/// Makes the certificate of an authority that signs itself; PEM.
pub(crate) fn authority(
    subject: &Subject<'_>,
    key: &Key,
    valid: (Timestamp, Timestamp),
    random: &dyn IdSource,
) -> Result<String, PkiError> {
    let name = subject.name()?;
    let mut key_id = [0; 20];
    random.fill(&mut key_id);
    let extensions = vec![
        extension(&name, &KeyUsage(KeyUsages::DigitalSignature | KeyUsages::KeyCertSign))?,
        extension(&name, &ExtendedKeyUsage(vec![ID_KP_SERVER_AUTH, ID_KP_CLIENT_AUTH]))?,
        extension(&name, &BasicConstraints { ca: true, path_len_constraint: None })?,
        extension(&name, &SubjectKeyIdentifier(OctetString::new(key_id)?))?,
    ];
    let shape = Shape { issuer: None, subject: name, extensions };
    sign(shape, valid, key.public()?, key, random)
}

/// Makes the certificate of a client; PEM.
pub(crate) fn client(
    subject: &Subject<'_>,
    key: &Key,
    usage: Use,
    valid: (Timestamp, Timestamp),
    issuer: &Issuer<'_>,
    random: &dyn IdSource,
) -> Result<String, PkiError> {
    let name = subject.name()?;
    let usages = match usage {
        Use::Signature => FlagSet::from(KeyUsages::DigitalSignature),
        Use::SignatureAndEncipherment => KeyUsages::DigitalSignature | KeyUsages::KeyEncipherment,
    };
    let mut extensions = vec![
        extension(&name, &KeyUsage(usages))?,
        extension(&name, &ExtendedKeyUsage(vec![ID_KP_CLIENT_AUTH]))?,
    ];
    if let Some(id) = issuer.key_id {
        let id = AuthorityKeyIdentifier {
            key_identifier: Some(OctetString::new(id)?),
            ..AuthorityKeyIdentifier::default()
        };
        extensions.push(extension(&name, &id)?);
    }
    let shape = Shape { issuer: Some(issuer.name.clone()), subject: name, extensions };
    sign(shape, valid, key.public()?, issuer.key, random)
}

impl Subject<'_> {
    /// Writes the name as Go does: all organizations in one set, then the common name.
    fn name(&self) -> Result<Name, PkiError> {
        let mut sequence = RdnSequence::default();
        if !self.organizations.is_empty() {
            let values = self.organizations.iter().map(|text| attribute(ORGANIZATION_NAME, text));
            let values = values.collect::<Result<Vec<_>, _>>()?;
            sequence.push(RelativeDistinguishedName::try_from(values)?);
        }
        if let Some(text) = self.common_name {
            sequence.push(RelativeDistinguishedName::try_from(vec![attribute(COMMON_NAME, text)?])?);
        }
        Ok(Name::from_der(&sequence.to_der()?)?)
    }
}

/// Writes one part of a name.
fn attribute(oid: ObjectIdentifier, text: &str) -> Result<AttributeTypeAndValue, PkiError> {
    let text = PrintableStringRef::new(text)?;
    Ok(AttributeTypeAndValue { oid, value: Any::encode_from(&text)? })
}

/// Writes an extension.
fn extension<'a, E>(name: &Name, content: &'a E) -> Result<Extension, PkiError>
where
    &'a E: ToExtension<Error = x509_cert::der::Error>,
{
    content.to_extension(name, &[]).map_err(PkiError::from)
}

/// Signs a certificate for a public key.
fn sign(
    shape: Shape,
    (not_before, not_after): (Timestamp, Timestamp),
    public: SubjectPublicKeyInfoOwned,
    signer: &Key,
    random: &dyn IdSource,
) -> Result<String, PkiError> {
    let mut serial = [0; 16];
    random.fill(&mut serial);
    let validity = Validity::new(moment(not_before)?, moment(not_after)?);
    let builder = CertificateBuilder::new(shape, SerialNumber::new(&serial)?, validity, public)?;
    let certificate = match signer {
        Key::Ed25519(key) => builder.build::<_, ed25519_dalek::Signature>(key)?,
        Key::P256(key) => {
            builder.build::<_, p256::ecdsa::DerSignature>(&p256::ecdsa::SigningKey::from(key))?
        }
        Key::Rsa(key) => {
            let key = rsa::pkcs1v15::SigningKey::<Sha256>::new(key.as_ref().clone());
            builder.build::<_, rsa::pkcs1v15::Signature>(&key)?
        }
    };
    pem::write("CERTIFICATE", &certificate.to_der()?)
}

/// Writes a moment, which certificates know to the second.
fn moment(time: Timestamp) -> Result<Time, PkiError> {
    DateTime::from_unix_duration(Duration::from_secs(time.0 / 1000))
        .map(Time::from)
        .map_err(|_| PkiError::Time)
}

impl From<x509_cert::der::Error> for PkiError {
    fn from(error: x509_cert::der::Error) -> Self {
        Self::Make(error.to_string())
    }
}

impl From<Error> for PkiError {
    fn from(error: Error) -> Self {
        Self::Make(error.to_string())
    }
}
