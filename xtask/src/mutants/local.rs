//! Mutations of the kinds of this machine.

use super::list::Mutation;

const LIB: &[&str] = &["--package", "sskuba-local", "--lib"];
const LOCAL_IT: &[&str] = &["--package", "sskuba-local", "--test", "it"];

/// All of them.
pub(crate) const MUTATIONS: &[Mutation] = &[
    Mutation {
        name: "path-from-anywhere",
        breaks: "a relative path counts from the folder where the program is run",
        file: "sskuba-local/src/folder.rs",
        from: "self.given().unwrap_or_else(|| Path::new(\".\"))",
        to: "Path::new(\".\")",
        target: LIB,
        filter: &["a_relative_path_counts"],
    },
    Mutation {
        name: "file-of-another-folder",
        breaks: "a file that was recorded in another folder is changed and deleted in this one",
        file: "sskuba-local/src/folder.rs",
        from: "let there = self.resolve(id)?;",
        to: "let there = self.resolve(path.unwrap_or(id))?;",
        target: LIB,
        filter: &["a_relative_path_counts"],
    },
    Mutation {
        name: "same-file-adopted",
        breaks: "a file that is there already with the same content is taken over",
        file: "sskuba-local/src/fs/file.rs",
        from: "There::File(_) if repeated && holds(",
        to: "There::File(_) if holds(",
        target: LIB,
        filter: &["what_is_there_already"],
    },
    Mutation {
        name: "empty-directory-adopted",
        breaks: "an empty directory that is there already is taken over",
        file: "sskuba-local/src/fs/directory.rs",
        from: "There::Directory(_) if repeated && is_empty(",
        to: "There::Directory(_) if is_empty(",
        target: LIB,
        filter: &["what_is_there_already"],
    },
    Mutation {
        name: "recovery-writes-over",
        breaks: "a recovery writes over a file that came meanwhile",
        file: "sskuba-local/src/fs/file.rs",
        from: "There::File(_) if repeated && holds(&path, &args.content)? => {",
        to: "There::File(_) if repeated => {",
        target: LIB,
        filter: &["a_recovery_knows_its_own"],
    },
    Mutation {
        name: "place-taken-twice",
        breaks: "a file takes a place that was taken after it was looked at",
        file: "sskuba-local/src/fs/file.rs",
        from: "match std::fs::hard_link(fresh, path) {",
        to: "match std::fs::rename(fresh, path) {",
        target: LIB,
        filter: &["a_file_that_came_after_the_look"],
    },
    Mutation {
        name: "link-taken-for-nothing",
        breaks: "a link that leads nowhere is taken for a free place",
        file: "sskuba-local/src/fs/disk.rs",
        from: "std::fs::symlink_metadata(path)",
        to: "std::fs::metadata(path)",
        target: LIB,
        filter: &["what_cannot_be_read"],
    },
    Mutation {
        name: "output-stays",
        breaks: "what a command wrote stays on the disk after its end was recorded",
        file: "sskuba-local/src/exec/marks.rs",
        from: "marks.filter(|mark| mark.token().is_some_and(is_settled)).for_each(|mark| mark.discard());",
        to: "let _ = (marks.count(), is_settled);",
        target: LOCAL_IT,
        filter: &["a_mark_goes"],
    },
];
