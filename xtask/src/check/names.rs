//! Names that say only that nobody looked for a better one.

use super::repo::Repo;
use super::source::Source;
use super::tables::EMPTY_NAMES;
use super::violation::Violation;

/// Checks the name of every file and of the folders above it within its package.
pub(crate) fn check(repo: &Repo) -> Vec<Violation> {
    repo.sources.iter().filter_map(file).collect()
}

fn file(source: &Source) -> Option<Violation> {
    let parts = source.inner.trim_end_matches(".rs").split('/');
    let name = parts.into_iter().find(|part| EMPTY_NAMES.contains(part))?;
    Some(Violation {
        file: source.file.clone(),
        line: 1,
        rule: "names",
        what: format!("something is called `{name}`"),
        why: "a name that fits everything attracts everything".into(),
        fix: "name it after the thing that it is, or after what it does".into(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;

    fn broken(name: &str) -> usize {
        let (_keep, repo) = fixture::core_file(name, "//! X.\n");
        check(&repo).len()
    }

    #[test]
    fn empty_names_are_forbidden_for_files_and_folders() {
        assert_eq!(broken("state/util.rs"), 1);
        assert_eq!(broken("helpers/mod.rs"), 1);
        assert_eq!(broken("../tests/common/mod.rs"), 1);
        assert_eq!(broken("state/utility_pole.rs"), 0);
    }
}
