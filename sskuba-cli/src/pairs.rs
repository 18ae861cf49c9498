//! Brings every `-c KEY=VALUE` to one place. clap takes a global option before the command and after it, but if it
//! stands in both places, those before are lost without a word.

use std::ffi::OsString;

/// The flags that may stand before `c` in one word, as in `-qc KEY=VALUE`.
const FLAGS: &str = "qvyh";

/// Moves all `-c` to the end of the arguments, or before a `--`, in their order.
pub(crate) fn together(args: &[OsString]) -> Vec<OsString> {
    let end = args.iter().position(|arg| arg == "--").unwrap_or(args.len());
    let (mut others, mut pairs) = (Vec::with_capacity(args.len()), Vec::new());
    let mut left = args[..end].iter();
    while let Some(arg) = left.next() {
        let text = arg.to_string_lossy();
        if let Some((flags, rest)) = short(&text) {
            if !flags.is_empty() {
                others.push(format!("-{flags}").into());
            }
            pairs.push(format!("-c{rest}").into());
            pairs.extend(if rest.is_empty() { left.next().cloned() } else { None });
        } else if text == "--config" {
            pairs.push(arg.clone());
            pairs.extend(left.next().cloned());
        } else if text.starts_with("--config=") {
            pairs.push(arg.clone());
        } else {
            others.push(arg.clone());
        }
    }
    others.into_iter().chain(pairs).chain(args[end..].iter().cloned()).collect()
}

/// Splits a word such as `-qcKEY=VALUE` before and after the `c`.
fn short(text: &str) -> Option<(&str, &str)> {
    let (flags, rest) = text.strip_prefix('-')?.split_once('c')?;
    flags.chars().all(|flag| FLAGS.contains(flag)).then_some((flags, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_come_after_everything_else_in_their_order() {
        for (line, expected) in [
            ("x up", "x up"),
            ("x -c a=1 up -c b=2 --yes", "x up --yes -c a=1 -c b=2"),
            (
                "x -ca=1 --config b=2 up --config=c=3 -yc d=4",
                "x up -y -ca=1 --config b=2 --config=c=3 -c d=4",
            ),
            ("x -qca=c up", "x -q up -ca=c"),
            ("x -c a=1 config set k -- -c", "x config set k -c a=1 -- -c"),
            ("x up -c", "x up -c"),
            ("x --color never --continue-on-error -s c up", "x --color never --continue-on-error -s c up"),
        ] {
            let args: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            let found: Vec<_> = together(&args).into_iter().map(|arg| arg.into_string().unwrap()).collect();
            assert_eq!(found.join(" "), expected);
        }
    }
}
