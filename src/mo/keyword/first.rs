//! The first word of a message, without case and accents.
//!
//! A keyword in a configuration and the word a person types go through the same folding, so that
//! `Été`, `ETE` and `été!` are one word. What looks the same is the same too, since GSM-7 has no
//! Greek letters where Latin ones look like them: a folded word is for comparing, not for reading.

use super::fold::{fold, is_of_word};
use crate::mo::MoMessage;
use crate::text::chars::Chars;
use crate::text::{Alphabet, DefaultAlphabet};

/// Characters looked at: what has no word until then has none.
const LOOKED_AT: usize = 160;

/// The folded first word of a message; `None` when it has none: signs alone, or no text at all.
/// `zero` is what its carrier means by `data_coding` 0.
#[must_use]
pub fn first_word(message: &MoMessage, zero: DefaultAlphabet) -> Option<String> {
    let (text, shifts) = message.text();
    let alphabet = Alphabet::of(message.data_coding, zero);
    let chars = Chars::new(text, alphabet, shifts).take(LOOKED_AT);
    // What cannot be read ends a word.
    first_of(chars.map(|decoded| decoded.ch.unwrap_or(char::REPLACEMENT_CHARACTER)))
}

/// The keyword that a configured word stands for; `None` when it is not exactly one word.
#[must_use]
pub fn keyword(written: &str) -> Option<String> {
    let is_one = !written.is_empty() && written.chars().all(is_of_word);
    first_of(written.chars()).filter(|_| is_one && written.chars().count() <= LOOKED_AT)
}

fn first_of(chars: impl Iterator<Item = char>) -> Option<String> {
    let mut word = String::new();
    for ch in chars.skip_while(|&ch| !is_of_word(ch)).take_while(|&ch| is_of_word(ch)) {
        fold(ch, |plain| word.push(plain));
    }
    (!word.is_empty()).then_some(word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mo::message;
    use crate::text::Shifts;

    fn word(text: &str) -> Option<String> {
        first_of(text.chars())
    }

    #[test]
    fn case_accents_and_signs_around_it_do_not_matter() {
        for text in ["ete", "ÉTÉ", "  \"Été\" svp", "¡eté!", "e\u{301}te\u{301}", "ETE.", "été,oui"]
        {
            assert_eq!(word(text).as_deref(), Some("ete"), "{text}");
        }
        assert_eq!(word("Straße"), word("STRASSE"));
        assert_eq!(word("Çağrı"), word("CAGRI"));
        assert_eq!(word("Ærø Ö"), Some("aero".to_owned()));
        assert_eq!(word("JOIN2 now"), Some("join2".to_owned()));
        assert_eq!(word("JOIN👍"), Some("join".to_owned()));
    }

    #[test]
    fn greek_capitals_that_gsm_7_writes_in_latin_are_the_same_word() {
        // What a handset sends for ΣΤΟΠ in GSM-7: T and O are Latin there.
        assert_eq!(keyword("ΣΤΟΠ"), word("ΣTOΠ"));
        assert_eq!(keyword("стоп"), keyword("СТОП"));
        assert_ne!(keyword("стоп"), keyword("старт"));
    }

    #[test]
    fn words_of_scripts_with_vowel_signs_are_whole() {
        for one in ["रोकें", "หยุด", "توقف", "עצור"] {
            assert!(keyword(one).is_some(), "{one}");
            assert_eq!(word(&format!("{one} x")), keyword(one), "{one}");
        }
        assert_eq!(word("توقف؟"), keyword("توقف"));
    }

    #[test]
    fn a_text_without_a_word_has_no_keyword() {
        for text in ["", "  ", "?!", "...", "👍", "\u{FFFD}"] {
            assert_eq!(word(text), None, "{text:?}");
        }
        assert_eq!(word(&" ".repeat(1000)), None);
        for written in ["", " JOIN", "JOIN NOW", "JOIN!", "-"] {
            assert_eq!(keyword(written), None, "{written:?}");
        }
    }

    #[test]
    fn the_text_is_read_in_its_own_alphabet_behind_its_header() {
        let zero = DefaultAlphabet::Gsm7;
        let mut octets = Vec::new();
        Alphabet::Gsm7.encode("été?", Shifts::NONE, &mut octets).unwrap();
        assert_eq!(first_word(&message(0, &octets), zero).as_deref(), Some("ete"));
        let mut segment = vec![5, 0, 3, 7, 2, 1];
        Alphabet::Ucs2.encode("СТОП все", Shifts::NONE, &mut segment).unwrap();
        let segment = MoMessage { data_coding: 8, ..message(0x40, &segment) };
        assert_eq!(first_word(&segment, zero), keyword("стоп"));
        let latin = MoMessage { data_coding: 0, ..message(0, b"\xE9t\xE9") };
        assert_eq!(first_word(&latin, DefaultAlphabet::Latin1).as_deref(), Some("ete"));
        let binary = MoMessage { data_coding: 4, ..message(0, b"JOIN") };
        assert_eq!(first_word(&binary, zero), None);
    }
}
