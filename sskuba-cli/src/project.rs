//! The folder of a program: where its state, its configuration and its selected stack are.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use sskuba_core::address::StackId;

use crate::environment::Environment;
use crate::stop::Stop;

/// The organisation of stacks that are named without one.
const ORGANISATION: &str = "local";

/// The stack that is taken where none is named or selected.
const DEFAULT_STACK: &str = "dev";

/// A program and its folder.
#[derive(Debug, Clone)]
pub(crate) struct Project {
    /// The program's name: the middle part of a stack's.
    pub(crate) name: String,
    /// The folder with its `Cargo.toml`.
    pub(crate) root: PathBuf,
}

impl Project {
    /// Finds the folder: that of `CARGO_MANIFEST_DIR`, or the nearest above the current one that has a
    /// `Cargo.toml`, or the current one.
    pub(crate) fn find(name: &str, environment: &Environment) -> Result<Self, Stop> {
        StackId::new(ORGANISATION, name, DEFAULT_STACK).map_err(|error| {
            Stop::usage(format!("the program's name `{name}` cannot name a project: {}", error.why))
        })?;
        let given = environment.variable("CARGO_MANIFEST_DIR").map(PathBuf::from);
        let near = || environment.folder.ancestors().find(|folder| folder.join("Cargo.toml").is_file());
        let root = given.or_else(|| near().map(Path::to_owned)).unwrap_or_else(|| environment.folder.clone());
        Ok(Self { name: name.to_owned(), root })
    }

    /// Returns the folder of what the program keeps for itself.
    pub(crate) fn own(&self) -> PathBuf {
        self.root.join(".sskuba")
    }

    /// Makes that folder, with a `.gitignore`.
    pub(crate) fn make_own(&self) -> Result<PathBuf, Stop> {
        let folder = self.own();
        fs::create_dir_all(&folder).map_err(Stop::file("make", &folder))?;
        let ignore = folder.join(".gitignore");
        // Never through a link, also not one that leads nowhere.
        match fs::File::create_new(&ignore) {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            made => made.and_then(|mut file| file.write_all(b"*\n")).map_err(Stop::file("write", &ignore))?,
        }
        Ok(folder)
    }

    /// Returns where stacks are recorded: what `flag` or `SSKUBA_STATE` says, else `.sskuba/state`.
    pub(crate) fn state_url(&self, flag: Option<&str>, environment: &Environment) -> String {
        let given = flag.or_else(|| environment.variable("SSKUBA_STATE")).map(str::to_owned);
        given.unwrap_or_else(|| format!("sled:{}", self.own().join("state").display()))
    }

    /// Says where stacks would be recorded if the current folder alone decides that and nothing is there yet: who runs a
    /// program from another folder has its stacks elsewhere.
    pub(crate) fn unknown_place(&self, flag: Option<&str>, environment: &Environment) -> Option<PathBuf> {
        let told =
            ["SSKUBA_STATE", "CARGO_MANIFEST_DIR"].iter().any(|name| environment.variable(name).is_some());
        let place = self.own().join("state");
        (flag.is_none() && !told && !place.exists()).then_some(place)
    }

    /// Makes the place where stacks are recorded if nothing else is said.
    pub(crate) fn begin(&self) -> Result<(), Stop> {
        let place = self.make_own()?.join("state");
        fs::create_dir_all(&place).map_err(Stop::file("make", &place))
    }

    /// Returns the stack: what `flag` or `SSKUBA_STACK` names, else the selected one, else `dev`.
    pub(crate) fn stack(&self, flag: Option<&str>, environment: &Environment) -> Result<StackId, Stop> {
        // What is not on the command line is not before the user's eyes.
        let of = |place: String| {
            move |stop: Stop| Stop::usage(format!("{}; the name is from {place}", stop.message))
        };
        match (flag, environment.variable("SSKUBA_STACK")) {
            (Some(text), _) => self.named(text),
            (_, Some(text)) => self.named(text).map_err(of("the variable SSKUBA_STACK".to_owned())),
            _ => match self.selected()? {
                Some(text) => self.named(&text).map_err(of(self.selection().display().to_string())),
                None => self.named(DEFAULT_STACK),
            },
        }
    }

    /// Reads `name`, `project/name` or `organisation/project/name`.
    pub(crate) fn named(&self, text: &str) -> Result<StackId, Stop> {
        Ok(match text.split('/').count() {
            1 => StackId::new(ORGANISATION, &self.name, text),
            2 => StackId::parse(&format!("{ORGANISATION}/{text}")),
            _ => StackId::parse(text),
        }?)
    }

    /// Writes a stack's name as short as it can be said.
    pub(crate) fn short<'a>(&self, stack: &'a StackId) -> &'a str {
        let whole = stack.as_str();
        match (stack.organisation(), stack.project()) {
            (ORGANISATION, project) if project == self.name => stack.stack(),
            (ORGANISATION, _) => whole.split_once('/').map_or(whole, |(_, rest)| rest),
            _ => whole,
        }
    }

    fn selection(&self) -> PathBuf {
        self.own().join("stack")
    }

    /// Returns the selected stack's name.
    pub(crate) fn selected(&self) -> Result<Option<String>, Stop> {
        let path = self.selection();
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Stop::file("read", &path)(error)),
        }
    }

    /// Selects a stack.
    pub(crate) fn select(&self, stack: &StackId) -> Result<(), Stop> {
        self.make_own()?;
        let path = self.selection();
        fs::write(&path, format!("{}\n", self.short(stack))).map_err(Stop::file("write", &path))
    }

    /// Selects none.
    pub(crate) fn unselect(&self) -> Result<(), Stop> {
        let path = self.selection();
        match fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(Stop::file("remove", &path)(error))
            }
            _ => Ok(()),
        }
    }

    /// Tells whether a stack is taken where none is named: it is the selected one, or the default one and none is
    /// selected.
    pub(crate) fn is_selected(&self, stack: &StackId) -> Result<bool, Stop> {
        let selected = self.selected()?;
        let name = selected.as_deref().unwrap_or(DEFAULT_STACK);
        Ok(self.named(name).is_ok_and(|id| id == *stack))
    }

    /// Returns the file of a stack's configuration.
    pub(crate) fn settings(&self, stack: &StackId) -> PathBuf {
        self.root.join(format!("sskuba.{}.toml", stack.stack()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project(folder: &Path) -> (Project, Environment) {
        let environment = Environment::empty(folder);
        (Project::find("demo", &environment).unwrap(), environment)
    }

    #[test]
    fn the_folder_is_that_of_the_nearest_manifest() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("Cargo.toml"), "").unwrap();
        let inner = root.path().join("src/deep");
        fs::create_dir_all(&inner).unwrap();
        let (found, mut environment) = project(&inner);
        assert_eq!(found.root, root.path());
        environment.variables.insert("CARGO_MANIFEST_DIR".into(), "elsewhere".into());
        assert_eq!(Project::find("demo", &environment).unwrap().root, Path::new("elsewhere"));
        assert!(Project::find("My Demo", &environment).is_err());
    }

    #[test]
    fn a_place_that_only_the_current_folder_names_is_known_once_it_was_begun() {
        let root = tempfile::tempdir().unwrap();
        let (project, mut environment) = project(root.path());
        assert_eq!(project.unknown_place(None, &environment), Some(root.path().join(".sskuba/state")));
        assert_eq!(project.unknown_place(Some("memory:"), &environment), None);
        environment.variables.insert("CARGO_MANIFEST_DIR".into(), root.path().display().to_string());
        assert_eq!(project.unknown_place(None, &environment), None);
        environment.variables.clear();
        project.begin().unwrap();
        assert_eq!(project.unknown_place(None, &environment), None);
    }

    #[test]
    fn a_stack_is_named_by_flag_variable_selection_or_default() {
        let root = tempfile::tempdir().unwrap();
        let (project, mut environment) = project(root.path());
        let stack = |flag, environment: &_| project.stack(flag, environment).unwrap().to_string();
        assert_eq!(stack(None, &environment), "local/demo/dev");
        project.select(&project.named("test").unwrap()).unwrap();
        assert_eq!(stack(None, &environment), "local/demo/test");
        environment.variables.insert("SSKUBA_STACK".into(), "other/one".into());
        assert_eq!(stack(None, &environment), "local/other/one");
        assert_eq!(stack(Some("org/p/s"), &environment), "org/p/s");
        assert!(project.stack(Some("Bad Name"), &environment).is_err());
        assert!(root.path().join(".sskuba/.gitignore").exists());
        assert_eq!(project.short(&project.named("org/p/s").unwrap()), "org/p/s");
        assert_eq!(project.short(&project.named("p/s").unwrap()), "p/s");
    }
}
