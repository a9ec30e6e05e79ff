//! A word that someone may have meant to write.

/// The one of `known` that is nearest to `written`, if any is near: at most one change in three
/// characters.
pub(super) fn nearest<'a>(
    written: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    // The distance costs the product of both lengths; no key is longer than this.
    if written.chars().count() > 64 {
        return None;
    }
    let near = |name: &str| name.chars().count().max(3) / 3;
    known
        .into_iter()
        .map(|name| (distance(written, name), name))
        .filter(|(distance, name)| *distance <= near(name))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// How many characters must be put in, left out, replaced or swapped with their neighbour to make
/// one text of the other; letter case costs nothing.
fn distance(from: &str, to: &str) -> usize {
    let from: Vec<char> = from.to_lowercase().chars().collect();
    let to: Vec<char> = to.to_lowercase().chars().collect();
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in to.iter().enumerate() {
            // `last` and `row` hold an entry for 0..=j+1 and 0..=j at this point.
            let replaced = last[j] + usize::from(a != b);
            let mut best = replaced.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *a == to[j - 1] && from[i - 1] == *b {
                best = best.min(before_last[j - 1] + 1);
            }
            row.push(best);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_of_the_finger_finds_its_key() {
        let known = ["binds", "binds_max", "window_max", "segments_per_second"];
        assert_eq!(nearest("windw_max", known), Some("window_max"));
        assert_eq!(nearest("window-max", known), Some("window_max"));
        assert_eq!(nearest("bidns", known), Some("binds"));
        assert_eq!(nearest("Segment_per_second", known), Some("segments_per_second"));
    }

    #[test]
    fn a_word_that_is_near_none_finds_none() {
        let known = ["binds", "id"];
        for written in ["throughput", "xx", "", &"b".repeat(10_000)] {
            assert_eq!(nearest(written, known), None, "{written}");
        }
    }
}
