//! Which known name was meant.

/// Returns the known name that is nearest to one that is not known, if any is near.
pub(super) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = (name.chars().count() / 3).clamp(1, 3);
    known
        .map(|known| (distance(&name.to_lowercase(), &known.to_lowercase()), known))
        .filter(|(far, _)| *far <= allowed)
        .min_by_key(|(far, _)| *far)
        .map(|(_, known)| known)
}

/// Counts the letters to be added, dropped or changed between two words; a long word is far from everything.
fn distance(left: &str, right: &str) -> usize {
    if left.len() > 100 {
        return usize::MAX;
    }
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (above, letter) in left.chars().enumerate() {
        let mut corner = std::mem::replace(&mut row[0], above + 1);
        for (column, other) in right.iter().enumerate() {
            let changed = corner + usize::from(letter != *other);
            corner = row[column + 1];
            row[column + 1] = changed.min(corner + 1).min(row[column] + 1);
        }
    }
    row[right.len()]
}

/// Says which name was meant, or nothing.
pub(super) fn suggestion<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    nearest(name, known).map(|known| format!("; did you mean `{known}`?")).unwrap_or_default()
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
