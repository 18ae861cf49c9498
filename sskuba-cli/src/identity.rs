//! Who may open secrets: the identity in the user's configuration folder, or what variables name.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use age::secrecy::ExposeSecret as _;
use sskuba_core::secret::Secret;
use sskuba_core::state::Passphrase;
use zeroize::Zeroizing;

use crate::environment::Environment;
use crate::stop::Stop;

/// What secrets can be opened with.
pub(crate) struct Identities {
    /// The file it came from.
    pub(crate) path: Option<PathBuf>,
    text: Option<Secret<String>>,
    keys: Vec<age::x25519::Identity>,
    passphrase: Option<Secret<String>>,
    /// Whether the file was made just now.
    pub(crate) is_new: bool,
}

impl std::fmt::Debug for Identities {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identities").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Identities {
    /// Reads `SSKUBA_IDENTITY`, `SSKUBA_PASSPHRASE`, or the file in the user's configuration folder. If that is
    /// not there it is made, or with `existing` there are no identities.
    pub(crate) fn load(environment: &Environment, existing: bool) -> Result<Self, Stop> {
        let passphrase = environment.passphrase();
        if let Some(path) = environment.variable("SSKUBA_IDENTITY") {
            let path = environment.resolve(Path::new(path));
            let hint = "; SSKUBA_IDENTITY is to name a file with an age identity";
            let text = fs::read_to_string(&path)
                .map_err(|error| Stop::failed(format!("failed to read {}: {error}{hint}", path.display())))?;
            return Self::parse(text, path, passphrase);
        }
        if passphrase.is_some() {
            return Ok(Self { path: None, text: None, keys: vec![], passphrase, is_new: false });
        }
        let path = match default_path(environment) {
            Err(_) if existing => {
                return Ok(Self { path: None, text: None, keys: vec![], passphrase, is_new: false });
            }
            path => path?,
        };
        let (text, is_new) = match fs::read_to_string(&path) {
            Ok(text) => (text, false),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && existing => {
                return Ok(Self { path: Some(path), text: None, keys: vec![], passphrase, is_new: false });
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => make(&path)?,
            Err(error) => return Err(Stop::file("read", &path)(error)),
        };
        Ok(Self { is_new, ..Self::parse(text, path, None)? })
    }

    fn parse(text: String, path: PathBuf, passphrase: Option<Secret<String>>) -> Result<Self, Stop> {
        let text = Secret::new(text);
        let lines =
            text.expose().lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let keys: Result<Vec<age::x25519::Identity>, _> = lines.map(str::parse).collect();
        // The parser's words are not shown: they could quote the key.
        let bad =
            |why: &str| Stop::failed(format!("{} is not a file of age identities: {why}", path.display()));
        let keys = keys.map_err(|_| bad("a line is neither a comment nor an AGE-SECRET-KEY-1…; put the copy that you kept in its place, or name another in SSKUBA_IDENTITY"))?;
        if keys.is_empty() {
            return Err(bad("it has none; `age-keygen` makes one"));
        }
        Ok(Self { path: Some(path), text: Some(text), keys, passphrase, is_new: false })
    }

    /// Returns the public keys.
    pub(crate) fn recipients(&self) -> Vec<String> {
        self.keys.iter().map(|key| key.to_public().to_string()).collect()
    }

    /// Returns the text of the identity file.
    pub(crate) fn text(&self) -> Option<&Secret<String>> {
        self.text.as_ref()
    }

    /// Returns the passphrase.
    pub(crate) fn passphrase(&self) -> Option<&Secret<String>> {
        self.passphrase.as_ref()
    }

    /// Says what the identities are, for messages.
    pub(crate) fn place(&self) -> String {
        match (&self.path, &self.passphrase) {
            (Some(path), _) => path.display().to_string(),
            (None, Some(_)) => "SSKUBA_PASSPHRASE".to_owned(),
            (None, None) => "no identity".to_owned(),
        }
    }

    /// Returns everything that can be tried on a sealed text.
    pub(crate) fn all(&self) -> Vec<Box<dyn age::Identity>> {
        let keys = self.keys.iter().map(|key| Box::new(key.clone()) as Box<dyn age::Identity>);
        let phrase = self
            .passphrase
            .as_ref()
            .map(|phrase| Box::new(Passphrase::new(phrase.clone())) as Box<dyn age::Identity>);
        keys.chain(phrase).collect()
    }
}

/// Returns where the user's identity is.
fn default_path(environment: &Environment) -> Result<PathBuf, Stop> {
    let folder = match (environment.variable("XDG_CONFIG_HOME"), environment.variable("HOME")) {
        (Some(folder), _) if Path::new(folder).is_absolute() => PathBuf::from(folder),
        (_, Some(home)) => Path::new(home).join(".config"),
        _ => match environment.variable("APPDATA") {
            Some(folder) => PathBuf::from(folder),
            None => {
                return Err(Stop::failed(
                    "there is no folder for the key that opens secrets: HOME is not set; \
                     set SSKUBA_IDENTITY to a file with an age identity, or SSKUBA_PASSPHRASE",
                ));
            }
        },
    };
    Ok(folder.join("sskuba").join("identity.txt"))
}

/// Makes an identity that only its owner can read; if another process was faster, takes that one's.
fn make(path: &Path) -> Result<(String, bool), Stop> {
    let folder = path.parent().unwrap_or(Path::new("."));
    make_private_folder(folder).map_err(Stop::file("make", folder))?;
    let identity = age::x25519::Identity::generate();
    let public = identity.to_public();
    let text = Zeroizing::new(format!("# public key: {public}\n{}\n", identity.to_string().expose_secret()));
    // Written under another name first, so that nobody ever reads half of it.
    let fresh = folder.join(format!(".identity.{}", &public.to_string()[4..20]));
    let written = write_private(&fresh, text.as_bytes()).and_then(|()| fs::hard_link(&fresh, path));
    let _ = fs::remove_file(&fresh);
    match written {
        Ok(()) => Ok((text.to_string(), true)),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            Ok((fs::read_to_string(path).map_err(Stop::file("read", path))?, false))
        }
        Err(error) => Err(Stop::file("write", path)(error)),
    }
}

fn make_private_folder(folder: &Path) -> std::io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    if let Some(above) = folder.parent() {
        fs::create_dir_all(above)?;
    }
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(folder: &Path, variables: &[(&str, &str)]) -> Environment {
        let mut environment = Environment::empty(folder);
        let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        environment.variables = variables.iter().map(owned).collect();
        environment
    }

    #[test]
    fn the_first_use_makes_a_private_identity_and_the_second_reads_it() {
        let root = tempfile::tempdir().unwrap();
        let home = root.path().to_str().unwrap();
        let environment = environment(root.path(), &[("HOME", home)]);
        let first = Identities::load(&environment, false).unwrap();
        let second = Identities::load(&environment, false).unwrap();
        assert!(first.is_new && !second.is_new);
        assert_eq!(first.recipients(), second.recipients());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let path = first.path.clone().unwrap();
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
            assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
        }
        assert!(!format!("{first:?}").contains("SECRET-KEY"));
    }

    #[test]
    fn a_passphrase_needs_no_file_and_a_missing_or_odd_file_is_an_error() {
        let root = tempfile::tempdir().unwrap();
        let with = |variables: &[(&str, &str)]| Identities::load(&environment(root.path(), variables), false);
        assert_eq!(with(&[("SSKUBA_PASSPHRASE", "canary")]).unwrap().place(), "SSKUBA_PASSPHRASE");
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
        assert!(with(&[("SSKUBA_IDENTITY", "none.txt")]).unwrap_err().message.contains("none.txt"));
        assert!(with(&[]).is_err());
        fs::write(root.path().join("odd.txt"), "# only\ncanary\n").unwrap();
        let error = with(&[("SSKUBA_IDENTITY", "odd.txt")]).unwrap_err();
        assert!(!error.message.contains("canary"), "{}", error.message);
    }
}
