//! Which known name was meant.

use sskuba_core::suggest;

/// Says which name was meant, or nothing.
pub(super) fn suggestion<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    suggest::suggestion(name, known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_what_was_meant() {
        let known = ["sysctls", "sysfs", "nodeLabels"];
        assert_eq!(nearest("sysctl", known.into_iter()), Some("sysctls"));
        assert_eq!(nearest("nodelabel", known.into_iter()), Some("nodeLabels"));
        assert_eq!(nearest("completely", known.into_iter()), None);
    }
}
