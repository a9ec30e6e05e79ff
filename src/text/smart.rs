//! A text to the same text in a smaller alphabet, with a report of every change.
//!
//! Only characters the alphabet lacks are touched, and only if that saves the whole text: one
//! character left over and the text stays as it is, since a message that goes out in UCS-2 anyway
//! would be spoilt for nothing. Decomposed letters (as some computers write file names) are put
//! together first. The table is ours; its head says what it takes in.

mod table;

use table::{COMPOSED, REPLACEMENTS};

use super::Unencodable;

/// One change of the text.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Change {
    /// What stood there: a character, or a letter with its combining mark.
    pub from: String,
    /// What stands there now; empty if it was left out.
    pub to: String,
    /// Where it began in the text as it was, in characters (Unicode scalar values).
    pub at: usize,
}

/// Rewrites `text` so that `fits` holds for every character.
///
/// # Errors
/// [`Unencodable`] with the first character that neither fits nor has a fitting replacement.
pub fn rewrite(
    text: &str,
    fits: impl Fn(char) -> bool,
) -> Result<(String, Vec<Change>), Unencodable> {
    let mut rewritten = String::with_capacity(text.len());
    let mut changes = Vec::new();
    let mut chars = text.char_indices().enumerate().peekable();
    while let Some((at, (octet, ch))) = chars.next() {
        let mark = chars.peek().map(|&(_, (_, mark))| mark).filter(|&mark| is_mark(mark));
        if let Some((mark, whole)) = mark.and_then(|mark| Some((mark, compose(ch, mark, &fits)?))) {
            chars.next();
            rewritten.push(whole);
            changes.push(Change { from: String::from_iter([ch, mark]), to: whole.into(), at });
        } else if fits(ch) {
            rewritten.push(ch);
        } else {
            let to = replacement(ch).filter(|to| to.chars().all(&fits));
            let to = to.ok_or(Unencodable { ch, at: octet })?;
            rewritten.push_str(to);
            changes.push(Change { from: ch.into(), to: to.into(), at });
        }
    }
    Ok((rewritten, changes))
}

/// What stands in for `ch`; empty if it is left out, `None` if nothing can.
#[must_use]
pub fn replacement(ch: char) -> Option<&'static str> {
    let at = REPLACEMENTS.binary_search_by_key(&ch, |row| row.0).ok()?;
    REPLACEMENTS.get(at).map(|row| row.1)
}

fn is_mark(ch: char) -> bool {
    ('\u{300}'..='\u{36F}').contains(&ch)
}

/// The one character that `base` and `mark` make, if they do and if it is wanted: where the mark
/// fits by itself it is left alone.
fn compose(base: char, mark: char, fits: impl Fn(char) -> bool) -> Option<char> {
    if fits(mark) {
        return None;
    }
    let at = COMPOSED.binary_search_by_key(&(base, mark), |row| (row.0, row.1)).ok()?;
    COMPOSED.get(at).map(|row| row.2).filter(|&whole| fits(whole))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Shifts;

    fn gsm7(ch: char) -> bool {
        Shifts::NONE.septets(ch).is_some()
    }

    fn change(from: &str, to: &str, at: usize) -> Change {
        Change { from: from.into(), to: to.into(), at }
    }

    #[test]
    fn the_tables_are_sorted_and_stay_in_gsm_7_bit() {
        assert!(REPLACEMENTS.windows(2).all(|rows| rows[0].0 < rows[1].0));
        assert!(COMPOSED.windows(2).all(|rows| (rows[0].0, rows[0].1) < (rows[1].0, rows[1].1)));
        for (ch, to) in &REPLACEMENTS {
            assert!(to.chars().all(gsm7), "{ch:?} becomes {to:?}");
            assert!(!gsm7(*ch) || *ch == '€', "{ch:?} is fine as it is");
        }
    }

    #[test]
    fn typographic_signs_become_plain_ones_and_each_is_reported() {
        let (text, changes) = rewrite("“Très\u{A0}bien”… — œuvre", gsm7).expect("all in the table");
        assert_eq!(text, "\"Très bien\"... - oeuvre");
        assert_eq!(
            changes,
            [
                change("“", "\"", 0),
                change("\u{A0}", " ", 5),
                change("”", "\"", 10),
                change("…", "...", 11),
                change("—", "-", 13),
                change("œ", "oe", 15),
            ]
        );
    }

    #[test]
    fn what_the_alphabet_has_is_never_touched() {
        let (text, changes) = rewrite("Çà Δ € [£] é ñ Ü", gsm7).expect("GSM-7");
        assert_eq!((text.as_str(), changes), ("Çà Δ € [£] é ñ Ü", vec![]));
    }

    #[test]
    fn decomposed_letters_are_put_together_before_they_lose_a_mark() {
        let (text, changes) = rewrite("e\u{301}e\u{302}", gsm7).expect("letters with marks");
        assert_eq!(text, "ée");
        assert_eq!(changes, [change("e\u{301}", "é", 0), change("\u{302}", "", 3)]);
    }

    #[test]
    fn a_text_that_cannot_be_saved_names_what_stands_in_the_way() {
        assert_eq!(rewrite("“Привет”", gsm7), Err(Unencodable { ch: 'р', at: 5 }));
        assert_eq!(rewrite("a 🐳", gsm7).expect_err("no whale in GSM-7").ch, '🐳');
    }

    #[test]
    fn only_capitals_that_look_the_same_cross_scripts() {
        assert_eq!(rewrite("САТЕ ΧΗΜΑ", gsm7).map(|(text, _)| text), Ok("CATE XHMA".into()));
        assert_eq!(replacement('а'), None);
        assert_eq!(replacement('Я'), None);
    }

    #[test]
    fn replacements_that_do_not_fit_the_alphabet_are_not_used() {
        assert_eq!(rewrite("…", |ch| ch != '…' && ch != '.').map_err(|e| e.ch), Err('…'));
    }
}
